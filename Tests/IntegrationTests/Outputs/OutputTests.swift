import Foundation
import TestSupport
import Testing

/// What outputs are over the life of a daemon, seen at the broker and in the metrics.
struct OutputTests {
    private static let outputs = """
          - {id: lamp, line: {chip: bench, name: lamp}, initial: on}
          - {id: heat, line: {chip: bench, offset: 40}, group: climate}
          - {id: cool, line: {chip: bench, offset: 41}, group: climate, on_exit: on}
          - {id: vent, line: {chip: bench, name: vent}, on_offline: {state: on, after: 2 s}}
          - {id: absent, line: NO-SUCH-LINE}
        """

    private func states(_ bench: CommandBench) -> [String: Any] {
        ((try? bench.daemon.status())?["outputs"] as? [String: Any]) ?? [:]
    }

    @Test(arguments: Build.built)
    func `what each line is stays at the broker, through a lost connection, a stop and a crash`(build: Build) async throws {
        try await background {
            let bench = try CommandBench(build, more: Self.outputs)
            let subscriber = try Subscriber(bench.broker, ["godwit/bench/outputs/#"])
            try bench.daemon.start()
            func isTold(_ output: String, _ state: String) -> Bool {
                subscriber.wait(within: 20) { _ in bench.state(subscriber, output) == state }
            }
            for (output, state) in [("siren", "off"), ("lamp", "on"), ("heat", "off"), ("cool", "off"), ("vent", "off")] {
                #expect(isTold(output, state), "\(output): \(bench.daemon.log)")
            }
            #expect(bench.daemon.waitForLog("no line for an output output=absent error=missing", within: 20))
            let found = states(bench)
            #expect(found["lamp"] as? String == "on" && found["siren"] as? String == "off" && found["absent"] is NSNull)

            // A pulse, and one of a group at a time.
            #expect(try bench.command("output", "id=siren", "state=on", "for=500 ms").status == 0)
            #expect(isTold("siren", "on") && isTold("siren", "off"))
            #expect(try bench.command("output", "id=heat", "state=on").status == 0)
            #expect(isTold("heat", "on"))
            #expect(try bench.command("output", "id=cool", "state=on").status == 0)
            #expect(isTold("cool", "on") && isTold("heat", "off"))
            let order = subscriber.lines.filter { $0.topic.hasSuffix("/heat") || $0.topic.hasSuffix("/cool") }
            var on: Set<String> = []
            for line in order {
                if line.payload == "on" { on.insert(line.topic) } else { on.remove(line.topic) }
                #expect(on.count <= 1, "\(order)")
            }

            // A broker that has forgotten everything is told again, and what was done while it was away is done.
            bench.broker.kill()
            #expect(waitUntil(30) { states(bench)["vent"] as? String == "on" }, "on_offline: \(bench.daemon.log)")
            #expect(try bench.command("output", "id=lamp", "state=toggle").status == 0)
            try bench.broker.start()
            let second = try Subscriber(bench.broker, ["godwit/bench/outputs/#"])
            for (output, state) in [("siren", "off"), ("lamp", "off"), ("cool", "on"), ("vent", "on")] {
                #expect(second.wait(within: 30) { _ in bench.state(second, output) == state }, "\(output): \(bench.daemon.log)")
            }

            // on_exit is the last that is told; a restart begins with initial.
            #expect(try bench.command("output", "id=siren", "state=on").status == 0)
            #expect(second.wait(within: 20) { _ in bench.state(second, "siren") == "on" })
            #expect(bench.daemon.stop().status == 0)
            let third = try Subscriber(bench.broker, ["godwit/bench/outputs/#"])
            for (output, state) in [("siren", "off"), ("lamp", "off"), ("heat", "off"), ("cool", "on"), ("vent", "off")] {
                #expect(third.wait(within: 20) { _ in bench.state(third, output) == state }, "\(output): \(third.lines) \(bench.daemon.log)")
            }
            #expect(third.lines.allSatisfy { $0.isRetained && $0.qos == 1 }, "\(third.lines)")
            try bench.daemon.start()
            #expect(third.wait(within: 30) { _ in bench.state(third, "lamp") == "on" && bench.state(third, "cool") == "off" })
            bench.daemon.kill()
            try bench.daemon.start()
            #expect(waitUntil(30) { states(bench)["lamp"] as? String == "on" && states(bench)["cool"] as? String == "off" })
            #expect(bench.daemon.stop().status == 0)
        }
    }
}
