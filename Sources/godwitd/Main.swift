// A C main: Embedded Swift has no CommandLine.
@_cdecl("main")
package func main(
    _ count: Int32, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
) -> Int32 {
    0
}
