internal import Telemetry

/// The five bytes of one answer of an AM2302 or a DHT11: four of data and their sum.
///
/// **Thresholds.** The data sheets give 22–30 µs for a 0 and 68–75 µs for a 1; sigrok accepts 20–35 and 65–80. A kernel
/// stamps edges some microseconds late, and slow parts stretch all by a fifth and more, so here a 0 is 10 to 45 µs and
/// a 1 is 55 to 100 µs; between them nothing is guessed, and each is measured against the part's own lows as well.
///
/// **Which pulses are data.** The response is 80 µs high and looks like a 1, the high before it looks like a 0, and some
/// AM2301 send 64 bits: the 40, then 24 that are 0. A recording that begins late or ends early could pass for an answer
/// that is shifted, and a shifted answer of even bytes even has a right sum. So nothing is taken for the first data pulse
/// that is not known to be it:
/// - Behind a start pulse of which both ends were recorded the second high is the response, and the 40 behind it are data,
///   whatever follows. Edges of release and response that are missing leave a high or a low that is longer than any of the
///   data, or nothing; then the data are exactly 40, or 64.
/// - A low that was there when the recording began may be a start pulse, or data; it is one where the response behind it is
///   longer than every 1.
/// - Without a start pulse the pulses are counted: 42 or 66 are release, response and data, 41 or 65 response and data, 40
///   or 64 data alone. No other count is an answer.
/// - The first data bit of both models is 0, since humidity is below 128 % and 3276.8 %: a first pulse that is long is the
///   response. With data alone, a second pulse that is longer than every other 1 is the response as well.
/// - 40 bits of which the last 16 are 0 may be the end of 64, and count only behind a start pulse.
/// - 40 bits that end with a 0 may be the middle of 64, moved by some. Where neither the idle line, the start pulse nor the
///   response ahead shows that the first is the first, nor the idle line behind that the last is the last, they are refused
///   if they can be that of an answer with a right sum.
struct SingleWireAnswer: Hashable, Sendable {
    /// As sent: humidity in two bytes, temperature in two.
    var humidity: (high: UInt8, low: UInt8) { (UInt8(bits >> 32 & 0xFF), UInt8(bits >> 24 & 0xFF)) }
    var temperature: (high: UInt8, low: UInt8) { (UInt8(bits >> 16 & 0xFF), UInt8(bits >> 8 & 0xFF)) }
    /// 40 bits, the first received is the highest.
    private var bits: UInt64

    /// Widths in nanoseconds.
    static let zero: Range<Int64> = 10_000..<45_000
    static let one: Range<Int64> = 55_000..<100_000
    static let response: Range<Int64> = 55_000..<130_000
    /// Ahead of a data pulse. Two lows with a lost high between them are longer; a low that a disturbance has cut in two
    /// has a part that is shorter.
    static let low: Range<Int64> = 30_000..<115_000

    /// Decodes one exchange.
    init(_ exchange: SingleWireExchange) throws(NoReading) {
        let front = try Self.front(of: exchange)
        let data = exchange.pulses[front.ahead...].prefix(40)
        let scale = Self.medianLow(data)
        bits = 0
        for (index, pulse) in data.enumerated() {
            // Ahead of the first the low may hold the response, of which the rise is missing.
            let isMerged = index == 0 && front.isKnown && Self.holdsResponse(pulse.lowBefore, scale)
            if let low = pulse.lowBefore, !isMerged, !Self.low.contains(low) || low * 10 > scale * 18 {
                throw NoReading(.ambiguous, detail: "\(microseconds(low)) low ahead of data pulse \(index + 1)")
            }
            guard let bit = Self.bit(pulse), pulse.high * 100 < scale * 175 else {
                throw NoReading(.ambiguous, detail: "data pulse \(index + 1) is \(microseconds(pulse.high)) high")
            }
            bits = bits << 1 | (bit ? 1 : 0)
        }
        if !(exchange.hasStart && front.isKnown), exchange.pulses.count < 64, bits & 0xFFFF == 0 {
            throw NoReading(.short, detail: "16 bits of 0 end it: it may be the end of an answer of 64")
        }
        let computed = humidity.high &+ humidity.low &+ temperature.high &+ temperature.low
        let received = UInt8(bits & 0xFF)
        if computed != received {
            throw NoReading(.checksum, detail: "received \(hexadecimal(received)), computed \(hexadecimal(computed))")
        }
        if !front.isKnown, !exchange.endsIdle, exchange.pulses.count < 64, Self.mayBeMiddle(bits) {
            throw NoReading(.short, detail: "both ends are cut: it may be the middle of an answer of 64")
        }
    }

    /// These bits are those of an answer of 64 with a right sum from its second on, or a later one.
    private static func mayBeMiddle(_ bits: UInt64) -> Bool {
        for missing in 1...24 where bits & (1 << UInt64(missing) - 1) == 0 {
            if missing > 8 { return true }
            let rest = bits >> UInt64(missing)
            let others = UInt8(rest >> 24 & 0xFF) &+ UInt8(rest >> 16 & 0xFF) &+ UInt8(rest >> 8 & 0xFF)
            // The byte whose first bits are missing, as the sum asks for it.
            let first = UInt8(rest & 0xFF) &- others
            let known = UInt8(0xFF >> missing)
            if first < 128, first & known == UInt8(rest >> 32 & 0xFF) & known { return true }
        }
        return false
    }

    /// The response's low and high and the low of the first bit in one: three to four times a low.
    private static func holdsResponse(_ low: Int64?, _ scale: Int64) -> Bool {
        guard let low else { return false }
        return low * 10 > scale * 26 && low < scale * 6
    }

    /// The part's own measure: its lows are alike, whatever its clock does. A low is never twice as long, and a 1 is 1.3
    /// to 1.5 times as long; two pulses that became one because an edge pair was lost are longer than that.
    private static func medianLow(_ data: ArraySlice<SingleWireExchange.Pulse>) -> Int64 {
        let lows = data.compactMap { $0.lowBefore }.sorted()
        return lows.isEmpty ? 0 : lows[lows.count / 2]
    }

    /// Nil where the width is neither.
    private static func bit(_ pulse: SingleWireExchange.Pulse) -> Bool? {
        if zero.contains(pulse.high) { return false }
        if one.contains(pulse.high) { return true }
        return nil
    }

    /// How many pulses are ahead of the data, of which there are at least 40.
    private struct Front {
        var ahead: Int
        /// Nothing but its first bit can be there.
        var isKnown: Bool
    }

    private static func front(of exchange: SingleWireExchange) throws(NoReading) -> Front {
        let pulses = exchange.pulses
        let count = pulses.count
        // Behind a start pulse the release and the response say nothing yet.
        if exchange.endsLow, count <= (exchange.hasStart ? 2 : 0) { throw NoReading(.stuck, detail: "the line stays low") }
        if pulses.isEmpty { throw NoReading(.noAnswer, detail: "no answer to the start pulse") }
        if exchange.hasWholeStart { return try frontBehindStart(pulses) }
        if exchange.hasStart {
            if count >= 42, isResponse(pulses[1]), isLonger(pulses[1], pulses[2...]) { return Front(ahead: 2, isKnown: true) }
            if count >= 41, isResponse(pulses[0]), bit(pulses[1]) == false, isLonger(pulses[0], pulses[1...]) {
                return Front(ahead: 1, isKnown: true)
            }
        }
        let isKnown = isFirstKnown(exchange)
        let front: Front
        switch count {
        case 67...: throw NoReading(.ambiguous, detail: "\(count) high pulses, an answer has at most 66")
        case 42 where isResponse(pulses[1]), 66 where isResponse(pulses[1]):
            front = Front(ahead: 2, isKnown: isKnown || isLonger(pulses[1], pulses[2...]))
        case 41 where isResponse(pulses[0]), 65 where isResponse(pulses[0]):
            front = Front(ahead: 1, isKnown: isKnown || isLonger(pulses[0], pulses[1...]))
        case 41 where exchange.hasStart && pulses[0].high >= response.upperBound:
            front = Front(ahead: 1, isKnown: false)
        case 40 where !isResponse(pulses[0]), 64 where !isResponse(pulses[0]):
            front = Front(ahead: 0, isKnown: isKnown)
        default: throw short(pulses, hasStart: false)
        }
        return try refuseShift(pulses, front)
    }

    private static func isResponse(_ pulse: SingleWireExchange.Pulse) -> Bool { response.contains(pulse.high) }

    /// Longer than every 1 of these. The data sheets keep the response and a 1 5 µs apart at least; with no 1 to compare, the
    /// limit is theirs.
    private static func isLonger(
        _ pulse: SingleWireExchange.Pulse, _ others: ArraySlice<SingleWireExchange.Pulse>
    ) -> Bool {
        var longest: Int64 = 0
        for other in others where one.contains(other.high) { longest = max(longest, other.high) }
        return pulse.high > (longest == 0 ? 75_000 : longest + 3_000)
    }

    /// What is ahead of the first fall is the idle line, or the end of the response.
    private static func isFirstKnown(_ exchange: SingleWireExchange) -> Bool {
        guard let high = exchange.highAhead else { return false }
        if high >= SingleWireExchange.shortestIdle { return true }
        let pulses = exchange.pulses[...]
        return isLonger(SingleWireExchange.Pulse(high: high, lowBefore: nil), pulses)
            && high * 100 < medianLow(pulses) * 175
    }

    /// Behind a start pulse of which both ends are known.
    private static func frontBehindStart(_ pulses: [SingleWireExchange.Pulse]) throws(NoReading) -> Front {
        let count = pulses.count
        if count > 1, isResponse(pulses[1]) {
            // 64 may be all data, the second a 1.
            let isSure = count != 64 || isLonger(pulses[1], pulses[2...])
            if count >= 42, isSure { return Front(ahead: 2, isKnown: true) }
            // The start pulse goes on until the first bit, and the second is a 1.
            if count == 40, bit(pulses[0]) == false {
                return try refuseShift(pulses, Front(ahead: 0, isKnown: true))
            }
            throw short(pulses, hasStart: true)
        }
        // A sensor that takes the line before the pull-up has raised it leaves no release.
        if isResponse(pulses[0]), count >= 41 { return Front(ahead: 1, isKnown: true) }
        switch count {
        case 41, 65:
            // One high from the release to the first bit, or the release and a low from there to the first bit.
            if pulses[0].high >= response.upperBound || holdsResponse(pulses[1].lowBefore, medianLow(pulses[1...])) {
                return Front(ahead: 1, isKnown: true)
            }
        case 40, 64:
            // The start pulse goes on until the first bit.
            if bit(pulses[0]) == false { return Front(ahead: 0, isKnown: true) }
        default: break
        }
        if count >= 42 {
            throw NoReading(
                .ambiguous, detail: "the second high pulse, \(microseconds(pulses[1].high)), is no response of 80 µs")
        }
        throw short(pulses, hasStart: true)
    }

    /// Refuses pulses that begin with the response: fewer are data then.
    private static func refuseShift(_ pulses: [SingleWireExchange.Pulse], _ front: Front) throws(NoReading) -> Front {
        let data = pulses[front.ahead...]
        if bit(data[front.ahead]) == true {
            throw NoReading(.short, detail: "39 of 40 data pulses, behind the response")
        }
        if front.ahead == 0, bit(data[1]) != false, isLonger(data[1], data[2...]) {
            throw NoReading(.short, detail: "38 of 40 data pulses, behind the response")
        }
        return front
    }

    private static func short(_ pulses: [SingleWireExchange.Pulse], hasStart: Bool) -> NoReading {
        // How many are data is a guess where the response is not known for sure; it is only told, never used.
        var ahead = hasStart ? 2 : 0
        if !hasStart, response.contains(pulses[0].high) { ahead = 1 }
        if !hasStart, pulses.count > 1, zero.contains(pulses[0].high), response.contains(pulses[1].high) { ahead = 2 }
        let count = max(0, pulses.count - ahead)
        return NoReading(.short, detail: count < 40 ? "\(count) of 40 data pulses" : "\(count) data pulses of an answer of 64")
    }
}

/// `48 µs`, or `48.5 µs` where there is a fraction.
private func microseconds(_ nanoseconds: Int64) -> String {
    let tenths = (nanoseconds + 50) / 100
    return tenths % 10 == 0 ? "\(tenths / 10) µs" : "\(tenths / 10).\(tenths % 10) µs"
}

/// `0x0A`.
private func hexadecimal(_ byte: UInt8) -> String {
    func digit(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 55 + value }
    return String(decoding: [48, 120, digit(byte >> 4), digit(byte & 15)], as: UTF8.self)
}
