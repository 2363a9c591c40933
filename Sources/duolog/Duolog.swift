import ArgumentParser
import DemoCase
import DuologNode
import Foundation
import NodeAPI

/// The command line: nouns, then verbs.
@main
struct Duolog: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "duolog",
        abstract: "Keeps one patient's record in step between the people who treat them together.",
        discussion: """
            Set a node up with 'duolog init', run it with 'duolog serve', pair it with another by 'duolog peer add' on both sides, \
            and open a chart with 'duolog chart open'. 'duolog demo' shows all of it in under a minute.

            Clinical values never stand in arguments: they are asked for on a terminal, or come as JSON on standard input.

            Exit codes: 0 done; 1 what was checked does not hold; 64 usage; 65 what was to be recorded is not acceptable; 66 not found; 69 the daemon or a peer cannot be \
            reached; 74 reading or writing failed; 77 not permitted; 78 configuration.
            """,
        version: DuologVersion.text,
        subcommands: [
            InitCommand.self, ServeCommand.self, ReloadCommand.self, StatusCommand.self, DoctorCommand.self, VersionCommand.self,
            DemoCommand.self,
            ConfigCommand.self, PractitionerCommand.self, KeyCommand.self, PeerCommand.self, ChartCommand.self,
            PatientCommand.self,
            ConsentCommand.self,
            TodayCommand.self,
            ShowCommand.self,
            RecordCommand.self, NoteCommand.self, KindsCommand.self, AmendCommand.self, WithdrawCommand.self, EraseCommand.self,
            ConflictCommand.self,
            AuditCommand.self, FHIRCommand.self, BackupCommand.self, RestoreCommand.self, DebugCommand.self,
        ])

    static func main() async {
        // What is written is a node's state, a backup or a patient's record: nobody else's, unless somebody says so.
        umask(0o077)
        do {
            var command = try parseAsRoot(DashedName.marked(Array(CommandLine.arguments.dropFirst())))
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            if let failure = Failure(error) {
                FileHandle.standardError.write(Data("duolog: \(failure.text)\n".utf8))
                Foundation.exit(failure.code)
            }
            exit(withError: error)
        }
    }
}

/// An error as a command ends with it; nil for what the argument parser says itself.
struct Failure {
    let code: Int32
    let text: String

    init?(_ error: any Error) {
        switch error {
        case let error as NodeError:
            code = error.exitCode
            text = error.description + (error.view.map { "\nview: \($0)" } ?? "")
        case let error as ConfigurationError: (code, text) = (78, error.description)
        case let error as StateFolderError: (code, text) = (78, error.description)
        case let error as StorageFailure: (code, text) = (74, error.description)
        case let error as ListenFailure: (code, text) = (69, error.description)
        case let error as DemoFailure: (code, text) = (1, error.description)
        default: return nil
        }
    }
}

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Prints the version.")

    func run() { print("duolog \(DuologVersion.text)") }
}
