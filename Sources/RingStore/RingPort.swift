package import Telemetry

// The ring's port: what goes in, what comes out. The storage thread (LinuxIO), the command line and the simulation
// perform `StorageRequest`s; the agent speaks `RingInput`, `RingAction` and `Handover`.

package struct RingConfiguration: Hashable, Sendable {
    /// Of the file, in bytes: 256 KiB … 1 TiB.
    package var size: UInt64
    /// How long a reading may exist in memory only; 0: every turn syncs.
    package var sync: Duration
    /// Bytes that hold readings while the disk fails: 64 KiB … 64 MiB.
    package var memory: Int
    /// What goes where there is no room.
    package var whenFull: WhenFull

    package init(
        size: UInt64 = 64 << 20, sync: Duration = .seconds(5), memory: Int = 1 << 20, whenFull: WhenFull = .dropOldest
    ) {
        self.size = size
        self.sync = sync
        self.memory = memory
        self.whenFull = whenFull
    }
}

package enum RingInput: Hashable, Sendable {
    /// Once, first.
    case start
    case append(Reading)
    /// The table of schemas has grown at its end; what was there is unchanged.
    case schemas([SensorSchema])
    /// A reload: `buffer.sync`, `buffer.memory` and `buffer.when_full` from now on.
    case limits(sync: Duration, memory: Int, whenFull: WhenFull)
    /// A look at the clocks while the wall clock is known. A clock record is made when it is the first of the boot, after
    /// a step, or when the wall clock has drifted more than 10 ms from the record in force.
    case clock(ClockReading)
    /// The broker has acknowledged what was handed over (PUBACK). In any order.
    case acknowledged(Handover.Name)
    /// The broker will never take this reading, of which there is a copy in `rejected.ring` that is synced: it becomes a loss.
    case rejected(Handover.Name)
    /// The broker cannot take it now: it is handed over once more, before what was not handed over yet.
    case postponed(Handover.Name)
    /// The connection is gone: all that was handed over and is not acknowledged comes again, in order.
    case rewind
    /// The storage request is done. Requests are answered one at a time, in order.
    case storage(StorageResult)
    /// The deadline has come.
    case timer
    /// Stop: sync what is not settled and write the exact next number. Answered by `.stopped`.
    case stop
}

package enum RingAction: Hashable, Sendable {
    case storage(StorageRequest)
    case notice(Notice)
    /// The ring is open, or given up (then it works in memory): `READY=1` may be said.
    case opened
    case stopped
}

/// What is given to the broker next, in the order of sequence numbers.
package enum Handover: Hashable, Sendable {
    case reading(StampedReading)
    case loss(Loss)

    /// What an acknowledgement refers to.
    package enum Name: Hashable, Sendable {
        case reading(StreamID, SequenceNumber)
        case loss(StreamID, first: SequenceNumber, last: SequenceNumber)
    }
    package var name: Name {
        switch self {
        case .reading(let reading): .reading(reading.stream, reading.sequence)
        case .loss(let loss): .loss(loss.stream, first: loss.first, last: loss.last)
        }
    }
}

/// The files that the daemon keeps, each with one request at a time.
package enum StorageFile: Int, CaseIterable, Hashable, Sendable {
    /// `buffer.file`
    case readings = 0
    /// `alerts.ring`
    case alerts = 1
    /// `godwit.state`: what is kept over a restart beside the rings (StateKeeper).
    case state = 2
    /// `rejected.ring`: readings that the broker will never take; made with the first of them.
    case rejected = 3
}

/// One at a time; the next only after the result.
package enum StorageRequest: Hashable, Sendable {
    /// Open or create the file, lock it, reserve `size` bytes with `fallocate`.
    case open(size: UInt64)
    /// Read `count` pages of 4,096 bytes, from page `first` of the file on.
    case read(first: UInt64, count: Int)
    /// Write pages at their page index in the file, in this order, then `fdatasync` if asked.
    case write([PageWrite], sync: Bool)
    /// Close the file and keep what lies under its name, unless another process has locked it, as `NAME.damaged-N`; then
    /// create a new one as `open` does.
    case setAside(size: UInt64)
    /// Begin `NAME.new`, in place of what may lie there: empty, locked, `size` bytes reserved. Answered as `open`.
    case beginCopy(size: UInt64)
    /// As `write`, in `NAME.new`.
    case writeCopy([PageWrite], sync: Bool)
    /// `NAME.new`, which is synced, takes the name of the file, and the folder is synced; it is the open file from now on.
    /// Answered as `open`. After a failure of this request the file has to be opened anew: either may bear the name.
    case finishCopy
}
// `open` takes away a `NAME.new` that a cut has left. When one of the copy's requests fails, there is no `NAME.new` any more.

package struct PageWrite: Hashable, Sendable {
    /// Of the first page in the file.
    package var page: UInt64
    /// A whole number of pages.
    package var bytes: [UInt8]
    package init(page: UInt64, bytes: [UInt8]) {
        self.page = page
        self.bytes = bytes
    }
}

package enum StorageResult: Hashable, Sendable {
    /// `size`: of the file now. `isNew`: it was made by this request. `isReserved`: all its blocks are its own.
    case opened(size: UInt64, isNew: Bool, isReserved: Bool)
    case read([UInt8])
    case written
    case failed(StorageError)
}

package enum StorageError: Hashable, Sendable {
    /// ENOSPC, EDQUOT
    case noSpace
    /// EIO and what else the file system says of a disk that fails.
    case inputOutput
    /// EROFS, EACCES, EPERM
    case notPermitted
    /// Another process holds the ring (the OFD lock).
    case locked
    /// It is a directory, a device, or not to be opened for another reason.
    case notAFile
    /// A later version has written it, in a form that is not known here.
    case laterVersion
    /// Under the file's name there is no file any more, or another one, or it was cut: told by a write that syncs, and by nothing else.
    case gone
    /// Any other; `errno`.
    case other(Int32)
}

/// The ring's numbers, for metrics and `godwit ring status` (contract 6 and 7).
package struct RingStatus: Hashable, Sendable {
    package var stream: StreamID
    /// The next number.
    package var head: SequenceNumber
    /// The lowest number that is kept, on disk or in memory; `head` when none.
    package var tail: SequenceNumber
    /// Everything up to it is settled.
    package var watermark: SequenceNumber
    /// How many are kept, and how many of them are not acknowledged.
    package var records: UInt64
    package var unacknowledged: UInt64
    /// How many of the unacknowledged are in memory only.
    package var inMemory: UInt64
    package var bytes: UInt64
    package var capacityBytes: UInt64
    package var evicted: UInt64
    package var lost: UInt64
    package var damaged: UInt64
    package var rejected: UInt64
    /// Losses by cause, in the order of `Loss.Cause`.
    package var lossesByCause: [UInt64]
    /// Since the start of the process.
    package var writtenBytes: UInt64
    package var syncs: UInt64
    /// When the oldest unacknowledged reading was taken, where it is of this boot.
    package var oldestUnacknowledged: Instant?
    /// The disk does not serve: readings are held in memory.
    package var isInMemoryOnly: Bool

    package init(stream: StreamID, capacityBytes: UInt64) {
        self.stream = stream
        head = .first
        tail = .first
        watermark = .zero
        records = 0
        unacknowledged = 0
        inMemory = 0
        bytes = 0
        self.capacityBytes = capacityBytes
        evicted = 0
        lost = 0
        damaged = 0
        rejected = 0
        lossesByCause = Array(repeating: 0, count: Loss.Cause.allCases.count)
        writtenBytes = 0
        syncs = 0
        oldestUnacknowledged = nil
        isInMemoryOnly = false
    }
}

// The core is `package struct Ring`, in Ring.swift:
//   init(configuration: RingConfiguration, schemas: [SensorSchema], boot: BootID, random: RandomSource)
//   mutating func handle(_ input: RingInput, at now: Instant) -> [RingAction]
//   var deadline: Instant?
//   mutating func next(at now: Instant, unstamped: Bool) -> (handover: Handover?, actions: [RingAction])
//       the next to hand over, or nil when there is none now: all is handed over, a page is being read (the actions hold
//       the request), or the next is a reading of this boot without a known time and `unstamped` is false
//       (`isWaitingForClock` is then true). A reading of an earlier boot goes out whatever `unstamped` says.
//   var isWaitingForClock: Bool
//   var clockOfThisBoot: ClockReading?    the newest clock record of this boot: the wall time stays known, also over a restart of
//                                         the process (asked at each turn)
// `sync` 0: `next` gives a reading only when it is stored (or the disk does not serve). `stop` may come a second time, when
// acknowledgements have moved the watermark since the first; each is answered by `.stopped`, at once when nothing is to be written.
//   var nextName: AlertEvent.ReadingName?    what the next reading is called; nil before the ring is open
//   func stampOfNext(taken: Instant) -> Stamp, stampNow(taken: Instant) -> Stamp    for what is told of a reading beside the stream
//   func wasKept(_ stream: StreamID, _ sequence: SequenceNumber) -> Bool    it was in the file when that was opened, or settled
//   func isStored(_ name: AlertEvent.ReadingName) -> Bool    it is in the file, synced
//   func handed(_ name: Handover.Name) -> StampedReading?    a reading that waits for its acknowledgement
//   var hasMoreToHandOver: Bool      something that is kept is not handed over (since the last rewind)
//   var status: RingStatus
