import Glibc

/// One line for each check, and a summary.
final class Report {
    private(set) var passed = 0
    private(set) var failed = 0
    private var current = ""
    private var faults: [String] = []

    /// - Parameter name: the sentence that the check proves.
    func check(_ name: String, _ body: () throws -> Void) {
        current = name
        faults = []
        do { try body() } catch { faults.append("threw \(error)") }
        if faults.isEmpty {
            passed += 1
            print("ok: \(name)")
        } else {
            failed += 1
            print("FAILED: \(name)")
            for fault in faults { print("    \(fault)") }
        }
        fflush(nil)
    }

    func expect(_ condition: Bool, _ fact: @autoclosure () -> String) {
        if !condition { faults.append(fact()) }
    }

    func equal<Value: Equatable>(_ found: Value, _ expected: Value, _ what: String) {
        if found != expected { faults.append("\(what): found \(found), expected \(expected)") }
    }

    func finish() -> Int32 {
        print("\(passed) checks passed, \(failed) failed")
        return failed == 0 && passed > 0 ? 0 : 1
    }
}
