import Foundation
import Testing

/// scripts/test begins what mostly waits (QuietTests) before the tests that compute, in a run of its own, and hands over the file
/// of its output; when the run is over, its exit status lies beside it.
private let output = ProcessInfo.processInfo.environment["GODWIT_BACKGROUND_RUN"]

struct BackgroundRunTests {
    @Test(.enabled(if: output != nil, "scripts/test begins such a run; this is a run by hand"))
    func `the tests that were begun in the background have passed`() async throws {
        let (status, text) = try await endOfRun(try #require(output), within: 15)
        #expect(status == 0, "\(text)")
        // A filter that finds no test passes, too.
        #expect(text.contains("Suite QuietTests passed"), "\(text)")
    }
}
