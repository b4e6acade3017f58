import Foundation
import Testing

/// The pages of hardware/ say what the program says.
@Suite struct HardwareTests {
    /// Pin to GPIO, of the one table in the sources: 40 numbers from pin 1 on, negative for power and ground.
    private func headerOfTheProgram() throws -> [Int: Int] {
        let text = try SourceTree.text("Sources/Telemetry/RaspberryPi.swift")
        let start = try #require(text.range(of: "pins: [Int8] = ["))
        let numbers = text[start.upperBound...].prefix { $0 != "]" }.split { ", \n".contains($0) }.compactMap { Int($0) }
        try #require(numbers.count == 40)
        return Dictionary(uniqueKeysWithValues: zip(1..., numbers).filter { $0.1 >= 0 })
    }

    /// Pin to name, pull and other use, of the table in header.md.
    private func headerOfThePage() throws -> [Int: (name: String, pull: String, use: String)] {
        var pins: [Int: (name: String, pull: String, use: String)] = [:]
        for line in try SourceTree.text("hardware/header.md").split(separator: "\n") {
            let cells = line.split(separator: "|", omittingEmptySubsequences: false).map {
                $0.trimmingCharacters(in: .whitespaces)
            }
            guard cells.count == 10, let odd = Int(cells[1]), let even = Int(cells[8]) else { continue }
            pins[odd] = (cells[2], cells[4], cells[3])
            pins[even] = (cells[7], cells[5], cells[6])
        }
        return pins
    }

    @Test func `the header's table is that of the program`() throws {
        let program = try headerOfTheProgram()
        let page = try headerOfThePage()
        #expect(program.count == 28)
        #expect(page.keys.sorted() == Array(1...40))
        for (pin, row) in page {
            if let number = program[pin] {
                #expect(row.name == "GPIO\(number)", "pin \(pin)")
                // BCM2835 ARM Peripherals, table 6-31: GPIO0 to GPIO8 up, GPIO9 to GPIO27 down.
                #expect(row.pull.hasPrefix(number <= 8 ? "up" : "down"), "pin \(pin)")
            } else {
                #expect(["3.3 V", "5 V", "ground"].contains(row.name) && row.pull.isEmpty && row.use.isEmpty, "pin \(pin)")
            }
        }
    }

    @Test func `every line that a page of wiring names stands beside its own pin`() throws {
        let program = try headerOfTheProgram()
        let expression = try NSRegularExpression(pattern: "GPIO([0-9]+) \\(pin ([0-9]+)\\)")
        var count = 0
        for (path, text) in SourceTree.texts where path.hasSuffix(".md") || path.hasSuffix(".svg") {
            for match in expression.matches(in: text, range: NSRange(text.startIndex..., in: text)) {
                let numbers = (1...2).compactMap { Range(match.range(at: $0), in: text).flatMap { Int(text[$0]) } }
                #expect(program[numbers[1]] == numbers[0], "\(path): GPIO\(numbers[0]) is not at pin \(numbers[1])")
                count += 1
            }
        }
        #expect(count > 3)
    }

    @Test func `the first wiring has a title and a description, and is well formed`() throws {
        let text = try SourceTree.text("hardware/first-wiring.svg")
        let parser = XMLElements()
        #expect(parser.parse(text))
        #expect(parser.names.contains("title") && parser.names.contains("desc"))
        #expect(parser.names.allSatisfy { !["script", "image", "foreignObject"].contains($0) })
        #expect(text.contains("prefers-color-scheme: dark"))
    }
}

/// Element names of a document, by a reader that knows only what our drawing uses: no comments inside tags, no CDATA.
private final class XMLElements {
    private(set) var names: [String] = []

    /// True when each element is closed by its own name, in order.
    func parse(_ text: String) -> Bool {
        var open: [String] = []
        var rest = Substring(text)
        while let start = rest.firstIndex(of: "<") {
            rest = rest[start...]
            if rest.hasPrefix("<!--") {
                guard let end = rest.range(of: "-->") else { return false }
                rest = rest[end.upperBound...]
                continue
            }
            guard let end = rest.firstIndex(of: ">") else { return false }
            let tag = rest[rest.index(after: rest.startIndex)..<end]
            rest = rest[rest.index(after: end)...]
            if tag.hasPrefix("/") {
                guard open.popLast() == String(tag.dropFirst()) else { return false }
            } else {
                let name = String(tag.prefix { !$0.isWhitespace && $0 != "/" })
                names.append(name)
                if !tag.hasSuffix("/") { open.append(name) }
            }
        }
        return open.isEmpty && names.first == "svg"
    }
}
