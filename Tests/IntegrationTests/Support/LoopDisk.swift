import Foundation
import TestSupport

/// A disk of its own: ext4 on a loop device, which can be made to fail and to stall by what the kernel has anyway.
final class LoopDisk {
    /// Where it is mounted.
    let path: String
    private let folder: TemporaryFolder
    private let device: String

    /// Whether there can be one; root, and loop devices.
    static let isPossible: Bool = {
        guard getuid() == 0, let disk = try? LoopDisk() else { return false }
        return FileManager.default.fileExists(atPath: disk.path + "/lost+found")
    }()

    /// Without a journal: a device that fails would take the file system with it, and not only what is written.
    init() throws {
        folder = try TemporaryFolder()
        path = folder.path + "/disk"
        let image = folder.path + "/image"
        device = try Self.shell(
            """
            mkdir "\(path)" && truncate -s 64M "\(image)" && device=$(losetup -f --show "\(image)") && echo $device &&
            mkfs.ext4 -q -b 4096 -O ^has_journal -E lazy_itable_init=0 $device && mount $device "\(path)"
            """)
    }

    deinit { _ = try? Self.shell("fsfreeze -u '\(path)' 2> /dev/null; umount -l '\(path)'; losetup -d \(device)") }

    /// From here on every block of this file is behind the end of the device: the kernel answers EIO. What describes it stays.
    func fail(_ file: String) throws {
        let first = try Self.shell("filefrag -v '\(file)' | awk '$1 == \"0:\" { print int($4); exit }'")
        guard let block = Int(first), block > 1024 else { throw DaemonError.noStatus("filefrag: \(first)") }
        try setEnd(1024 * 4096)
    }

    func heal() throws { try setEnd(0) }

    /// Every write waits.
    func stall() throws { _ = try Self.shell("fsfreeze -f '\(path)'") }
    func goOn() throws { _ = try Self.shell("fsfreeze -u '\(path)'") }

    /// LOOP_SET_STATUS64 with another `lo_sizelimit`; 0: none.
    private func setEnd(_ bytes: Int) throws {
        let script = """
            import fcntl, os, struct
            device = os.open("\(device)", os.O_RDWR)
            status = bytearray(232)
            fcntl.ioctl(device, 0x4C05, status)
            struct.pack_into("Q", status, 32, \(bytes))
            fcntl.ioctl(device, 0x4C04, status)
            """
        let result = try run("/usr/bin/env", ["python3", "-c", script])
        guard result.status == 0 else { throw DaemonError.noStatus("loop device: \(result.error)") }
    }

    private static func shell(_ script: String) throws -> String {
        let result = try run("/bin/sh", ["-c", "PATH=$PATH:/usr/sbin:/sbin\n" + script])
        guard result.status == 0 else { throw DaemonError.noStatus("\(script): \(result.error)") }
        return result.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
