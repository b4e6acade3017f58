import Payloads
import Testing

@Test func `an answer holds the result as it is`() {
    #expect(
        text(responseJSON(id: "1", command: "status", result: Array(#"{"a":1}"#.utf8)))
            == #"{"id":"1","command":"status","ok":true,"result":{"a":1}}"#)
    #expect(
        text(responseJSON(id: nil, command: "read", result: Array("null".utf8)))
            == #"{"id":null,"command":"read","ok":true,"result":null}"#)
}

@Test func `a refusal says why`() {
    #expect(
        text(responseJSON(id: "x\"", error: "no sensor 'air'"))
            == #"{"id":"x\"","ok":false,"error":"no sensor 'air'"}"#)
}
