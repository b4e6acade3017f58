extension Mosquitto {
    /// What the reactor polls, level-triggered. To be asked again after every call.
    package struct Descriptors: Hashable, Sendable {
        /// An eventfd, the same for the whole life: readable when the helper thread hands a connection over.
        package var helper: Int32
        /// The connection's socket, nil while there is none.
        package var socket: Socket?

        package struct Socket: Hashable, Sendable {
            package var descriptor: Int32
            /// Another one is another connection, even when the number of the descriptor has come back.
            package var generation: UInt64
            package var wantsWrite: Bool
        }
    }

    /// The thread that connects.
    enum Helper {
        case idle
        case connecting
        /// Its attempt was given up, and a handle that is kept has to wait for its end. `next`: what it is wanted for then.
        case leftAlone(next: Bool?)
    }
}
