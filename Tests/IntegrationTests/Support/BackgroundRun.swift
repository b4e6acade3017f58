import Foundation

/// A run that scripts/test began beside the tests: `file` is its output, and when it is over its exit status lies beside it.
/// - Returns: status nil: it did not end within so many minutes.
func endOfRun(_ file: String, within minutes: Double) async throws -> (status: Int?, output: String) {
    let status = try await background { () -> Int? in
        let end = Date().addingTimeInterval(minutes * 60)
        while Date() < end {
            if let text = try? String(contentsOfFile: file + ".status", encoding: .utf8), let status = Int(text.dropLast()) {
                return status
            }
            Thread.sleep(forTimeInterval: 1)
        }
        return nil
    }
    return (status, try String(contentsOfFile: file, encoding: .utf8))
}
