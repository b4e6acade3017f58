import Foundation
import Testing

/// `godwit decode` and `godwit sensors`, as a person runs them.
struct DecodeTests {
    static let captures = Build.root.appendingPathComponent("../shared/captures").standardizedFileURL
    static var haveCaptures: Bool { FileManager.default.fileExists(atPath: captures.path) }

    static func decode(_ build: Build, _ arguments: [String]) throws -> Outcome {
        try run(build.executable("godwit"), ["decode"] + arguments, folder: Build.root)
    }

    @Test(
        .enabled(if: haveCaptures, "the captures are not beside the project"), arguments: Build.built,
        [
            ("am2301", "am2301_1mhz.csv", 2, #","temperature":25.6,"humidity":52.6}"#),
            ("dht11", "dht11_1mhz.csv", 2, #","temperature":27.0,"humidity":36.0}"#),
            ("dht22", "am2302_1mhz_3samples.csv", 3, #","temperature":24.8,"humidity":47."#),
        ])
    func `a recording of a real part is read`(
        _ build: Build, _ capture: (model: String, file: String, count: Int, line: String)
    ) throws {
        let outcome = try Self.decode(build, [capture.model, Self.captures.appendingPathComponent(capture.file).path])
        #expect(outcome.status == 0)
        #expect(outcome.error == "")
        let lines = outcome.output.split(separator: "\n")
        #expect(lines.count == capture.count)
        // The last of the three samples of the AM2302 has 46.8 %RH.
        for line in lines.prefix(2) { #expect(line.hasPrefix(#"{"time_ns":"#) && line.contains(capture.line), "\(line)") }
    }

    @Test(arguments: Build.built)
    func `the project's own recordings are read, the negative temperature too`(_ build: Build) throws {
        let air = try Self.decode(build, ["am2302", "config/captures/am2302.csv"])
        #expect(air.status == 0)
        #expect(air.output.contains(#"{"time_ns":2000000000,"temperature":21.5,"humidity":52.6}"#))
        #expect(air.output.contains(#""temperature":-1.2,"humidity":81.3}"#))
        #expect(air.output.split(separator: "\n").count == 5)
    }

    @Test(arguments: Build.built)
    func `a contact has a line for each edge and a pulse counter one for all`(_ build: Build) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("time_ns,line,level\n0,a,1\n0,b,1\n5,a,0\n9,a,1\n12,a,0\n20,b,0\n", to: "two.csv")
        let contact = try Self.decode(build, ["contact", path, "--line", "a"])
        #expect(contact.output == "{\"time_ns\":5,\"state\":1}\n{\"time_ns\":9,\"state\":0}\n{\"time_ns\":12,\"state\":1}\n")
        #expect(contact.status == 0)
        let pulses = try Self.decode(build, ["pulse-counter", path, "--line", "a"])
        #expect(pulses.output == "{\"time_ns\":12,\"pulses\":2,\"amount\":2,\"total\":2}\n")
        let several = try Self.decode(build, ["contact", path])
        #expect(several.status == 64)
        #expect(several.error.contains("--line NAME, one of a, b"))
        #expect(try Self.decode(build, ["contact", path, "--line", "c"]).status == 64)
    }

    @Test(arguments: Build.built)
    func `an error is a line with its evidence, and the exit says that the answer is no`(_ build: Build) throws {
        // The comment, the header, the level at the start, two edges of the start pulse, and 84 of the answer.
        let text = try String(contentsOf: Build.root.appendingPathComponent("config/captures/am2302.csv"), encoding: .utf8)
        let rows = text.split(separator: "\n").prefix(3 + 2 + 84)
        let folder = try TemporaryFolder()
        let short = try folder.write(rows.dropLast(4).joined(separator: "\n") + "\n", to: "short.csv")
        let outcome = try Self.decode(build, ["am2302", short])
        #expect(outcome.status == 1)
        #expect(outcome.output.hasPrefix(#"{"time_ns":2000000000,"error":"short","detail":""#))
        let silent = try folder.write("time_ns,line,level\n0,data,1\n1000000,data,0\n2100000,data,1\n", to: "silent.csv")
        let none = try Self.decode(build, ["am2302", silent])
        #expect(none.status == 1)
        #expect(none.output == "{\"time_ns\":1000000,\"error\":\"no-answer\",\"detail\":\"no answer to the start pulse\"}\n")
        let idle = try folder.write("time_ns,line,level\n0,data,1\n", to: "idle.csv")
        let nothing = try Self.decode(build, ["am2302", idle])
        #expect(nothing.status == 1)
        #expect(nothing.output == "")
    }

    @Test(arguments: Build.built)
    func `what is no recording is bad data, told with its row`(_ build: Build) throws {
        let folder = try TemporaryFolder()
        let bad = try folder.write("time_ns,line,level\n0,data,1\n5,data,2\n", to: "bad.csv")
        let outcome = try Self.decode(build, ["am2302", bad])
        #expect(outcome.status == 65)
        #expect(outcome.output == "")
        #expect(outcome.error.hasPrefix("godwit: \(bad):3: the level is not 0 or 1; "))
        #expect(try Self.decode(build, ["am2302", folder.path]).status == 65)
        #expect(try Self.decode(build, ["am2302", folder.path + "/none.csv"]).status == 66)
        #expect(try Self.decode(build, ["am2320", bad]).error.contains("did you mean 'am2302'?"))
        #expect(try Self.decode(build, ["am2320", bad]).status == 64)
        #expect(try Self.decode(build, ["synthetic", bad]).status == 64)
        #expect(try Self.decode(build, ["am2302"]).status == 64)
    }

    @Test(arguments: Build.built)
    func `a recording comes through standard input as well`(_ build: Build) throws {
        let outcome = try run(
            build.executable("godwit"), ["decode", "contact", "-"], input: "time_ns,line,level\n0,door,1\n7,door,0\n")
        #expect(outcome.output == "{\"time_ns\":7,\"state\":1}\n")
    }

    @Test(arguments: Build.built)
    func `the catalog is listed, and each model describes itself`(_ build: Build) throws {
        let list = try run(build.executable("godwit"), ["sensors"])
        #expect(list.status == 0)
        for model in ["contact", "pulse-counter", "am2302", "dht11", "synthetic"] {
            #expect(list.output.contains("\n\(model) ") || list.output.hasPrefix("\(model) "))
            let one = try run(build.executable("godwit"), ["sensors", model])
            #expect(one.status == 0)
            for part in ["Quantities\n", "Keys", "Wiring\n", "Example\n", "model: \(model)"] { #expect(one.output.contains(part)) }
        }
        #expect(try run(build.executable("godwit"), ["sensors", "dht22"]).output.hasPrefix("am2302: "))
        #expect(try run(build.executable("godwit"), ["sensors", "thermometer"]).status == 64)
    }

    struct Model: Decodable {
        struct Quantity: Decodable { var name: String, unit: String, decimals: Int }
        var model: String, aliases: [String], line: Bool, quantities: [Quantity]
    }

    @Test(arguments: Build.built)
    func `for programs the catalog is one JSON value a line`(_ build: Build) throws {
        let output = try run(build.executable("godwit"), ["sensors", "--json"]).output
        let models = try output.split(separator: "\n").map { try JSONDecoder().decode(Model.self, from: Data($0.utf8)) }
        #expect(models.map { $0.model } == ["contact", "pulse-counter", "am2302", "dht11", "synthetic"])
        try #require(models.count == 5)
        #expect(models[2].aliases == ["dht22", "am2301", "rht03"])
        #expect(models[2].quantities.map { $0.unit } == ["Cel", "%RH"])
    }

    static let python = ["/usr/bin/python3", "/usr/local/bin/python3"].first { FileManager.default.isExecutableFile(atPath: $0) }

    @Test(.enabled(if: python != nil, "there is no python3"))
    func `the recordings of the project are what its script makes`() throws {
        let script = Build.root.appendingPathComponent("scripts/make-captures").path
        let outcome = try run(try #require(Self.python), [script, "--check"])
        #expect(outcome.status == 0, "\(outcome.error)")
    }
}
