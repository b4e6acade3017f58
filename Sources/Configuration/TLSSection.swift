internal import Telemetry

// broker.tls

extension Checker {
    private static func tlsStranger(_ key: String) -> String? {
        switch key {
        case "insecure", "tls_insecure", "verify", "verify_peer", "verify_hostname", "skip_verify", "insecure_skip_verify":
            ": verification cannot be turned off; name the certificate authority of the broker with 'ca_file'"
        case "cafile": "; did you mean 'ca_file'?"
        case "certfile": "; did you mean 'certificate_file'?"
        case "keyfile": "; did you mean 'private_key_file'?"
        default: nil
        }
    }

    mutating func tls(_ entry: Entry, urls: [BrokerURL]) -> TLSSettings? {
        let keys = ["ca_file", "certificate_file", "private_key_file", "psk_identity", "psk"]
        guard let section = section(entry, keys: keys, strangers: Self.tlsStranger) else { return nil }
        // In a list a broker in the house may be plain, and one outside not.
        if !section.entries.isEmpty, let url = urls.first, !urls.contains(where: { $0.scheme == .tls }) {
            error(entry.keyPlace, "tls: has no effect with \(url.text); did you mean 'mqtts://\(url.host)'?")
        }
        var settings = TLSSettings(caFile: path(section, "ca_file"))
        let certificate = path(section, "certificate_file")
        let key = path(section, "private_key_file")
        if arePair(section, "certificate_file", "private_key_file") {
            settings.certificateFile = certificate
            settings.privateKeyFile = key
        }
        let certificates = ["ca_file", "certificate_file", "private_key_file"].compactMap { section[$0] }
        if let psk = section["psk"] ?? section["psk_identity"], let other = certificates.first {
            error(psk.keyPlace, "\(psk.key): goes without certificates; remove it or '\(other.key)'")
        }
        let identity = text(section, "psk_identity", maximum: 128)
        let psk = preSharedKey(section)
        if arePair(section, "psk_identity", "psk"), let identity, let psk {
            settings.psk = TLSSettings.PreSharedKey(identity: identity, key: psk)
        }
        return settings
    }

    /// One needs the other. True: both are there.
    private mutating func arePair(_ section: Section, _ first: String, _ second: String) -> Bool {
        switch (section[first], section[second]) {
        case (let one?, nil): error(one.keyPlace, "\(first): needs '\(second)' too; write both")
        case (nil, let other?): error(other.keyPlace, "\(second): needs '\(first)' too; write both")
        case (nil, nil): break
        case (.some, .some): return true
        }
        return false
    }

    /// Hexadecimal, as in mosquitto's `psk_file`. 64 bytes are more than any cipher takes in strength.
    private mutating func preSharedKey(_ section: Section) -> Secret? {
        guard let entry = section["psk"], let psk = secret(section, "psk", maximum: 128) else { return nil }
        let digits = psk.secret.text.bytes
        let areDigits = digits.allSatisfy { (48...57).contains($0) || (65...70).contains($0) || (97...102).contains($0) }
        guard areDigits, digits.count % 2 == 0 else {
            error(
                entry.value.place,
                areDigits
                    ? "psk: has an odd number of hexadecimal digits; two make a byte"
                    : "psk: is not hexadecimal; write it as 'openssl rand -hex 32' gives one")
            return nil
        }
        if psk.isLiteral {
            warning(entry.value.place, "psk: stands here for all who can read the file; use {credential: NAME} or {file: PATH}")
        }
        if digits.count < 32 {
            warning(entry.value.place, "psk: \(digits.count / 2) bytes can be guessed; 16 at least should be used, see 'openssl rand -hex 32'")
        }
        return psk.secret
    }
}
