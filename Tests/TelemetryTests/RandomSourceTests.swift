import Testing

@testable import Telemetry

struct RandomSourceTests {
    /// The first outputs of SplitMix64 for seed 0, as its authors publish them.
    @Test func `it is SplitMix64`() {
        var source = RandomSource(seed: 0)
        #expect([source.next(), source.next(), source.next()] == [0xE220_A839_7B1D_CDAF, 0x6E78_9E6A_A1B9_65F4, 0x06C4_5D18_8009_454F])
    }

    @Test func `a seed repeats its numbers`() {
        var a = RandomSource(seed: 42), b = RandomSource(seed: 42)
        #expect((0..<100).allSatisfy { _ in a.next() == b.next() })
    }
}
