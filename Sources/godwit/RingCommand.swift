internal import CLinux
internal import LinuxIO
internal import Payloads
internal import RingStore
internal import Telemetry

func runRing(_ invocation: Invocation) -> Int32 {
    guard invocation.arguments.count == 2 else {
        return fail("ring", "a verb and a file are needed", "godwit ring status|dump|verify|export FILE", .usage)
    }
    let path = invocation.arguments[1]
    switch invocation.arguments[0] {
    case "status":
        if invocation.has("all") { return fail("ring status", "--all is for dump", "see godwit ring --help", .usage) }
        return readRing(path, shows: nil) { summary in
            printOut(invocation.has("json") ? summary.json : summary.text)
        }
    case "dump":
        let showsAll = invocation.has("all")
        return readRing(
            path,
            shows: { item in
                if item.isSettled, !showsAll { return }
                switch item.handover {
                case .reading(let reading): showReading(reading)
                case .loss(let loss): write(bytes: lossJSON(loss) + [0x0A], to: 1)
                }
            }, finish: { _ in })
    case "verify": return verifyRing(path, json: invocation.has("json"))
    case "export": return exportRing(path, invocation)
    case let verb: return fail("ring", "'\(verb)' is no verb", "status, dump, verify and export are", .usage)
    }
}

/// A reading, an event of an alert ring, or either of them as `rejected.ring` has it.
func showReading(_ reading: StampedReading, rejected: String? = nil) {
    guard case .event(let bytes) = reading.outcome else {
        return write(bytes: readingJSON(reading, sensor: reading.schema.sensor, rejected: rejected) + [0x0A], to: 1)
    }
    if rejected == nil, let copy = RejectedReading(decoding: bytes) { return showReading(copy.reading, rejected: copy.reasonText) }
    guard let event = AlertEvent(decoding: bytes) else {
        // The page is whole, so it was written so.
        return printError("godwit: ring dump: \(reading.sequence.rawValue): an event that this version cannot read\n")
    }
    let json = alertJSON(
        event, stream: reading.stream, sequence: reading.sequence, boot: reading.boot, instant: reading.instant,
        stamp: reading.stamp, rejected: rejected)
    write(bytes: json + [0x0A], to: 1)
}

/// Reads the whole file, which a daemon may be using, and ends with the command's status.
/// - Parameter damaged: told of each damaged place; nil: only what is kept is read.
func readRing(
    _ path: String, shows: ((RingReader.Item) -> Void)?, damaged: (([RingReader.Damage]) -> Void)? = nil,
    finish: (RingReader.Summary) -> Void
) -> Int32 {
    let what = "ring \(path)"
    var status = stat()
    if unsafe stat(path, &status) != 0 {
        let error = SystemError.last
        if error.isNotFound { return fail(what, error.text, "name the daemon's buffer.file", .noInput) }
        return fail(what, error.text, "name a ring file that can be read, such as /var/lib/godwit/readings.ring", error.isNotPermitted ? .notPermitted : .ioError)
    }
    let file = RingFile(path: path, isReadOnly: true)
    guard case .opened(let size, _, _) = file.perform(.open(size: 0)) else {
        if status.st_mode & UInt32(S_IFMT) != UInt32(S_IFREG) {
            return fail(what, "it is no regular file", "name the daemon's buffer.file", .data)
        }
        return fail(what, "it cannot be opened", "run as the user of the daemon", .notPermitted)
    }
    var reader = RingReader(fileSize: size, showsItems: shows != nil, verifies: damaged != nil)
    var result: StorageResult?
    while true {
        switch reader.step(result) {
        case .request(let request): result = file.perform(request)
        case .again(let request):
            usleep(50_000)
            result = file.perform(request)
        case .items(let items):
            for item in items { shows?(item) }
            result = nil
        case .damage(let damages):
            damaged?(damages)
            result = nil
        case .done:
            finish(reader.summary)
            return ExitStatus.ok.rawValue
        case .blank:
            return fail(
                what, "it is empty, or holds nothing but zeros",
                "name readings.ring, alerts.ring or rejected.ring; if it is one, look in the log of godwitd, which may have had no space", .data)
        case .notARing:
            return fail(what, "it is no ring", "name readings.ring, alerts.ring or rejected.ring of the daemon's state directory", .data)
        case .failed(.laterVersion):
            return fail(what, "a later version of Godwit has written it", "read it with that version", .data)
        case .failed:
            return fail(what, "input/output error", "look at the kernel's log", .ioError)
        }
    }
}

extension RingReader.Summary {
    /// The keys of contract 7.
    fileprivate var json: String {
        var json = JSONWriter(capacity: 256)
        json.beginObject()
        json.member("stream", stream.text)
        json.member("head", head.rawValue)
        json.member("tail", tail.rawValue)
        json.member("watermark", watermark.rawValue)
        json.member("records", records)
        json.member("unacknowledged", unacknowledged)
        json.member("bytes", bytes)
        json.member("capacity_bytes", capacityBytes)
        json.member("evicted", evicted)
        json.member("lost", lost)
        json.member("damaged", damaged)
        json.endObject()
        return String(decoding: json.bytes + [0x0A], as: UTF8.self)
    }

    fileprivate var text: String {
        """
        stream          \(stream.text)
        stored          \(records) (\(records == 0 ? "none" : "\(tail.rawValue) to \(head.rawValue - 1)"))
        unacknowledged  \(unacknowledged), above watermark \(watermark.rawValue)
        bytes           \(bytes) of \(capacityBytes)
        lost            \(lost): evicted \(evicted), damaged \(damaged), rejected \(rejected)

        """
    }
}
