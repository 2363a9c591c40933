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

struct PeerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "peer", abstract: "The nodes that this one talks to. Pairing is done by hand, on both sides.",
        subcommands: [Add.self, List.self, Show.self, Sync.self, Remove.self])

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Pairs with a node. Compare the key with the other side by phone; it is what 'duolog status' prints there.")

        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions

        @Option(name: .long, help: ArgumentHelp("The other node's public key.", valueName: "key"))
        var key: NodePublicKey

        @Option(name: .long, help: ArgumentHelp("What the other practice is called here.", valueName: "label"))
        var name: String

        @Option(
            name: .long, help: ArgumentHelp("Where to dial it; leave it out where the other side dials.", valueName: "host:port"))
        var address: String?

        func run() async throws {
            let peer = try await node.ask(AddPeerRequest(key: key, label: name, address: address))
            try output.print(peer) {
                "Paired with \(peer.name), node \(peer.node). The other side must do the same with this node's key."
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the paired nodes.")

        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let peers = try await node.ask(ListPeersRequest())
            try output.print(peers) {
                peers.isEmpty
                    ? "No peer yet; pair with one by: duolog peer add"
                    : Render.table(peers.map { ["\($0.node)", $0.name, $0.address ?? "-", $0.state] })
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Says in words how far behind and ahead a peer is, and why it is not connected.")

        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions

        @Argument(help: "The node's id.")
        var peer: NodeID

        func run() async throws {
            let shown = try await node.ask(ShowPeerRequest(node: peer))
            try output.print(shown) { shown.words.joined(separator: "\n") }
        }
    }

    struct Sync: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Connects now and waits until both sides are in step.")

        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions

        @Argument(help: "The node's id.")
        var peer: NodeID

        @Option(name: .long, help: ArgumentHelp("How long to wait.", valueName: "seconds"))
        var wait = 30

        func run() async throws {
            let summary = try await node.ask(SyncPeerRequest(node: peer, seconds: wait))
            try output.print(summary) { "\(summary.name): \(summary.state)" }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ends a pairing. What was received stays; charts are left by 'duolog chart unshare'.")

        @OptionGroup var node: NodeOptions

        @Argument(help: "The node's id.")
        var peer: NodeID

        func run() async throws {
            _ = try await node.ask(RemovePeerRequest(node: peer))
            print("No longer paired with \(peer).")
        }
    }
}
