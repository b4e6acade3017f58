import Testing

@testable import Telemetry

struct NoticeTests {
    @Test func `levels order by severity and carry syslog's numbers`() {
        #expect(Notice.Level.error > .warning)
        #expect(Notice.Level.warning > .info)
        #expect(Notice.Level.info > .debug)
        #expect([Notice.Level.error, .warning, .info, .debug].map(\.rawValue) == [3, 4, 6, 7])
    }
}
