import Foundation

/// Where a program is, by PATH and the folders for administrators, which a test's PATH may lack.
package func findProgram(_ name: String) throws -> String {
    if name.contains("/") { return name }
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    for folder in path.split(separator: ":").map(String.init) + ["/usr/sbin", "/usr/local/sbin"] {
        let candidate = URL(fileURLWithPath: folder).appendingPathComponent(name).path
        if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
    }
    throw PeerError.unexpected("\(name) is not installed")
}

/// A process that a test starts, and that does not outlive it.
///
/// Not Foundation's `Process`: its `waitUntilExit` needs a run loop, and hangs on the threads of Swift Testing.
package final class Child: @unchecked Sendable {
    package let processIdentifier: pid_t
    private let end = Shared<Int32?>(nil)

    /// - Parameters:
    ///   - name: looked up in PATH, or a path.
    ///   - input: a path, which becomes its standard input.
    ///   - output, errors: descriptors that become its standard output and error; nil: thrown away.
    ///   - environment: in addition to ours.
    package init(
        _ name: String, _ arguments: [String], input: String = "/dev/null", output: Int32? = nil,
        errors: Int32? = nil, environment: [String: String] = [:]
    ) throws {
        let program = try findProgram(name)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
        for (descriptor, target) in [(output, Int32(1)), (errors, Int32(2))] {
            if let descriptor {
                posix_spawn_file_actions_adddup2(&actions, descriptor, target)
            } else {
                posix_spawn_file_actions_addopen(&actions, target, "/dev/null", O_WRONLY, 0)
            }
        }
        // A child begins with no signal blocked or ignored, whatever the test runner did.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        var defaults = sigset_t()
        sigemptyset(&none)
        sigemptyset(&defaults)
        for number in [SIGPIPE, SIGINT, SIGQUIT, SIGHUP] { sigaddset(&defaults, number) }
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        let values = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        var argv = ([program] + arguments).map { strdup($0) } + [nil]
        var envp = values.map { strdup("\($0)=\($1)") } + [nil]
        defer { for pointer in argv + envp { free(pointer) } }
        var pid: pid_t = 0
        let result = posix_spawn(&pid, program, &actions, &attributes, &argv, &envp)
        guard result == 0 else { throw PeerError.system("posix_spawn \(program)", result) }
        processIdentifier = pid
    }

    deinit {
        signal(SIGCONT)
        signal(SIGKILL)
        wait()
    }

    package func signal(_ number: Int32) {
        end.with { if $0 == nil { kill(processIdentifier, number) } }
    }

    private func reap(_ options: Int32) -> Int32? {
        end.with { end in
            if end != nil { return end }
            var status: Int32 = 0
            if waitpid(processIdentifier, &status, options) == processIdentifier {
                let signal = status & 0x7F
                end = signal == 0 ? status >> 8 & 0xFF : 128 + signal
            }
            return end
        }
    }

    package var isRunning: Bool { reap(WNOHANG) == nil }

    /// Its exit status, or 128 + the signal that ended it; nil when it still runs after `seconds`.
    @discardableResult
    package func wait(within seconds: Double = 30) -> Int32? {
        _ = eventually(within: seconds) { reap(WNOHANG) != nil }
        return reap(WNOHANG)
    }

    /// SIGTERM, then SIGKILL after `seconds`; its exit status.
    @discardableResult
    package func terminate(within seconds: Double = 10) -> Int32? {
        signal(SIGCONT)
        signal(SIGTERM)
        if let status = wait(within: seconds) { return status }
        signal(SIGKILL)
        return wait()
    }
}

/// What a child writes, collected by a thread until its end.
package final class Output: @unchecked Sendable {
    /// The end for the child; close it with `childHasStarted` when it has been handed over.
    package let writeEnd: Int32
    private let bytes = Shared(Data())
    private let arrived: @Sendable (Data) -> Void
    private let isAtEnd = Shared(false)

    package init(_ arrived: @escaping @Sendable (Data) -> Void = { _ in }) throws {
        var ends: [Int32] = [0, 0]
        // A pair of sockets and not a pipe: it can be made with CLOEXEC, so that no other child keeps it open.
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw PeerError.system("socketpair", errno) }
        writeEnd = ends[1]
        self.arrived = arrived
        let (readEnd, bytes, isAtEnd) = (ends[0], bytes, isAtEnd)
        Thread {
            var buffer = [UInt8](repeating: 0, count: 65536)
            while true {
                let count = Foundation.read(readEnd, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
                let data = Data(buffer[..<count])
                bytes.with { $0.append(data) }
                arrived(data)
            }
            Foundation.close(readEnd)
            isAtEnd.with { $0 = true }
        }.start()
    }

    package func childHasStarted() { Foundation.close(writeEnd) }
    package var text: String { String(decoding: bytes.current, as: UTF8.self) }
    /// Waits for the end of what is written.
    package func wait(within seconds: Double = 30) -> String {
        _ = eventually(within: seconds) { isAtEnd.current }
        return text
    }
}

/// Runs a program to its end.
@discardableResult
package func runProgram(
    _ name: String, _ arguments: [String], within seconds: Double = 60, environment: [String: String] = [:]
) throws -> (status: Int32, output: String, errors: String) {
    let output = try Output()
    let errors = try Output()
    let child = try Child(
        name, arguments, output: output.writeEnd, errors: errors.writeEnd, environment: environment)
    output.childHasStarted()
    errors.childHasStarted()
    guard let status = child.wait(within: seconds) else {
        throw PeerError.timeout("\(name) still runs after \(seconds) s")
    }
    return (status, output.wait(within: 2), errors.wait(within: 2))
}
