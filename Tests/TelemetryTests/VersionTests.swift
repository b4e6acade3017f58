import Foundation
import Telemetry
import Testing

@Test func `the version is three numbers`() {
    let numbers = godwitVersion.split(separator: ".", omittingEmptySubsequences: false)
    #expect(numbers.count == 3)
    #expect(numbers.allSatisfy { UInt16($0).map { "\($0)" } == String($0) })
}

@Test func `the release is a whole day, not in the future`() {
    let seconds = godwitReleaseTime.nanoseconds / 1_000_000_000
    #expect(godwitReleaseTime.nanoseconds == seconds * 1_000_000_000 && seconds % 86_400 == 0)
    #expect(godwitReleaseTime.rfc3339 == "2026-11-01T00:00:00.000Z")
    #expect(Double(seconds) < Date().timeIntervalSince1970)
}
