internal import CLinux
internal import LinuxIO
internal import Telemetry

/// The arguments of godwitd.
struct Options {
    var configuration = "/etc/godwit/godwit.yaml"
    /// `--state-directory`, else `$STATE_DIRECTORY`, else `/var/lib/godwit`.
    var stateDirectory: String
    var isStrict = false

    enum Parsed {
        case run(Options)
        case exit(Int32)
    }

    /// A path as the configuration says it.
    func inStateDirectory(_ file: String) -> String { file.hasPrefix("/") ? file : stateDirectory + "/" + file }

    static var help: String {
        var text = "usage: godwitd [--config FILE] [--state-directory DIR] [--strict]\n\n\(daemonSummary)\n\n"
        for option in daemonOptions {
            let name = "--\(option.name) \(option.value)"
            text += "  \(name)\(String(repeating: " ", count: max(1, 23 - name.utf8.count)))\(option.summary)\n"
        }
        return text
    }

    static func parse(
        count: Int32, arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    ) -> Parsed {
        var options = Options(stateDirectory: environment("STATE_DIRECTORY") ?? "/var/lib/godwit")
        var long: [option] = unsafe []
        for row in daemonOptions {
            // They live as long as the process: there are five.
            unsafe long.append(clinux_option(strdup(row.name), row.value.isEmpty ? 0 : 1, row.letter))
        }
        unsafe long.append(clinux_option(nil, 0, 0))
        clinux_getopt_begin()
        while true {
            let letter = unsafe clinux_getopt_next(count, arguments, "", long)
            switch letter {
            case -1:
                guard clinux_optind() == count else {
                    printError("godwitd: arguments: it takes options only; see godwitd --help\n")
                    return .exit(64)
                }
                return .run(options)
            case 99: options.configuration = unsafe String(cString: clinux_optarg())
            case 115: options.stateDirectory = unsafe String(cString: clinux_optarg())
            case 116: options.isStrict = true
            case 104:
                printOut(help)
                return .exit(0)
            case 118:
                printOut("godwitd \(godwitVersion)\n")
                return .exit(0)
            default:
                // getopt_long stands behind the word that it does not take.
                let index = Int(clinux_optind()) - 1
                var word = "an option"
                if index > 0, index < Int(count), let pointer = unsafe arguments[index] { word = unsafe String(cString: pointer) }
                printError("godwitd: \(word): unknown, or without the value that it takes; see godwitd --help\n")
                return .exit(64)
            }
        }
    }
}

/// Why the daemon does not start: what is printed, and the exit status.
struct StartFailure: Error {
    var text: String
    var status: Int32
}
