import Telemetry
import Testing

@testable import RingStore

@Suite struct SavedStateTests {
    @Test func `sections come back under their names`() {
        var state = SavedState(boot: BootID(0xABCD_0123))
        state["alerts"] = [1, 2, 3]
        state["total/rain"] = []
        state["alerts"] = [4]
        state["gone"] = [1]
        state["gone"] = nil
        let decoded = SavedState(decoding: state.encoded())
        #expect(decoded == state)
        #expect(decoded?["alerts"] == [4])
        #expect(decoded?["total/rain"] == [])
        #expect(decoded?["gone"] == nil)
    }

    @Test func `what is cut or changed is nil or another state, never a crash`() {
        var state = SavedState(boot: BootID(1))
        for index in 0..<20 { state["section \(index)"] = [UInt8](repeating: 7, count: index * 10) }
        let bytes = state.encoded()
        for end in 0..<bytes.count { #expect(SavedState(decoding: Array(bytes[..<end])) == nil) }
        var random = RandomSource(seed: 3)
        for _ in 0..<2000 {
            var broken = bytes
            broken[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
            _ = SavedState(decoding: broken)
        }
    }
}
