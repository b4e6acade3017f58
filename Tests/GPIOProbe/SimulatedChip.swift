import Glibc

/// What a check of the virtual machine cannot go on without.
struct Unusable: Error {
    var text: String
}

func writeFile(_ path: String, _ text: String) throws {
    let descriptor = open(path, O_WRONLY)
    if descriptor < 0 { throw Unusable(text: "\(path): \(String(cString: strerror(errno)))") }
    defer { close(descriptor) }
    let bytes = Array(text.utf8)
    if write(descriptor, bytes, bytes.count) != bytes.count {
        throw Unusable(text: "\(path): \(String(cString: strerror(errno)))")
    }
}

func readText(_ path: String) throws -> String {
    let descriptor = open(path, O_RDONLY)
    if descriptor < 0 { throw Unusable(text: "\(path): \(String(cString: strerror(errno)))") }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 256)
    let count = max(0, read(descriptor, &bytes, bytes.count))
    return String(decoding: bytes.prefix(count).filter { $0 != 10 && $0 != 0 }, as: UTF8.self)
}

/// A chip of gpio-sim (Linux, Documentation/admin-guide/gpio/gpio-sim.rst), made and removed through configfs.
final class SimulatedChip {
    static let root = "/sys/kernel/config/gpio-sim"
    let name: String
    private var bank: String { "\(Self.root)/\(name)/bank" }

    /// The chip that the virtual machine begins with: label gpio-vm, lines GPIO0 to GPIO31.
    static var standard: SimulatedChip { SimulatedChip(existing: "gpio-vm") }

    private init(existing name: String) { self.name = name }

    /// - Parameter lines: the names, by offset; empty for none.
    /// - Parameter hogs: offsets that the kernel itself holds, under this consumer.
    init(_ name: String, label: String, lines: [String], hogs: [Int: String] = [:]) throws {
        self.name = name
        mkdir("\(Self.root)/\(name)", 0o755)
        mkdir(bank, 0o755)
        try writeFile("\(bank)/label", label)
        try writeFile("\(bank)/num_lines", "\(lines.count)")
        for (offset, line) in lines.enumerated() where !line.isEmpty || hogs[offset] != nil {
            mkdir("\(bank)/line\(offset)", 0o755)
            if !line.isEmpty { try writeFile("\(bank)/line\(offset)/name", line) }
            if let consumer = hogs[offset] {
                mkdir("\(bank)/line\(offset)/hog", 0o755)
                try writeFile("\(bank)/line\(offset)/hog/name", consumer)
                try writeFile("\(bank)/line\(offset)/hog/direction", "input")
            }
        }
        try plugIn()
    }

    func plugIn() throws { try writeFile("\(Self.root)/\(name)/live", "1") }
    func plugOut() throws { try writeFile("\(Self.root)/\(name)/live", "0") }

    /// `gpiochip0`
    func kernelName() throws -> String { try readText("\(bank)/chip_name") }

    func folder() throws -> String {
        "/sys/devices/platform/\(try readText("\(Self.root)/\(name)/dev_name"))/\(try kernelName())"
    }

    func line(_ offset: Int) throws -> SimulatedLine { try SimulatedLine("\(try folder())/sim_gpio\(offset)") }
}

/// The far end of a line: what is wired to it.
final class SimulatedLine {
    private let folder: String
    private let pullDescriptor: Int32
    private let valueDescriptor: Int32

    init(_ folder: String) throws {
        self.folder = folder
        pullDescriptor = open("\(folder)/pull", O_WRONLY)
        valueDescriptor = open("\(folder)/value", O_RDONLY)
        if pullDescriptor < 0 || valueDescriptor < 0 { throw Unusable(text: "\(folder): no simulated line") }
    }

    deinit {
        close(pullDescriptor)
        close(valueDescriptor)
    }

    /// Drives the physical level; an edge where it changes.
    func drive(high: Bool) {
        let written = high ? pwrite(pullDescriptor, "pull-up", 7, 0) : pwrite(pullDescriptor, "pull-down", 9, 0)
        precondition(written > 0, "gpio-sim takes a pull")
    }

    /// The physical level, also of an output.
    var isHigh: Bool {
        var byte: UInt8 = 0
        return pread(valueDescriptor, &byte, 1, 0) == 1 && byte == 49
    }
}

/// CLOCK_BOOTTIME.
func bootNanoseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_BOOTTIME, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

func sleep(milliseconds: Int) { usleep(UInt32(milliseconds) * 1000) }
