import Telemetry
import Testing

@Test func `the version is three numbers`() {
    let numbers = godwitVersion.split(separator: ".", omittingEmptySubsequences: false)
    #expect(numbers.count == 3)
    #expect(numbers.allSatisfy { UInt16($0).map { "\($0)" } == String($0) })
}
