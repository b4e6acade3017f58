import Telemetry
import Testing

@testable import RingStore

func readAll(_ file: [UInt8], flaky: Int = 0) -> (items: [RingReader.Item], summary: RingReader.Summary)? {
    var reader = RingReader(fileSize: UInt64(file.count), showsItems: true)
    var result: StorageResult?
    var items: [RingReader.Item] = []
    var tries = 0
    for _ in 0..<100_000 {
        let step = reader.step(result)
        switch step {
        case .request(.read(let first, let count)), .again(.read(let first, let count)):
            if case .again = step { tries += 1 } else { tries = 0 }
            var bytes = pages(of: file, first, count)
            // Torn for the first readings of each page, as by a daemon that writes at this moment.
            if tries < flaky, count == 1, bytes.contains(where: { $0 != 0 }) { bytes[2000] ^= 0xFF }
            result = .read(bytes)
        case .items(let more):
            items += more
            result = nil
        case .done: return (items, reader.summary)
        case .request, .again, .damage, .blank, .notARing, .failed: return nil
        }
    }
    return nil
}

@Suite struct RingReaderTests {
    @Test func `status counts what the file holds`() throws {
        var bench = Bench()
        bench.input(.start)
        for index in 1...700 { bench.input(.append(airReading(Int64(index), at: Double(index) / 100))) }
        bench.advance(to: 20)
        for handover in bench.drain().prefix(300) { bench.input(.acknowledged(handover.name)) }
        bench.input(.stop)
        let (items, summary) = try #require(readAll(bench.file!))
        #expect(summary.head == SequenceNumber(701) && summary.tail == .first)
        #expect(summary.watermark == SequenceNumber(300))
        #expect(summary.records == 700 && summary.unacknowledged == 400)
        #expect(summary.stream == bench.ring.status.stream)
        #expect(items.count == 700 && items.count { !$0.isSettled } == 400)
        #expect(numbers(items.map { $0.handover }) == Array(1...700))
    }

    @Test func `a ring without a reading has a head and a tail`() throws {
        var bench = Bench()
        bench.input(.start)
        let (items, summary) = try #require(readAll(bench.file!))
        #expect(items.isEmpty)
        #expect(summary.head == .first && summary.tail == .first && summary.watermark == .zero && summary.records == 0)
    }

    @Test func `losses are shown in their place`() throws {
        let bench = storedRing(3000)
        let (items, summary) = try #require(readAll(bench.file!))
        #expect(items.first?.handover.loss?.cause == .evicted)
        #expect(items.first?.handover.loss?.count == summary.evicted)
        #expect(summary.tail == items.first!.handover.loss!.last.next)
        #expect(summary.unacknowledged == UInt64(numbers(items.map { $0.handover }).count))
    }

    @Test func `a page that is torn for a moment is read again`() throws {
        let file = storedRing(300).file!
        let calm = try #require(readAll(file))
        let flaky = try #require(readAll(file, flaky: 2))
        #expect(calm.items == flaky.items && calm.summary == flaky.summary)
    }

    @Test(arguments: [0, 256 << 10, 1 << 20])
    func `a file that was made and never written to is told from what is no ring`(_ size: Int) {
        guard case .blank = outcome([UInt8](repeating: 0, count: size)) else {
            Issue.record("\(outcome([UInt8](repeating: 0, count: size)))")
            return
        }
    }

    @Test(arguments: [1, 4095, 4096, 256 << 10])
    func `what is no ring is said to be none`(_ size: Int) {
        guard case .notARing = outcome([UInt8](repeating: 9, count: size)) else {
            Issue.record("\(outcome([UInt8](repeating: 9, count: size)))")
            return
        }
    }

    /// What the reader ends with.
    private func outcome(_ file: [UInt8]) -> RingReader.Step {
        var reader = RingReader(fileSize: UInt64(file.count), showsItems: false)
        var result: StorageResult?
        while true {
            let step = reader.step(result)
            switch step {
            case .request(.read(let first, let count)), .again(.read(let first, let count)): result = .read(pages(of: file, first, count))
            case .items, .damage: result = nil
            case .request, .again, .done, .blank, .notARing, .failed: return step
            }
        }
    }
}
