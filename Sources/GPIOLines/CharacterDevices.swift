internal import CGPIOD
internal import CLinux
package import Telemetry

/// The GPIO chips of this machine, as `/dev` has them now.
package struct CharacterDevices {
    package var chips: [ChipListing] = []
    /// What the kernel says of each line, by chip and offset; empty unless it was asked for.
    package var states: [[LineState]] = []
    /// Device files of chips that may not be opened.
    package var notPermitted: [String] = []

    /// Looks at each `gpiochipN` in the folder. Links are left out: Raspberry Pi OS links `/dev/gpiochip4` to
    /// `gpiochip0` on a Raspberry Pi 5, and each line would be found twice.
    package init(folder: String = "/dev", withStates: Bool = false) {
        let paths = deviceNames(in: folder).map { folder + "/" + $0 }.sorted { ($0.utf8.count, $0) < ($1.utf8.count, $1) }
        for path in paths {
            guard let chip = unsafe cgpiod_chip_open(path) else {
                if clinux_errno() == EACCES || clinux_errno() == EPERM { notPermitted.append(path) }
                continue
            }
            defer { unsafe cgpiod_chip_close(chip) }
            var info = cgpiod_chip_info()
            guard unsafe cgpiod_chip_get_info(chip, &info) == 0 else { continue }
            var lines: [String] = []
            var states: [LineState] = []
            for offset in 0..<info.num_lines {
                var line = cgpiod_line_info()
                lines.append(unsafe cgpiod_chip_get_line_info(chip, offset, &line) == 0 ? text(line.name) : "")
                if withStates { states.append(LineState(line)) }
            }
            self.states.append(states)
            chips.append(ChipListing(name: text(info.name), label: text(info.label), path: path, lines: lines))
        }
    }

    /// The label of the process that holds the line; empty where the kernel knows none.
    static func consumer(path: String, offset: Int) -> String {
        guard let chip = unsafe cgpiod_chip_open(path) else { return "" }
        defer { unsafe cgpiod_chip_close(chip) }
        var line = cgpiod_line_info()
        return unsafe cgpiod_chip_get_line_info(chip, UInt32(offset), &line) == 0 ? text(line.consumer) : ""
    }

    /// The device that a path means when it is a link; otherwise the path itself.
    static func resolved(_ path: String) -> String {
        guard let resolved = unsafe realpath(path, nil) else { return path }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }
}

/// What the kernel says of a line.
package struct LineState: Hashable, Sendable {
    package var isUsed = false
    package var isOutput = false
    package var isActiveLow = false
    package var bias = LineSettings.Bias.asIs
    /// Empty where the kernel knows none.
    package var consumer = ""

    package init() {}

    fileprivate init(_ info: cgpiod_line_info) {
        isUsed = info.is_used
        isOutput = info.direction == Int32(CGPIOD_DIRECTION_OUTPUT.rawValue)
        isActiveLow = info.is_active_low
        switch UInt32(info.bias) {
        case CGPIOD_BIAS_DISABLED.rawValue: bias = .disabled
        case CGPIOD_BIAS_PULL_UP.rawValue: bias = .pullUp
        case CGPIOD_BIAS_PULL_DOWN.rawValue: bias = .pullDown
        default: break
        }
        consumer = text(info.consumer)
    }
}

/// `gpiochipN` in the folder, without links.
private func deviceNames(in folder: String) -> [String] {
    guard let handle = unsafe opendir(folder) else { return [] }
    defer { unsafe closedir(handle) }
    var names: [String] = []
    while let entry = unsafe readdir(handle) {
        let name = unsafe String(cString: clinux_entry_name(entry))
        guard name.hasPrefix("gpiochip") else { continue }
        var status = stat()
        if unsafe lstat(folder + "/" + name, &status) == 0, status.st_mode & UInt32(S_IFMT) == UInt32(S_IFCHR) {
            names.append(name)
        }
    }
    return names
}

/// A name in a C array of 32 characters, with its NUL.
@inline(never) private func text<Name>(_ name: Name) -> String {
    unsafe withUnsafeBytes(of: name) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
}
