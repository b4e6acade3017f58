import Foundation
import Testing

/// The package on a booted Debian system with systemd, in a virtual machine: what runs there is `scripts/system-tests`,
/// which prints one line for each check. The machine is of this one's suite.
@Suite(.serialized, .enabled(if: DebianPackage.isMade, "no package here: scripts/test makes it"))
struct SystemVirtualMachineTests {
    @Test(.timeLimit(.minutes(20)), arguments: [["service", "outage"]])
    func `the package on a booted system does what is promised`(parts: [String]) async throws {
        let result = try await background {
            try run(
                Build.root.appendingPathComponent("scripts/system-tests").path,
                ["--package", DebianPackage.main.path] + parts,
                // Some minutes: the machine is emulated, and the other tests use both cores.
                within: 1180)
        }
        // 77: no such machine can be had here.
        if result.status == 77 { try Test.cancel("\(result.error)") }
        let text = Comment(rawValue: result.output + result.error)
        #expect(result.status == 0, text)
        #expect(result.output.contains("checks passed, 0 failed") && !result.output.contains("FAILED"), text)
    }
}
