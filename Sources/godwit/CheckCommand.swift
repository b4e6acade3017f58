internal import Configuration
internal import LinuxIO
internal import Payloads
internal import Sensors
internal import Telemetry
internal import YAMLReader

/// `godwit check [--base DIR] [--print] [FILE|-]`: all problems of a configuration at once.
func runCheck(_ invocation: Invocation) -> Int32 {
    if invocation.arguments.count > 1 {
        return fail("check", "takes one FILE", "the files of its .d folder are read with it", .usage)
    }
    if invocation.has("print"), invocation.has("json") {
        return fail("check", "--print and --json exclude each other", "the merged result is YAML", .usage)
    }
    let path = invocation.arguments.first ?? invocation.value("config") ?? standardConfiguration
    let result = loadConfiguration(
        path: path, base: invocation.value("base"), catalog: sensorCatalog.map { $0.model }, unreadable: .warning)
    if invocation.has("json") {
        for problem in result.problems { printOut(json(of: problem)) }
    } else {
        printError(result.text(program: "godwit"))
    }
    guard result.status == 0 else { return result.status }
    if invocation.has("print") {
        if let merged = result.merged { write(bytes: Emitter.yaml(merged), to: 1) }
    } else if !invocation.has("json") {
        printOut("\(path): ok\n")
    }
    return ExitStatus.ok.rawValue
}

private func json(of problem: ConfigurationProblem) -> String {
    var json = JSONWriter()
    json.beginObject()
    json.key("file")
    json.string(problem.file)
    for (key, number) in [("line", problem.line), ("column", problem.column)] {
        json.key(key)
        if number == 0 { json.null() } else { json.integer(Int64(number)) }
    }
    json.key("severity")
    json.string(problem.severity.text)
    json.key("text")
    json.string(problem.text)
    json.endObject()
    return String(decoding: json.bytes, as: UTF8.self) + "\n"
}
