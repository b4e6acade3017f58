import Testing

@testable import Telemetry

struct ReadingTests {
    @Test func `the evidence of a no-reading is cut to 200 bytes, never inside a character`() {
        let long = NoReading(.bus, detail: String(repeating: "ä", count: 150))
        #expect(long.detail.utf8.count <= 200)
        #expect(long.detail.allSatisfy { $0 == "ä" })
        #expect(NoReading(.bus, detail: String(repeating: "a", count: 200)).detail.utf8.count == 200)
        #expect(NoReading(.bus, detail: "x" + String(repeating: "€", count: 80)).detail.utf8.count == 199)
    }

    @Test func `the codes are those of the contract`() {
        #expect(
            NoReading.Code.allCases.map(\.text) == [
                "no-answer", "short", "ambiguous", "checksum", "out-of-range", "missing", "busy", "bus", "stuck",
                "not-permitted", "wrong-device",
            ])
        #expect(Loss.Cause.allCases.map(\.text) == ["evicted", "damaged", "restart", "rejected", "memory-full"])
    }

    @Test func `the numbers that the ring stores never change`() {
        #expect(NoReading.Code.allCases.map(\.rawValue) == Array(1...11))
        #expect(Loss.Cause.allCases.map(\.rawValue) == Array(1...5))
    }
}
