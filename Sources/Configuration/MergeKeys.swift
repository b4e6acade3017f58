internal import Telemetry

/// YAML's merge key: `<<: *defaults` puts the keys of another mapping here, where they are not given.
package enum MergeKeys {
    /// - Returns: the entries without `<<`: their own first, then those of the mappings in their order, the first of
    ///   equal keys kept.
    package static func expand(_ entries: [Entry], problems: inout [PlacedProblem]) -> [Entry] {
        guard let merge = entries.first(where: { $0.isMergeKey }) else { return entries }
        var result = entries.filter { !$0.isMergeKey }
        var known = NameTable<Bool>()
        for entry in result { known.set(true, for: entry.key) }
        var sources: [Node] = []
        switch merge.value.content {
        case .mapping: sources = [merge.value]
        case .sequence(let elements): sources = elements
        case .scalar: break
        }
        guard !sources.isEmpty, sources.allSatisfy({ $0.entries != nil }) else {
            problems.append(
                PlacedProblem(merge.keyPlace, "'<<' needs a mapping or a list of them, as in '<<: *defaults'"))
            return result
        }
        for source in sources {
            for entry in source.entries ?? [] where known[entry.key] == nil {
                known.set(true, for: entry.key)
                result.append(entry)
            }
        }
        return result
    }
}
