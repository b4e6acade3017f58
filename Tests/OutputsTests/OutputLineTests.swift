import Telemetry
import Testing

@testable import Outputs

@Suite struct OutputLineTests {
    @Test func `a line that cannot be had is asked for again after 1, 2, 4 … 60 s`() {
        var line = OutputLine(at: at(0))
        var now = at(0)
        var delays: [Duration] = []
        for _ in 0..<9 {
            line.ask(isOn: false)
            _ = line.failed(.missing, at: now)
            let retry = line.retryAt!
            delays.append(now.duration(to: retry))
            now = retry
        }
        #expect(delays == [1, 2, 4, 8, 16, 32, 60, 60, 60].map { .seconds($0) })
        line.ask(isOn: false)
        line.ready(at: now)
        line.ask(isOn: true)
        _ = line.failed(.missing, at: now)
        #expect(line.retryAt == now.advanced(by: .seconds(1)), "from the beginning once it was held")
    }

    @Test func `what fails again in the same way is no news`() {
        var line = OutputLine(at: at(0))
        var news: [Bool] = []
        for code in [NoReading.Code.missing, .missing, .busy, .busy, .missing] {
            line.ask(isOn: false)
            news.append(line.failed(code, at: at(0)))
        }
        #expect(news == [true, false, true, false, true])
        line.ask(isOn: false)
        line.ready(at: at(1))
        line.ask(isOn: true)
        let afterwards = line.failed(.missing, at: at(2))
        #expect(afterwards)
    }

    /// The steps of a line, and since when it counts as what it is then.
    @Test(arguments: [
        ("requested off at the start", [(5, true, false)], 0, false),
        ("requested on", [(5, true, true)], 5, false),
        ("switched on and off", [(5, true, false), (6, true, true), (9, true, false)], 9, false),
        ("never had", [(5, false, true), (6, false, false)], 0, false),
        ("lost while it was off, at a switch that failed", [(5, true, false), (7, false, true)], 7, true),
        ("lost while it was on", [(5, true, true), (7, false, false)], 7, true),
        ("lost while it was on, not had again", [(5, true, true), (7, false, false), (9, false, false)], 7, true),
        ("lost while it was on, had again as off", [(5, true, true), (7, false, false), (9, true, false)], 9, false),
        ("lost while it was on, had again as on", [(5, true, true), (7, false, false), (9, true, true)], 9, true),
        ("lost while it was off, had again as off", [(5, true, false), (7, false, true), (9, true, false)], 9, false),
    ] as [(String, [(second: Int64, isHad: Bool, isOn: Bool)], Int64, Bool)])
    func `since when a line counts as what it is`(
        name: String, steps: [(second: Int64, isHad: Bool, isOn: Bool)], since: Int64, mayBeOn: Bool
    ) {
        var line = OutputLine(at: at(0))
        for step in steps {
            line.ask(isOn: step.isOn)
            if step.isHad { line.ready(at: at(Double(step.second))) } else { _ = line.failed(.missing, at: at(Double(step.second))) }
        }
        #expect(line.since == at(Double(since)), "\(name)")
        let isHeldOn = line.isOn == true
        #expect(line.mayBeOn == (mayBeOn || isHeldOn), "\(name)")
    }

    @Test func `while an answer is awaited the line is what it was, and may be either`() {
        var line = OutputLine(at: at(0))
        #expect(line.isOn == nil && line.isOnSoon == nil && !line.mayBeOn)
        line.ask(isOn: true)
        #expect(line.isOn == nil && line.isOnSoon == true && line.mayBeOn)
        line.ready(at: at(1))
        line.ask(isOn: false)
        #expect(line.isOn == true && line.isOnSoon == false && line.mayBeOn)
        line.ready(at: at(2))
        #expect(line.isOn == false && !line.mayBeOn)
    }

    @Test func `a line that was let go hears no answer any more`() {
        var line = OutputLine(at: at(0))
        line.ask(isOn: true)
        line.release()
        line.ready(at: at(1))
        let isNews = line.failed(.missing, at: at(1))
        #expect(line.state == .released && !isNews && line.retryAt == nil && !line.isAvailable())
    }

    @Test func `a line that failed has no turn until it is held, one asked for the first time has`() {
        var line = OutputLine(at: at(0))
        line.ask(isOn: false)
        #expect(line.isAvailable())
        _ = line.failed(.busy, at: at(0))
        #expect(!line.isAvailable() && !line.isAvailable(forRequestAt: at(0.5)) && line.isAvailable(forRequestAt: at(1)))
        line.ask(isOn: false)
        #expect(!line.isAvailable())
        line.ready(at: at(1))
        #expect(line.isAvailable())
    }
}
