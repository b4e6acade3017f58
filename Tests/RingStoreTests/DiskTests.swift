import Testing

@testable import RingStore

private func disk(open number: UInt64?, prepared: UInt64?) -> Disk {
    var disk = Disk(
        layout: RingLayout(pages: 256)!, ringID: 1, revision: 1, logEnd: 1, stored: 0, open: nil, openSlot: nil,
        nextNumber: 0, placed: nil, unplaced: [], preparedThrough: prepared, preparation: nil, tailPage: 0,
        tailPosition: 1, tailStored: 0, headerTurn: 0, badSlot: nil, watermark: 0, hadUnsettled: false, hasClock: false)
    if let number {
        disk.open = PageBuilder(
            number: number, span: StreamSpan(stream: 1, base: 0), boot: 1, first: 1, storedBefore: 0, clock: nil)
        disk.nextNumber = number + 1
    }
    return disk
}

@Suite struct DiskTests {
    // 256 pages: segments of 4.
    @Test func `nothing is prepared before anything is stored`() {
        #expect(disk(open: nil, prepared: nil).segmentToPrepare == nil)
    }

    @Test func `the next segment is prepared from the middle of the last one on`() {
        #expect(disk(open: 0, prepared: nil).segmentToPrepare == 0)
        #expect(disk(open: 1, prepared: 0).segmentToPrepare == nil)
        #expect(disk(open: 2, prepared: 0).segmentToPrepare == 1)
        #expect(disk(open: 4, prepared: 0).segmentToPrepare == 1)
    }

    @Test func `a full page whose place is not ready stops the writing`() {
        var full = disk(open: 4, prepared: 0)
        #expect(!full.isStuck)
        full.isFull = true
        #expect(full.isStuck)
        full.preparedThrough = 1
        #expect(!full.isStuck)
    }

    @Test func `after a failed write the numbers go on in the next segment`() {
        var failed = disk(open: 5, prepared: 1)
        failed.jump(past: 6)
        #expect(failed.open?.number == 8 && failed.nextNumber == 9)
    }

    @Test func `a copy that fills a gap keeps its number after a failed write, and is not the newest page`() {
        var failed = disk(open: nil, prepared: 1)
        func copy(_ number: UInt64) -> Recovered.Unplaced {
            let header = PageHeader(
                ringID: 1, filePages: 256, kind: .log, number: number, revision: 1, span: StreamSpan(stream: 1, base: 0), boot: 1, first: 1,
                end: 2, storedBefore: 0, readings: 1, recordBytes: 0, state: RingState())
            return Recovered.Unplaced(slot: 0, header: header, bytes: [])
        }
        failed.placed = 5
        failed.unplaced = [copy(2)]
        #expect(failed.newestNumber == 5)
        failed.unplaced.append(copy(6))
        #expect(failed.newestNumber == 6)
        failed.jump(past: 6)
        #expect(failed.unplaced.map { $0.header.number } == [2, 8])
    }

    @Test func `no revision is used twice`() {
        var disk = disk(open: nil, prepared: nil)
        let revisions = [disk.takeRevision(), disk.takeRevision()]
        #expect(revisions == [2, 3])
    }
}
