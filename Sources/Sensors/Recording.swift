internal import Telemetry

/// An edge list: what the lines of a chip did, as a logic analyser or a kernel saw it.
///
/// CSV, `time_ns,line,level`: one row for each change of a level, nanoseconds from the start of the recording, each line
/// in order of time; the first row of a line gives its level at the start and is no edge. A row that repeats the level of its
/// line changes nothing and says how long the recording went on. Empty rows and rows that begin with `#` are skipped.
package struct Recording: Hashable, Sendable {
    package struct Line: Hashable, Sendable {
        package var name: String
        /// The level at the start, then the changes in order of time; a last row that repeats the level marks the end.
        package var edges: [RecordedEdge]
        package init(name: String, edges: [RecordedEdge]) {
            self.name = name
            self.edges = edges
        }
    }

    /// In the order of their first rows; never empty, and no line is without a row.
    package private(set) var lines: [Line] = []
    /// The time of the last row of all.
    package private(set) var end: Int64 = 0

    /// What a file may have at most; some 700,000 rows.
    package static let maximumBytes = 16 << 20
    package static let maximumLines = 64

    package init(parsing bytes: [UInt8]) throws(RecordingError) {
        if bytes.count > Self.maximumBytes { throw .tooLarge }
        var number = 0
        var seenHeader = false
        var start = 0
        while start < bytes.count {
            var stop = start
            while stop < bytes.count, bytes[stop] != 10 { stop += 1 }
            number += 1
            let row = Self.trimmed(bytes[start..<stop])
            start = stop + 1
            // 35 is #, and the three bytes are the mark that some programs put at the start of a UTF-8 file.
            if row.isEmpty || row.first == 35 { continue }
            if !seenHeader {
                guard Self.isHeader(row) else { throw .header(row: number) }
                seenHeader = true
                continue
            }
            try add(row, number)
        }
        if !seenHeader { throw .header(row: max(1, number)) }
        if lines.isEmpty { throw .empty }
        for index in lines.indices { lines[index].edges.dropRepeats() }
    }

    /// The line of that name; without a name the only one, and nil when there are several.
    package func line(named name: String?) -> Line? {
        guard let name else { return lines.count == 1 ? lines[0] : nil }
        return lines.first { $0.name == name }
    }

    private static func isHeader(_ row: ArraySlice<UInt8>) -> Bool {
        var row = row
        if row.starts(with: [0xEF, 0xBB, 0xBF]) { row = row.dropFirst(3) }
        return row.elementsEqual("time_ns,line,level".bytes)
    }

    private mutating func add(_ row: ArraySlice<UInt8>, _ number: Int) throws(RecordingError) {
        let fields = row.split(separator: 44, omittingEmptySubsequences: false)
        guard fields.count == 3 else { throw .fields(row: number, found: fields.count) }
        guard let time = Self.time(Self.trimmed(fields[0])) else { throw .time(row: number) }
        let name = Self.trimmed(fields[1])
        guard !name.isEmpty, name.count <= 64 else { throw .lineName(row: number) }
        let level = Self.trimmed(fields[2])
        guard level.count == 1, let digit = level.first, digit == 48 || digit == 49 else { throw .level(row: number) }
        let edge = RecordedEdge(time: time, isHigh: digit == 49)
        end = max(end, time)
        let text = String(decoding: name, as: UTF8.self)
        if let index = lines.firstIndex(where: { $0.name == text }) {
            guard let last = lines[index].edges.last, last.time <= time else { throw .order(row: number) }
            lines[index].edges.append(edge)
        } else {
            guard lines.count < Self.maximumLines else { throw .tooManyLines(row: number) }
            lines.append(Line(name: text, edges: [edge]))
        }
    }

    /// At most 18 digits: 31 years.
    private static func time(_ digits: ArraySlice<UInt8>) -> Int64? {
        guard !digits.isEmpty, digits.count <= 18 else { return nil }
        var value: Int64 = 0
        for digit in digits {
            guard digit >= 48, digit <= 57 else { return nil }
            value = value * 10 + Int64(digit - 48)
        }
        return value
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 || byte == 13 }
        var bytes = bytes
        while let first = bytes.first, isBlank(first) { bytes = bytes.dropFirst() }
        while let last = bytes.last, isBlank(last) { bytes = bytes.dropLast() }
        return bytes
    }
}

extension [RecordedEdge] {
    /// Leaves out rows that repeat a level, but for one at the end.
    fileprivate mutating func dropRepeats() {
        var kept: [RecordedEdge] = []
        for (index, edge) in enumerated() {
            if let last = kept.last, last.isHigh == edge.isHigh, index != count - 1 { continue }
            kept.append(edge)
        }
        self = kept
    }
}

/// Why bytes are not an edge list. Rows count from 1, as an editor counts.
package enum RecordingError: Error, Hashable, Sendable {
    case header(row: Int)
    case fields(row: Int, found: Int)
    case time(row: Int)
    case order(row: Int)
    case lineName(row: Int)
    case level(row: Int)
    case tooManyLines(row: Int)
    case tooLarge
    case empty

    /// Nil where the whole file is meant.
    package var row: Int? {
        switch self {
        case .header(let row), .fields(let row, _), .time(let row), .order(let row), .lineName(let row), .level(let row),
            .tooManyLines(let row):
            row
        case .tooLarge, .empty: nil
        }
    }

    package var text: String {
        switch self {
        case .header: "the first row is not 'time_ns,line,level'"
        case .fields(_, let found): "\(found) fields where time_ns,line,level are three"
        case .time: "the time is not a whole number of nanoseconds from 0 on, of at most 18 digits"
        case .order: "the time is before that of the line's row above"
        case .lineName: "the name of the line is empty or longer than 64 bytes"
        case .level: "the level is not 0 or 1"
        case .tooManyLines: "more than \(Recording.maximumLines) lines"
        case .tooLarge: "longer than \(Recording.maximumBytes >> 20) MiB"
        case .empty: "no rows"
        }
    }
}
