import Telemetry
import Testing

@Suite struct NilComparisonTests {
    @Test func `an optional is nil by its tag, whatever its value says of equality`() {
        /// Equal to nothing, not to itself either.
        struct Stranger: Equatable {
            static func == (one: Self, other: Self) -> Bool { false }
        }
        let some: Stranger? = Stranger(), none: Stranger? = nil, nested: Int?? = .some(nil)
        #expect((some == nil) == false && (some != nil) == true)
        #expect((none == nil) == true && (none != nil) == false)
        #expect((nested == nil) == false && (nested != nil) == true)
    }

    @Test func `two optionals are compared as ever`() {
        let one: Int? = 1, none: Int? = nil
        #expect(one == 1 && one != 2 && one != none && none == Int?.none)
    }
}
