package import Configuration
internal import CYAML
internal import Telemetry

/// The tree of one file, or what is wrong with its YAML.
package struct YAMLResult: Sendable {
    /// Nil for a file without a value, and where reading ended early.
    package var root: Node?
    /// Reading came to the end: all of the file is in the tree, whatever the problems.
    package var isComplete: Bool
    package var problems: [PlacedProblem]
}

/// Reads one file through libyaml. All limits are `TextCheck`'s and `TreeBuilder`'s.
/// - Parameters:
///   - file: the index of the file, for places
///   - folderName: the name of its `.d` folder, for a text
package func readYAML(_ bytes: [UInt8], file: Int, folderName: String) -> YAMLResult {
    if let problem = TextCheck.problem(in: bytes, file: file) { return YAMLResult(root: nil, isComplete: false, problems: [problem]) }
    // libyaml does not look for a byte order mark when it is told the encoding.
    let text = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes[3...] : bytes[...]
    var builder = TreeBuilder(folderName: folderName)
    let end = unsafe text.withUnsafeBufferPointer { buffer in unsafe parse(buffer, file: file, into: &builder) }
    if let end {
        return YAMLResult(root: nil, isComplete: false, problems: builder.problems + [end])
    }
    return YAMLResult(root: builder.root, isComplete: true, problems: builder.problems)
}

/// - Returns: what ended the reading early.
private func parse(
    _ bytes: UnsafeBufferPointer<UInt8>, file: Int, into builder: inout TreeBuilder
) -> PlacedProblem? {
    // An empty buffer has no address, and libyaml wants one.
    guard bytes.count > 0, let address = bytes.baseAddress else { return nil }
    guard let parser = unsafe cyaml_open(address, bytes.count) else {
        return PlacedProblem(Place(file: file, line: 1, column: 1), "no memory to read the file; stop other programs")
    }
    defer { unsafe cyaml_close(parser) }
    var event = unsafe cyaml_event()
    while true {
        unsafe cyaml_next(parser, &event)
        let place = unsafe Place(file: file, line: Int(event.line) + 1, column: Int(event.column) + 1)
        do throws(PlacedProblem) {
            switch unsafe event.kind {
            case CYAML_END: return nil
            case CYAML_NO_MEMORY: return PlacedProblem(place, "no memory to read the file; stop other programs")
            case CYAML_ERROR:
                let problem = unsafe text(event.problem) ?? ""
                let byte = unsafe byte(at: event.index, of: bytes)
                return PlacedProblem(place, SyntaxHint.text(for: problem, at: byte))
            case CYAML_DOCUMENT_START: try builder.add(.documentStart, at: place)
            case CYAML_SCALAR:
                let raw = unsafe UnsafeRawBufferPointer(start: event.text, count: event.length)
                let scalar = unsafe String(decoding: raw, as: UTF8.self)
                let style: Scalar.Style = unsafe event.is_quoted != 0 ? .quoted : .plain
                let (tag, anchor) = unsafe (text(event.tag), text(event.anchor))
                try builder.add(.scalar(text: scalar, style: style, tag: tag, anchor: anchor), at: place)
            case CYAML_ALIAS:
                let name = unsafe text(event.anchor) ?? ""
                try builder.add(.alias(name), at: place)
            case CYAML_SEQUENCE_START:
                let (tag, anchor) = unsafe (text(event.tag), text(event.anchor))
                try builder.add(.sequenceStart(tag: tag, anchor: anchor), at: place)
            case CYAML_SEQUENCE_END: try builder.add(.sequenceEnd, at: place)
            case CYAML_MAPPING_START:
                let (tag, anchor) = unsafe (text(event.tag), text(event.anchor))
                try builder.add(.mappingStart(tag: tag, anchor: anchor), at: place)
            case CYAML_MAPPING_END: try builder.add(.mappingEnd, at: place)
            default: break
            }
        } catch {
            return error
        }
    }
}

@inline(never) private func text(_ pointer: UnsafePointer<CChar>?) -> String? {
    guard let pointer = unsafe pointer else { return nil }
    return unsafe String(cString: pointer)
}

/// The first byte of the character with this number.
private func byte(at character: Int, of bytes: UnsafeBufferPointer<UInt8>) -> UInt8? {
    var left = character
    for index in bytes.indices {
        let byte = unsafe bytes[index]
        if byte & 0xC0 == 0x80 { continue }
        if left == 0 { return byte }
        left -= 1
    }
    return nil
}
