import ArgumentParser
import CareModel
import EventLog
import Foundation
import NodeAPI

struct PractitionerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "practitioner", abstract: "The people who record on this node.",
        subcommands: [Add.self, List.self, Remove.self])

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a user of this machine a practitioner: what they record is recorded in their name.")

        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions

        @Option(name: .long, help: ArgumentHelp("The user id; yours by default.", valueName: "uid"))
        var uid: UInt32?

        @Option(name: .long, help: ArgumentHelp("The practitioner's name, as the other practices see it.", valueName: "name"))
        var name: String

        @Option(name: .long, help: "Qualification.")
        var credential: Credential

        func run() async throws {
            let added = try await node.ask(AddPractitionerRequest(uid: uid ?? getuid(), fullName: name, credential: credential))
            try output.print(added) {
                "Added \(added.name), \(added.credential.rawValue), as \(added.author) for user \(added.uid)."
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the practitioners of this node.")

        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let all = try await node.ask(ListPractitionersRequest())
            try output.print(all) {
                all.isEmpty
                    ? "No practitioner yet; add one with: duolog practitioner add"
                    : Render.table(all.map { [$0.author.text, "uid \($0.uid)", $0.credential.rawValue, $0.name] })
            }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets a practitioner record here no longer; what they recorded stays.")

        @OptionGroup var node: NodeOptions

        @Argument(help: "The id that 'duolog practitioner list' prints.")
        var author: AuthorID

        func run() async throws {
            _ = try await node.ask(RemovePractitionerRequest(author: author))
            print("Removed \(author).")
        }
    }
}
