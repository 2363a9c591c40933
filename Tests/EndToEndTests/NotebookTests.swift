import CareModel
import DemoCase
import EventLog
import Foundation
import LogStore
import NodeAPI
import Testing

@testable import DuologNode

/// A notebook is sealed to its author: whoever has the node's files and keys has nothing to read.
@Suite(.serialized) struct NotebookTests {
    private let folder = Daemons.folder()
    private let words = "the fictional patient spoke of the lighthouse"
    private let passphrase = "a lantern for the night watch"

    private func node() async throws -> DemoNode {
        let node = try Daemons.make("therapist", in: folder)
        try await node.start()
        _ = try await node.ask(AddPractitionerRequest(uid: getuid(), fullName: "Theo Fictional", credential: .lcsw))
        return node
    }

    private func file(_ name: String, _ passphrase: String, mode: Int = 0o600) -> String {
        let path = folder + "/" + name
        _ = FileManager.default.createFile(
            atPath: path, contents: Data((passphrase + "\n").utf8), attributes: [.posixPermissions: mode])
        return path
    }

    private func notebook(of node: DemoNode) throws -> StateFolder {
        let root = node.folder + "/state/notebooks"
        return StateFolder(path: root + "/" + (try #require(try FileManager.default.contentsOfDirectory(atPath: root).first)))
    }

    /// Every event line and body line that the store key opens.
    private func lines(in folder: StateFolder) async throws -> [[UInt8]] {
        let log = try LogStore(
            LogStore.Configuration(
                path: folder.log, key: try folder.nodeKey(), sealer: try StateFolder.sealer(folder.path + "/store.key"),
                clock: { Timestamp(milliseconds: 0) }, random: { 1 }))
        return try await log.rows(from: 0).flatMap { [$0.event.line] + ($0.event.bodyLine.map { [$0.line] } ?? []) }
    }

    private func written() async throws -> (node: DemoNode, passphraseFile: String) {
        let node = try await node()
        let right = file("passphrase", passphrase)
        let made = try node.run(["note", "setup", "--passphrase-file", right])
        #expect(made.status == 0, "\(made.errors)")
        let note = try node.run(["note", "write"], input: #"{"text":"\#(words)","session":"\#(EventHash(of: [7]))"}"#)
        #expect(note.status == 0, "\(note.errors)")
        return (node, right)
    }

    @Test func nobodyReadsItWithAllFilesAndKeysOfTheNode() async throws {
        let (node, right) = try await written()
        node.stop()
        let files = try #require(FileManager.default.enumerator(atPath: node.folder)).compactMap { $0 as? String }
        let (text, session) = (Data(words.utf8), Data("\(EventHash(of: [7]))".utf8))
        for name in files {
            guard let data = FileManager.default.contents(atPath: node.folder + "/" + name) else { continue }
            #expect(data.range(of: text) == nil, "\(name) holds the text")
            #expect(data.range(of: Data(passphrase.utf8)) == nil, "\(name) holds the passphrase")
        }
        // The administrator has the store keys: the node's, and the one beside the notebook.
        let opened = try await lines(in: try notebook(of: node))
        for line in try await lines(in: StateFolder(path: node.folder + "/state")) + opened {
            #expect(Data(line).range(of: text) == nil && Data(line).range(of: session) == nil)
        }
        #expect(opened.contains { String(decoding: $0, as: UTF8.self).contains(#""sealed":"#) }, "the note itself was looked at")
        try await node.start()
        let read = try node.run(["note", "list", "--passphrase-file", right, "--json"])
        #expect(
            read.status == 0 && read.output.contains(words) && read.output.contains("\(EventHash(of: [7]))"), "\(read.errors)")
        let wrong = try node.run(["note", "list", "--passphrase-file", file("wrong", "a lantern for the day watch")])
        #expect(wrong.status == 77 && wrong.errors.contains("the passphrase is wrong") && wrong.output.isEmpty)
        #expect(try node.run(["audit", "verify"]).status == 0)
        node.stop()
    }

    @Test func anotherPassphraseTakesThePlaceOfTheFirstAndABackupKeepsItsOwn() async throws {
        let (node, right) = try await written()
        let before = try #require(try LockFile(folder: try notebook(of: node).path).read())
        let new = file("new", "another lantern, and brighter")
        let refused = try node.run(["note", "passphrase", "--passphrase-file", new, "--new-passphrase-file", right])
        #expect(refused.status == 77, "\(refused.errors)")
        let changed = try node.run(["note", "passphrase", "--passphrase-file", right, "--new-passphrase-file", new])
        #expect(changed.status == 0, "\(changed.errors)")
        #expect(try node.run(["note", "list", "--passphrase-file", right]).status == 77)
        #expect(try node.run(["note", "list", "--passphrase-file", new]).output.contains(words))
        let sealed = try await node.ask(ListNotesRequest())
        #expect(sealed.lock.public_key == before.public_key)
        #expect(try NotebookKey(in: before, passphrase: passphrase).open(sealed.notes[0].sealed).text == words)
        // A lock of another key would make the notes unreadable; so would a second setup.
        let foreign = try NotebookKey().locked(passphrase: passphrase, cost: before.cost)
        await #expect(throws: NodeError.self) { try await node.ask(LockNotebookRequest(lock: foreign, replacing: sealed.lock)) }
        await #expect(throws: NodeError.self) { try await node.ask(LockNotebookRequest(lock: foreign, replacing: nil)) }
        #expect(try node.run(["note", "setup", "--passphrase-file", right]).status == 64)
        node.stop()
    }

    @Test func whatCannotBeRightIsRefusedWithWords() async throws {
        let node = try await node()
        let missing = try node.run(["note", "write"], input: #"{"text":"x"}"#)
        #expect(missing.status == 66 && missing.errors.contains("duolog note setup"))
        let open = try node.run(["note", "setup", "--passphrase-file", file("open", passphrase, mode: 0o644)])
        #expect(open.status == 64 && open.errors.contains("can be read by others"))
        let short = try node.run(["note", "setup", "--passphrase-file", file("short", "lantern")])
        #expect(short.status == 64 && short.errors.contains("too short"))
        #expect(try node.run(["note", "setup", "--passphrase-file", file("right", passphrase)]).status == 0)
        #expect(try node.run(["note", "write"], input: #"{"text":" "}"#).status == 65)
        #expect(try node.run(["note", "write"], input: #"{"text":"x","mood":"low"}"#).errors.contains("mood"))
        await #expect(throws: NodeError.self) { try await node.ask(WriteNoteRequest(sealed: "plain text", request: "1")) }
        #expect(try await node.ask(ListNotesRequest()).notes.isEmpty)
        node.stop()
        // As a node of an earlier time left it: notes in the clear, and no lock.
        try FileManager.default.removeItem(atPath: try notebook(of: node).path + "/lock.json")
        try await node.start()
        let old = try node.run(["note", "list", "--passphrase-file", file("again", passphrase)])
        #expect(old.status == 69 && old.errors.contains("has no lock"))
        node.stop()
    }

    @Test func aPersonIsAskedUnseenAndBeginsWithTheFirstNote() async throws {
        let node = try await node()
        let first = try PseudoTerminal(node, ["note", "write"])
        try first.answer("New passphrase", passphrase)
        try first.answer("The same again", passphrase)
        try first.answer("Note", words)
        let written = try first.end()
        #expect(written.status == 0 && written.screen.contains("Written, sealed to you"), "\(written.screen)")
        #expect(!written.screen.contains(passphrase))
        let wrong = try PseudoTerminal(node, ["note", "list"])
        try wrong.answer("Passphrase of your notebook", "not this one, surely")
        #expect(try wrong.end().status == 77)
        let right = try PseudoTerminal(node, ["note", "list"])
        try right.answer("Passphrase of your notebook", passphrase)
        let read = try right.end()
        #expect(read.status == 0 && read.screen.contains(words) && !read.screen.contains(passphrase), "\(read.screen)")
        node.stop()
    }
}
