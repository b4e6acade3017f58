import Configuration
import Sensors
import Telemetry
import YAMLReader

/// Checks files as `godwit check` does, without a disk: the first is the main one.
func check(
    _ texts: String..., names: [String] = ["godwit.yaml", "godwit.d/10.yaml", "godwit.d/20.yaml"], folder: String = "/etc/godwit",
    hostName: String = "Board-7.example", unreadable: ConfigurationProblem.Severity = .warning,
    resolve: @escaping (Reference, String) -> ReferenceValue = { reference, _ in .unreadable("no \(reference.name); create it") }
) -> CheckedConfiguration {
    var documents: [Document] = []
    var problems: [PlacedProblem] = []
    for (index, text) in texts.enumerated() {
        let result = readYAML(Array(text.utf8), file: index, folderName: "godwit.d")
        documents.append(Document(file: Checker.File(name: names[index], folder: folder), root: result.root))
        problems += result.problems
    }
    return readConfiguration(
        documents, reading: problems, catalog: sensorCatalog.map { $0.model }, hostName: hostName, unreadable: unreadable, resolve: resolve)
}

let broker = "broker: {url: \"mqtt://localhost\"}\n"

extension CheckedConfiguration {
    /// As printed.
    var lines: [String] { problems.map { $0.printed(program: "godwit") } }
}

/// The tree of a text; the test fails where there is none.
func tree(_ text: String, file: Int = 0) -> Node {
    readYAML(Array(text.utf8), file: file, folderName: "godwit.d").root ?? Node(place: Place(line: 0, column: 0), content: .sequence([]))
}
