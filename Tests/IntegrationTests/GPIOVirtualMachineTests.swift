import Foundation
import Testing

/// Real GPIO character devices, in a virtual machine: what runs there is `scripts/gpio-vm-tests`, which prints one line
/// for each check. One machine at a time: each takes a core for itself.
@Suite(.serialized) struct GPIOVirtualMachineTests {
    private func check(_ arguments: [String]) async throws {
        let result = try await background {
            try run(
                Build.root.appendingPathComponent("scripts/gpio-vm-tests").path, arguments,
                environment: [
                    "GODWIT_REGULAR_BUILD": folder(of: Build.regular.executable("gpio-probe")),
                    "GODWIT_EMBEDDED_BUILD": folder(of: Build.embedded.executable("godwitd")),
                ],
                // The machine is emulated: beside tests that use both cores it takes several times its 20 s alone.
                within: 560)
        }
        // 77: no such machine can be had here.
        if result.status == 77 { try Test.cancel("\(result.error)") }
        let text = Comment(rawValue: result.output + result.error)
        #expect(result.status == 0, text)
        #expect(result.output.contains("checks passed, 0 failed") && !result.output.contains("FAILED"), text)
    }

    @Test(.timeLimit(.minutes(10)))
    func `lines are found, requested, switched and read through libgpiod 1.6 and 2`() async throws {
        try await check(["lines"])
    }

    @Test(.timeLimit(.minutes(10)), arguments: Build.built)
    func `edges of real lines arrive at a broker, and an am2302 answer at true timing decodes`(build: Build) async throws {
        try await check(["daemon", build.rawValue])
    }

    @Test(.timeLimit(.minutes(10)), arguments: Build.built)
    func `outputs of real lines follow alerts and commands without a broker, a stop, a kill and a restart`(
        build: Build
    ) async throws {
        try await check(["outputs", build.rawValue])
    }

    /// The executables for Debian 13, which have libgpiod 2.2: outputs and `godwit lines`; the daemon's edges go through the
    /// same shim as those of `lines` above. Cancelled where scripts/cross-build did not make them.
    @Test(.timeLimit(.minutes(10)))
    func `outputs and lines through libgpiod 2, with what is shipped for Debian 13`() async throws {
        try await check(["outputs", "trixie"])
    }

    @Test(.timeLimit(.minutes(10)), arguments: Build.built)
    func `no step of the wall clock gives a false time, a gap, or an alert too early or too late`(build: Build) async throws {
        try await check(["clock", build.rawValue])
    }
}

private func folder(of path: String) -> String { URL(fileURLWithPath: path).deletingLastPathComponent().path }
