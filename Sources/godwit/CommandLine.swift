internal import CLinux
internal import LinuxIO
internal import Telemetry

/// What `godwit` ends with (contract, section 7); the numbers from 64 on are those of `sysexits.h`.
enum ExitStatus: Int32 {
    case ok = 0
    /// The answer is no.
    case no = 1
    case usage = 64
    /// The data that was given is bad.
    case data = 65
    case noInput = 66
    case unavailable = 69
    case ioError = 74
    case notPermitted = 77
    case configuration = 78
}

/// A command with what was typed after it.
struct Invocation {
    var command: String
    /// What is no option, in order.
    var arguments: [String]
    /// By name without dashes; a flag has the empty text. Of one given twice the last counts.
    var options = NameTable<String>()

    func has(_ option: String) -> Bool { options[option] != nil }
    func value(_ option: String) -> String? { options[option] }
}

/// Prints `godwit: what: why; next` on standard error.
/// - Parameters:
///   - what: what failed
///   - next: what to do about it; may be empty.
/// - Returns: the status, for `return fail(…)`.
func fail(_ what: String, _ why: String, _ next: String, _ status: ExitStatus) -> Int32 {
    printError("godwit: \(what): \(why)\(next.isEmpty ? "" : "; \(next)")\n")
    return status.rawValue
}

/// Runs what `words` say, without the program's name.
func runCommandLine(_ words: [String]) -> Int32 {
    // What stands before the command may be common options only, and "+" ends at the first word that is none.
    var invocation: Invocation
    switch parse(words, options: commonOptions, stopAtFirstArgument: true) {
    case .failed(let why): return fail("usage", why, "see godwit --help", .usage)
    case .parsed(let result): invocation = result
    }
    guard let name = invocation.arguments.first else {
        if invocation.has("version") { return printVersion() }
        if invocation.has("help") { return printHelp() }
        printError(generalHelp())
        return ExitStatus.usage.rawValue
    }
    guard let command = commands.first(where: { $0.name == name }) else {
        let nearest = nearestName(to: name, among: commands.map { $0.name })
        return fail(
            "unknown command '\(name)'", nearest.map { "did you mean '\($0)'?" } ?? "there is none of this name",
            "see godwit --help", .usage)
    }
    if invocation.has("help") { return printHelp(of: command) }
    if invocation.has("version") { return printVersion() }
    switch parse(
        Array(invocation.arguments.dropFirst()), options: command.options + commonOptions, stopAtFirstArgument: false)
    {
    case .failed(let why): return fail(name, why, "see godwit \(name) --help", .usage)
    case .parsed(let result):
        let before = invocation.options
        invocation = result
        invocation.command = name
        for name in before.names where !invocation.has(name) { invocation.options.set(before[name] ?? "", for: name) }
    }
    if invocation.has("help") { return printHelp(of: command) }
    if invocation.has("version") { return printVersion() }
    guard command.isBuilt else { return fail(name, "not supported yet", "a later version will have it", .unavailable) }
    return run(invocation)
}

private func run(_ invocation: Invocation) -> Int32 {
    switch invocation.command {
    case "init": runInit(invocation)
    case "lines": runLines(invocation)
    case "check": runCheck(invocation)
    case "sensors": runSensors(invocation)
    case "read": runRead(invocation)
    case "decode": runDecode(invocation)
    case "ring": runRing(invocation)
    case "status": runStatus(invocation)
    case "command": runCommand(invocation)
    default: preconditionFailure("a command of the table is not done here")
    }
}

private func printVersion() -> Int32 {
    printOut("godwit \(godwitVersion)\n")
    return ExitStatus.ok.rawValue
}

private func printHelp() -> Int32 {
    printOut(generalHelp())
    return ExitStatus.ok.rawValue
}

private func printHelp(of command: Command) -> Int32 {
    printOut(help(of: command))
    return ExitStatus.ok.rawValue
}

private enum Parsing {
    case parsed(Invocation)
    case failed(String)
}

/// Reads the options through glibc's `getopt_long`, so that abbreviations, `--name=value`, `--` and options behind
/// arguments work as everywhere on Linux.
private func parse(_ words: [String], options: [Option], stopAtFirstArgument: Bool) -> Parsing {
    // getopt_long moves the pointers about, never the texts; all of them are freed here.
    var pointers: [UnsafeMutablePointer<CChar>?] = unsafe []
    unsafe pointers.append(strdup("godwit"))
    for word in words { unsafe pointers.append(strdup(word)) }
    var table: [option] = unsafe []
    var names: [UnsafeMutablePointer<CChar>?] = unsafe []
    for (index, entry) in options.enumerated() {
        let name = unsafe strdup(entry.name)
        unsafe names.append(name)
        // 256 on: never a letter.
        unsafe table.append(clinux_option(name, entry.value == nil ? 0 : 1, Int32(256 + index)))
    }
    unsafe table.append(clinux_option(nil, 0, 0))
    let count = Int32(words.count + 1)
    unsafe pointers.append(nil)
    let owned = unsafe pointers
    defer {
        for unsafe pointer in unsafe owned { unsafe free(pointer) }
        for unsafe pointer in unsafe names { unsafe free(pointer) }
    }

    var result = Invocation(command: "", arguments: [])
    clinux_getopt_begin()
    while true {
        let found = unsafe clinux_getopt_next(count, &pointers, stopAtFirstArgument ? "+:h" : ":h", table)
        if found == -1 { break }
        switch found {
        case 104: result.options.set("", for: "help")
        case 58:
            return .failed("\(unsafe culprit(pointers)) needs a value")
        case 63:
            return .failed(unsafe describe(culprit(pointers), options))
        default:
            let entry = options[Int(found) - 256]
            if let value = unsafe clinux_optarg() {
                result.options.set(unsafe String(cString: value), for: entry.name)
            } else {
                result.options.set("", for: entry.name)
            }
        }
    }
    for index in Int(clinux_optind())..<Int(count) {
        if let pointer = unsafe pointers[index] { unsafe result.arguments.append(String(cString: pointer)) }
    }
    return .parsed(result)
}

/// The word at which getopt_long stopped.
private func culprit(_ pointers: [UnsafeMutablePointer<CChar>?]) -> String {
    let index = Int(clinux_optind()) - 1
    guard unsafe pointers.indices.contains(index), let word = unsafe pointers[index] else { return "an option" }
    let text = unsafe String(cString: word)
    if text.hasPrefix("--") {
        return String(decoding: text.bytes.prefix { $0 != 61 }, as: UTF8.self)
    }
    // In a group of letters (-xh) the index still points at the group, or at the word before it.
    let letter = clinux_optopt()
    if letter > 32, letter < 127 { return "-" + String(decoding: [UInt8(letter)], as: UTF8.self) }
    return text
}

private func describe(_ word: String, _ options: [Option]) -> String {
    let name = String(decoding: word.bytes.drop { $0 == 45 }, as: UTF8.self)
    if let flag = options.first(where: { $0.name == name && $0.value == nil }) {
        return "--\(flag.name) takes no value"
    }
    if let nearest = nearestName(to: name, among: options.map { $0.name }) {
        return "unknown option '\(word)'; did you mean '--\(nearest)'?"
    }
    return "unknown option '\(word)'"
}

/// The name that is the fewest edits away, if that is at most a third of its length and one.
func nearestName(to word: String, among names: [String]) -> String? {
    var best: (name: String, edits: Int)?
    for name in names {
        let edits = editDistance(word.bytes, name.bytes)
        if edits <= name.utf8.count / 3 + 1, edits < name.utf8.count, edits < best?.edits ?? .max { best = (name, edits) }
    }
    return best?.name
}

/// Levenshtein's distance: insertions, deletions and replacements of bytes.
private func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var row = Array(0...b.count)
    for (i, x) in a.enumerated() {
        var diagonal = row[0]
        row[0] = i + 1
        for (j, y) in b.enumerated() {
            let above = row[j + 1]
            row[j + 1] = min(row[j] + 1, above + 1, diagonal + (x == y ? 0 : 1))
            diagonal = above
        }
    }
    return row[b.count]
}
