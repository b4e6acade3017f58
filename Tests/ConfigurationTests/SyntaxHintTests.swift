import Configuration
import Testing

@Suite struct SyntaxHintTests {
    @Test func `a tab is called a tab`() {
        #expect(SyntaxHint.text(for: "found character that cannot start any token", at: 9).contains("replace it by spaces"))
    }

    @Test func `every sentence of libyaml gets a next step`() {
        #expect(SyntaxHint.text(for: "mapping values are not allowed in this context", at: 58).contains("; is a line above"))
        #expect(SyntaxHint.text(for: "something new", at: nil) == "something new; check indentation, quotes and brackets here and in the line above")
    }
}
