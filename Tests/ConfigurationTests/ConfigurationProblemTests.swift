import Configuration
import Testing

@Suite struct ConfigurationProblemTests {
    @Test func `a problem is printed as compilers do`() {
        let problem = PlacedProblem(Place(file: 1, line: 12, column: 5), "unknown key 'x'", severity: .warning)
        #expect(problem.named(["a.yaml", "b.yaml"]).printed(program: "godwit") == "b.yaml:12:5: warning: unknown key 'x'")
    }

    @Test func `a file that cannot be read has no line`() {
        let problem = ConfigurationProblem(file: "a.yaml", line: 0, column: 0, severity: .error, text: "No such file")
        #expect(problem.printed(program: "godwitd") == "godwitd: a.yaml: No such file")
    }

    @Test func `problems come in order of place, those of one place in the order found, each once`() {
        let here = Place(line: 2, column: 3)
        let problems = [
            PlacedProblem(here, "b"), PlacedProblem(Place(file: 1, line: 1, column: 1), "d"), PlacedProblem(here, "a"),
            PlacedProblem(here, "b"), PlacedProblem(Place(line: 1, column: 9), "c"),
        ]
        #expect(PlacedProblem.ordered(problems).map { $0.text } == ["c", "b", "a", "d"])
    }
}
