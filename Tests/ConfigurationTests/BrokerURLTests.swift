import Configuration
import Testing

@Suite struct BrokerURLTests {
    @Test(arguments: [
        ("mqtt://homeassistant.local", BrokerURL.Scheme.plain, "homeassistant.local", UInt16(1883)),
        ("mqtts://broker.example:8884", .tls, "broker.example", 8884),
        ("mqtts://broker.example/", .tls, "broker.example", 8883),
        ("mqtt://127.0.0.1:11883", .plain, "127.0.0.1", 11883),
        ("mqtt://[::1]", .plain, "::1", 1883),
        ("mqtts://[2001:db8::1]:9000", .tls, "2001:db8::1", 9000),
        ("mqtt://[fe80::1%eth0]", .plain, "fe80::1%eth0", 1883),
        ("mqtt://[::ffff:192.0.2.1]", .plain, "::ffff:192.0.2.1", 1883),
        ("mqtt://[::]", .plain, "::", 1883),
        ("mqtt://[1:2:3:4:5:6:7:8]", .plain, "1:2:3:4:5:6:7:8", 1883),
    ])
    func `a broker has a scheme, a host and a port`(text: String, scheme: BrokerURL.Scheme, host: String, port: UInt16)
        throws
    {
        let url = try BrokerURL(parsing: text)
        #expect(url.scheme == scheme)
        #expect(url.host == host)
        #expect(url.port == port)
        #expect(url.text == text)
    }

    @Test(arguments: [
        ("broker.example", "did you mean 'mqtt://broker.example'?"),
        ("tcp://broker", "did you mean 'mqtt'?"),
        ("ssl://broker", "did you mean 'mqtts'?"),
        ("http://broker", "known are mqtt"),
        ("mqtt://", "has no host"),
        ("mqtt://:1883", "has no host"),
        ("mqtt://broker:0", "outside 1 ... 65535"),
        ("mqtt://broker:65536", "outside 1 ... 65535"),
        ("mqtt://broker:", "outside 1 ... 65535"),
        ("mqtt://broker:+1", "outside 1 ... 65535"),
        ("mqtt://broker/topic", "has a path"),
        ("mqtt://user:word@broker", "broker.username"),
        ("mqtt://2001:db8::1", "in brackets"),
        ("mqtt://[2001:db8::1", "not closed"),
        ("mqtt://[1:2:3]", "no IPv6 address"),
        ("mqtt://[1::2::3]", "no IPv6 address"),
        ("mqtt://[1:2:3:4:5:6:7:8:9]", "no IPv6 address"),
        ("mqtt://[:1]", "no IPv6 address"),
        ("mqtt://[::300.1.1.1]", "no IPv6 address"),
        ("mqtt://[fe80::1%]", "no IPv6 address"),
        ("mqtt://[::1]1883", "write [ADDRESS]:PORT"),
        ("mqtt://a b", "is no host name"),
        ("mqtt://a..b", "is no host name"),
    ])
    func `what is no broker names the next step`(text: String, part: String) {
        do throws(BrokerURLError) {
            let url = try BrokerURL(parsing: text)
            Issue.record("\(text) was read as \(url)")
        } catch {
            #expect(error.text.contains(part))
        }
    }

    @Test func `a password over a plain connection is harmless only to this machine`() throws {
        #expect(try BrokerURL(parsing: "mqtt://localhost").isLoopback)
        #expect(try BrokerURL(parsing: "mqtt://127.0.0.2").isLoopback)
        #expect(try BrokerURL(parsing: "mqtt://[::1]").isLoopback)
        #expect(!(try BrokerURL(parsing: "mqtt://192.0.2.1").isLoopback))
    }
}
