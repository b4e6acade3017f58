import Telemetry
import Testing

@Suite struct NilComparisonTests {
    /// Nothing that may be compared.
    private struct Incomparable: Equatable {
        static func == (one: Self, other: Self) -> Bool { preconditionFailure("two values were compared") }
    }

    @Test func `a comparison with nil compares no values`() {
        let some: Incomparable? = Incomparable()
        let none: Incomparable? = nil
        #expect((some == nil) == false)
        #expect((some != nil) == true)
        #expect((none == nil) == true)
        #expect((none != nil) == false)
    }

    @Test func `two optionals are compared as ever`() {
        let one: Int? = 1, none: Int? = nil
        #expect(one == 1 && one != 2 && one != none && none == Int?.none)
    }
}
