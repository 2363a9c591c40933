import ArgumentParser
import CareModel
import EventLog
import Foundation
import NodeAPI

struct PractitionerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "practitioner", abstract: "The people who record on this node.",
        subcommands: [Add.self, List.self, Invite.self, Remove.self])

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

    struct Invite: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints a link with which a practitioner comes into the page once, and chooses a passphrase.",
            discussion: """
                The link is shown this once and kept nowhere: hand it over in person. It ends when it was used, when it has expired, or when \
                another is made. Who has forgotten a passphrase, or was locked out, gets a new link the same way.
                """)

        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions

        @Argument(help: "The id that 'duolog practitioner list' prints.")
        var author: AuthorID

        @Flag(name: .long, help: "Lets them see to the node itself on the page, too: pair it with others.")
        var administrator = false

        @Option(name: .long, help: ArgumentHelp("For how long the link is good, 1 to 720.", valueName: "hours"))
        var hours = 24

        func run() async throws {
            let invited = try await node.ask(
                InvitePractitionerRequest(author: author, administrator: administrator, hours: hours))
            try output.print(invited) { "\(invited.link)\nFor \(invited.person.name), once, until \(invited.until)." }
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
