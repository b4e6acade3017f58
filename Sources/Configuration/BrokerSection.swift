internal import Telemetry

extension Checker {
    private static func brokerStranger(_ key: String) -> String? {
        switch key {
        case "host", "server": "; write it into the URL: 'url: mqtt://HOST'"
        case "port": "; write it into the URL: 'url: mqtt://HOST:PORT'"
        case "user": "; did you mean 'username'?"
        case "qos", "prefix": "; it belongs into 'publish'"
        case "topic": "; did you mean publish.prefix?"
        default: nil
        }
    }

    /// - Parameter device: for the default of `client_id`.
    mutating func broker(_ entry: Entry, device: String) -> BrokerSettings? {
        guard
            let section = section(
                entry,
                keys: [
                    "url", "protocol", "client_id", "username", "password", "tls", "keep_alive", "reconnect", "in_flight",
                    "rate_limit", "connect",
                ], strangers: Self.brokerStranger)
        else { return nil }
        require(section, "url", example: "mqtt://HOST")
        let urls = brokerURLs(section)
        var clientID = text(section, "client_id", maximum: 65_535, wanted: "a client identifier")
        if section["client_id"] == nil { clientID = "godwit-\(device)" }
        let username = text(section, "username", maximum: 65_535)
        let protocolWord = word(section, "protocol", ["auto", "5", "3.1.1"])
        let password = password(section, urls: urls, protocolWord: protocolWord)
        let tls = section["tls"].flatMap { self.tls($0, urls: urls) }
        let keepAlive = keepAlive(section)
        let reconnect = reconnect(section)
        let inFlight = integer(section, "in_flight", 1...1000)
        let rateLimit = integer(section, "rate_limit", 1...1_000_000)
        let schedule = connect(section)
        guard !urls.isEmpty, let clientID else { return nil }
        var settings = BrokerSettings(urls: urls, clientID: clientID, username: username, password: password)
        switch protocolWord {
        case "5": settings.protocolChoice = .v5
        case "3.1.1": settings.protocolChoice = .v311
        default: settings.protocolChoice = .auto
        }
        if let tls { settings.tls = tls }
        if let keepAlive { settings.keepAlive = keepAlive }
        settings.reconnectMinimum = reconnect.minimum
        settings.reconnectMaximum = reconnect.maximum
        if let inFlight { settings.inFlight = Int(inFlight) }
        settings.rateLimit = rateLimit.map { Int($0) }
        settings.schedule = schedule
        return settings
    }

    private static let brokerLimit = 16

    private mutating func brokerURLs(_ section: Section) -> [BrokerURL] {
        guard let entry = section["url"] else { return [] }
        guard let elements = entry.value.elements else {
            return brokerURL(entry).map { [$0] } ?? []
        }
        if elements.isEmpty {
            error(entry.value.place, "url: the list is empty; write at least one, as in 'mqtt://HOST'")
            return []
        }
        if elements.count > Self.brokerLimit {
            error(elements[Self.brokerLimit].place, "url: the list has \(elements.count) brokers; \(Self.brokerLimit) at most are allowed")
        }
        var urls: [BrokerURL] = []
        for element in elements {
            guard let url = brokerURL(Entry(key: "url", keyPlace: element.place, value: element)) else { continue }
            if urls.contains(where: { $0.host == url.host && $0.port == url.port }) {
                error(element.place, "url: \(url.text) stands here twice; remove one")
            }
            urls.append(url)
        }
        return urls
    }

    private mutating func brokerURL(_ entry: Entry) -> BrokerURL? {
        guard let scalar = scalar(entry, wanted: "a URL, as in 'mqtt://HOST'") else { return nil }
        do throws(BrokerURLError) {
            return try BrokerURL(parsing: scalar.text)
        } catch {
            if let reference = scalar.reference {
                self.error(scalar.place, "url: the value of \(reference.text) is no URL of a broker; write one as in 'mqtt://HOST'")
            } else {
                self.error(scalar.place, "url: \(error.text)")
            }
            return nil
        }
    }

    private mutating func password(_ section: Section, urls: [BrokerURL], protocolWord: String?) -> Secret? {
        guard let entry = section["password"] else { return nil }
        let password = secret(section, "password", maximum: 65_535)
        if section["username"] == nil, protocolWord != "5" {
            error(entry.keyPlace, "password: MQTT 3.1.1 takes none without a user name; write 'username: NAME', or 'protocol: 5'")
        }
        guard let password else { return nil }
        if password.isLiteral {
            warning(
                entry.value.place,
                "password: stands here for all who can read the file; use {credential: NAME} or {file: PATH}")
        }
        if let url = urls.first(where: { $0.scheme == .plain && !$0.isLoopback }) {
            warning(entry.keyPlace, "password: goes to \(url.host) unencrypted; use mqtts://")
        }
        return password.secret
    }

    private mutating func keepAlive(_ section: Section) -> Duration? {
        guard let value = duration(section, "keep_alive", .seconds(5)...(.seconds(18 * 3600))),
            let entry = section["keep_alive"]
        else { return nil }
        // MQTT counts it in seconds (MQTT 3.1.1 §3.1.2.10).
        guard value.nanoseconds % 1_000_000_000 == 0 else {
            error(entry.value.place, "keep_alive: \(Units.text(value)) is no whole number of seconds; write '\(value.components.seconds) s'")
            return nil
        }
        return value
    }

    private mutating func reconnect(_ section: Section) -> (minimum: Duration, maximum: Duration) {
        var result = (minimum: Duration.seconds(1), maximum: Duration.seconds(120))
        guard let entry = section["reconnect"],
            let inner = self.section(entry, keys: ["minimum", "maximum"])
        else { return result }
        let range = Duration.milliseconds(10)...(.seconds(86_400))
        let minimum = duration(inner, "minimum", range)
        let maximum = duration(inner, "maximum", range)
        if let minimum { result.minimum = minimum }
        if let maximum { result.maximum = maximum }
        if result.minimum > result.maximum {
            let place = (minimum != nil ? inner["minimum"] : inner["maximum"])?.value.place ?? entry.keyPlace
            error(
                place,
                "reconnect: minimum (\(Units.text(result.minimum))) is above maximum (\(Units.text(result.maximum))); write the larger one as maximum"
            )
            result.maximum = result.minimum
        }
        return result
    }

    /// Nil for `always`.
    private mutating func connect(_ section: Section) -> ConnectSchedule? {
        guard let entry = section["connect"] else { return nil }
        guard entry.value.scalar == nil, Reference(entry.value) == nil else {
            _ = word(section, "connect", ["always"])
            return nil
        }
        guard let inner = self.section(entry, keys: ["every", "for_at_most"]) else { return nil }
        let every = duration(inner, "every", .seconds(10)...(.seconds(7 * 86_400)))
        let limit = duration(inner, "for_at_most", .seconds(5)...(.seconds(86_400)))
        for key in ["every", "for_at_most"] where inner[key] == nil {
            error(entry.value.place, "connect: '\(key)' is missing; write 'connect: {every: 15 min, for_at_most: 2 min}'")
        }
        guard let every, let limit, let limitEntry = inner["for_at_most"] else { return nil }
        if limit >= every {
            error(limitEntry.value.place, "for_at_most: \(Units.text(limit)) is not below 'every' (\(Units.text(every))); write less")
        }
        return ConnectSchedule(every: every, forAtMost: limit)
    }
}
