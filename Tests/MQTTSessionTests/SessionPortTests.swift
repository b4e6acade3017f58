import MQTTSession
import Testing

@Suite struct SessionPortTests {
    @Test func `the configuration begins with the defaults of the contract`() {
        let configuration = SessionConfiguration()
        #expect(configuration.protocolChoice == .auto)
        #expect(configuration.keepAlive == .seconds(60))
        #expect(configuration.reconnectMinimum == .seconds(1) && configuration.reconnectMaximum == .seconds(120))
        #expect(configuration.inFlight == 20)
    }

    @Test func `a CONNACK that says nothing leaves everything open`() {
        let said = ConnectionAcknowledgement(reason: 0)
        #expect(said.receiveMaximum == nil && said.maximumPacketSize == nil && said.maximumQoS == nil)
        #expect(said.serverKeepAlive == nil && said.assignedClientIdentifier == nil)
        #expect(said.retainAvailable && !said.sessionPresent)
    }
}
