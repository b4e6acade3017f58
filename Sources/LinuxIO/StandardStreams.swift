internal import CLinux
internal import Telemetry

/// Writes to a descriptor until all is out; what a closed pipe does not take is dropped.
///
/// Not through stdio: its buffer is lost when the process traps.
@inline(never) package func write(_ text: String, to descriptor: Int32) {
    write(bytes: text.bytes, to: descriptor)
}

package func write(bytes: [UInt8], to descriptor: Int32) {
    var rest = bytes[...]
    while !rest.isEmpty {
        let written = unsafe rest.withUnsafeBytes { unsafe CLinux.write(descriptor, $0.baseAddress, $0.count) }
        if written < 0 {
            let error = SystemError.last
            if error.number == EINTR { continue }
            // A reader that has gone has seen enough; a full disk must not pass for success.
            if descriptor == 1, error.number != EPIPE {
                write("godwit: standard output: \(error.text); what is written is not complete\n", to: 2)
                _exit(74)
            }
            return
        }
        rest = rest.dropFirst(written)
    }
}

/// Standard output; the text carries its own newlines.
package func printOut(_ text: String) { write(text, to: 1) }
/// Standard error; the text carries its own newlines.
package func printError(_ text: String) { write(text, to: 2) }
