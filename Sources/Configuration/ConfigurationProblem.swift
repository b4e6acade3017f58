internal import Telemetry

/// One thing that is wrong with a configuration, as it is printed.
package struct ConfigurationProblem: Hashable, Sendable {
    package enum Severity: Hashable, Sendable {
        /// The configuration is not taken.
        case error
        /// It is taken all the same.
        case warning

        package var text: String {
            switch self {
            case .error: "error"
            case .warning: "warning"
            }
        }
    }

    /// As typed, or as found in the folder beside it.
    package var file: String
    /// From 1; 0 where the file itself is the problem.
    package var line: Int
    /// Characters, from 1; 0 where the file itself is the problem.
    package var column: Int
    package var severity: Severity
    /// What is wrong and what to do.
    package var text: String

    package init(file: String, line: Int, column: Int, severity: Severity, text: String) {
        self.file = file
        self.line = line
        self.column = column
        self.severity = severity
        self.text = text
    }

    /// `FILE:LINE:COLUMN: error: TEXT`; of a file that cannot be read `PROGRAM: FILE: TEXT`. Without a newline.
    package func printed(program: String) -> String {
        if line == 0 { return "\(program): \(file): \(text)" }
        return "\(file):\(line):\(column): \(severity.text): \(text)"
    }
}

/// A problem before its file has a name.
package struct PlacedProblem: Error, Hashable, Sendable {
    package var place: Place
    package var severity: ConfigurationProblem.Severity
    package var text: String

    package init(_ place: Place, _ text: String, severity: ConfigurationProblem.Severity = .error) {
        self.place = place
        self.severity = severity
        self.text = text
    }

    package func named(_ files: [String]) -> ConfigurationProblem {
        ConfigurationProblem(
            file: files[place.file], line: place.line, column: place.column, severity: severity, text: text)
    }

    /// In order of place, each once: an alias shows the same place twice.
    package static func ordered(_ problems: [PlacedProblem]) -> [PlacedProblem] {
        let numbered = problems.enumerated().map { (number: $0.offset, problem: $0.element) }
        let sorted = numbered.sorted { a, b in
            a.problem.place == b.problem.place ? a.number < b.number : a.problem.place < b.problem.place
        }
        var result: [PlacedProblem] = []
        var first = 0
        for (_, problem) in sorted {
            if let last = result.last, last.place != problem.place { first = result.count }
            if !result[first...].contains(problem) { result.append(problem) }
        }
        return result
    }
}
