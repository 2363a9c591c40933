import ArgumentParser
import DuologNode
import EventLog
import Foundation
import NodeAPI

struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Copies everything that a node is into one sealed file.",
        subcommands: [Create.self, Verify.self, Keygen.self], defaultSubcommand: Create.self)

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "create", abstract: "Makes a backup; 'duolog backup FILE' does the same.",
            discussion: """
                The daemon goes on meanwhile; where none runs, the folder is read as it is. The file holds the log, the notebooks (which \
                stay sealed to their authors), the list of what was erased, and both keys of the node: whoever opens it is the node. It is \
                therefore always sealed, to backup.recipient or --recipient, otherwise with a passphrase that is asked for. It gets its \
                name only when all of it was written and read back.

                Without FILE it goes into backup.folder under the node's id and the time, and the oldest beyond backup.keep are removed.
                """)

        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions

        @Argument(help: ArgumentHelp("The file to write; one in backup.folder by default.", valueName: "file"))
        var file: String?

        @Option(name: .long, help: ArgumentHelp("Seal to this public key instead of backup.recipient.", valueName: "key"))
        var recipient: String?

        @Option(name: .long, help: ArgumentHelp("Seal with the passphrase on the first line of this file.", valueName: "file"))
        var passphraseFile: String?

        @Flag(name: .long, help: "Replace a file that exists.")
        var force = false

        func validate() throws {
            if recipient != nil, passphraseFile != nil { throw ValidationError("a backup has one lock: a key or a passphrase") }
        }

        func run() async throws {
            let settings = try node.load().settings
            let sealedTo = try lock(settings)
            let report: Backup.Report
            do {
                report = try await node.connected { connection in
                    let snapshot = try await connection.send(BeginBackupRequest())
                    do {
                        let report = try await pack(snapshot, settings, sealedTo)
                        _ = try await connection.send(EndBackupRequest(bytes: report.bytes))
                        return report
                    } catch {
                        _ = try await connection.send(EndBackupRequest(bytes: nil))
                        throw error
                    }
                }
            } catch let error as NodeError where error.code == .unavailable {
                Terminal.tell("no daemon runs here: reading the folder itself")
                let snapshot = try await ClosedLog.snapshot(settings)
                defer { ClosedLog.discardSnapshot(settings) }
                report = try await pack(snapshot, settings, sealedTo)
            }
            if file == nil { try BackupFolder(settings).removeOldest(of: report.manifest.node) }
            try output.print(report) {
                """
                Wrote \(report.file): \(report.bytes) bytes, sealed, and read back.
                It holds node \(report.manifest.node) as of \(report.manifest.made): \(report.manifest.events) events in \
                \(report.manifest.charts) charts, and the node's keys.
                """
            }
        }

        private func pack(
            _ snapshot: BackupSnapshot, _ settings: NodeSettings, _ sealedTo: BackupRecipient
        ) async throws -> Backup.Report {
            defer { Terminal.endProgress() }
            return try await Backup.write(
                snapshot, to: file ?? BackupFolder(settings).next(snapshot), for: sealedTo, replacing: force
            ) { Terminal.progress($0, $1, of: $2) }
        }

        private func lock(_ settings: NodeSettings) throws -> BackupRecipient {
            if let passphraseFile { return .passphrase(try Passphrase.readNew(from: passphraseFile)) }
            let key = recipient ?? settings.backupRecipient
            guard key != NodeSettings.noRecipient else {
                guard Passphrase.isTerminal else {
                    throw NodeError(
                        .configuration,
                        "backup.recipient is none, and there is no terminal to ask for a passphrase; make a key with: duolog backup keygen"
                    )
                }
                return .passphrase(try Passphrase.readNew(from: nil))
            }
            guard let recipient = BackupRecipient.key(key) else {
                throw NodeError(.usage, "'\(key)' is no key that 'duolog backup keygen' prints")
            }
            return recipient
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Opens a backup and checks every byte of it, the log included; nothing is restored.")

        @OptionGroup var output: OutputOptions
        @OptionGroup var opener: OpenerOptions

        @Argument(help: ArgumentHelp("The backup.", valueName: "file"))
        var file: String

        func run() async throws {
            let manifest = try await Backup.verify(file, try opener.opener()) { Terminal.progress($0, $1, of: $2) }
            Terminal.endProgress()
            try output.print(manifest) {
                """
                \(file) is whole: node \(manifest.node) as of \(manifest.made), duolog \(manifest.version), \
                \(manifest.events) events in \(manifest.charts) charts.
                """
            }
        }
    }

    struct Keygen: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a key pair for backups: a machine that has only the public key makes backups that it cannot open.")

        @OptionGroup var output: OutputOptions

        @Option(name: .long, help: ArgumentHelp("Where the private key goes: a file that does not exist yet.", valueName: "file"))
        var out: String

        private struct Made: Encodable {
            let identity: String
            let recipient: String
        }

        func run() throws {
            let identity = BackupIdentity()
            guard !FileManager.default.fileExists(atPath: out),
                FileManager.default.createFile(
                    atPath: out, contents: Data((identity.text + "\n").utf8), attributes: [.posixPermissions: 0o600])
            else { throw NodeError(.usage, "cannot write \(out), or it exists") }
            try output.print(Made(identity: out, recipient: identity.recipient)) {
                """
                The private key is in \(out): keep it where backups are restored, and a copy on paper.
                For the configuration, backup.recipient: \(identity.recipient)
                """
            }
        }
    }
}

struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Puts a node back from a backup, into a folder that holds none.",
        discussion: """
            Everything is checked before anything is put in place. The node then writes in a new epoch, so that no number is used twice; \
            what was erased is erased again; and of each chart nothing is sent before it has synced with a member, who may know of erasures \
            that this backup does not. Run it as the user of the node, such as: runuser -u duolog -- duolog restore FILE
            """)

    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var opener: OpenerOptions

    @Argument(help: ArgumentHelp("The backup.", valueName: "file"))
    var file: String

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The file 'erased' of the lost state folder, where it was saved: it may name later erasures.", valueName: "file"))
    var erased: String?

    func run() async throws {
        let settings = try node.load().settings
        let report = try await Restore.run(file, try opener.opener(), settings, erased: erased) {
            Terminal.progress($0, $1, of: $2)
        }
        Terminal.endProgress()
        try output.print(report) {
            let manifest = report.manifest
            return """
                Restored node \(manifest.node) into \(report.folder), as it was at \(manifest.made): \(manifest.events) events in \
                \(manifest.charts) charts, written by duolog \(manifest.version).
                It writes as \(report.origin) from now on. \(report.erased_again) bodies that had been erased since were erased again.
                \(report.held) charts are held: nothing of them is sent before they have synced with a member.

                Next: start the node. What it wrote after the backup comes back from its peers (\
                \(report.peers.isEmpty ? "none is paired" : report.peers.joined(separator: ", "))); 'duolog status' counts it.
                What nobody can know: what was written here after the backup and had reached no peer; notes written after it, which no peer \
                ever had; and erasures after it that no member of the chart tells of.
                Never start the old machine again: two nodes with one key are found out as such, and both have to stop.
                """
        }
    }
}

/// How a backup is opened.
struct OpenerOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("The private key that 'duolog backup keygen' made.", valueName: "file"))
    var identity: String?

    @Option(name: .long, help: ArgumentHelp("The passphrase stands on the first line of this file.", valueName: "file"))
    var passphraseFile: String?

    func opener() throws -> BackupOpener {
        if let identity { return .identity(try BackupIdentity(file: identity)) }
        return .passphrase(try Passphrase.read(from: passphraseFile, "Passphrase of the backup"))
    }
}

/// The folder for backups that are given no name.
struct BackupFolder {
    private let folder: String
    private let kept: Int

    init(_ settings: NodeSettings) {
        folder = settings.backupFolder
        kept = settings.backupsKept
    }

    /// The name of a backup: whose, and of when. No patient data.
    func next(_ snapshot: BackupSnapshot) -> String {
        "\(folder)/\(prefix(snapshot.node))\("\(snapshot.made)".replacing(":", with: "-"))\(Self.ending)"
    }

    private static let ending = ".backup"

    private func prefix(_ node: NodeID) -> String { "duolog-\(node)-" }

    /// Times are written so that the order of names is the order of time.
    func removeOldest(of node: NodeID) throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
            .filter { $0.hasPrefix(prefix(node)) && $0.hasSuffix(Self.ending) }.sorted()
        for name in names.dropLast(kept) { try FileManager.default.removeItem(atPath: folder + "/" + name) }
    }
}
