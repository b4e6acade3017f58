internal import Telemetry

/// Where things lie in a ring file of a given number of pages.
///
///     header | slot 0 | a third of the segments | slot 1 | a third | slot 2 | a third | (rest) | slot 3 | header
///
/// A log page with the number `n` has one place, `n` modulo the number of log pages; so a page that is found in a place
/// with another number is of another lap.
package struct RingLayout: Hashable, Sendable {
    package static let pageSize = 4096
    /// 256 KiB, the smallest ring.
    package static let minimumPages: UInt64 = 64
    /// 1 TiB, the largest.
    package static let maximumPages: UInt64 = 1 << 28

    /// Of the file.
    package let pages: UInt64
    /// A power of two from 1 to 256: the file's size / 64, rounded down.
    package let segmentPages: UInt64
    package let segments: UInt64
    /// File pages of the four tail slots.
    package let slots: [UInt64]

    /// Nil when no ring has so many pages.
    package init?(pages: UInt64) {
        guard pages >= Self.minimumPages, pages <= Self.maximumPages else { return nil }
        self.pages = pages
        var segmentPages: UInt64 = 1
        while segmentPages < 256, segmentPages * 2 <= pages / 64 { segmentPages *= 2 }
        self.segmentPages = segmentPages
        segments = (pages - 6) / segmentPages
        slots = [
            1, 2 + segments / 3 * segmentPages, 3 + segments * 2 / 3 * segmentPages, pages - 2,
        ]
    }

    package var headers: [UInt64] { [0, pages - 1] }
    package var logPages: UInt64 { segments * segmentPages }

    /// The place of the log page with this number, as a page index in the file.
    @inline(never) package func filePage(of number: UInt64) -> UInt64 {
        let place = number % logPages
        let segment = place / segmentPages
        return 2 + place + (segment >= segments / 3 ? 1 : 0) + (segment >= segments * 2 / 3 ? 1 : 0)
    }

    /// Where in the log this page of the file lies, as a number of the first lap; nil: a header, a slot or no page of the log.
    package func place(ofFilePage page: UInt64) -> UInt64? {
        guard page >= 2, !slots.contains(page) else { return nil }
        let place = page - 2 - (page > slots[1] ? 1 : 0) - (page > slots[2] ? 1 : 0)
        return place < logPages ? place : nil
    }

    package func segment(of number: UInt64) -> UInt64 { number / segmentPages }
    package func firstNumber(ofSegment segment: UInt64) -> UInt64 { segment * segmentPages }

    /// A card that loses power damages neighbours: so far apart, in pages, are two copies where the file is large enough.
    package var safeDistance: UInt64 { min(1024, pages / 3 - 2) }

    /// The slot for the next copy of the tail page: far from the page's place and from the newest good copy, and none
    /// of `avoided`.
    package func slot(forPage number: UInt64, newest: Int?, avoided: [Int]) -> Int {
        let place = filePage(of: number)
        func distance(_ a: UInt64, _ b: UInt64) -> UInt64 { a > b ? a - b : b - a }
        var best = 0
        var bestDistance: UInt64?
        for (index, slot) in slots.enumerated() where index != newest && !avoided.contains(index) {
            var nearest = min(safeDistance, distance(slot, place))
            if let newest { nearest = min(nearest, distance(slot, slots[newest])) }
            if bestDistance == nil || nearest > bestDistance! {
                best = index
                bestDistance = nearest
            }
        }
        precondition(bestDistance != nil, "one of the four slots is free")
        return best
    }
}
