/// Randomness as a port, injected into every core that needs it: SplitMix64, seeded by the shell from the kernel and by
/// a simulation from its seed.
package struct RandomSource: RandomNumberGenerator, Hashable, Sendable {
    package var state: UInt64
    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
