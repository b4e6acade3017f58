import Telemetry
import Testing

@testable import RingStore

/// Runs a recovery over a file in memory.
func recover(_ file: [UInt8], failing: Set<UInt64> = []) -> (step: Recovery.Step, reads: Int) {
    var recovery = Recovery(fileSize: UInt64(file.count), takesErrorsForDamage: true)
    var result: StorageResult?
    var reads = 0
    while true {
        let step = recovery.step(result)
        guard case .request(.read(let first, let count)) = step else { return (step, reads) }
        reads += count
        if reads > 1_000_000 { return (step, reads) }
        let start = Int(first) * 4096
        var bytes = start < file.count ? Array(file[start..<min(start + count * 4096, file.count)]) : []
        bytes += [UInt8](repeating: 0, count: count * 4096 - bytes.count)
        result = (first..<first + UInt64(count)).contains { failing.contains($0) } ? .failed(.inputOutput) : .read(bytes)
    }
}

/// A ring with so many readings in its file, none acknowledged; the process was killed.
func storedRing(_ count: Int, size: UInt64 = 256 << 10, detail: Int = 180) -> Bench {
    var bench = Bench(size: size)
    bench.input(.start)
    for index in 0..<count {
        bench.now = seconds(Double(index))
        let outcome = Outcome.noReading(NoReading(.short, detail: "\(index) " + String(repeating: "d", count: detail)))
        bench.input(.append(Reading(sensor: index % 2, instant: bench.now, outcome: outcome)))
        if let deadline = bench.ring.deadline, deadline <= bench.now { bench.input(.timer) }
    }
    bench.advance(to: Double(count) + 10)
    return bench
}

/// A ring file whose page has the next version of the format, and is whole.
func ofLaterVersion(_ file: [UInt8], page: Int) -> [UInt8] {
    forged(file, page: page, at: 84, PageHeader.version + 1, bytes: 4)
}

@Suite struct RecoveryTests {
    @Test(arguments: [0, 63])
    func `a header of a later version is no damage`(page: Int) {
        let file = storedRing(40).file!
        guard case .failed(.laterVersion) = recover(ofLaterVersion(file, page: page)).step else {
            Issue.record("\(recover(ofLaterVersion(file, page: page)).step)")
            return
        }
        // Where the sum is wrong too it is damage, and the other header opens the ring.
        var damaged = ofLaterVersion(file, page: page)
        damaged[page * 4096 + 300] ^= 1
        guard case .found = recover(damaged).step else {
            Issue.record("\(recover(damaged).step)")
            return
        }
    }

    @Test func `a file of zeros is blank`() {
        guard case .blank = recover([UInt8](repeating: 0, count: 256 << 10)).step else {
            Issue.record("not blank")
            return
        }
    }

    @Test(arguments: [0, 1, 4095, 4096, 100_000, 256 << 10, 1 << 20])
    func `noise of any size is no ring`(_ size: Int) {
        var random = RandomSource(seed: UInt64(size))
        let noise = (0..<size).map { _ in UInt8(truncatingIfNeeded: random.next() >> 9) | 1 }
        guard case .notARing = recover(noise).step else {
            Issue.record("\(recover(noise).step)")
            return
        }
    }

    @Test func `a disk that reads nothing is no proof that there is no ring`() {
        let file = storedRing(40).file!
        guard case .failed(.inputOutput) = recover(file, failing: Set(0..<64)).step else {
            Issue.record("it should have failed")
            return
        }
    }

    @Test func `one unreadable page does not stop the opening`() {
        let file = storedRing(300).file!
        for page in 0..<64 as Range<UInt64> {
            guard case .found = recover(file, failing: [page]).step else {
                Issue.record("page \(page)")
                continue
            }
        }
    }
}
