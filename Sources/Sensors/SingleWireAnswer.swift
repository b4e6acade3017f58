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
/// - Behind a recorded start pulse the second high is the response, and the 40 behind it are data, whatever follows.
/// - Without a start pulse the pulses are counted: 42 or 66 are release, response and data, 41 or 65 response and data, 40
///   or 64 data alone. No other count is an answer.
/// - The first data bit of both models is 0, since humidity is below 128 % and 3276.8 %: a first pulse that is long is the
///   response. With data alone, a second pulse that is longer than every other 1 is the response as well.
/// - 40 bits of which the last 16 are 0 may be the end of 64, and count only behind a start pulse.
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
        let data = try Self.dataPulses(of: exchange).prefix(40)
        let scale = Self.medianLow(data)
        bits = 0
        for (index, pulse) in data.enumerated() {
            if let low = pulse.lowBefore, !Self.low.contains(low) || low * 10 > scale * 18 {
                throw NoReading(.ambiguous, detail: "\(microseconds(low)) low ahead of data pulse \(index + 1)")
            }
            guard let bit = Self.bit(pulse), pulse.high * 100 < scale * 175 else {
                throw NoReading(.ambiguous, detail: "data pulse \(index + 1) is \(microseconds(pulse.high)) high")
            }
            bits = bits << 1 | (bit ? 1 : 0)
        }
        if !exchange.hasStart, exchange.pulses.count < 64, bits & 0xFFFF == 0 {
            throw NoReading(.short, detail: "16 bits of 0 end it: it may be the end of an answer of 64")
        }
        let computed = humidity.high &+ humidity.low &+ temperature.high &+ temperature.low
        let received = UInt8(bits & 0xFF)
        if computed != received {
            throw NoReading(.checksum, detail: "received \(hexadecimal(received)), computed \(hexadecimal(computed))")
        }
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

    /// The pulses from the first that is data on; at least 40.
    private static func dataPulses(
        of exchange: SingleWireExchange
    ) throws(NoReading) -> ArraySlice<SingleWireExchange.Pulse> {
        let pulses = exchange.pulses
        let count = pulses.count
        func isResponse(_ index: Int) -> Bool { index < count && response.contains(pulses[index].high) }
        // Behind a start pulse the release and the response say nothing yet.
        if exchange.endsLow, count <= (exchange.hasStart ? 2 : 0) { throw NoReading(.stuck, detail: "the line stays low") }
        if pulses.isEmpty { throw NoReading(.noAnswer, detail: "no answer to the start pulse") }
        if exchange.hasStart {
            // A sensor that takes the line before the pull-up has raised it leaves no release.
            let ahead = isResponse(1) ? 2 : isResponse(0) ? 1 : nil
            if let ahead, count >= ahead + 40 { return pulses[ahead...] }
            if ahead == nil, count >= 42 {
                throw NoReading(
                    .ambiguous, detail: "the second high pulse, \(microseconds(pulses[1].high)), is no response of 80 µs")
            }
            throw short(pulses, hasStart: true)
        }
        switch count {
        case 67...: throw NoReading(.ambiguous, detail: "\(count) high pulses, an answer has at most 66")
        case 42 where isResponse(1), 66 where isResponse(1): return try refuseShift(pulses[2...])
        case 41 where isResponse(0), 65 where isResponse(0): return try refuseShift(pulses[1...])
        case 40 where !isResponse(0), 64 where !isResponse(0): return try refuseShift(pulses[...])
        case 41 where !isResponse(1), 42 where !isResponse(0):
            throw NoReading(.ambiguous, detail: "\(count) high pulses, and neither of the first two is the response")
        default: throw short(pulses, hasStart: false)
        }
    }

    /// Refuses pulses that begin with the response: fewer are data then.
    private static func refuseShift(
        _ data: ArraySlice<SingleWireExchange.Pulse>
    ) throws(NoReading) -> ArraySlice<SingleWireExchange.Pulse> {
        let first = data.startIndex
        if bit(data[first]) == true { throw NoReading(.short, detail: "39 of 40 data pulses, behind the response") }
        guard first == 0, bit(data[1]) == true else { return data }
        var longest: Int64 = 0
        for pulse in data[2...] where one.contains(pulse.high) { longest = max(longest, pulse.high) }
        // The data sheets keep the two 5 µs apart at least; with no other 1 to compare, the limit is theirs.
        let limit = longest == 0 ? 75_000 : longest + 3_000
        if data[1].high > limit { throw NoReading(.short, detail: "38 of 40 data pulses, behind the response") }
        return data
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
