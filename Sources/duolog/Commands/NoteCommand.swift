import ArgumentParser
import CareModel
import DuologNode
import EventLog
import Foundation
import NodeAPI

struct NoteCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "note", abstract: "Your own process notes: they never leave this node, and only you can read them.",
        discussion: """
            Notes are sealed in this program, before the daemon has them. Writing takes no passphrase, reading does. A backup of the node \
            holds the notebook, and it opens with the passphrase of that time. Nobody can restore a passphrase that was forgotten.
            """,
        subcommands: [Setup.self, Write.self, List.self, Change.self])

    struct PassphraseOption: ParsableArguments {
        @Option(
            name: .long,
            help: ArgumentHelp(
                "Read the passphrase from the first line of a file, such as /dev/fd/3; asked for on the terminal by default.",
                valueName: "file"))
        var passphraseFile: String?
    }

    struct Setup: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Makes your notebook, with a passphrase that you choose.")

        @OptionGroup var node: NodeOptions
        @OptionGroup var passphrase: PassphraseOption

        func run() async throws {
            let file = passphrase.passphraseFile
            _ = try await node.connected { connection in
                guard try await connection.send(NotebookRequest()).lock == nil else {
                    throw NodeError(
                        .usage, "you have a notebook already; another passphrase is set with: duolog note passphrase")
                }
                return try await NoteCommand.setUp(connection, passphraseFile: file)
            }
            print("Your notebook is ready. Write with: duolog note write")
        }
    }

    struct Write: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Writes a note.",
            discussion: """
                On a terminal the note is asked for. Otherwise it comes as JSON on standard input: {"text":"…"}, and "session" with the \
                event of the session that it belongs to.
                """)

        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var request: RequestOption

        @Option(name: .long, help: ArgumentHelp("When it was; now by default.", valueName: "time"))
        var when: ClinicalTime?

        @Option(name: .long, help: ArgumentHelp("The session that it belongs to.", valueName: "event"))
        var session: EventHash?

        func run() async throws {
            let (when, session, id) = (when, session, request.id)
            let written = try await node.connected { connection in
                var lock = try await connection.send(NotebookRequest()).lock
                if lock == nil, Terminal.isInteractive {
                    print("You have no notebook yet; choose a passphrase for it.")
                    lock = try await NoteCommand.setUp(connection, passphraseFile: nil)
                }
                guard let lock else {
                    throw NodeError(.notFound, "you have no notebook yet; make one with: duolog note setup")
                }
                var note =
                    Terminal.isInteractive
                    ? NoteText(text: try Terminal.require("Note")) : try NoteCommand.note(from: Terminal.input())
                note.session = session ?? note.session
                return try await connection.send(WriteNoteRequest(sealed: try lock.seal(note), when: when, request: id))
            }
            try output.print(written) { "Written, sealed to you: \(written.event)." }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Prints your notes; asks for the passphrase.")

        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var passphrase: PassphraseOption

        private struct Note: Encodable {
            let event: EventHash
            let when: ClinicalTime
            let text: String
            let session: EventHash?
        }

        func run() async throws {
            let notebook = try await node.ask(ListNotesRequest())
            let key = try NotebookKey(
                in: notebook.lock, passphrase: try Passphrase.read(from: passphrase.passphraseFile))
            let notes = try notebook.notes.map { sealed in
                let note = try key.open(sealed.sealed)
                return Note(event: sealed.event, when: sealed.when, text: note.text, session: note.session)
            }
            try output.print(notes) {
                notes.isEmpty ? "No note yet." : notes.map { "\(Render.time($0.when))  \($0.text)" }.joined(separator: "\n")
            }
        }
    }

    struct Change: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "passphrase", abstract: "Changes the passphrase of your notebook.",
            discussion: "Earlier backups go on opening with the passphrase that they were made under.")

        @OptionGroup var node: NodeOptions
        @OptionGroup var passphrase: PassphraseOption

        @Option(
            name: .long,
            help: ArgumentHelp("Read the new passphrase from the first line of a file.", valueName: "file"))
        var newPassphraseFile: String?

        func run() async throws {
            let (old, new) = (passphrase.passphraseFile, newPassphraseFile)
            try await node.connected { connection in
                guard let lock = try await connection.send(NotebookRequest()).lock else {
                    throw NodeError(.notFound, "you have no notebook yet; make one with: duolog note setup")
                }
                let key = try NotebookKey(in: lock, passphrase: try Passphrase.read(from: old, "Present passphrase"))
                let changed = try key.locked(passphrase: try Passphrase.readNew(from: new))
                _ = try await connection.send(LockNotebookRequest(lock: changed, replacing: lock))
            }
            print("From now on your notebook opens with the new passphrase.")
        }
    }

    private static func setUp(_ connection: NodeClient.Connection, passphraseFile: String?) async throws -> NotebookLock {
        let lock = try NotebookKey().locked(passphrase: try Passphrase.readNew(from: passphraseFile))
        _ = try await connection.send(LockNotebookRequest(lock: lock, replacing: nil))
        return lock
    }

    private static func note(from input: String) throws -> NoteText {
        let members: [String: String]
        let note: NoteText
        do {
            members = try JSONDecoder().decode([String: String].self, from: Data(input.utf8))
            note = try JSONDecoder().decode(NoteText.self, from: Data(input.utf8))
        } catch {
            throw NodeError(.content, #"a note is a JSON object such as {"text":"…"}"#)
        }
        if let unknown = members.keys.sorted().first(where: { $0 != "text" && $0 != "session" }) {
            throw NodeError(.content, "\(unknown): is not a member of a note")
        }
        return note
    }
}
