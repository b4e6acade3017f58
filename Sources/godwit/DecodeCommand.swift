internal import LinuxIO
internal import Payloads
internal import Sensors
internal import Telemetry

/// `godwit decode MODEL CAPTURE [--line NAME]`: the readings of a recording, one JSON value a line.
func runDecode(_ invocation: Invocation) -> Int32 {
    guard invocation.arguments.count == 2 else {
        return fail("decode", "it takes a model and a recording", "see godwit decode --help", .usage)
    }
    let (name, path) = (invocation.arguments[0], invocation.arguments[1])
    guard let entry = catalogEntry(named: name) else { return unknownModel("decode", name) }
    guard entry.model.needsLine else {
        return fail("decode", "\(entry.model.name) has no line, so there is no recording of it", "see godwit sensors", .usage)
    }
    let bytes: [UInt8]
    do throws(FileError) {
        bytes = try readFile(path, limit: Recording.maximumBytes)
    } catch {
        return decodeFailed(path, error)
    }
    let recording: Recording
    do throws(RecordingError) {
        recording = try Recording(parsing: bytes)
    } catch {
        let place = error.row.map { "\(path):\($0)" } ?? path
        return fail(
            place, error.text, "a recording is CSV, time_ns,line,level: a row for each change, in order of time", .data)
    }
    let lines = recording.lines.map { $0.name }.joined(separator: ", ")
    let wanted = invocation.value("line")
    guard let line = recording.line(named: wanted) else {
        return wanted.map { fail("decode", "\(path) has no line '\($0)'", "it has \(lines)", .usage) }
            ?? fail("decode", "\(path) has several lines", "say --line NAME, one of \(lines)", .usage)
    }
    let settings = standardSettings(entry.model)
    let readings = entry.decode(line.edges, settings)
    var isComplete = true
    for reading in readings {
        if case .noReading = reading.outcome { isComplete = false }
        printDecoded(reading, entry.model.quantities(settings))
    }
    if readings.isEmpty {
        return fail("decode", "nothing of an \(entry.model.name) is in line '\(line.name)' of \(path)", "name another line with --line, or another MODEL", .no)
    }
    return isComplete ? ExitStatus.ok.rawValue : ExitStatus.no.rawValue
}

func unknownModel(_ command: String, _ name: String) -> Int32 {
    let names = sensorCatalog.flatMap { [$0.model.name] + $0.model.aliases }
    let next = nearestName(to: name, among: names).map { "did you mean '\($0)'?" } ?? "known: \(names.joined(separator: ", "))"
    return fail(command, "unknown model '\(name)'", next, .usage)
}

/// What a sensor of the model has when nothing but the model is configured.
func standardSettings(_ model: ModelDescription) -> SensorSettings {
    var values = SettingValues()
    for key in model.keys { values[key.name] = key.standard }
    return SensorSettings(
        id: model.name, name: model.name, model: model.name, line: nil, every: model.every?.standard, values: values)
}

private func printDecoded(_ reading: DecodedReading, _ quantities: [Quantity]) {
    var json = JSONWriter()
    json.beginObject()
    json.key("time_ns")
    json.integer(reading.time)
    json.outcome(reading.outcome, quantities: quantities)
    json.endObject()
    write(bytes: json.bytes + [0x0A], to: 1)
}

private func decodeFailed(_ path: String, _ error: FileError) -> Int32 {
    switch error {
    case .system(let error):
        let status: ExitStatus = error.isNotFound ? .noInput : error.isNotPermitted ? .notPermitted : .ioError
        return fail(path, error.text, "name a capture that can be read: CSV with the first row 'time_ns,line,level'", status)
    case .notARegularFile: return fail(path, "not a file", "name a capture, a CSV file", .data)
    case .tooLarge(let limit): return fail(path, "longer than \(limit >> 20) MiB", "cut the recording", .data)
    }
}
