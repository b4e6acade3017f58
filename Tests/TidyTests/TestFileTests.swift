import Testing

@Suite struct TestFileTests {
    @Test(arguments: SourceTree.cores + [SourceTree.meetingPlace])
    func `each source file of a core has its test file`(core: String) throws {
        for file in SourceTree.swiftFiles(of: core) {
            // A file that declares nothing has nothing to test.
            let code = SourceTree.code(try SourceTree.text("Sources/\(core)/\(file)"))
            guard code.contains(where: { !$0.allSatisfy(\.isWhitespace) }) else { continue }
            let test = "Tests/\(core)Tests/\(file.dropLast(".swift".count))Tests.swift"
            guard SourceTree.exists(test) else {
                Issue.record("Sources/\(core)/\(file) has no \(test)")
                continue
            }
            #expect(try SourceTree.text(test).contains("@Test"), "\(test) holds no test")
        }
    }

    @Test func `no test is switched off`() {
        let marks = [".disab" + "led(", "withKnown" + "Issue"]
        for (path, text) in SourceTree.texts where path.hasPrefix("Tests/") {
            for mark in marks where text.contains(mark) { Issue.record("\(path): \(mark)") }
        }
    }
}
