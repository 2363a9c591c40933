import ArgumentParser
import DuologNode
import EventLog
import NodeAPI

struct KeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "The node's own key: what others know it by, and a new one.",
        subcommands: [Show.self, Rotate.self])

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints the key by which others pair with this node, and those that it had before.")

        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let report = try await node.ask(ShowKeyRequest())
            try output.print(report) { Render.key(report) }
        }
    }

    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Gives the node a new key. The old one signs for it, so peers follow by themselves.",
            discussion: """
                Node id, charts and pairings stay what they are; what was signed before holds. Peers that are connected follow at once, \
                the others when they connect next, however late. Make a backup right after it: one from before holds the old key, which \
                peers refuse from then on.

                This is for a key that has become old, or that somebody may have read long ago. Whoever has the old key now can race for \
                the peers that have not followed yet; where two new keys meet, the peer stops with both and says so. When a machine is in \
                other hands, let the peers revoke it ('duolog peer revoke') and begin a new node.
                """)

        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions

        @Option(name: .long, help: ArgumentHelp("How long to wait for the peers that can be reached.", valueName: "seconds"))
        var wait = 10

        func run() async throws {
            let answer = try await node.ask(RotateKeyRequest(seconds: wait))
            try output.print(answer) {
                """
                The node has a new key; \(answer.charts) charts say so, its own included.
                \(Render.key(answer.report))
                Next: make a backup (duolog backup); those from before hold the old key. Tell whoever checks your exported charts the new one.
                """
            }
        }
    }
}

extension Render {
    /// A node's key, and who knows it.
    static func key(_ report: KeyReport) -> String {
        var lines = ["node     \(report.node)", "key      \(report.fingerprint)"]
        if let since = report.since { lines.append("since    \(since)") }
        lines += report.replaced.reversed().map { "before   \($0.key), until \($0.at)" }
        lines += report.peers.map { "peer     \($0.name): \($0.follows ? "knows it" : "follows when it connects")" }
        return lines.joined(separator: "\n")
    }
}
