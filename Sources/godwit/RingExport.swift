internal import LinuxIO
internal import Payloads
internal import RingStore
internal import Telemetry

/// `godwit ring export`: every stored reading, also those that are acknowledged, as they are read.
func exportRing(_ path: String, _ invocation: Invocation) -> Int32 {
    let format = invocation.value("format") ?? "json-lines"
    guard ["csv", "json-lines", "senml"].contains(format) else {
        return fail("ring export", "'\(format)' is no format", "write --format csv, json-lines or senml", .usage)
    }
    var isFirst = true
    var leftOut = 0
    if format == "csv" { printOut("stream,seq,time,clock,boot,uptime,sensor,quantity,value,unit,error,detail\n") }
    let status = readRing(
        path,
        shows: { item in
            switch format {
            case "csv": write(bytes: csvRows(item.handover), to: 1)
            case "senml":
                guard let records = senMLRecords(item.handover) else {
                    leftOut += 1
                    break
                }
                for record in records {
                    write(bytes: (isFirst ? "[" : ",\n").bytes + record, to: 1)
                    isFirst = false
                }
            default:
                switch item.handover {
                case .reading(let reading): showReading(reading)
                case .loss(let loss): write(bytes: lossJSON(loss) + [0x0A], to: 1)
                }
            }
        }, finish: { _ in if format == "senml" { printOut(isFirst ? "[]\n" : "]\n") } })
    if leftOut > 0 {
        printError("godwit: ring export: \(leftOut) left out: SenML has no way to say a loss, an event, or a reading without a known time\n")
    }
    return status
}

/// One row for each quantity; one for a reading that failed and for a loss.
private func csvRows(_ handover: Handover) -> [UInt8] {
    var rows: [UInt8] = []
    func row(_ fields: [String]) {
        for (index, field) in fields.enumerated() {
            if index > 0 { rows.append(0x2C) }
            let isQuoted = field.bytes.contains { $0 == 0x2C || $0 == 0x22 || $0 == 0x0A || $0 == 0x0D }
            if isQuoted { rows.append(0x22) }
            for byte in field.bytes {
                if byte == 0x22 { rows.append(0x22) }
                rows.append(byte)
            }
            if isQuoted { rows.append(0x22) }
        }
        rows.append(0x0A)
    }
    switch handover {
    case .loss(let loss):
        let count = loss.count.map { "\($0)" } ?? "unknown, at most \(loss.atMost ?? 0)"
        row([
            loss.stream.text, "\(loss.first.rawValue)", "", "", "", "", "", "", "", "", "lost",
            "\(loss.cause.text), to \(loss.last.rawValue), count \(count)",
        ])
    case .reading(let stored):
        let (reading, rejected) = original(of: stored)
        let (time, clock): (String, String) =
            switch reading.stamp {
            case .synced(let time): (time.rfc3339, "synced")
            case .estimated(let time): (time.rfc3339, "estimated")
            case .unknown: ("", "unknown")
            }
        var uptime = JSONWriter(capacity: 24)
        uptime.seconds(reading.instant)
        let start = [
            reading.stream.text, "\(reading.sequence.rawValue)", time, clock, reading.boot.text,
            String(decoding: uptime.bytes, as: UTF8.self), reading.schema.sensor,
        ]
        switch reading.outcome {
        case .measurements(let values):
            for (quantity, value) in zip(reading.schema.quantities, values) {
                row(start + [quantity.name, text(value, quantity), quantity.unit, "", rejected])
            }
        case .noReading(let reason):
            let detail = rejected.isEmpty ? reason.detail : "\(reason.detail); \(rejected)"
            row(start + ["", "", "", reason.code.text, detail])
        case .event: row(start + ["", "", "", "event", "see godwit ring dump"])
        }
    }
    return rows
}

/// What an entry of `rejected.ring` is a copy of, and why.
@inline(never) private func original(of stored: StampedReading) -> (reading: StampedReading, rejected: String) {
    guard case .event(let bytes) = stored.outcome, let copy = RejectedReading(decoding: bytes) else { return (stored, "") }
    return (copy.reading, "rejected: \(copy.reasonText)")
}

private func text(_ value: Int64, _ quantity: Quantity) -> String {
    var json = JSONWriter(capacity: 24)
    json.decimal(value, decimals: quantity.decimals)
    return String(decoding: json.bytes, as: UTF8.self)
}

/// RFC 8428. Nil: it cannot be said: without `t` a record is of now.
private func senMLRecords(_ handover: Handover) -> [[UInt8]]? {
    guard case .reading(let stored) = handover else { return nil }
    let reading = original(of: stored).reading
    let time: WallTime
    switch reading.stamp {
    case .synced(let known), .estimated(let known): time = known
    case .unknown: return nil
    }
    func record(_ name: String, _ value: (inout JSONWriter) -> Void) -> [UInt8] {
        var json = JSONWriter(capacity: 96)
        json.beginObject()
        json.member("n", "\(reading.schema.sensor)/\(name)")
        json.key("t")
        json.decimal(time.nanoseconds / 1_000_000, decimals: 3)
        value(&json)
        json.endObject()
        return json.bytes
    }
    switch reading.outcome {
    case .measurements(let values):
        return zip(reading.schema.quantities, values).map { quantity, value in
            record(quantity.name) { json in
                // The contract's unit 1 has no entry in the registry.
                if quantity.unit != "1" { json.member("u", quantity.unit) }
                json.key("v")
                json.decimal(value, decimals: quantity.decimals)
            }
        }
    case .noReading(let reason): return [record("error") { $0.member("vs", reason.code.text) }]
    case .event: return nil
    }
}
