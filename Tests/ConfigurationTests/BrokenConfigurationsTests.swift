import BrokenConfigurations
import Configuration
import Sensors
import Testing
import YAMLReader

@Suite struct BrokenConfigurationsTests {
    @Test func `the table has at least forty rows, each of its own`() {
        let names = BrokenConfiguration.all.map { $0.name }
        #expect(names.count >= 40)
        #expect(Set(names).count == names.count)
    }

    @Test(arguments: BrokenConfiguration.all)
    func `what is refused names its place and the next step`(row: BrokenConfiguration) {
        let read = readYAML(row.bytes, file: 0, folderName: "godwit.d")
        var problems = read.problems.map { $0.named(["godwit.yaml"]) }
        if problems.isEmpty {
            let file = Checker.File(name: "godwit.yaml", folder: "")
            problems = readConfiguration(
                [Document(file: file, root: read.root)], catalog: sensorCatalog.map { $0.model }, hostName: "board",
                unreadable: .error, resolve: { _, _ in .unreadable("not here") }
            ).problems
        }
        #expect(
            problems.contains {
                $0.line == row.line && $0.column == row.column && $0.severity == .error && $0.text.contains(row.part)
            }, "\(problems)")
    }
}
