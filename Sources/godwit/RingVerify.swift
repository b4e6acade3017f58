internal import LinuxIO
internal import Payloads
internal import RingStore
internal import Telemetry

/// `godwit ring verify`: every page of the file; 1 when one is damaged.
func verifyRing(_ path: String, json: Bool) -> Int32 {
    var count = 0
    let status = readRing(
        path, shows: nil,
        damaged: { damages in
            for damage in damages {
                count += 1
                printOut(json ? damage.json : damage.text)
            }
        },
        finish: { summary in
            if count == 0, !json { printOut("\(path): ok, \(summary.records) readings\n") }
        })
    return status == ExitStatus.ok.rawValue && count > 0 ? ExitStatus.no.rawValue : status
}

extension RingReader.Damage {
    private var placeText: String {
        switch place {
        case .header: "header"
        case .slot: "slot"
        case .log: "log"
        case .unused: "unused"
        case .missing: "missing"
        }
    }

    private var offset: UInt64 { page * UInt64(RingLayout.pageSize) }

    fileprivate var json: String {
        var json = JSONWriter(capacity: 192)
        json.beginObject()
        json.member("page", page)
        json.member("offset", offset)
        json.member("place", placeText)
        json.member("readable", isReadable)
        json.key("lost")
        if let loss { json.raw(lossJSON(loss)) } else { json.null() }
        json.endObject()
        return String(decoding: json.bytes + [0x0A], as: UTF8.self)
    }

    fileprivate var text: String {
        var cost = "cost nothing"
        if let loss {
            let count = loss.count.map { "\($0)" } ?? "at most \(loss.atMost ?? 0)"
            cost = "cost \(count) readings, numbers \(loss.first.rawValue) to \(loss.last.rawValue) of stream \(loss.stream.text)"
        } else if place == .header {
            cost = "cost no reading; the next start begins a new stream"
        } else if place == .slot {
            cost = "cost nothing that another page knows of; what it held alone becomes a loss, restart"
        }
        if place == .missing { return "page \(page) at byte \(offset): the file ends here, before the end that its header tells of: \(cost)\n" }
        return "page \(page) at byte \(offset): \(placeText), \(isReadable ? "damaged" : "cannot be read"): \(cost)\n"
    }
}
