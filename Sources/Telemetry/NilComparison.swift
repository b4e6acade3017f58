// The standard library compares an optional of an Equatable value with nil by `==` of two optionals: both are copied, and what
// compares two values is called or inlined, for a question that the tag answers. For a large value that is much code.

extension Optional where Wrapped: Equatable {
    /// Whether there is no value. Values are not compared.
    @inlinable @inline(__always)
    package static func == (value: Self, none: _OptionalNilComparisonType) -> Bool {
        switch value {
        case .none: true
        case .some: false
        }
    }

    /// Whether there is a value. Values are not compared.
    @inlinable @inline(__always)
    package static func != (value: Self, none: _OptionalNilComparisonType) -> Bool { !(value == none) }
}
