internal import CLinux
internal import Telemetry

/// The resident set of this process in bytes, from /proc/self/statm; 0 where there is no /proc.
package func residentBytes() -> UInt64 {
    guard let bytes = try? readFile("/proc/self/statm", limit: 4096) else { return 0 }
    var fields: [UInt64] = [0]
    for byte in bytes {
        if byte == 32 {
            fields.append(0)
        } else if byte >= 48, byte <= 57 {
            fields[fields.count - 1] = fields[fields.count - 1] * 10 + UInt64(byte - 48)
        }
    }
    return fields.count > 1 ? fields[1] * UInt64(sysconf(Int32(_SC_PAGESIZE))) : 0
}

/// Makes the folder where it is missing, its parent being there; nil when it is there afterwards.
package func makeFolder(_ path: String) -> SystemError? {
    if unsafe mkdir(path, 0o755) == 0 { return nil }
    let error = SystemError.last
    return error.number == EEXIST ? nil : error
}
