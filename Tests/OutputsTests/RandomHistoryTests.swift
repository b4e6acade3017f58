import Foundation
import Telemetry
import Testing

@testable import Outputs

/// GODWIT_OUTPUT_RUNS=10 plays ten times as many histories.
private let runs = ProcessInfo.processInfo.environment["GODWIT_OUTPUT_RUNS"].flatMap { UInt64($0) } ?? 1

/// Random histories of commands, alerts, outages and lines that come and go, against the oracle and against what may never be.
@Suite struct RandomHistoryTests {
    /// What a history found wrong; nil: nothing.
    struct Fault: Error { var text: String }

    struct Watch {
        /// Nil: not held.
        var isOn: Bool?
        var since = 0
        var wasLostOn = false
        var hasFailed = false
    }

    struct World {
        /// Longer than every duration of the settings.
        static let restless = 25
        let settings: [OutputSettings]
        var bank: OutputBank
        var oracle: OutputOracle
        var watches: [Watch]
        var missing: Set<Int> = []
        var second = 0
        var switches = 0
        /// Answers wait until they are delivered, as they do while the daemon takes other inputs of the same turn.
        var isSlow = false
        var waiting: [OutputInput] = []
        var now: Instant { at(Double(second)) }

        init(settings: [OutputSettings]) {
            self.settings = settings
            bank = OutputBank(settings: settings)
            oracle = OutputOracle(settings: settings)
            watches = settings.map { _ in Watch() }
        }

        func others(of index: Int) -> [Int] {
            settings.indices.filter { $0 != index && settings[$0].group != nil && settings[$0].group == settings[index].group }
        }

        func seconds(_ duration: Duration) -> Int { Int(duration.components.seconds) }

        /// The line has been what it is for its minimum; one that is not held counts as off.
        func mayBeSwitched(_ index: Int) -> Bool {
            let minimum = watches[index].isOn == true ? settings[index].minimumOn : settings[index].minimumOff
            return second >= watches[index].since + seconds(minimum)
        }

        func isGroupFree(_ index: Int) -> Bool {
            others(of: index).allSatisfy { watches[$0].isOn != true && !watches[$0].wasLostOn }
        }

        /// - Parameter asked: the lines that are asked for together with it, where it is not held.
        func target(_ index: Int, asked: [Int] = []) -> Bool {
            oracle.target(index, at: second) { watches[$0].isOn != nil || !watches[$0].hasFailed || asked.contains($0) }
        }

        func isOverdue(_ index: Int) -> Bool {
            guard watches[index].isOn == true, let maximum = settings[index].maximumOn else { return false }
            return second >= watches[index].since + seconds(maximum)
        }

        mutating func give(_ input: OutputInput) throws(Fault) {
            try perform(bank.handle(input, at: now))
        }

        mutating func perform(_ first: [OutputAction]) throws(Fault) {
            var actions = first
            var turns = 0
            while !actions.isEmpty {
                turns += 1
                if turns > 50 { throw Fault(text: "the bank is not done with second \(second)") }
                var next: [OutputAction] = []
                var asked: [(index: Int, isOn: Bool)] = []
                for action in actions {
                    if case .configure(let index, let line) = action, case .output(let isOn) = line.direction {
                        asked.append((index, isOn))
                    }
                }
                // What the bank could know then; and all are done before the first is answered.
                for (index, isOn) in asked {
                    let isHeld = watches[index].isOn != nil
                    try judge(index, isOn: isOn, target: target(index, asked: isHeld ? [] : asked.map(\.index)))
                }
                let answers = asked.map { answer($0.index, isOn: $0.isOn) }
                if isSlow {
                    waiting += answers
                    return
                }
                for answer in answers { next += bank.handle(answer, at: now) }
                actions = next
            }
        }

        /// The first answers that wait.
        mutating func deliver(_ count: Int) throws(Fault) {
            for _ in 0..<count where !waiting.isEmpty { try give(waiting.removeFirst()) }
        }

        /// Until none waits.
        mutating func deliverAll() throws(Fault) {
            var turns = 0
            while !waiting.isEmpty {
                turns += 1
                if turns > 100 { throw Fault(text: "the bank is not done with second \(second)") }
                try deliver(1)
            }
        }

        /// May this be asked of the line?
        func judge(_ index: Int, isOn: Bool, target: Bool) throws(Fault) {
            let watch = watches[index]
            func fail(_ text: String) -> Fault {
                Fault(text: "second \(second), output \(index) asked to be \(isOn ? "on" : "off"): \(text)")
            }
            if watch.isOn == isOn { throw fail("it is that already") }
            let isRight = target && mayBeSwitched(index) && isGroupFree(index)
            if isOn {
                if !target { throw fail("nobody wants it") }
                if !mayBeSwitched(index) { throw fail("minimum_off is not over") }
                if !isGroupFree(index) { throw fail("another of the group is on") }
            } else if watch.isOn == true {
                if target, !isOverdue(index) { throw fail("it is wanted") }
                if !mayBeSwitched(index) { throw fail("minimum_on is not over") }
            } else if isRight {
                throw fail("it is wanted from the first moment on")
            }
        }

        mutating func answer(_ index: Int, isOn: Bool) -> OutputInput {
            let before = watches[index]
            let wasOn = before.isOn ?? before.wasLostOn
            if missing.contains(index) {
                if before.isOn != nil {
                    watches[index].wasLostOn = before.isOn == true || isOn
                    watches[index].since = second
                }
                if before.isOn == true { ended(index) }
                watches[index].isOn = nil
                watches[index].hasFailed = true
                return .lineFailed(index, NoReading(.missing, detail: "not here"))
            }
            if wasOn != isOn || (before.isOn == nil && isOn) { watches[index].since = second }
            if before.isOn == true, !isOn { ended(index) }
            if before.isOn != true, isOn { oracle.onTimes.append(.init(output: index, from: second, to: nil)) }
            watches[index].isOn = isOn
            watches[index].wasLostOn = false
            watches[index].hasFailed = false
            switches += 1
            return .lineReady(index)
        }

        mutating func ended(_ index: Int) {
            let last = oracle.onTimes.lastIndex { $0.output == index }!
            oracle.onTimes[last].to = second
        }

        /// Whatever is not as it is wanted has a reason.
        mutating func judgeRest() throws(Fault) {
            try deliverAll()
            // A reload that changes nothing does nothing.
            let before = bank
            let actions = bank.reload(settings, at: now)
            if !actions.isEmpty || bank.deadline != before.deadline {
                throw Fault(text: "second \(second): a reload without a change did \(actions)")
            }
            for index in settings.indices {
                let watch = watches[index]
                if bank.state(index) != watch.isOn { throw Fault(text: "second \(second): output \(index) is told wrongly") }
                guard let isOn = watch.isOn else { continue }
                if isOn, others(of: index).contains(where: { watches[$0].isOn == true }) {
                    throw Fault(text: "second \(second): two of a group are on")
                }
                if isOverdue(index) { throw Fault(text: "second \(second): output \(index) is on beyond maximum_on") }
                if target(index) != isOn, mayBeSwitched(index), isOn || isGroupFree(index) {
                    throw Fault(text: "second \(second): output \(index) is not what is wanted, and nothing hinders it")
                }
            }
        }

        /// Time passes, deadline by deadline.
        mutating func pass(to end: Int) throws(Fault) {
            while second < end {
                try deliverAll()
                second += 1
                var turns = 0
                while let deadline = bank.deadline, deadline <= now {
                    turns += 1
                    if turns > 50 { throw Fault(text: "the bank does not sleep at second \(second)") }
                    try give(.timer)
                    try deliverAll()
                }
                // The oracle is slow. After a while only lines that are asked for again are left.
                if second - lastInput < Self.restless || second % 10 == 0 { try judgeRest() }
            }
        }
        var lastInput: Int { oracle.inputs.last?.second ?? 0 }
    }

    static func settings(_ random: inout RandomSource) -> [OutputSettings] {
        func seconds(_ range: ClosedRange<Int>) -> Duration { .seconds(Int.random(in: range, using: &random)) }
        func chance(_ of: Int) -> Bool { Int.random(in: 0..<of, using: &random) == 0 }
        return (0..<Int.random(in: 1...4, using: &random)).map { index in
            let minimumOn = chance(2) ? .zero : seconds(1...5)
            return OutputSettings(
                id: "o\(index)", line: .name("L\(index)"), initial: chance(3),
                maximumOn: chance(2) ? nil : max(minimumOn, seconds(1...8)), minimumOn: minimumOn,
                minimumOff: chance(2) ? .zero : seconds(1...5),
                onOffline: chance(2) ? nil : .init(isOn: chance(2), after: seconds(1...9)),
                group: chance(3) ? nil : chance(4) ? "h" : "g")
        }
    }

    enum Lines: CaseIterable { case there, lost, slow }

    static func history(seed: UInt64, lines: Lines) throws(Fault) -> Int {
        var random = RandomSource(seed: seed)
        var world = World(settings: settings(&random))
        world.isSlow = lines == .slow
        let withLosses = lines == .lost
        let count = world.settings.count
        world.oracle.inputs.append(.init(second: 0, kind: .start))
        if withLosses, Bool.random(using: &random) { world.missing = [Int.random(in: 0..<count, using: &random)] }
        try world.give(.start)
        try world.judgeRest()
        for _ in 0..<Int.random(in: 1...40, using: &random) {
            try world.pass(to: world.second + [0, 0, 1, 1, 2, 5, 12].randomElement(using: &random)!)
            try input(&world, &random, withLosses: withLosses)
            if lines == .slow, Bool.random(using: &random) {
                try world.deliver(Int.random(in: 0...2, using: &random))
            } else {
                try world.judgeRest()
            }
        }
        world.missing = []
        try world.pass(to: world.second + 150)
        // All is quiet: no minimum, no back-off, no outage runs any more.
        for index in world.settings.indices where world.watches[index].isOn != world.target(index) {
            throw Fault(text: "at the end output \(index) is not what the document says")
        }
        return world.switches
    }

    private static func input(_ world: inout World, _ random: inout RandomSource, withLosses: Bool) throws(Fault) {
        let index = Int.random(in: 0..<world.settings.count, using: &random)
        let second = world.second
        let alert = "a\(Int.random(in: 0..<3, using: &random))"
        func record(_ kind: OutputOracle.Event.Kind) { world.oracle.inputs.append(.init(second: second, kind: kind)) }
        switch Int.random(in: 0..<(withLosses ? 14 : 12), using: &random) {
        case 0:
            record(.on(index, lasting: nil))
            try world.give(.command(index, .on(lasting: nil)))
        case 1, 2:
            let lasting = Int.random(in: 1...9, using: &random)
            record(.on(index, lasting: lasting))
            try world.give(.command(index, .on(lasting: .seconds(lasting))))
        case 3:
            record(.off(index))
            try world.give(.command(index, .off))
        case 4:
            let isOn =
                world.watches[index].isOn
                ?? world.oracle.isWanted(index, at: second, world.oracle.history(to: second))
            record(isOn ? .off(index) : .on(index, lasting: nil))
            try world.give(.command(index, .toggle))
        case 5, 6:
            var outputs = world.settings.map(\.id).shuffled(using: &random)
            outputs.removeLast(Int.random(in: 0..<outputs.count, using: &random))
            let isMuted = Int.random(in: 0..<4, using: &random) == 0
            record(.demand(alert: alert, outputs: outputs, isMuted: isMuted))
            try world.give(.demand(alert: alert, outputs: outputs, .raised(isMuted: isMuted)))
        case 7:
            record(.demandEnds(alert: alert))
            try world.give(.demand(alert: alert, outputs: [], .ended))
        case 8:
            record(.online)
            try world.give(.online)
        case 9:
            record(.offline)
            try world.give(.offline)
        case 10:
            record(.muted(alert: alert))
            try world.give(.demand(alert: alert, outputs: [], .muted))
        case 11:
            record(.unmuted(alert: alert))
            try world.give(.demand(alert: alert, outputs: [], .unmuted))
        case 12: world.missing.insert(index)
        default: world.missing.remove(index)
        }
    }

    @Test(arguments: Lines.allCases)
    func `in random histories every line is what the document says, and no minimum, maximum or group is broken`(
        lines: Lines
    ) {
        var switches = 0
        for seed in 0..<120 * runs {
            do throws(Fault) {
                switches += try Self.history(seed: seed, lines: lines)
            } catch {
                Issue.record("seed \(seed), lines \(lines): \(error.text)")
                return
            }
        }
        #expect(switches > 1_000, "lines were switched")
    }
}
