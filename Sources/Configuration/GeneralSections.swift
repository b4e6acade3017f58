internal import Telemetry

// device, publish, buffer, log, home_assistant.

private let day = Duration.seconds(86_400)

extension Checker {
    mutating func device(_ entry: Entry?, hostName: String) -> DeviceSettings {
        let standard = Identifiers.device(hostName: hostName)
        guard let entry, let section = section(entry, keys: ["id", "name", "location"]) else {
            return DeviceSettings(id: standard)
        }
        let id = identifier(section)
        let name = text(section, "name")
        let location = text(section, "location", mayBeEmpty: true)
        return DeviceSettings(id: id ?? standard, name: name, location: location ?? "")
    }

    /// - Parameter discovery: `home_assistant.discovery`, for what `live` may be.
    mutating func publish(_ entry: Entry, sync: Duration, discovery: Bool) -> PublishSettings {
        var settings = PublishSettings()
        let keys = [
            "prefix", "qos", "encoding", "batch", "identify", "live", "metrics_every", "clock", "wait_for_clock",
        ]
        guard let section = section(entry, keys: keys) else { return settings }
        if let prefix = text(section, "prefix", maximum: 65_535, wanted: "topic levels, as in 'godwit'"),
            let place = section["prefix"]?.value.place
        {
            if let problem = Identifiers.problem(inPrefix: prefix) {
                error(place, "prefix: \(problem)")
            } else {
                settings.prefix = prefix
            }
        }
        if let qos = integer(section, "qos", 1...2) { settings.qos = UInt8(qos) }
        choose(section, "encoding", built: ["json"], later: ["senml-json", "senml-cbor", "sparkplug-b"])
        settings.batch = batch(section, sync: sync)
        if let identify = logical(section, "identify") { settings.identify = identify }
        settings.live = live(section, discovery: discovery)
        if let every = duration(section, "metrics_every", .seconds(1)...day, orZero: true) { settings.metricsEvery = every }
        switch word(section, "clock", ["kernel", "rtc", "trust"]) {
        case "rtc": settings.clock = .rtc
        case "trust": settings.clock = .trust
        default: break
        }
        if let wait = duration(section, "wait_for_clock", .zero...day) { settings.waitForClock = wait }
        return settings
    }

    /// A word of which some are built; the built one that was chosen.
    @discardableResult
    private mutating func choose(_ section: Section, _ key: String, built: [String], later: [String]) -> String? {
        guard let chosen = word(section, key, built + later), let place = section[key]?.value.place else { return nil }
        if built.contains(chosen) { return chosen }
        notYet(key, place, "\(chosen); built: \(built.joined(separator: ", "))")
        return nil
    }

    /// Nil for `off`.
    private mutating func batch(_ section: Section, sync: Duration) -> BatchLimits? {
        guard let entry = section["batch"] else { return nil }
        guard entry.value.scalar == nil, Reference(entry.value) == nil else {
            if let text = scalar(entry, wanted: "off, or {readings: 50, age: 2 s}"), !["off", "no", "false"].contains(text.text) {
                error(text.place, "batch: unknown value \(text.shownText); write off, or {readings: 50, age: 2 s}")
            }
            return nil
        }
        guard let inner = self.section(entry, keys: ["readings", "age"]) else { return nil }
        let readings = integer(inner, "readings", 2...1000)
        let age = duration(inner, "age", .milliseconds(1)...(.seconds(3600)))
        for key in ["readings", "age"] where inner[key] == nil {
            error(entry.value.place, "batch: '\(key)' is missing; write 'batch: {readings: 50, age: 2 s}'")
        }
        guard let readings, let age, let ageEntry = inner["age"] else { return nil }
        if age >= sync {
            error(ageEntry.value.place, "age: \(Units.text(age)) is not below buffer.sync (\(Units.text(sync))); write less")
        }
        return BatchLimits(readings: Int(readings), age: age)
    }

    private mutating func live(_ section: Section, discovery: Bool) -> LiveMode {
        switch word(section, "live", ["auto", "on", "off", "retained"]) {
        case "on": return .on
        case "off": return .off
        case "retained":
            if discovery, let place = section["live"]?.value.place {
                error(place, "live: retained goes without home_assistant.discovery; write auto, or turn discovery off")
            }
            return .retained
        default: return discovery ? .on : .off
        }
    }

    mutating func buffer(_ entry: Entry) -> BufferSettings {
        var settings = BufferSettings()
        let keys = ["file", "size", "sync", "when_full", "memory", "state_every"]
        guard let section = section(entry, keys: keys) else { return settings }
        if let file = text(section, "file", maximum: 4095, wanted: "a path") {
            if file.hasSuffix("/"), let place = section["file"]?.value.place {
                error(place, "file: '\(shown(file))' is a folder; write the name of a file, as in 'readings.ring'")
            }
            settings.file = file
        }
        if let size = size(section, "size", (256 << 10)...(1 << 40)) { settings.size = size }
        if let sync = duration(section, "sync", .zero...(.seconds(3600))) { settings.sync = sync }
        if choose(section, "when_full", built: ["drop-oldest", "drop-newest"], later: ["thin-oldest"]) == "drop-newest" {
            settings.whenFull = .dropNewest
        }
        if let memory = size(section, "memory", (64 << 10)...(64 << 20)) { settings.memory = Int(memory) }
        if let every = duration(section, "state_every", .seconds(1)...day) { settings.stateEvery = every }
        return settings
    }

    mutating func log(_ entry: Entry) -> (level: Notice.Level, publish: Notice.Level?) {
        let levels = ["debug", "info", "warning", "error"]
        guard let section = section(entry, keys: ["level", "publish"]) else { return (.info, nil) }
        let publish = word(section, "publish", ["off"] + levels).flatMap { level($0) }
        return (word(section, "level", levels).flatMap { level($0) } ?? .info, publish)
    }

    /// Nil for `off`.
    private func level(_ word: String) -> Notice.Level? {
        switch word {
        case "debug": .debug
        case "info": .info
        case "warning": .warning
        case "error": .error
        default: nil
        }
    }

    /// - Returns: `discovery`.
    mutating func homeAssistant(_ entry: Entry) -> Bool {
        guard let section = section(entry, keys: ["discovery", "prefix"]) else { return false }
        let discovery = logical(section, "discovery") ?? false
        if discovery, let entry = section["discovery"] { notYet("discovery", entry.keyPlace) }
        if let prefix = text(section, "prefix", maximum: 255, wanted: "topic levels, as in 'homeassistant'"),
            let entry = section["prefix"]
        {
            if let problem = Identifiers.problem(inPrefix: prefix) {
                error(entry.value.place, "prefix: \(problem)")
            } else if prefix != "homeassistant" {
                notYet("prefix", entry.keyPlace, "of home_assistant")
            }
        }
        return discovery
    }
}
