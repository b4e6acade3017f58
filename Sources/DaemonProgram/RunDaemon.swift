internal import CLinux
internal import LinuxIO

/// godwitd, from its arguments to its end.
///
/// It does not return where the daemon has run: `_exit` ends the process, so that a thread that waits for a stalled disk or a
/// name server holds no stop up.
/// - Returns: the exit status where it did not run: of `--help` and `--version`, of wrong arguments, of a failed start.
package func runDaemon(
    _ count: Int32, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
) -> Int32 {
    switch unsafe Options.parse(count: count, arguments: arguments) {
    case .exit(let status): return status
    case .run(let options):
        blockSignals()
        do throws(StartFailure) {
            let daemon = try Daemon(options: options)
            _exit(daemon.run())
        } catch {
            printError(error.text)
            return error.status
        }
    }
}
