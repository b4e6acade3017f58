import Telemetry
import Testing

@testable import Outputs

/// Each sentence of docs/outputs.md.
@Suite struct OutputBankTests {
    // MARK: Base

    @Test func `at the start the line is requested with initial, from the first moment on`() {
        for initial in [false, true] {
            for isActiveLow in [false, true] {
                var bank = OutputBank(settings: [output { $0.initial = initial; $0.isActiveLow = isActiveLow }])
                let actions = bank.handle(.start, at: at(5))
                #expect(
                    actions == [
                        .configure(0, LineSettings(direction: .output(active: initial), isActiveLow: isActiveLow))
                    ])
                #expect(bank.state(0) == nil, "it is not held before the answer")
                let answers = bank.handle(.lineReady(0), at: at(5))
                #expect(answers.contains(.changed(0, isOn: initial)))
                #expect(bank.state(0) == initial)
                #expect(bank.deadline == nil)
            }
        }
    }

    @Test func `on, off and toggle set the base`() {
        var play = Play([output()])
        for (second, command) in [OutputCommand.on(lasting: nil), .on(lasting: nil), .off, .off, .toggle, .toggle].enumerated() {
            play.run(to: Double(second + 1))
            play.command(command)
        }
        #expect(play.story() == "0:off 1:on 3:off 5:on 6:off")
        #expect(play.told.map(\.isOn) == [false, true, false, true, false])
    }

    @Test func `a pulse goes back to off after its time, counted from the command`() {
        var play = Play([output()])
        play.run(to: 1)
        play.command(.on(lasting: .seconds(5)))
        play.run(to: 10)
        #expect(play.story() == "0:off 1:on 6:off")
        var late = Play([output { $0.minimumOff = .seconds(4) }])
        late.run(to: 1)
        late.command(.on(lasting: .seconds(5)))
        late.run(to: 10)
        #expect(late.story() == "0:off 4:on 6:off")
        var never = Play([output { $0.minimumOff = .seconds(7) }])
        never.run(to: 1)
        never.command(.on(lasting: .seconds(5)))
        never.run(to: 10)
        #expect(never.story() == "0:off")
    }

    @Test(arguments: [
        (OutputCommand.on(lasting: nil), "0:off 1:on"), (.on(lasting: .seconds(10)), "0:off 1:on 13:off"),
        (.off, "0:off 1:on 3:off"), (.toggle, "0:off 1:on 3:off"),
    ])
    func `a later command ends the pulse`(command: OutputCommand, story: String) {
        var play = Play([output()])
        play.run(to: 1)
        play.command(.on(lasting: .seconds(5)))
        play.run(to: 3)
        play.command(command)
        play.run(to: 30)
        #expect(play.story() == story)
    }

    @Test func `toggle is the opposite of what the line is, or of what is wanted where it cannot be had`() {
        // On by an alert: to off. Off in spite of being wanted (minimum_off): still to on.
        var play = Play([output()])
        play.raise("frost", "siren")
        play.command(.toggle)
        #expect(play.lines[0] == false)
        var waiting = Play([output { $0.minimumOff = .seconds(10) }])
        waiting.command(.on(lasting: .seconds(2)))
        waiting.command(.toggle)
        waiting.run(to: 20)
        #expect(waiting.story() == "0:off 10:on", "the pulse is ended, and on is wanted")
        var absent = Play([output()], start: false)
        absent.missing = [0]
        absent.give(.start)
        absent.command(.toggle)
        absent.command(.toggle)
        absent.command(.toggle)
        absent.missing = []
        absent.run(to: 10)
        #expect(absent.story() == "1:on")
    }

    @Test func `two toggles before the line has answered are none`() {
        var play = Play([output()])
        play.isSlow = true
        play.command(.toggle)
        play.command(.toggle)
        play.isSlow = false
        for answer in play.unanswered { play.give(answer) }
        #expect(play.lines[0] == false && play.bank.state(0) == false)
    }

    // MARK: Demand and override

    @Test func `it is on while its base is on or an alert demands it`() {
        var play = Play([output()])
        play.run(to: 1)
        play.raise("frost", "siren")
        play.run(to: 2)
        play.raise("smoke", "siren", "lamp")
        play.run(to: 3)
        play.end("frost", "siren")
        play.run(to: 4)
        #expect(play.lines[0] == true)
        play.command(.on(lasting: .seconds(5)))
        play.run(to: 5)
        play.end("smoke", "siren", "lamp")
        play.run(to: 20)
        #expect(play.story() == "0:off 1:on 9:off")
    }

    @Test func `a demand that comes before the start is heard at the start`() {
        var play = Play([output()], start: false)
        play.raise("frost", "siren")
        #expect(play.switches.isEmpty)
        play.give(.start)
        #expect(play.story() == "0:on")
    }

    @Test func `over a mute what was overridden stays so, and what was not comes back`() {
        var play = Play([output("a"), output("b") { $0.maximumOn = .seconds(3) }, output("c")])
        play.raise("frost", "a", "b", "c")
        play.run(to: 1)
        play.command(.off, 0)
        play.run(to: 5)
        #expect(play.lines == [0: false, 1: false, 2: true], "b was on for maximum_on")
        play.mute("frost")
        #expect(play.lines == [0: false, 1: false, 2: false])
        play.run(to: 6)
        play.unmute("frost")
        #expect(play.lines == [0: false, 1: false, 2: true])
        play.run(to: 7)
        play.mute("frost")
        play.command(.on(lasting: nil), 2)
        play.command(.off, 2)
        play.unmute("frost")
        #expect(play.lines == [0: false, 1: false, 2: false], "an off during the mute overrides, too")
        play.run(to: 8)
        play.raise("frost", "a", "b", "c")
        #expect(play.lines == [0: true, 1: true, 2: true], "raised again")
    }

    @Test func `an alert that is raised while it is muted is heard when the mute is over`() {
        var play = Play([output("a")])
        play.raise("frost", "a")
        play.command(.off)
        play.mute("frost")
        play.end("frost", "a")
        play.give(.demand(alert: "frost", outputs: ["a"], .raised(isMuted: true)))
        #expect(play.lines == [0: false])
        play.unmute("frost")
        #expect(play.lines == [0: true])
    }

    @Test func `outputs that an alert keeps when its list changes are not touched`() {
        var play = Play([output("a"), output("b"), output("c"), output("d")])
        play.raise("frost", "a", "b", "c")
        play.run(to: 1)
        play.command(.off, 1)
        play.give(.demand(alert: "frost", outputs: ["b", "c", "d"], .outputsChanged))
        #expect(play.lines == [0: false, 1: false, 2: true, 3: true])
        #expect(play.story(2) == "0:off 0:on")
    }

    @Test func `an alert whose list of outputs is another gives up those that it does not name any more`() {
        var play = Play([output("a"), output("b")])
        play.raise("frost", "a")
        play.raise("frost", "b")
        #expect(play.lines == [0: false, 1: true])
        play.end("frost", "a")
        #expect(play.lines == [0: false, 1: false])
    }

    @Test(arguments: [OutputCommand.off, .toggle])
    func `off silences the demands that are there, until their alert is raised again or ends`(command: OutputCommand) {
        var play = Play([output()])
        play.raise("frost", "siren")
        play.run(to: 1)
        play.command(command)
        #expect(play.lines[0] == false)
        play.run(to: 2)
        play.raise("smoke", "siren")
        #expect(play.lines[0] == true, "one that is raised later is heard")
        play.run(to: 3)
        play.end("smoke", "siren")
        #expect(play.lines[0] == false, "and leaves the silenced one silenced")
        play.run(to: 4)
        play.raise("frost", "siren")
        #expect(play.lines[0] == true, "raised again")
        play.run(to: 5)
        play.command(.off)
        play.end("frost", "siren")
        play.raise("frost", "siren")
        #expect(play.lines[0] == true, "ended and raised")
    }

    @Test func `maximum_on switches off, overrides, and says so`() {
        var play = Play([output { $0.maximumOn = .seconds(10) }])
        play.command(.on(lasting: nil))
        play.run(to: 5)
        play.raise("frost", "siren")
        play.run(to: 30)
        #expect(play.story() == "0:off 0:on 10:off")
        #expect(play.notices.contains { $0.contains("maximum_on") && $0.contains("output=siren") })
        play.raise("frost", "siren")
        play.run(to: 60)
        #expect(play.story() == "0:off 0:on 10:off 30:on 40:off")
    }

    @Test func `maximum_on counts how long the line is on, not each wish`() {
        var play = Play([output { $0.maximumOn = .seconds(10) }])
        play.run(to: 1)
        for second in 1..<9 {
            play.run(to: Double(second))
            play.command(.on(lasting: .seconds(60)))
        }
        play.run(to: 20)
        #expect(play.story() == "0:off 1:on 11:off")
    }

    @Test func `what is wanted while maximum_on switches off is heard once the line is off`() {
        var play = Play([output { $0.maximumOn = .seconds(10); $0.minimumOff = .seconds(3) }])
        play.run(to: 3)
        play.command(.on(lasting: nil))
        // Slept through until 20: maximum_on was over at 13.
        play.now = at(20)
        play.command(.on(lasting: nil))
        play.run(to: 25)
        #expect(play.story() == "0:off 3:on 20:off 23:on")
    }

    // MARK: Minimums

    @Test func `minimum_on and minimum_off hold after each switch, and minimum_off after the start`() {
        var play = Play([output { $0.minimumOn = .seconds(3); $0.minimumOff = .seconds(5); $0.initial = true }])
        play.run(to: 1)
        #expect(play.story() == "0:off", "initial waits, too")
        play.run(to: 6)
        play.command(.off)
        play.run(to: 9)
        play.command(.on(lasting: nil))
        play.run(to: 20)
        #expect(play.story() == "0:off 5:on 8:off 13:on")
    }

    @Test func `what is wanted when the minimum is over is done then`() {
        var play = Play([output { $0.minimumOn = .seconds(10) }])
        play.command(.on(lasting: nil))
        play.run(to: 2)
        play.command(.off)
        play.run(to: 4)
        play.command(.on(lasting: nil))
        play.run(to: 20)
        #expect(play.story() == "0:off 0:on")
    }

    @Test func `a line that was lost counts as off since then`() {
        var play = Play([output { $0.minimumOff = .seconds(10) }])
        play.run(to: 10)
        play.command(.on(lasting: nil))
        play.missing = [0]
        play.run(to: 20)
        play.command(.off)
        #expect(play.told.last?.isOn == Bool?.none)
        play.missing = []
        play.command(.on(lasting: nil))
        play.run(to: 40)
        #expect(play.story() == "0:off 10:on 21:off 31:on", "off when it was had again, which is a switch")
    }

    // MARK: on_offline

    @Test func `on_offline sets the base once in an outage, from the start too, and ends a pulse`() {
        var play = Play([output { $0.onOffline = .init(isOn: false, after: .seconds(10)); $0.initial = true }])
        play.run(to: 5)
        play.command(.on(lasting: .seconds(100)))
        play.run(to: 12)
        #expect(play.story() == "0:on 10:off")
        play.command(.on(lasting: nil))
        play.run(to: 50)
        #expect(play.lines[0] == true, "once per outage")
        play.give(.online)
        play.give(.offline)
        play.run(to: 55)
        play.give(.offline)
        play.run(to: 59)
        #expect(play.lines[0] == true)
        play.run(to: 60)
        #expect(play.lines[0] == false, "counted from the loss, however often it is told")
    }

    @Test func `on_offline does nothing when the broker is back in time`() {
        var play = Play([output { $0.onOffline = .init(isOn: true, after: .seconds(10)) }])
        play.run(to: 9)
        play.give(.online)
        play.run(to: 100)
        play.give(.offline)
        play.run(to: 109)
        play.give(.online)
        play.run(to: 200)
        #expect(play.story() == "0:off")
    }

    @Test func `demands are heard without a broker as before`() {
        var play = Play([output { $0.onOffline = .init(isOn: false, after: .seconds(10)) }])
        play.run(to: 8)
        play.raise("frost", "siren")
        play.run(to: 50)
        #expect(play.lines[0] == true)
        play.end("frost", "siren")
        #expect(play.story() == "0:off 8:on 50:off")
    }

    // MARK: Groups

    @Test func `the one that was wanted on last has the turn, after the other is off`() {
        var play = Play(pair())
        play.run(to: 1)
        play.raise("cold", "heat")
        play.run(to: 2)
        play.raise("hot", "cool")
        #expect(play.story(0) == "0:off 1:on 2:off" && play.story(1) == "0:off 2:on")
        let order = play.switches.suffix(2).map(\.index)
        #expect(order == [0, 1], "first off, then on")
        play.run(to: 3)
        play.end("hot", "cool")
        #expect(play.story(0) == "0:off 1:on 2:off 3:on", "the demand gets the turn back")
    }

    @Test func `a command sets the base of the others off; their demands stay`() {
        var play = Play(pair())
        play.command(.on(lasting: nil), 0)
        play.run(to: 1)
        play.command(.on(lasting: .seconds(4)), 1)
        play.run(to: 10)
        #expect(play.lines == [0: false, 1: false])
        play.raise("cold", "heat")
        play.run(to: 11)
        play.command(.on(lasting: .seconds(4)), 1)
        play.run(to: 20)
        #expect(play.story(0) == "0:off 0:on 1:off 10:on 11:off 15:on")
        #expect(play.story(1) == "0:off 1:on 5:off 11:on 15:off")
    }

    @Test func `the turn passes only when the minimum of the line that is on is over`() {
        var play = Play(pair { $0.minimumOn = .seconds(10); $0.minimumOff = .seconds(2) })
        play.run(to: 2)
        play.command(.on(lasting: nil), 0)
        play.run(to: 5)
        play.command(.on(lasting: nil), 1)
        play.run(to: 30)
        #expect(play.story(0) == "0:off 2:on 12:off" && play.story(1) == "0:off 12:on")
        play.command(.on(lasting: nil), 0)
        play.command(.off, 0)
        play.run(to: 60)
        #expect(play.story(1) == "0:off 12:on 30:off", "the command on set its base off")
    }

    @Test func `a turn that is given up before it was taken changes nothing`() {
        var play = Play(pair { $0.minimumOn = .seconds(10) })
        play.raise("cold", "heat")
        play.run(to: 1)
        play.raise("hot", "cool")
        play.run(to: 5)
        play.end("hot", "cool")
        play.run(to: 60)
        #expect(play.story(0) == "0:off 0:on" && play.story(1) == "0:off")
    }

    @Test func `of several wanted at one instant the first in the list has the turn`() {
        var initial = Play(pair { $0.initial = true })
        #expect(initial.lines == [0: true, 1: false])
        initial.command(.off, 0)
        #expect(initial.lines == [0: false, 1: true])
        var demanded = Play(pair())
        demanded.raise("both", "cool", "heat")
        #expect(demanded.lines == [0: false, 1: true])
        var offline = Play(pair { $0.onOffline = .init(isOn: true, after: .seconds(3)) })
        offline.run(to: 5)
        #expect(offline.lines == [0: true, 1: false])
    }

    @Test func `outputs of different groups, and those of none, do not mind each other`() {
        var play = Play([output("a") { $0.group = "x" }, output("b") { $0.group = "y" }, output("c"), output("d")])
        for index in 0..<4 { play.command(.on(lasting: nil), index) }
        #expect(play.lines == [0: true, 1: true, 2: true, 3: true])
    }

    @Test func `an output whose line cannot be had has no turn, and takes none while it is asked for again`() {
        var play = Play(pair(), start: false)
        play.missing = [1]
        play.give(.start)
        play.raise("cold", "heat")
        play.run(to: 1)
        play.raise("hot", "cool")
        play.run(to: 300)
        #expect(play.story(0) == "0:off 0:on")
        play.missing = []
        play.run(to: 400)
        #expect(play.lines == [0: false, 1: true], "it has the turn when its line is there")
        #expect(play.switches.filter { $0.index == 1 }.map(\.isOn) == [false, true])
    }

    @Test func `a line that was lost while it was on keeps its group off until it was had again`() {
        var play = Play(pair())
        play.raise("cold", "heat")
        play.missing = [0]
        play.run(to: 10)
        play.raise("hot", "cool")
        #expect(play.bank.state(0) == nil, "the switch off did not come through")
        play.run(to: 100)
        #expect(play.lines[1] == false)
        play.missing = []
        play.run(to: 200)
        #expect(play.lines == [0: false, 1: true])
    }

    // MARK: Time

    @Test func `what is due at an instant comes before the command of that instant`() {
        var play = Play([output()])
        play.command(.on(lasting: .seconds(5)))
        play.now = at(5)
        play.command(.toggle)
        #expect(play.lines[0] == false, "the line was still on when the toggle was asked for, and the pulse over")
        var offline = Play([output { $0.onOffline = .init(isOn: true, after: .seconds(5)) }])
        offline.now = at(5)
        offline.give(.online)
        #expect(offline.lines[0] == true)
    }

    @Test func `what was slept through comes in the order of time`() {
        // The pulse ends at 10, on_offline sets on at 12; or the other way about.
        for (pulse, after, isOn) in [(10, 12, true), (12, 10, true), (12, 14, true)] {
            var play = Play([output { $0.onOffline = .init(isOn: true, after: .seconds(after)) }])
            play.command(.on(lasting: .seconds(pulse)))
            play.now = at(20)
            play.give(.timer)
            #expect(play.lines[0] == isOn)
        }
        var play = Play([output { $0.onOffline = .init(isOn: false, after: .seconds(5)) }])
        play.now = at(20)
        play.command(.on(lasting: nil))
        #expect(play.lines[0] == true, "the command is the newest")
    }

    // MARK: Lines

    @Test func `what the line is is told when it changes, and nothing when it cannot be had`() {
        var play = Play([output("a"), output("b")], start: false)
        play.missing = [1]
        play.give(.start)
        play.run(to: 5)
        #expect(play.told == [.init(index: 0, isOn: false)])
        play.missing = [0]
        play.command(.on(lasting: nil), 0)
        #expect(play.told.last == .init(index: 0, isOn: nil))
        play.missing = []
        play.run(to: 60)
        #expect(play.told.count == 4 && play.told.contains(.init(index: 0, isOn: true)))
        #expect(play.notices.filter { $0.contains("no line for an output output=b") }.count == 1, "said once")
        #expect(play.notices.contains { $0.contains("the line of an output is there output=b") })
    }

    @Test func `a line that is had late gets what is wanted then, from the first moment on`() {
        var play = Play([output()], start: false)
        play.missing = [0]
        play.give(.start)
        play.run(to: 2)
        play.command(.on(lasting: nil))
        play.missing = []
        play.run(to: 10)
        #expect(play.story() == "3:on")
    }
}
