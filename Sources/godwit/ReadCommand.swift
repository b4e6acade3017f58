internal import CLinux
internal import LinuxIO
internal import Payloads
internal import Telemetry

/// Between two readings of one `--count`.
let readSpacing = Duration.seconds(1)

func runRead(_ invocation: Invocation) -> Int32 {
    guard let sensor = invocation.arguments.first, invocation.arguments.count == 1 else {
        return fail("read", "it takes the id of one sensor", "see godwit read --help", .usage)
    }
    var count = 1
    if let text = invocation.value("count") {
        guard let number = Int(text), (1...1_000_000).contains(number) else {
            return fail("read", "--count \(text): not a number from 1 to 1000000", "see godwit read --help", .usage)
        }
        count = number
    }
    do throws(DaemonFailure) {
        // The daemon itself gives up after 10 s; its own answer says more than a timeout here.
        let daemon = try Daemon(invocation, timeoutSeconds: 15)
        printError("godwit: read: from the running daemon at \(daemon.path)\n")
        var status = ExitStatus.ok
        for number in 0..<count {
            if number > 0 { sleep(1) }
            let reading = try daemon.ask("read", [("sensor", sensor)])
            if reading["error"] != nil { status = .no }
            printReading(reading, asJSON: invocation.has("json"))
        }
        return status.rawValue
    } catch .noDaemon {
        return readFromLine(sensor, count: count, invocation)
    } catch {
        return error.report("read \(sensor)")
    }
}

func printReading(_ reading: JSONValue, asJSON: Bool) {
    if asJSON {
        var json = JSONWriter()
        json.value(reading)
        write(bytes: json.bytes + [0x0A], to: 1)
        return
    }
    // Everything that is no quantity, by its name.
    let others = [
        "stream", "seq", "time", "clock", "boot", "uptime", "not_before", "device", "sensor", "error", "detail",
    ]
    var text = reading["time"]?.text ?? "time not known"
    if let error = reading["error"]?.text { text += "  \(error): \(reading["detail"]?.text ?? "")" }
    for member in reading.members where !others.contains(member.name) {
        if case .number(let number) = member.value { text += "  \(member.name) \(number)" }
    }
    printOut(text + "\n")
}
