import Payloads
import Testing

@Test func `topic names are those of the contract`() {
    let topics = TopicNames(prefix: "godwit", device: "greenhouse-1")
    #expect(topics.sensor("air") == "godwit/greenhouse-1/sensors/air")
    #expect(topics.unstamped("air") == "godwit/greenhouse-1/unstamped/air")
    #expect(topics.live("air") == "godwit/greenhouse-1/live/air")
    #expect(topics.alert("frost") == "godwit/greenhouse-1/alerts/frost")
    #expect(topics.output("siren") == "godwit/greenhouse-1/outputs/siren")
    #expect(topics.outputSet("siren") == "godwit/greenhouse-1/outputs/siren/set")
    #expect(topics.readings == "godwit/greenhouse-1/readings")
    #expect(topics.losses == "godwit/greenhouse-1/losses")
    #expect(topics.status == "godwit/greenhouse-1/status")
    #expect(topics.info == "godwit/greenhouse-1/info")
    #expect(topics.metrics == "godwit/greenhouse-1/metrics")
    #expect(topics.command == "godwit/greenhouse-1/command")
    #expect(topics.response == "godwit/greenhouse-1/response")
    #expect(topics.log == "godwit/greenhouse-1/log")
}

@Test func `a prefix may have several levels`() {
    #expect(TopicNames(prefix: "farm/north", device: "a").status == "farm/north/a/status")
}
