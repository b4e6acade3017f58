import Configuration
import Telemetry
import Testing

@Suite struct TLSSectionTests {
    private func tls(_ keys: String, secret: String = "00112233445566778899aAbBcCdDeEfF") -> (lines: [String], settings: TLSSettings?) {
        let result = check("broker: {url: \"mqtts://b\", tls: {\(keys)}}", resolve: { _, _ in .text(secret) })
        return (result.lines, result.settings?.broker.tls)
    }

    @Test func `a client certificate and its key are taken together`() {
        let (lines, settings) = tls("ca_file: ca.pem, certificate_file: me.pem, private_key_file: /k/me.key")
        #expect(lines == [])
        #expect(settings?.caFile == "/etc/godwit/ca.pem")
        #expect(settings?.certificateFile == "/etc/godwit/me.pem")
        #expect(settings?.privateKeyFile == "/k/me.key")
        #expect(settings?.psk == nil)
    }

    @Test func `a PSK is hexadecimal and is taken with its identity`() {
        let (lines, settings) = tls("psk_identity: greenhouse-1, psk: {credential: psk}")
        #expect(lines == [])
        #expect(settings?.psk?.identity == "greenhouse-1")
        #expect(settings?.psk?.keyBytes == (0...15).map { UInt8($0 * 17) })
        #expect(settings?.certificateFile == nil)
    }

    @Test func `a literal PSK and a short one are taken with warnings`() {
        let (lines, settings) = tls("psk_identity: a, psk: abcd")
        #expect(lines.count == 2 && lines.allSatisfy { $0.contains("warning: psk:") }, "\(lines)")
        #expect(settings?.psk?.keyBytes == [0xAB, 0xCD])
    }

    @Test(arguments: [
        ("certificate_file: x", "needs 'private_key_file' too"), ("private_key_file: x", "needs 'certificate_file' too"),
        ("psk: {credential: c}", "needs 'psk_identity' too"), ("psk_identity: x", "needs 'psk' too"),
        ("ca_file: a, psk: {credential: c}, psk_identity: y", "goes without certificates; remove it or 'ca_file'"),
        ("certificate_file: a, private_key_file: b, psk: {credential: c}, psk_identity: y", "goes without certificates"),
        ("psk_identity: x, psk: abc", "an odd number of hexadecimal digits"), ("psk_identity: x, psk: tiger", "is not hexadecimal"),
        ("psk_identity: \"\", psk: {credential: c}", "psk_identity: is empty"),
        ("psk_identity: x, psk: \(String(repeating: "ab", count: 65))", "1 ... 128 bytes"),
        ("verify: false", "verification cannot be turned off"), ("certfile: x", "did you mean 'certificate_file'?"),
    ])
    func `what is not right is said once`(keys: String, part: String) {
        let (lines, settings) = tls(keys)
        #expect(lines.filter { $0.contains("error:") && $0.contains(part) }.count == 1, "\(lines)")
        #expect(settings == nil)
    }

    @Test func `plain brokers alone have no use for it`() {
        let result = check("broker: {url: [\"mqtt://b\", \"mqtt://c\"], tls: {ca_file: x}}")
        #expect(result.problems.count == 1 && result.problems[0].text.contains("did you mean 'mqtts://b'?"), "\(result.lines)")
    }
}
