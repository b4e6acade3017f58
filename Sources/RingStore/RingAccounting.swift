internal import Telemetry

extension Ring {
    package var status: RingStatus {
        let span = spans[spans.count - 1]
        func number(_ position: UInt64) -> SequenceNumber { SequenceNumber(position - min(position, span.base)) }
        let bytes = disk.map { $0.layout.logPages * UInt64(RingLayout.pageSize) } ?? configuration.size
        var status = RingStatus(stream: StreamID(span.stream), capacityBytes: bytes)
        status.head = number(head)
        status.watermark = number(watermark)
        let inMemory = unwritten
        var tail = writing.first?.position ?? pending.first?.position ?? head
        status.inMemory = inMemory
        status.records = inMemory
        status.unacknowledged = inMemory
        for item in waiting {
            guard case .reading = item else { continue }
            status.inMemory += 1
            status.records += 1
            status.unacknowledged += 1
        }
        if let disk {
            let inFile = disk.stored - min(disk.stored, disk.tailStored ?? 0)
            status.records += inFile
            let settled = self.settled + acknowledged.stored
            status.unacknowledged += disk.stored - min(disk.stored, settled)
            if inFile > 0 { tail = disk.tailPosition }
            if let newest = disk.newestNumber {
                status.bytes = (newest + 1 - min(newest + 1, disk.tailPage)) * UInt64(RingLayout.pageSize)
            }
        }
        status.tail = number(tail)
        status.evicted = counters.evicted
        status.lost = counters.lost
        status.damaged = counters.damaged
        status.rejected = counters.rejected
        status.lossesByCause = lossesByCause
        status.writtenBytes = writtenBytes
        status.syncs = syncs
        status.oldestUnacknowledged = oldestUnacknowledged
        status.isInMemoryOnly = disk == nil || failure != nil || isVolatile
        return status
    }

    private var oldestUnacknowledged: Instant? {
        if let first = held.first, first.reading.boot == boot { return first.reading.instant }
        if let disk, disk.stored > settled, held.isEmpty {
            guard let page = reader, page.header.boot == boot.rawValue else { return oldestStored }
            for record in page.records where record.first > watermark {
                if case .reading(_, let instant, _) = record.content { return instant }
            }
            return oldestStored
        }
        for queue in [writing, pending] {
            for index in 0..<queue.count where !queue[index].isAcknowledged { return queue[index].reading.instant }
        }
        return nil
    }
}
