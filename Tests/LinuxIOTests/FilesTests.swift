import Foundation
import LinuxIO
import Testing

@Suite final class FilesTests {
    private let folder: String

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("godwit-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private func attributes(_ name: String) throws -> (mode: Int, inode: Int) {
        let found = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")
        return ((found[.posixPermissions] as? Int) ?? 0, (found[.systemFileNumber] as? Int) ?? 0)
    }

    @Test func `a file is replaced whole, for its owner only, and not when it is the same already`() throws {
        let path = "\(folder)/kept"
        #expect(replaceFile(path, with: Array("one".utf8)) == nil)
        let first = try attributes("kept")
        #expect(first.mode == 0o600)
        #expect(replaceFile(path, with: Array("one".utf8)) == nil)
        #expect(try attributes("kept").inode == first.inode)
        #expect(replaceFile(path, with: Array("o".utf8)) == nil)
        #expect(try attributes("kept").inode != first.inode)
        #expect(FileManager.default.contents(atPath: path) == Data("o".utf8))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["kept"])
    }

    @Test func `what cannot be written is said, and the old content stays`() throws {
        #expect(replaceFile("\(folder)/none/kept", with: [1])?.isNotFound == true)
        try FileManager.default.createDirectory(atPath: "\(folder)/kept", withIntermediateDirectories: true)
        #expect(replaceFile("\(folder)/kept", with: [1]) != nil)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["kept"])
    }

    @Test func `a symbolic link in place of the temporary file is not followed`() throws {
        let target = "\(folder)/target"
        try Data("precious".utf8).write(to: URL(fileURLWithPath: target))
        try FileManager.default.createSymbolicLink(atPath: "\(folder)/kept.new", withDestinationPath: target)
        #expect(replaceFile("\(folder)/kept", with: [1]) == nil)
        #expect(FileManager.default.contents(atPath: "\(folder)/kept") == Data([1]))
        #expect(FileManager.default.contents(atPath: target) == Data("precious".utf8))
    }

    @Test func `a file is created with its folders for owner and group, and never over an old one`() throws {
        let path = "\(folder)/a/b/new.yaml"
        #expect(createFile(path, with: Array("one".utf8), group: "no-such-group") == nil)
        #expect(try attributes("a/b/new.yaml").mode == 0o640)
        #expect(try attributes("a").mode & 0o700 == 0o700)
        #expect(createFile(path, with: Array("two".utf8), group: "no-such-group")?.number == EEXIST)
        #expect(FileManager.default.contents(atPath: path) == Data("one".utf8))
        // Neither a link that points nowhere nor a folder is taken for nothing.
        try FileManager.default.createSymbolicLink(atPath: "\(folder)/link", withDestinationPath: "\(folder)/elsewhere")
        #expect(createFile("\(folder)/link", with: [1], group: "x")?.number == EEXIST)
        #expect(createFile("\(folder)/a", with: [1], group: "x")?.number == EEXIST)
        #expect(createFile(path + "/c", with: [1], group: "x")?.isNotFound == true)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["a", "link"])
    }

    @Test func `the group is given where it is there`() throws {
        guard geteuid() == 0, let entry = getgrnam("tty") else { return }
        let group = entry.pointee.gr_gid
        let path = "\(folder)/grouped"
        #expect(createFile(path, with: [1], group: "tty") == nil)
        let found = try FileManager.default.attributesOfItem(atPath: path)
        #expect(found[.groupOwnerAccountID] as? Int == Int(group))
        #expect(found[.posixPermissions] as? Int == 0o640)
    }
}
