package import MQTTSession

/// Where the broker is and how this client presents itself there.
package struct BrokerAddress: Hashable, Sendable {
    /// A name or an address; an IPv6 address without brackets.
    package var host: String
    /// 1 ... 65,535
    package var port: UInt16
    package var clientIdentifier: String
    package var username: String?
    package var password: [UInt8]?
    /// Nil: plain TCP.
    package var tls: TLSSettings?
    /// 5 s ... 18 h, whole seconds.
    package var keepAliveSeconds: UInt16
    package var will: Message?
    /// MQTT 5: for how long the broker keeps the session without a connection, and waits with the Will Message; 0: not at all.
    /// With QoS 2 the session is kept for a day at least.
    package var sessionExpirySeconds: UInt32 = 0

    package struct TLSSettings: Hashable, Sendable {
        /// PEM; nil: the system's store.
        package var caFile: String?
        /// PEM, both or none: what the client shows of itself.
        package var certificateFile: String?
        package var privateKeyFile: String?
        /// In place of certificates: TLS 1.2 with PSK suites only.
        package var psk: PreSharedKey?

        package struct PreSharedKey: Hashable, Sendable {
            package var identity: String
            /// 1 ... 64 bytes
            package var key: [UInt8]
            package init(identity: String, key: [UInt8]) {
                self.identity = identity
                self.key = key
            }
        }

        package init(
            caFile: String? = nil, certificateFile: String? = nil, privateKeyFile: String? = nil, psk: PreSharedKey? = nil
        ) {
            self.caFile = caFile
            self.certificateFile = certificateFile
            self.privateKeyFile = privateKeyFile
            self.psk = psk
        }
    }

    package init(
        host: String, port: UInt16, clientIdentifier: String, username: String? = nil, password: [UInt8]? = nil,
        tls: TLSSettings? = nil, keepAliveSeconds: UInt16 = 60, will: Message? = nil
    ) {
        self.host = host
        self.port = port
        self.clientIdentifier = clientIdentifier
        self.username = username
        self.password = password
        self.tls = tls
        self.keepAliveSeconds = keepAliveSeconds
        self.will = will
    }

    private static let daySeconds: UInt32 = 86_400

    /// Clean Start and Session Expiry Interval. What is kept is not to begin anew with each connection: the broker would send the
    /// Will Message of the old one.
    func session(of handle: ConnectionHandle, _ version: ProtocolVersion) -> (isClean: Bool, expirySeconds: UInt32) {
        switch handle {
        case .fresh: (version == .v311 || sessionExpirySeconds == 0, sessionExpirySeconds)
        case .cleaning: (true, 0)
        case .beginning, .again: (false, max(sessionExpirySeconds, Self.daySeconds))
        }
    }
}
