internal import CLinux
internal import LinuxIO

// A C main: Embedded Swift has no CommandLine. SwiftPM gives the entry point of an executable the name MODULE_main
// where it links for Linux (--defsym main=godwitd_main), and leaves it main in a cross build: both are there.

@_cdecl("main")
package func main(
    _ count: Int32, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
) -> Int32 {
    unsafe renamedMain(count, arguments)
}

@_cdecl("godwitd_main")
package func renamedMain(
    _ count: Int32, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
) -> Int32 {
    switch unsafe Options.parse(count: count, arguments: arguments) {
    case .exit(let status): return status
    case .run(let options):
        blockSignals()
        do throws(StartFailure) {
            let daemon = try Daemon(options: options)
            // Not by returning: a thread that waits for a stalled disk or a name server must not hold the stop up.
            _exit(daemon.run())
        } catch {
            printError(error.text)
            return error.status
        }
    }
}
