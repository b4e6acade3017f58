internal import DaemonProgram

// Only in the regular build: what is shipped is one executable, which is godwitd by its name (Sources/godwit/Main.swift).
// A C main, as there. SwiftPM gives the entry point the name MODULE_main where it links for Linux
// (--defsym main=godwitd_main).

@_cdecl("godwitd_main")
package func renamedMain(
    _ count: Int32, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
) -> Int32 {
    unsafe runDaemon(count, arguments)
}
