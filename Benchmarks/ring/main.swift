import Glibc
import LinuxIO
import RingStore
import Telemetry

// The ring's speed, memory and size, one measurement a call; scripts/bench-ring runs them all. The rings are those of the product, driven
// without a daemon.
//
//   ring-bench append COUNT              nanoseconds of an append: numbered, in memory, nothing written
//   ring-bench write COUNT               and of one that goes into pages too, into memory, 500 at a time
//   ring-bench replay COUNT              records a second: read from pages in memory and handed over; and with the acknowledgement, 100 in flight
//   ring-bench density COUNT             bytes of ring for each two-value reading, 100 a second, written each 5 s
//   ring-bench backlog FILE MIB          a ring of 128 MiB with so many MiB of two-value readings, none acknowledged
//   ring-bench fill FILE MIB             a ring of so many MiB, lapped; large entries, so that it is quick
//   ring-bench open FILE                 milliseconds and pages read until it is open
//   ring-bench drain FILE                hands over and acknowledges all of it; the process's memory before and at its peak
//   ring-bench burst FILE COUNT EACH     COUNT readings, synced EACH at a time, as fast as the disk takes them

func usage() -> Never {
    say("ring-bench append|write|replay|density COUNT, backlog|fill FILE MIB, open|drain FILE, burst FILE COUNT EACH")
    exit(64)
}

let arguments = Array(CommandLine.arguments.dropFirst())
guard arguments.count >= 2 else { usage() }
let count = Int(arguments[1]) ?? 0
let number = arguments.count > 2 ? Int(arguments[2]) ?? 0 : 0

func perReading(_ nanoseconds: Int64, _ count: Int) -> Double { (Double(nanoseconds) / Double(count) * 10).rounded() / 10 }

/// A ring in memory that is open and has numbers for long.
func ringInMemory(_ size: UInt64, sync: Duration = .seconds(3600)) -> Driver {
    var driver = Driver(path: nil, size: size, sync: sync)
    driver.handle(.start)
    return driver
}

switch arguments[0] {
case "append":
    var driver = ringInMemory(64 << 20)
    var thermometer = Thermometer(everyNanoseconds: 10_000)
    var took: Int64 = 0
    var left = count
    while left > 0 {
        // So many are in memory before a quarter of it is in use; then they are written, which is not counted.
        let readings = (0..<min(left, 100_000)).map { _ in thermometer.next() }
        let begun = processorNanoseconds()
        for reading in readings { driver.handle(.append(reading)) }
        took += processorNanoseconds() - begun
        left -= readings.count
        driver.flush()
    }
    say("append_ns=\(perReading(took, count))")
case "write":
    var driver = ringInMemory(64 << 20)
    var thermometer = Thermometer(everyNanoseconds: 10_000_000)
    var took: Int64 = 0
    var left = count
    while left > 0 {
        let readings = (0..<min(left, 500)).map { _ in thermometer.next() }
        let begun = processorNanoseconds()
        for reading in readings { driver.handle(.append(reading)) }
        driver.flush()
        took += processorNanoseconds() - begun
        left -= readings.count
    }
    say("append_and_write_ns=\(perReading(took, count))")
case "replay":
    var driver = ringInMemory(1 << 30)
    var thermometer = Thermometer(everyNanoseconds: 10_000_000)
    for number in 1...count {
        driver.handle(.append(thermometer.next()))
        if number % 500 == 0 { driver.flush() }
    }
    driver.flush()
    var flying: [Handover.Name] = []
    var read = 0
    var reading: Int64 = 0
    let begun = processorNanoseconds()
    repeat {
        flying.removeAll(keepingCapacity: true)
        let begunReading = processorNanoseconds()
        while flying.count < 100, let handover = driver.next() {
            if case .reading = handover { read += 1 }
            flying.append(handover.name)
        }
        reading += processorNanoseconds() - begunReading
        for name in flying { driver.handle(.acknowledged(name)) }
    } while !flying.isEmpty
    let took = processorNanoseconds() - begun
    guard read == count else {
        say("ring-bench: \(read) of \(count) came")
        exit(1)
    }
    func perSecond(_ nanoseconds: Int64) -> Int64 { Int64(Double(count) / (Double(nanoseconds) / 1e9)) }
    say("replay_ns=\(perReading(reading, count)) replay_per_second=\(perSecond(reading)) with_acknowledgement_per_second=\(perSecond(took))")
case "density":
    var driver = ringInMemory(256 << 20)
    var thermometer = Thermometer(everyNanoseconds: 10_000_000)
    for number in 1...count {
        driver.handle(.append(thermometer.next()))
        if number % 500 == 0 { driver.flush() }
    }
    driver.flush()
    let status = driver.ring.status
    say("ring_bytes_each=\((Double(status.bytes) / Double(status.records) * 100).rounded() / 100)")
case "backlog":
    var driver = Driver(path: arguments[1], size: 128 << 20, sync: .seconds(3600), memory: 1 << 20)
    driver.handle(.start)
    var thermometer = Thermometer(everyNanoseconds: 10_000_000)
    while driver.ring.status.bytes < UInt64(number) << 20 {
        for _ in 0..<1000 { driver.handle(.append(thermometer.next())) }
    }
    driver.handle(.stop)
    say("readings=\(driver.ring.status.records) bytes=\(driver.ring.status.bytes)")
case "fill":
    var driver = Driver(path: arguments[1], size: UInt64(number) << 20, sync: .seconds(3600))
    driver.handle(.start)
    // Two for each page, and a lap and a quarter.
    let entries = (number << 20) / 4096 * 5 / 2
    let bytes = [UInt8](repeating: 7, count: 1700)
    for index in 0..<entries {
        driver.handle(.append(Reading(sensor: 0, instant: Instant(nanoseconds: Int64(index) * 1000), outcome: .event(bytes))))
    }
    driver.handle(.stop)
    let status = driver.ring.status
    say("readings=\(status.records) bytes=\(status.bytes) capacity=\(status.capacityBytes) evicted=\(status.evicted)")
case "open":
    var size = stat()
    guard stat(arguments[1], &size) == 0 else { usage() }
    // As after a boot: nothing of it is in the page cache, since the opening drops it.
    var driver = Driver(path: arguments[1], size: UInt64(size.st_size), sync: .seconds(5))
    let begun = nanoseconds()
    driver.handle(.start)
    guard let opened = driver.opened, !driver.ring.status.isInMemoryOnly else { exit(1) }
    say("open_ms=\(perReading(opened.at - begun, 1_000_000)) pages_read=\(opened.pagesRead) records=\(driver.ring.status.records)")
case "drain":
    var size = stat()
    guard stat(arguments[1], &size) == 0 else { usage() }
    var driver = Driver(path: arguments[1], size: UInt64(size.st_size), sync: .seconds(5), memory: 1 << 20)
    driver.handle(.start)
    let before = memoryUse("VmRSS")
    let backlog = driver.ring.status.unacknowledged
    var flying: [Handover.Name] = []
    var read = 0
    let begun = nanoseconds()
    while let handover = driver.next() {
        if case .reading = handover { read += 1 }
        flying.append(handover.name)
        if flying.count == 20 {
            for name in flying { driver.handle(.acknowledged(name)) }
            flying.removeAll(keepingCapacity: true)
        }
    }
    let took = nanoseconds() - begun
    say("backlog=\(backlog) read=\(read) per_second=\(Int64(Double(read) / (Double(took) / 1e9))) rss_before_kib=\(before) rss_peak_kib=\(memoryUse("VmHWM")) rss_after_kib=\(memoryUse("VmRSS"))")
case "burst":
    guard arguments.count == 4, let each = Int(arguments[3]), each > 0 else { usage() }
    var driver = Driver(path: arguments[1], size: 64 << 20, sync: .seconds(3600))
    driver.handle(.start)
    var thermometer = Thermometer(everyNanoseconds: 1_000_000_000, from: driver.now.nanoseconds)
    let syncs = driver.ring.status.syncs
    let begun = nanoseconds()
    for index in 1...max(number, 1) {
        driver.handle(.append(thermometer.next()))
        if index % each == 0 { driver.flush() }
    }
    say("burst readings=\(number) syncs=\(driver.ring.status.syncs - syncs) milliseconds=\((nanoseconds() - begun) / 1_000_000) written_bytes=\(driver.ring.status.writtenBytes)")
default: usage()
}
