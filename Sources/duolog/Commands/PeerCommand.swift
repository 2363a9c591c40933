import ArgumentParser
import CareModel
import DuologNode
import EventLog
import Foundation
import NodeAPI

struct PeerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "peer", abstract: "The nodes that this one talks to. Pairing is done by hand, on both sides.",
        subcommands: [Invite.self, Accept.self, Add.self, List.self, Show.self, Sync.self, Remove.self, Revoke.self])

    struct Invite: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints this node's pairing code, for the other practice to accept.",
            discussion: """
                The code holds this node's public key, its name, and where to call it. It is no secret: send it as you like, and compare the \
                fingerprint by phone. Pairing has two sides: accept their code here, too.
                """)

        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions

        @Option(
            name: .long,
            help: ArgumentHelp("Where the others reach this node, where it does not know by itself.", valueName: "host:port"))
        var address: String?

        func run() async throws {
            let code = PairingCode(try await node.ask(StatusRequest()), address: address)
            try output.print(Printed(code)) {
                """
                \(code.text)
                Fingerprint: \(code.fingerprint)
                \(code.address.map { "The other side calls \($0)." } ?? "Without an address: this side has to call the other.")
                There: duolog peer accept CODE. And their code here: pairing is done on both sides.
                """
            }
        }
    }

    struct Accept: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Pairs with the node whose code this is. Compare the fingerprint with the other side by phone first.")

        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions

        @Argument(help: "What 'duolog peer invite' printed there.")
        var code: String

        @Option(
            name: .long,
            help: ArgumentHelp("What the other practice is called here; its own name by default.", valueName: "label"))
        var name: String?

        @Flag(name: .long, help: "Wait for its call, instead of calling it.")
        var wait = false

        func run() async throws {
            let code = try PairingCode(text: code)
            let peer = try await node.ask(
                AddPeerRequest(key: code.key, label: name ?? code.name, address: wait ? nil : code.address))
            try output.print(peer) {
                "Paired with \(peer.name), fingerprint \(code.fingerprint). The other side must accept this node's code, too."
            }
        }
    }

    /// A code as programs read it.
    private struct Printed: Codable {
        let code, name, fingerprint: String
        let address: String?

        init(_ code: PairingCode) {
            (self.code, name, fingerprint, address) = (code.text, code.name, code.fingerprint, code.address)
        }
    }

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Pairs with a node. Compare the key with the other side by phone; it is what 'duolog key show' prints there.")

        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions

        @Option(
            name: .long,
            help: ArgumentHelp("The other node's public key; after a rotation with its id before it.", valueName: "key"))
        var key: NodeFingerprint

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
            abstract: "Says how far behind and ahead peers are, how fast they catch up, and why one is not connected.",
            discussion: """
                With --watch it goes on until Ctrl-C: on a terminal it redraws every second, otherwise it prints again whenever \
                something has changed.
                """)

        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions

        @Argument(help: "The node's id; all peers by default.")
        var peer: NodeID?

        @Flag(name: .long, help: "Go on, and show what changes.")
        var watch = false

        func run() async throws {
            try await node.connected { connection in
                var before: String?
                repeat {
                    let reports = try await connection.send(ShowPeerRequest(node: peer))
                    let text = try output.text(reports) {
                        reports.isEmpty
                            ? "No peer yet; pair with one by: duolog peer add"
                            : reports.map { Render.peer($0) }.joined(separator: "\n\n")
                    }
                    if watch, Terminal.isInteractive {
                        Terminal.redraw(text)
                    } else if changed(reports) != before {
                        Terminal.say(text)
                    }
                    before = changed(reports)
                    if watch { try await Task.sleep(for: .seconds(1)) }
                } while watch
            }
        }

        /// What is worth another line: all but the time that passes.
        private func changed(_ reports: [PeerReport]) -> String {
            reports.map { report in
                "\(report.summary) \(report.behind?.events ?? -1) \(report.ahead) \(report.received) \(report.sent) \(report.last_error ?? "")"
            }.joined()
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

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Says that a node's key or machine was lost: never talks with it again, and removes it from the charts.",
            discussion: """
                The connection ends at once, and the key cannot be paired again. In charts that this node stewards the lost node is removed, \
                which its other peers learn by sync: they see that it was removed, and do the same on their side. The practice goes on with a \
                new node (duolog init in an empty folder, or another machine), which is admitted to the charts anew. What the lost node had \
                received, whoever found it may read as far as they can open its disk.
                """)

        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions

        @Argument(help: "The node's id.")
        var peer: NodeID

        @Option(name: .long, help: ArgumentHelp("Why, for the other members of the charts.", valueName: "text"))
        var reason = "its key was lost"

        func run() async throws {
            let answer = try await node.ask(RevokePeerRequest(node: peer, reason: reason))
            try output.print(answer) {
                var lines = ["\(peer) is revoked: no connection with its key is made or taken any more."]
                lines.append("Removed from \(answer.removed.count) charts.")
                if !answer.left_to_stewards.isEmpty {
                    lines.append(
                        "In these charts this node is no steward; ask one of theirs to remove it (duolog chart unshare):")
                    lines += answer.left_to_stewards.map { "  \($0)" }
                }
                return lines.joined(separator: "\n")
            }
        }
    }
}
