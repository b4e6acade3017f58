import Foundation
import TestSupport
import Testing

/// A daemon with a sensor and two outputs on a replayed chip, at a broker of its own.
struct CommandBench {
    let broker: MosquittoBroker
    let daemon: Daemon
    let build: Build

    /// - Parameter more: lines of the configuration.
    init(_ build: Build, options: MosquittoBroker.Options = .init(), broker settings: String = "", more: String = "") throws {
        self.build = build
        broker = try MosquittoBroker(options)
        let folder = try TemporaryFolder()
        _ = try folder.write("time_ns,line,level\n0,siren,0\n0,pump,0\n0,lamp,0\n", to: "lines.csv")
        daemon = try Daemon(build, configuration: Self.configuration(port: broker.port, settings, more), folder: folder)
    }

    static func configuration(port: UInt16, _ settings: String = "", _ more: String = "") -> String {
        """
        device: {id: bench}
        broker: {url: "mqtt://127.0.0.1:\(port)", reconnect: {minimum: 100 ms, maximum: 500 ms}\(settings)}
        publish: {clock: trust, metrics_every: 0 s}
        buffer: {size: 256 KiB}
        chips:
          - {name: bench, replay: lines.csv}
        sensors:
          - {id: n, model: synthetic, waveform: counter, every: 200 ms}
        outputs:
          - {id: siren, line: {chip: bench, name: siren}, remote: true}
          - {id: pump, line: {chip: bench, name: pump}}
        \(more)
        """
    }

    /// `godwit command WORDS`.
    func command(_ words: String..., json: Bool = true) throws -> Outcome {
        try run(
            build.executable("godwit"),
            ["command"] + words + ["--state-directory", daemon.stateFolder] + (json ? ["--json"] : []))
    }

    /// Publishes on `P/command` and waits for the answer with this id.
    func ask(_ subscriber: Subscriber, _ id: String, _ members: String) throws -> [String: Any] {
        try broker.publish(#"{"id":"\#(id)",\#(members)}"#, to: "godwit/bench/command", [])
        var answer: [String: Any]?
        let came = subscriber.wait(within: 20) { lines in
            answer = lines.lazy.filter { $0.topic == "godwit/bench/response" }.compactMap { object($0.payload) }
                .first { $0["id"] as? String == id }
            return answer != nil
        }
        guard came, let answer else { throw PeerError.timeout("no answer to \(members): \(daemon.log)") }
        return answer
    }

    /// What the line of an output is, as published last.
    func state(_ subscriber: Subscriber, _ output: String) -> String? {
        subscriber.lines.last { $0.topic == "godwit/bench/outputs/\(output)" }?.payload
    }

    var ignored: Int { ((try? daemon.status())?["ignored_commands"] as? Int) ?? -1 }
}

func object(_ json: String) -> [String: Any]? {
    (try? JSONSerialization.jsonObject(with: Data(json.utf8))) as? [String: Any]
}
