internal import RingStore
internal import StorageSimulation
internal import Telemetry

/// The files of the state directory on one disk. A request takes its time; a stall takes 10 s.
struct SimulatedDisks: Sendable {
    private struct Pending: Sendable {
        var file: StorageFile
        var request: StorageRequest
        var doneAt: Instant
    }

    var files: [StorageFile: SimulatedStorage] = [:]
    private var pending: [Pending] = []
    private var random: RandomSource
    var isStalling = false
    private(set) var mistakes: [String] = []

    init(seed: UInt64) {
        random = RandomSource(seed: seed)
        for file in StorageFile.allCases { files[file] = SimulatedStorage(seed: random.next()) }
    }

    var deadline: Instant? { pending.map(\.doneAt).min() }

    mutating func submit(_ file: StorageFile, _ request: StorageRequest, at now: Instant) {
        if pending.contains(where: { $0.file == file }) { mistakes.append("two requests at once for \(file)") }
        let longest = isStalling ? 10_000 : 40
        pending.append(
            Pending(
                file: file, request: request,
                doneAt: now.advanced(by: .milliseconds(Int.random(in: 0..<longest, using: &random)))))
    }

    mutating func takeResults(at now: Instant) -> [(StorageFile, StorageResult)] {
        var results: [(StorageFile, StorageResult)] = []
        while let index = pending.firstIndex(where: { $0.doneAt <= now }) {
            let due = pending.remove(at: index)
            results.append((due.file, files[due.file]!.perform(due.request)))
        }
        return results
    }

    mutating func setFaults(_ faults: SimulatedStorage.Faults) {
        for file in files.keys { files[file]!.faults = faults }
    }

    /// The process ends. With a power cut, what was not synced is lost in part.
    mutating func end(cutsPower: Bool) {
        for request in pending { files[request.file]!.performUnsynced(request.request) }
        pending = []
        if cutsPower { for file in files.keys { files[file]!.crash() } }
    }

    var allMistakes: [String] { mistakes + files.values.flatMap(\.mistakes) }
}
