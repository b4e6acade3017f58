// The standard library's own of these are inlined at every "\(…)", some 200 bytes of code each; of these there is one
// call each. In the shipped programs, which are mostly messages, that is a fifth of their size.

extension DefaultStringInterpolation {
    @inline(never) package mutating func appendLiteral(_ literal: String) { write(literal) }
    @inline(never) package mutating func appendInterpolation(_ text: String) { write(text) }
    @inline(never) package mutating func appendInterpolation(_ number: Int) { write(String(number)) }
    @inline(never) package mutating func appendInterpolation(_ number: Int64) { write(String(number)) }
    @inline(never) package mutating func appendInterpolation(_ number: UInt64) { write(String(number)) }
}

extension String {
    @inline(never) package static func + (a: String, b: String) -> String {
        var text = a
        text.write(b)
        return text
    }
}
