// The generator behind scripts/make-manual; it is compiled together with the tables of both executables.
import Glibc

func read(_ path: String) -> String {
    guard let file = fopen(path, "r") else { stop("cannot read \(path)") }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = fread(&buffer, 1, buffer.count, file)
        if count == 0 { return String(decoding: bytes, as: UTF8.self) }
        bytes += buffer[..<count]
    }
}

func write(_ text: String, to path: String) {
    guard let file = fopen(path, "w"), fputs(text, file) >= 0, fclose(file) == 0 else { exit(1) }
}

func stop(_ why: String) -> Never {
    write("make-manual: \(why)\n", to: "/dev/stderr")
    exit(1)
}

guard CommandLine.arguments.count == 5 else { stop("it takes ROOT OUTDIR VERSION DATE") }
let (root, folder) = (CommandLine.arguments[1], CommandLine.arguments[2])
let pages = Pages(version: CommandLine.arguments[3], date: CommandLine.arguments[4])
write(tidied(pages.godwit()), to: folder + "/godwit.1")
write(tidied(pages.godwitd()), to: folder + "/godwitd.8")
write(
    tidied(pages.configuration(guide: read(root + "/docs/configuration.md"), example: read(root + "/config/godwit.yaml"))),
    to: folder + "/godwit.yaml.5")
write(tidied(pages.ring(guide: read(root + "/docs/ring-format.md"))), to: folder + "/godwit-ring.5")
write(bashCompletion(), to: folder + "/godwit.bash")
write(zshCompletion(), to: folder + "/_godwit")
