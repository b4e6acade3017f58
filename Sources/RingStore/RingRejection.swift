package import Telemetry

// What the broker did not take. A reading that it will never take is copied to `rejected.ring` by the agent, and becomes a
// loss here when the copy is synced; one that it cannot take now is handed over once more.

extension Ring {
    /// Whether the file has this reading, synced.
    package func isStored(_ name: AlertEvent.ReadingName) -> Bool {
        guard let disk, let position = position(name.stream, name.sequence) else { return false }
        return position < disk.logEnd && pending.index(of: position) == nil && writing.index(of: position) == nil
    }

    /// A reading that was handed over and waits for its acknowledgement, as it would be handed over now.
    package func handed(_ name: Handover.Name) -> StampedReading? {
        guard case .reading(let stream, let sequence) = name, let position = position(stream, sequence) else { return nil }
        if let index = heldIndex(of: position) { return held[index].reading }
        for queue in [pending, writing] {
            if let index = queue.index(of: position), queue[index].wasHanded, !queue[index].isAcknowledged { return stamped(queue[index]) }
        }
        return nil
    }

    mutating func reject(_ name: Handover.Name) {
        // A loss cannot become one.
        guard case .reading(let stream, let sequence) = name, let position = position(stream, sequence) else { return }
        reject(at: position)
    }

    mutating func reject(at position: UInt64) {
        if let index = heldIndex(of: position) {
            let reading = held.remove(at: index).reading
            var loss = single(position, reading.schema.sensor, .rejected)
            // Its segment may be gone, with the page that would give it again.
            if disk.map({ position >= $0.tailPosition }) ?? false {
                loss.stored = 1
            } else {
                settled += 1
                disk?.lossNeedsPage = true
            }
            addLoss(loss, counts: true)
        } else if let index = pending.index(of: position), pending[index].wasHanded, !pending[index].isAcknowledged {
            lose(pending.remove(at: index), .rejected)
        } else if let index = writing.index(of: position), writing[index].wasHanded, !writing[index].isAcknowledged {
            writing[index].isRejected = true
            return
        } else {
            return
        }
        // It is told in its place, as far as what is behind it is not on its way already.
        cursor = min(cursor, position)
    }

    mutating func postpone(_ name: Handover.Name) {
        let position: UInt64?
        switch name {
        case .reading(let stream, let sequence):
            position = self.position(stream, sequence)
            guard let position else { return }
            if let index = heldIndex(of: position) {
                held[index].isOut = false
            } else if let index = pending.index(of: position), pending[index].wasHanded {
                pending[index].isOut = false
            } else if let index = writing.index(of: position), writing[index].wasHanded {
                writing[index].isOut = false
            } else {
                return
            }
        case .loss(let stream, let first, _):
            position = self.position(stream, first)
            guard let position, let index = lossIndex(at: position) else { return }
            losses[index].isOut = false
        }
        if let position { cursor = min(cursor, position) }
    }
}
