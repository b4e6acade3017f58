internal import Alerts
internal import Telemetry

/// A random history of one rule: what comes, when the loop turns, what people command, where the process ends.
///
/// A tick is a quarter of a second. Values come at whole seconds, so that ties with each other and with deadlines are frequent;
/// commands and restarts come between, where the document says nothing about ties.
package struct AlertHistory: Hashable, Sendable {
    package enum Happening: Hashable, Sendable {
        case value(Int64, at: Int64)
        case failedReading(at: Int64)
        case otherSensor(at: Int64)
        case acknowledge
        /// In ticks; 0 ends it.
        case mute(lasting: Int64)
        /// The process has ended at the turn before, and starts now.
        case restart(newBoot: Bool)
    }

    package struct Turn: Hashable, Sendable {
        package var now: Int64
        /// Whether the loop turned at each deadline between the turn before and this one; else they are all late.
        package var isPrompt: Bool
        package var happenings: [Happening]
    }

    package var rule: AlertOracle.Rule
    package var turns: [Turn]
    /// How many decimals the limits are written with, and which quantity of the sensor it is: neither may matter.
    package var decimals: UInt8
    package var quantityIndex: Int

    package struct Options: Sendable {
        package var restarts = false
        package var commands = true
        /// Values that come later than they were taken, and turns that are late.
        package var isLate = true
        package init() {}
    }

    static let second: Int64 = 4

    package init(seed: UInt64, options: Options) {
        var dice = Dice(seed: seed)
        rule = Self.rule(&dice)
        decimals = UInt8(2 + dice.below(3))
        quantityIndex = dice.below(2)
        turns = []
        var now: Int64 = 0
        let count = 5 + (dice.below(8) == 0 ? dice.below(56) : dice.below(20))
        let isBursty = dice.chance(300)
        var waiting: [Happening] = []
        // A process gets no reading of before its start.
        var started: Int64 = 0
        for _ in 0..<count {
            // Gaps of 0 give several values at one instant.
            let gap = isBursty ? dice.pick([0, 0, 1, 1, 2, 9]) : dice.pick([0, 1, 1, 1, 2, 2, 3, 5])
            now += Int64(gap) * Self.second
            if options.commands, dice.chance(60) {
                let command: Happening = dice.chance(500) ? .acknowledge : .mute(lasting: Int64(dice.pick([0, 5, 9, 21, 41])))
                turns.append(Turn(now: now + 1, isPrompt: dice.chance(700), happenings: [command]))
                now += Self.second
            }
            if options.restarts, dice.chance(80) {
                // All is done that was due, then the process is away for a while.
                turns.append(Turn(now: now + 2, isPrompt: true, happenings: waiting))
                waiting = []
                now += Int64(dice.pick([0, 0, 1, 3, 12])) * Self.second
                turns.append(Turn(now: now + 2, isPrompt: false, happenings: [.restart(newBoot: dice.chance(500))]))
                now += Self.second
                started = now
            }
            switch dice.below(20) {
            case 0: waiting.append(.failedReading(at: now))
            case 1: waiting.append(.otherSensor(at: now))
            default:
                let taken = options.isLate && dice.chance(60)
                    ? max(now - Int64(dice.below(6)) * Self.second, started) : now
                waiting.append(.value(dice.value(for: rule.condition), at: taken))
            }
            if options.isLate, dice.chance(150) { continue }
            turns.append(Turn(now: now, isPrompt: !options.isLate || dice.chance(700), happenings: waiting))
            waiting = []
        }
        turns.append(Turn(now: now + Self.second, isPrompt: false, happenings: waiting))
        // What is pending comes to its end.
        turns.append(Turn(now: now + 60 * Self.second, isPrompt: dice.chance(500), happenings: []))
    }

    private static func rule(_ dice: inout Dice) -> AlertOracle.Rule {
        let limit: Int64 = 200
        let condition: AlertOracle.Rule.Condition
        switch dice.below(6) {
        case 0: condition = .above(limit, clearBelow: dice.pick([nil, limit, limit - 50]))
        case 1: condition = .below(limit, clearAbove: dice.pick([nil, limit, limit + 50]))
        case 2: condition = .equals(limit)
        case 3: condition = .silentFor(Int64(dice.pick([1, 2, 3, 4])) * second)
        case 4: condition = .changesBy(Int64(dice.pick([50, 100])), within: Int64(dice.pick([1, 2, 4, 8])) * second)
        default: condition = .changesBy(Int64(dice.pick([-50, -100])), within: Int64(dice.pick([1, 2, 4, 8])) * second)
        }
        var rule = AlertOracle.Rule(condition)
        if case .silentFor = condition {} else { rule.holdFor = Int64(dice.pick([0, 0, 1, 2, 3, 5])) * second }
        rule.keepFor = Int64(dice.pick([0, 0, 0, 1, 2, 4])) * second
        rule.silence = dice.chance(600) ? Int64(dice.pick([2, 3, 5, 8])) * second : nil
        rule.flappingChanges = dice.pick([1, 2, 3, 4, 6])
        rule.flappingWithin = Int64(dice.pick([3, 6, 10, 20, 40])) * second
        return rule
    }

    /// Chances out of a RandomSource, with few words.
    private struct Dice {
        var source: RandomSource
        init(seed: UInt64) { source = RandomSource(seed: seed) }
        mutating func below(_ bound: Int) -> Int { Int(source.next() % UInt64(bound)) }
        mutating func chance(_ permille: Int) -> Bool { below(1000) < permille }
        mutating func pick<T>(_ all: [T]) -> T { all[below(all.count)] }
        mutating func value(for condition: AlertOracle.Rule.Condition) -> Int64 {
            // Around the limit of 200, on it, and between the two thresholds.
            [100, 150, 180, 200, 200, 220, 250, 300][below(8)]
        }
    }
}
