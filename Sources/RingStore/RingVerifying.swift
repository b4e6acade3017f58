internal import Telemetry

// `godwit ring verify`: which pages are damaged, and what that cost.

extension RingReader {
    mutating func tellDamage() -> Step {
        defer { newDamage = [] }
        return .damage(newDamage)
    }

    /// Of the damaged pages before this place, the first tells what all of them cost; of what is cut off, the missing end of the file.
    mutating func flush(_ loss: Loss?) {
        if isBehindCut, let loss {
            cutLoss = loss
        } else if let loss, bad.isEmpty, let found {
            bad = [Damage(place: .log, page: found.layout.filePage(of: number - min(number, 1)), isReadable: true)]
            bad[0].loss = loss
        } else if !bad.isEmpty {
            bad[0].loss = loss
        }
        isBehindCut = false
        newDamage += bad
        bad = []
    }

    /// What lies between the last whole page and this position, without what is settled.
    /// - Parameter header: of the page behind the hole, or of the one that was written last.
    func gapLoss(upTo end: UInt64, _ stored: UInt64, _ header: PageHeader, _ span: StreamSpan, _ found: Recovered) -> LossEntry? {
        let first = max(expected, found.latest.state.watermark + 1)
        guard first < end, span.base < first, lastStored != nil || stored > 0 else { return nil }
        let hole = Hole(from: expected, to: end, storedBefore: expectedStored, storedBehind: stored, sameProcess: header.sameProcess, header.state)
        return LossEntry(
            span: span, first: first, end: end, count: first == expected ? hole.count : nil, atMost: end - first, cause: .damaged)
    }

    /// The pages that hold nothing of the log now, the headers and the slots.
    mutating func check() -> Step {
        guard let found else { return .notARing }
        let layout = found.layout
        let end = min(layout.pages, found.filePages)
        while number < end {
            guard let chunk, chunk.contains(number) else {
                return ask(.read(first: number, count: Int(min(Self.chunkPages, end - number))))
            }
            let place: Damage.Place? =
                layout.headers.contains(number) ? .header : layout.slots.contains(number) ? .slot : isLive(number, found) ? nil : .unused
            let offset = Int(number - chunk.first) * RingLayout.pageSize
            let isWhole = PageHeader(chunk.bytes, at: offset, filePage: number).map { $0.ringID == found.ringID } ?? false
            if let place, !isWhole, place == .header || !isBlank(chunk) {
                if chunk.count > 1 { return ask(.read(first: number, count: 1)) }
                var damage = Damage(place: place, page: number, isReadable: !isUnreadable)
                if place != .header, !found.isCut {
                    damage.loss = endLoss
                    endLoss = nil
                }
                newDamage.append(damage)
            }
            number += 1
            if !newDamage.isEmpty { return tellDamage() }
        }
        phase = .finished
        if found.isCut {
            newDamage.append(Damage(place: .missing, page: end, isReadable: false, loss: cutLoss ?? endLoss))
            if cutLoss == nil { endLoss = nil }
        }
        if let loss = endLoss {
            newDamage.append(Damage(place: .log, page: layout.filePage(of: (found.placed ?? 0) + 1), isReadable: true, loss: loss))
        }
        return newDamage.isEmpty ? .done : tellDamage()
    }

    /// A place of the log that was looked at in its order.
    private func isLive(_ page: UInt64, _ found: Recovered) -> Bool {
        let layout = found.layout
        guard let placed = found.placed, let place = layout.place(ofFilePage: page) else { return false }
        return (place + layout.logPages - found.tailPage % layout.logPages) % layout.logPages <= placed - found.tailPage
    }
}
