import Foundation
import Testing

/// scripts/test makes the packages for this machine a second time, from a copy of the sources in another folder, beside the other
/// tests (`scripts/package --check-reproducible`), and hands over the file of its output; its exit status lies beside it.
private let output = ProcessInfo.processInfo.environment["GODWIT_REPRODUCIBLE_RUN"]

struct ReproducibleTests {
    @Test(.enabled(if: output != nil, "scripts/test begins such a run; this is a run by hand"))
    func `packages made from two folders are identical to the bit`() async throws {
        let (status, text) = try await endOfRun(try #require(output), within: 20)
        #expect(status == 0, "\(text)")
        #expect(text.contains("two builds from two folders are identical"), "\(text)")
    }
}
