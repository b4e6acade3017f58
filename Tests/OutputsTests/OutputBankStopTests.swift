import Telemetry
import Testing

@testable import Outputs

/// The sentences of docs/outputs.md about the stop, and a reload while it runs.
@Suite struct OutputBankStopTests {
    @Test func `a stop sets each line that is held to on_exit at once, and lets go at the end`() {
        let settings = [
            output("a") { $0.onExit = true; $0.minimumOff = .seconds(100) }, output("b") { $0.minimumOn = .seconds(100) },
            output("c") { $0.initial = true; $0.onExit = true }, output("d"),
        ]
        var play = Play(settings, start: false)
        play.missing = [3]
        play.give(.start)
        play.command(.on(lasting: nil), 1)
        play.now = at(1)
        play.give(.stop)
        #expect(play.lines == [0: true, 1: false, 2: true])
        #expect(play.told.suffix(2) == [.init(index: 1, isOn: false), .init(index: 0, isOn: true)])
        #expect(play.bank.deadline == nil)
        play.command(.off, 0)
        play.raise("frost", "b")
        play.give(.offline)
        play.missing = []
        play.run(to: 500)
        #expect(play.lines == [0: true, 1: false, 2: true], "nothing is heard after it")
        play.give(.letGo)
        #expect(play.lines.isEmpty)
        #expect(play.told.count == 6, "the value at the exit is the last that is told")
    }

    @Test func `a stop comes through while a line has not answered yet`() {
        var play = Play([output()])
        play.isSlow = true
        play.command(.on(lasting: nil))
        play.give(.stop)
        #expect(!play.bank.isSettled)
        play.isSlow = false
        for answer in play.unanswered { play.give(answer) }
        #expect(play.lines[0] == false && play.bank.state(0) == false && play.bank.isSettled)
    }

    @Test func `a stop leaves one of a group on, and switches off first`() {
        var play = Play(pair { $0.onExit = true })
        play.command(.on(lasting: nil), 1)
        play.give(.stop)
        #expect(play.lines == [0: true, 1: false])
        let order = play.switches.suffix(2).map(\.index)
        #expect(order == [1, 0])
    }

    @Test func `a reload does not touch an output that stays`() {
        var play = Play([output { $0.minimumOn = .seconds(20) }])
        play.run(to: 1)
        play.command(.on(lasting: .seconds(9)))
        play.run(to: 5)
        let before = play.switches
        play.perform(play.bank.reload([output { $0.minimumOn = .seconds(20) }], at: play.now))
        #expect(play.switches == before)
        // New settings hold from now on, for the times that run.
        play.perform(play.bank.reload([output { $0.minimumOn = .seconds(12) }], at: play.now))
        play.run(to: 30)
        #expect(play.story() == "0:off 1:on 13:off")
    }

    @Test func `a shorter maximum_on holds at once`() {
        var play = Play([output()])
        play.command(.on(lasting: nil))
        play.run(to: 60)
        play.perform(play.bank.reload([output { $0.maximumOn = .seconds(10) }], at: play.now))
        #expect(play.story() == "0:off 0:on 60:off")
    }

    @Test func `what is gone is set to on_exit, released and cleared; what is new begins with initial and the demands`() {
        var play = Play([output("a"), output("b") { $0.onExit = true }])
        play.raise("frost", "a", "c")
        play.run(to: 5)
        play.perform(play.bank.reload([nil, nil, output("c"), output("d") { $0.initial = true }, output("e")], at: play.now))
        #expect(play.story(0) == "0:off 0:on 5:off 5:released")
        #expect(play.story(1) == "0:off 5:on 5:released")
        #expect(play.lines == [2: true, 3: true, 4: false])
        #expect(play.told.contains(.init(index: 0, isOn: nil)) && play.told.contains(.init(index: 1, isOn: nil)))
        #expect(play.bank.indices == [2, 3, 4] && play.bank.count == 5)
        play.command(.off, 2)
        play.perform(play.bank.reload([nil, nil, output("c"), output("d"), output("e")], at: play.now))
        play.end("frost", "a", "c")
        play.run(to: 10)
        #expect(play.lines == [2: false, 3: true, 4: false])
    }

    @Test func `an output that is gone is not left on beside another of its group`() {
        var play = Play(pair { $0.onExit = true })
        play.command(.on(lasting: nil), 0)
        play.perform(play.bank.reload([pair()[0], nil], at: play.now))
        #expect(play.story(1) == "0:off 0:released")
        #expect(play.lines == [0: true])
    }
}
