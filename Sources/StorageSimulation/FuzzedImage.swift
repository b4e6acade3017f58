internal import RingStore
internal import Telemetry

/// A ring file of 256 KiB in which some bytes are a fuzzer's; the checksums of what it changes are made good, so that what lies
/// behind them is reached.
package struct FuzzedImage: Sendable {
    /// What the bytes are.
    package enum Target: String, CaseIterable, Sendable {
        /// The front of a file header or a tail slot, from the ring id on.
        case header
        /// The records of one page of the log.
        case record
        /// Whole pages, each behind a byte that says where; one in four keeps its false checksum.
        case segment
    }

    private static let page = SimulatedStorage.pageSize
    private let base: [UInt8]

    /// Of a ring that has been around and was cut.
    package init() {
        var options = RingSimulation.Options()
        options.lives = 3
        options.longReadings = true
        options.stepsPerLife = 120
        var simulation = RingSimulation(seed: 3, options: options)
        simulation.leavesBacklog = true
        _ = simulation.run()
        base = simulation.storage.durable ?? []
        precondition(base.count == 64 * Self.page, "the simulation leaves a file")
    }

    package func image(_ target: Target, _ input: [UInt8]) -> [UInt8] {
        var image = base
        guard let first = input.first else { return image }
        let pages = image.count / Self.page
        switch target {
        case .header:
            let places = [0, pages - 1, 1, 21, 41, pages - 2]
            let place = places[Int(first) % places.count]
            for (offset, byte) in input.dropFirst().prefix(392).enumerated() { image[place * Self.page + 8 + offset] = byte }
            sign(&image, place)
        case .record:
            let place = 2 + Int(first) % (pages - 4)
            let records = input.dropFirst().prefix(Self.page - 400)
            for (offset, byte) in records.enumerated() { image[place * Self.page + 400 + offset] = byte }
            image[place * Self.page + 22] = UInt8(truncatingIfNeeded: records.count)
            image[place * Self.page + 23] = UInt8(truncatingIfNeeded: records.count >> 8)
            sign(&image, place)
        case .segment:
            var rest = input[...]
            while let place = rest.popFirst().map({ Int($0) }) {
                let content = rest.prefix(Self.page)
                rest = rest.dropFirst(Self.page)
                for (offset, byte) in content.enumerated() { image[place % pages * Self.page + offset] = byte }
                if place < 192 { sign(&image, place % pages) }
            }
        }
        return image
    }

    private func sign(_ image: inout [UInt8], _ page: Int) {
        Forgery.sign(&image, at: page * Self.page, filePage: UInt64(page))
    }

    package enum Reader: CaseIterable, Sendable {
        case verify, export, daemon
    }

    /// Reads the image as a tool does, or opens it as the daemon does and hands over what it finds. Traps where that does not
    /// come to an end.
    package func check(_ image: [UInt8], by reader: Reader) {
        switch reader {
        case .verify: precondition(!ImageReader(image, verifies: true).hangs, "verify does not come to an end")
        case .export: precondition(!ImageReader(image, verifies: false).hangs, "export does not come to an end")
        case .daemon: open(image)
        }
    }

    private func open(_ image: [UInt8]) {
        var storage = SimulatedStorage(seed: 1)
        storage.restore(image)
        var ring = Ring(
            configuration: RingConfiguration(size: UInt64(image.count), sync: .seconds(5)), schemas: [], boot: BootID(9),
            random: RandomSource(seed: 2))
        var now = Instant.zero
        var actions = ring.handle(.start, at: now)
        var left = 50_000
        while left > 0 {
            left -= 1
            if case .storage(let request)? = actions.first(where: { if case .storage = $0 { true } else { false } }) {
                actions = ring.handle(.storage(storage.perform(request)), at: now)
                continue
            }
            let (handover, more) = ring.next(at: now, unstamped: true)
            actions = more
            if let handover {
                actions += ring.handle(.acknowledged(handover.name), at: now)
            } else if more.isEmpty {
                guard let deadline = ring.deadline, deadline > now, now < Instant.zero.advanced(by: .seconds(600)) else { break }
                now = deadline
                actions = ring.handle(.timer, at: now)
            }
        }
        precondition(left > 0, "an opening or the hand-over does not come to an end")
        precondition(storage.mistakes.isEmpty, "a write outside the file")
    }
}
