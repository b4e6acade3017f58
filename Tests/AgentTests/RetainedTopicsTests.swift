import MQTTSession
import RingStore
import Telemetry
import Testing

@testable import Agent

@Suite struct RetainedTopicsTests {
    @Test func `what was announced and is not wanted is stale`() {
        var topics = RetainedTopics()
        topics.add(["a", "b", "c"])
        topics.add(["b", "d"])
        #expect(topics.topics == ["a", "b", "c", "d"])
        #expect(topics.revision == 2)
        #expect(topics.stale(wanted: ["d", "a", "x"]) == ["b", "c"])
        topics.remove(["b", "nothing"])
        #expect(topics.topics == ["a", "c", "d"] && topics.revision == 3)
    }

    @Test func `they are written and read again, and damage ends the list`() {
        var topics = RetainedTopics()
        topics.add(["godwit/a/status", "gødwit/b/outputs/x", String(repeating: "t", count: 255)])
        let bytes = topics.encoded
        #expect(RetainedTopics.decoded(bytes) == topics.topics)
        for count in bytes.indices { #expect(topics.topics.starts(with: RetainedTopics.decoded(Array(bytes.prefix(count))))) }
        for topic in ["a/+", "#", "$SYS/x", "a\u{0}b"] {
            var bad = RetainedTopics()
            bad.add(["fine", topic, "behind"])
            #expect(RetainedTopics.decoded(bad.encoded) == ["fine"])
        }
    }

    @Test func `they are bounded`() {
        var topics = RetainedTopics()
        topics.add((0..<5000).map { "t\($0)" })
        #expect(topics.topics.count == RetainedTopics.limit && topics.topics.first == "t3976")
        #expect(RetainedTopics.decoded(topics.encoded).count == RetainedTopics.limit)
    }

    @Test func `what an earlier process left is cleared, once, and only what is not wanted`() {
        var old = RetainedTopics()
        old.add(["godwit/old/status", "godwit/bench/alerts/gone", "godwit/bench/status"])
        var bench = Bench()
        bench.agent.restoreAnnounced(old.encoded)
        bench.run(for: .seconds(3))
        #expect(bench.payloads(on: "godwit/old/status") == [""])
        #expect(bench.payloads(on: "godwit/bench/alerts/gone") == [""])
        #expect(bench.payloads(on: "godwit/bench/status") == ["online"])
        #expect(bench.published.filter { $0.payload.isEmpty }.allSatisfy { $0.retain && $0.qos == 0 })
        bench.loseConnection()
        bench.run(for: .seconds(60))
        #expect(bench.payloads(on: "godwit/old/status") == [""])
        #expect(bench.agent.retained.topics == ["godwit/bench/status", "godwit/bench/info", "godwit/bench/metrics"])
    }

    @Test func `a broker that closes the connection for it is asked three times`() {
        var bench = Bench()
        bench.agent.retained.add(["godwit/old/status"])
        for _ in 0..<8 {
            bench.acknowledges = false
            bench.run(for: .seconds(1))
            bench.loseConnection()
            bench.run(for: .seconds(600))
        }
        #expect(bench.payloads(on: "godwit/old/status").count == 3)
        #expect(bench.log.contains { $0.text.contains("does not let topics be cleared") })
    }

    @Test func `over a restart, clean or not, what the configuration no longer has is cleared`() {
        for isClean in [true, false] {
            var bench = Bench()
            bench.run(for: .seconds(700))
            if isClean {
                bench.give(.stop)
                bench.run(for: .seconds(6))
            }
            var next = bench.restarted(deviceID: "other")
            next.run(for: .seconds(3))
            for topic in ["status", "info", "metrics"] { #expect(next.payloads(on: "godwit/bench/\(topic)") == [""]) }
            #expect(next.payloads(on: "godwit/other/status") == ["online"])
            // And it is not cleared for ever.
            next.run(for: .seconds(700))
            var third = next.restarted(deviceID: "other")
            third.run(for: .seconds(3))
            #expect(third.payloads(on: "godwit/bench/status").isEmpty)
            #expect(third.writes[.state] == nil)
        }
    }
}
