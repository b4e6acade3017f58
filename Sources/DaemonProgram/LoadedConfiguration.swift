internal import Configuration
internal import LinuxIO
internal import Sensors
internal import Telemetry
internal import YAMLReader

/// A configuration that was read, checked and found whole.
struct LoadedConfiguration {
    var settings: Settings
    /// 8 hexadecimal digits.
    var hash: String
    /// Why it is the last good one and not the file: the file's first problem.
    var error: String?
    /// What is to be kept as the last good configuration; nil: it is that already, or cannot be kept.
    var toKeep: [UInt8]?
    var notices: [Notice] = []

    /// The file, or where it is broken the last good configuration, unless `--strict` forbids that.
    init(options: Options) throws(StartFailure) {
        let result = read(options.configuration)
        let text = result.text(program: "godwitd")
        printError(text)
        if result.settings != nil {
            self.init(result)
            return
        }
        // A file that is not there was not named rightly: nobody wants another configuration in its place.
        guard !options.isStrict, result.status != Self.noSuchFile, let kept = Self(lastGood: options) else {
            throw StartFailure(text: "", status: result.status)
        }
        self = kept
        let problem = Self.firstProblem(of: result)
        error = problem
        var notice = "the configuration is broken and the last good one runs in its place: \(problem)"
        if settings.broker.username != nil, settings.broker.password == nil {
            notice += "; without the password, which is kept only where it is a reference: the broker may refuse it, readings are kept"
        }
        notices.append(Notice(.error, notice))
    }

    /// Of a reload: the settings, or the first problem. All of them go to standard error.
    static func reload(_ options: Options) -> Result<LoadedConfiguration, Problem> {
        let result = read(options.configuration)
        printError(result.text(program: "godwitd"))
        return result.settings == nil ? .failure(Problem(text: firstProblem(of: result))) : .success(LoadedConfiguration(result))
    }

    struct Problem: Error { var text: String }

    private static let noSuchFile: Int32 = 66

    private init(_ result: LoadResult) {
        guard let settings = result.settings, let merged = result.merged else { preconditionFailure("it was found whole") }
        self.settings = settings
        hash = hexadecimal8(Self.fingerprint(Emitter.yaml(merged)))
        let kept = lastGoodFile(of: result, catalog: sensorCatalog.map { $0.model })
        toKeep = kept.bytes
        if let problem = kept.problem {
            notices.append(Notice(.warning, "this configuration is not kept as the last good one: \(problem)"))
        }
    }

    /// Nil: none is kept, or it is broken itself.
    private init?(lastGood options: Options) {
        let path = options.inStateDirectory(LastGood.fileName)
        let result = loadConfiguration(
            path: path, catalog: sensorCatalog.map { $0.model }, unreadable: .error, mergesFolder: false)
        guard result.settings != nil else {
            if result.status != Self.noSuchFile { printError(result.text(program: "godwitd")) }
            return nil
        }
        self.init(result)
        toKeep = nil
        notices = []
    }

    private static func firstProblem(of result: LoadResult) -> String {
        result.problems.first { $0.severity == .error }?.printed(program: "godwitd") ?? "no reason is known"
    }

    /// FNV-1a, 32 bits: tells one configuration from another, no more. References stand in it, never secrets.
    private static func fingerprint(_ bytes: [UInt8]) -> UInt32 {
        bytes.reduce(0x811C_9DC5) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
    }
}

private func read(_ path: String) -> LoadResult {
    loadConfiguration(path: path, catalog: sensorCatalog.map { $0.model }, unreadable: .error)
}
