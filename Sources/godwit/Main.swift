// A C main: Embedded Swift has no CommandLine. SwiftPM gives the entry point of an executable the name MODULE_main
// where it links for Linux (--defsym main=godwit_main), and leaves it main in a cross build: both are there.

@_cdecl("godwit_main")
package func renamedMain(
    _ count: Int32, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
) -> Int32 {
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
