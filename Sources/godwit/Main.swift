internal import CLinux
internal import DaemonProgram
internal import Telemetry

// A C main: Embedded Swift has no CommandLine. SwiftPM gives the entry point of an executable the name MODULE_main
// where it links for Linux (--defsym main=godwit_main), and leaves it main in a cross build: both are there.
//
// One executable is shipped, under two names: most of the code is in both, and is on the card and in memory once.

@_cdecl("godwit_main")
package func renamedMain(
    _ count: Int32, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
) -> Int32 {
    // By what it was called, or by the file that was run: a supervisor may give a name of its own.
    if unsafe isDaemon(arguments[0]) || isDaemon(clinux_program_file()) { return unsafe runDaemon(count, arguments) }
    var words: [String] = []
    for index in 1..<max(1, Int(count)) {
        if let word = unsafe arguments[index] { unsafe words.append(String(cString: word)) }
    }
    return runCommandLine(words)
}

@_cdecl("main")
package func main(
    _ count: Int32, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
) -> Int32 {
    unsafe renamedMain(count, arguments)
}

private func isDaemon(_ path: UnsafePointer<CChar>?) -> Bool {
    guard let path = unsafe path else { return false }
    let file = unsafe String(cString: path)
    return file == "godwitd" || file.hasSuffix("/godwitd")
}
