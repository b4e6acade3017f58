internal import Telemetry

/// The five bytes of one answer of an AM2302 or a DHT11: four of data and their sum.
///
/// **Thresholds.** The data sheets give 22–30 µs for a 0 and 68–75 µs for a 1; sigrok accepts 20–35 and 65–80. A kernel
/// stamps edges some microseconds late, and slow parts stretch all by a fifth and more, so here a 0 is 10 to 45 µs and
/// a 1 is 55 to 100 µs; between them nothing is guessed.
///
/// **Which pulses are data.** The response is 80 µs high and looks like a 1, the high before it looks like a 0. A
/// recording that begins late and ends early could pass for 40 data pulses that are shifted, and a shifted answer of
/// even bytes even has a right sum. So the pulses are counted and three facts are asked for:
/// - 42 pulses: release, response, data. 41: response, data. 40: data alone. No other count is an answer.
/// - The first data bit of both models is 0 (humidity is below 128 % and 3276.8 %): where the start pulse was not recorded,
///   a first data pulse that is long is the response.
/// - With data alone, a second data pulse that is longer than every other 1 is the response.
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
    /// Ahead of a data pulse; twice as much would be two lows and a high that was lost between them.
    static let low: Range<Int64> = 15_000..<115_000

    /// Decodes one exchange.
    init(_ exchange: SingleWireExchange) throws(NoReading) {
        let data = try Self.dataPulses(of: exchange)
        bits = 0
        for (index, pulse) in data.enumerated() {
            if let low = pulse.lowBefore, !Self.low.contains(low) {
                throw NoReading(
                    .ambiguous, detail: "\(microseconds(low)) low ahead of data pulse \(index + 1), 50 µs belong there")
            }
            guard let bit = Self.bit(pulse) else {
                throw NoReading(.ambiguous, detail: "data pulse \(index + 1) is \(microseconds(pulse.high)) high")
            }
            bits = bits << 1 | (bit ? 1 : 0)
        }
        let computed = humidity.high &+ humidity.low &+ temperature.high &+ temperature.low
        let received = UInt8(bits & 0xFF)
        if computed != received {
            throw NoReading(.checksum, detail: "received \(hexadecimal(received)), computed \(hexadecimal(computed))")
        }
    }

    /// Nil where the width is neither.
    private static func bit(_ pulse: SingleWireExchange.Pulse) -> Bool? {
        if zero.contains(pulse.high) { return false }
        if one.contains(pulse.high) { return true }
        return nil
    }

    /// The 40 pulses that are data.
    private static func dataPulses(
        of exchange: SingleWireExchange
    ) throws(NoReading) -> ArraySlice<SingleWireExchange.Pulse> {
        let pulses = exchange.pulses
        func isResponse(_ index: Int) -> Bool { index < pulses.count && response.contains(pulses[index].high) }
        if pulses.isEmpty {
            if exchange.endsLow { throw NoReading(.stuck, detail: "the line stays low") }
            throw NoReading(.noAnswer, detail: "no edge after the start pulse")
        }
        switch pulses.count {
        case 43...:
            throw NoReading(.ambiguous, detail: "\(pulses.count) high pulses, an answer has at most 42")
        case 42 where isResponse(1):
            let data = pulses[2...]
            if !exchange.hasStart { try refuseShift(data) }
            return data
        case 42:
            throw NoReading(
                .ambiguous, detail: "42 high pulses, but the second, \(microseconds(pulses[1].high)), is no response")
        case 41 where isResponse(0):
            let data = pulses[1...]
            try refuseShift(data)
            return data
        case 41 where !isResponse(1):
            throw NoReading(
                .ambiguous, detail: "41 high pulses, but the first, \(microseconds(pulses[0].high)), is no response")
        case 40 where !exchange.hasStart && !isResponse(0):
            try refuseShift(pulses[...])
            return pulses[...]
        default:
            throw short(pulses, hasStart: exchange.hasStart)
        }
    }

    /// Refuses 40 pulses that hold the response: fewer are data then.
    private static func refuseShift(_ data: ArraySlice<SingleWireExchange.Pulse>) throws(NoReading) {
        let first = data.startIndex
        if let bit = bit(data[first]), bit { throw NoReading(.short, detail: "39 of 40 data pulses, behind the response") }
        guard data.startIndex == 0, bit(data[first + 1]) == true else { return }
        var longest: Int64 = 0
        for pulse in data[(first + 2)...] where one.contains(pulse.high) { longest = max(longest, pulse.high) }
        // The data sheets keep the two 5 µs apart, in the middle; with no other 1 to compare, the limit is theirs.
        let limit = longest == 0 ? 75_000 : longest + 3_000
        if data[first + 1].high > limit { throw NoReading(.short, detail: "38 of 40 data pulses, behind the response") }
    }

    private static func short(_ pulses: [SingleWireExchange.Pulse], hasStart: Bool) -> NoReading {
        // How many are data is a guess where the response is not known for sure; it is only told, never used.
        var ahead = hasStart ? 2 : 0
        if !hasStart, response.contains(pulses[0].high) { ahead = 1 }
        if !hasStart, pulses.count > 1, zero.contains(pulses[0].high), response.contains(pulses[1].high) { ahead = 2 }
        return NoReading(.short, detail: "\(max(0, pulses.count - ahead)) of 40 data pulses")
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
