import Telemetry
import Testing

@testable import Sensors

struct RecordingTests {
    static func parse(_ text: String) throws(RecordingError) -> Recording { try Recording(parsing: Array(text.utf8)) }

    @Test func `each line has its level at the start and its changes`() throws {
        let recording = try Self.parse("time_ns,line,level\n0,a,1\n0,b,0\n5,a,0\n7,b,1\n")
        #expect(
            recording.lines == [
                .init(name: "a", edges: [RecordedEdge(time: 0, isHigh: true), RecordedEdge(time: 5, isHigh: false)]),
                .init(name: "b", edges: [RecordedEdge(time: 0, isHigh: false), RecordedEdge(time: 7, isHigh: true)]),
            ])
        #expect(recording.end == 7)
        #expect(recording.line(named: "b")?.name == "b")
        #expect(recording.line(named: nil) == nil)
        #expect(recording.line(named: "c") == nil)
    }

    @Test func `one line may stand behind another, each in order of time`() throws {
        let recording = try Self.parse("time_ns,line,level\n0,a,1\n9,a,0\n0,b,0\n5,b,1\n")
        #expect(recording.lines.map { $0.edges.map { $0.time } } == [[0, 9], [0, 5]])
        #expect(recording.end == 9)
    }

    @Test func `a row that repeats a level is no change, and the last one marks the end`() throws {
        let recording = try Self.parse("time_ns,line,level\n0,a,1\n3,a,1\n5,a,0\n6,a,0\n9,a,0")
        #expect(recording.line(named: nil)?.edges.map { $0.time } == [0, 5, 9])
        #expect(recording.end == 9)
    }

    @Test func `blanks, carriage returns, comments and a byte order mark are let through`() throws {
        let recording = try Self.parse("\u{FEFF}time_ns,line,level\r\n# a comment\r\n\r\n 0 , data , 1 \r\n5,data,0\r\n")
        #expect(recording.lines.count == 1)
        #expect(recording.end == 5)
    }

    @Test(arguments: [
        ("", .header(row: 1)),
        ("0,a,1\n", .header(row: 1)),
        ("# nothing\n\n", .header(row: 2)),
        ("time_ns,line,level\n", .empty),
        ("time_ns,line,level\n0,a\n", .fields(row: 2, found: 2)),
        ("time_ns,line,level\n0,a,1,1\n", .fields(row: 2, found: 4)),
        ("time_ns,line,level\n\n-1,a,1\n", .time(row: 3)),
        ("time_ns,line,level\n1.5,a,1\n", .time(row: 2)),
        ("time_ns,line,level\n1234567890123456789,a,1\n", .time(row: 2)),
        ("time_ns,line,level\n5,a,1\n4,a,0\n", .order(row: 3)),
        ("time_ns,line,level\n5,,1\n", .lineName(row: 2)),
        ("time_ns,line,level\n5,a,2\n", .level(row: 2)),
        ("time_ns,line,level\n5,a,\n", .level(row: 2)),
        ("time_ns,line,level\n5,a,01\n", .level(row: 2)),
    ] as [(String, RecordingError)])
    func `what is not an edge list is refused with its row`(_ text: String, _ error: RecordingError) {
        #expect(throws: error) { try Self.parse(text) }
    }

    @Test func `more than 64 lines, and more bytes than the limit, are refused`() {
        let text = "time_ns,line,level\n" + (0...64).map { "0,l\($0),1\n" }.joined()
        #expect(throws: RecordingError.tooManyLines(row: 66)) { try Self.parse(text) }
        let long = [UInt8](repeating: 10, count: Recording.maximumBytes + 1)
        #expect(throws: RecordingError.tooLarge) { try Recording(parsing: long) }
    }

    @Test func `bytes at random never stop the parser`() {
        var generator = SystemRandomNumberGenerator()
        let seed = generator.next()
        var state = seed
        for _ in 0..<500 {
            var bytes = Array("time_ns,line,level\n0,a,1\n10,a,0\n20,b,1\n".utf8)
            for _ in 0..<4 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                bytes[Int(state >> 33) % bytes.count] = UInt8(truncatingIfNeeded: state >> 20)
            }
            if let recording = try? Recording(parsing: bytes) {
                #expect(!recording.lines.isEmpty, "seed \(seed)")
            }
        }
    }
}
