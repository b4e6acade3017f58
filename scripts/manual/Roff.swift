/// Text for man(7). Backslashes, and a point or quote that begins a line, would be taken for requests.
func roff(_ text: String) -> String {
    var out = ""
    var atStart = true
    for character in text {
        switch character {
        case "\\": out += "\\e"
        case "-": out += "\\-"
        case "." where atStart, "'" where atStart: out += "\\&" + String(character)
        case "'": out += "\\(aq"
        case "`": out += "\\(ga"
        case "^": out += "\\(ha"
        case "~": out += "\\(ti"
        case "…": out += "..."
        default: out.append(character)
        }
        atStart = character == "\n"
    }
    return out
}

/// Text that may hold Markdown: code and strong text become bold, of a link its text is left.
func inline(_ text: String) -> String {
    var out = ""
    var rest = Substring(text)
    func cut(_ end: String) -> Substring? {
        guard let range = rest.dropFirst().firstRange(of: end) else { return nil }
        return rest[rest.index(after: rest.startIndex)..<range.lowerBound]
    }
    var plain = ""
    func flush() {
        out += roff(plain)
        plain = ""
    }
    while let first = rest.first {
        if first == "`", let code = cut("`") {
            flush()
            out += "\\fB" + roff(String(code)) + "\\fR"
            rest = rest.dropFirst(code.count + 2)
        } else if rest.hasPrefix("**"), let end = rest.dropFirst(2).firstRange(of: "**") {
            flush()
            let strong = rest[rest.index(rest.startIndex, offsetBy: 2)..<end.lowerBound]
            out += "\\fB" + roff(strong.filter { $0 != "`" }) + "\\fR"
            rest = rest.dropFirst(strong.count + 4)
        } else if first == "[", let label = cut("]("), let end = rest.firstIndex(of: ")") {
            flush()
            out += inline(String(label))
            rest = rest[rest.index(after: end)...]
        } else if first == "*", let word = cut("*"), let start = word.first, start.isLetter {
            flush()
            out += "\\fI" + roff(String(word)) + "\\fR"
            rest = rest.dropFirst(word.count + 2)
        } else {
            plain.append(first)
            rest = rest.dropFirst()
        }
    }
    flush()
    return out
}

/// The Markdown of this project's documents as man(7): headings, paragraphs, lists, tables, code.
/// - Parameter from: the heading at which it begins; nil: behind the title.
struct Markdown {
    private var lines: [Substring]
    private var index = 0
    private(set) var text = ""

    init(_ source: String) {
        lines = source.split(separator: "\n", omittingEmptySubsequences: false)
        if lines.first?.hasPrefix("# ") == true { index = 1 }
        // What stands before the first heading.
        text += ".SH DESCRIPTION\n"
        while index < lines.count { block() }
    }

    private mutating func block() {
        let line = lines[index]
        if line.allSatisfy(\.isWhitespace) {
            index += 1
        } else if line.hasPrefix("#") {
            let title = line.drop { $0 == "#" }.drop { $0 == " " }
            let isSection = line.hasPrefix("## ")
            text += isSection ? ".SH \"\(inline(String(title).uppercased()))\"\n" : ".SS \"\(inline(String(title)))\"\n"
            index += 1
        } else if line.hasPrefix("```") {
            index += 1
            let start = index
            while !lines[index].hasPrefix("```") { index += 1 }
            code(lines[start..<index])
            index += 1
        } else if line.hasPrefix("    ") {
            let start = index
            while index < lines.count, lines[index].hasPrefix("    ") { index += 1 }
            code(lines[start..<index].map { $0.dropFirst(4) }[...])
        } else if line.hasPrefix("|") {
            let start = index
            while index < lines.count, lines[index].hasPrefix("|") { index += 1 }
            table(lines[start..<index])
        } else if let mark = listMark(line) {
            text += ".IP \(mark.label) 4\n\(inline(paragraph(line.dropFirst(mark.width))))\n"
        } else {
            text += ".PP\n\(inline(paragraph(line)))\n"
        }
    }

    private func listMark(_ line: Substring) -> (label: String, width: Int)? {
        if line.hasPrefix("- ") { return ("\\(bu", 2) }
        let digits = line.prefix { $0.isNumber }
        guard !digits.isEmpty, line.dropFirst(digits.count).hasPrefix(". ") else { return nil }
        return (digits + ".", digits.count + 2)
    }

    /// The lines of one paragraph or list item as one text; each sentence's lines stay lines.
    private mutating func paragraph(_ first: Substring) -> String {
        var result = String(first)
        index += 1
        while index < lines.count {
            let line = lines[index]
            let trimmed = line.drop { $0 == " " }
            if trimmed.isEmpty || line.hasPrefix("#") || line.hasPrefix("|") || line.hasPrefix("```") || listMark(line) != nil { break }
            result += "\n" + trimmed
            index += 1
        }
        return result
    }

    private mutating func code(_ lines: ArraySlice<Substring>) {
        text += ".PP\n.RS 4\n.nf\n"
        for line in lines { text += line.isEmpty ? "\\&\n" : roff(String(line)) + "\n" }
        text += ".fi\n.RE\n"
    }

    /// A table as a list: all columns but the last before, the last as text. Its head is left out where two columns need none.
    private mutating func table(_ rows: ArraySlice<Substring>) {
        let head = rows.prefix(rows.first.map { $0.filter { $0 == "|" }.count > 3 } == true ? 1 : 0)
        for row in head + rows.dropFirst(2) {
            var cells: [String] = [""]
            var inCode = false
            var escaped = false
            for character in row.dropFirst() {
                if character == "`" { inCode.toggle() }
                if character == "|", !escaped {
                    cells.append("")
                } else {
                    cells[cells.count - 1].append(character)
                }
                escaped = character == "\\"
            }
            let trimmed = cells.dropLast().map { cell in
                String(cell.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()).split(separator: "\\|").joined(separator: "|")
            }
            let head = trimmed.dropLast().filter { !$0.isEmpty }.map(inline).joined(separator: "   ")
            text += head.isEmpty ? ".TP\n\\&\n\(inline(trimmed.last ?? ""))\n" : ".TP\n\(head)\n\(inline(trimmed.last ?? ""))\n"
        }
    }
}

/// A whole page as mandoc likes it: text in lines of at most 79 bytes, and no `.PP` right behind a heading.
func tidied(_ page: String) -> String {
    var out: [String] = []
    var isFilled = true
    for line in page.split(separator: "\n", omittingEmptySubsequences: true) {
        if line == ".nf" { isFilled = false }
        if line == ".fi" { isFilled = true }
        if line.hasPrefix(".") || !isFilled {
            if line == ".PP", let last = out.last, last.hasPrefix(".SH") || last.hasPrefix(".SS") { continue }
            out.append(String(line))
            continue
        }
        var current = ""
        for word in line.split(separator: " ") {
            if !current.isEmpty, current.utf8.count + 1 + word.utf8.count > 79 {
                out.append(current)
                current = word.first == "." || word.first == "'" ? "\\&" : ""
            } else if !current.isEmpty {
                current += " "
            }
            current += word
        }
        out.append(current)
    }
    return out.joined(separator: "\n") + "\n"
}
