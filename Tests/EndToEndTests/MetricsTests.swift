import DemoCase
import EventLog
import Foundation
import FoundationNetworking
import NodeAPI
import Testing

/// What machines ask of a node, on real daemons, judged by Prometheus's own checker.
@Suite(.serialized) struct MetricsTests {
    private let folder = Daemons.folder()
    private static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    private func page(of node: DemoNode) async throws -> String {
        try #require(try await node.ask(StatusRequest()).page)
    }

    private func get(_ path: String, of node: DemoNode) async throws -> (status: Int, text: String) {
        try await get(try await page(of: node) + path)
    }

    private func get(_ address: String) async throws -> (status: Int, text: String) {
        let (data, response) = try await URLSession.shared.data(from: try #require(URL(string: address)))
        return ((response as? HTTPURLResponse)?.statusCode ?? 0, String(decoding: data, as: UTF8.self))
    }

    /// Runs promtool: the machine's, or the one that `.ci/setup test` has fetched.
    private func promtool(_ arguments: [String], input: String = "") throws -> (status: Int32, output: String) {
        let fetched = Self.repository + "/.build/tools/promtool"
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [FileManager.default.isExecutableFile(atPath: fetched) ? fetched : "promtool"] + arguments
        let (output, stdin) = (Pipe(), Pipe())
        (process.standardOutput, process.standardError, process.standardInput) = (output, output, stdin)
        try process.run()
        try stdin.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try stdin.fileHandleForWriting.close()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, text)
    }

    @Test func everyMetricIsThereSaidInTheDocsAndInOrder() async throws {
        let pair = try await Daemons.pair(in: folder)
        // A dispute, a backup and a check of the log, so that every metric has a number.
        let (left, right) = (try await pair.view(pair.left), try await pair.view(pair.right))
        _ = try await pair.adjust(pair.left, from: 50, to: 75, view: left)
        _ = try await pair.adjust(pair.right, from: 50, to: 100, view: right)
        try await pair.settle()
        let keys = try Daemons.run(["backup", "keygen", "--out", folder + "/identity", "--json"])
        let recipient = String(try #require(keys.firstMatch(of: /"recipient" : "([^"]+)"/)?.1))
        #expect(try pair.left.run(["backup", folder + "/b", "--recipient", recipient]).status == 0)
        #expect(try pair.left.run(["audit", "verify"]).status == 0)

        let (status, text) = try await get("/metrics", of: pair.left)
        #expect(status == 200)
        let checked = try promtool(["check", "metrics"], input: text)
        #expect(checked.status == 0 && checked.output.isEmpty, "\(checked.output)")
        let peer = try await pair.right.ask(StatusRequest()).node
        for line in [
            "duolog_disputes_open 1", "duolog_peer_connected{peer=\"\(peer)\"} 1", "duolog_integrity_alerts 0",
            "duolog_peer_lag_events{peer=\"\(peer)\",direction=\"receive\"} 0",
        ] { #expect(text.contains(line + "\n"), "\(line)") }
        let events = try #require(text.firstMatch(of: /duolog_events_appended_total\{source="peer"\} (\d+)/)?.1)
        #expect(try #require(Int(events)) >= 1)

        let said = text.matches(of: /# HELP (\w+) (.*)\n# TYPE \w+ (\w+)/).map { [$0.1, $0.3, $0.2] }
        let page = try String(contentsOfFile: Self.repository + "/docs/METRICS.md", encoding: .utf8)
        let rows = page.matches(of: /\| `(\w+)` \| (\w+) \| .* \| (.*) \|\n/).map { [$0.1, $0.2, $0.3] }
        #expect(rows == said)

        // Nobody and nothing of the chart.
        for word in ["Fictional", "sertraline", "\(pair.chart)", "Sample"] { #expect(!text.contains(word)) }
        #expect(try await get("/healthz", of: pair.left) == (200, "ok\n"))
        #expect(try await get("/readyz", of: pair.left) == (200, "ok\n"))
        #expect(try await get("/nothing", of: pair.left).status == 404)
        pair.left.stop()
        pair.right.stop()
    }

    /// Storage that cannot be read: whoever asks is answered all the same, and not told what is wrong.
    @Test func figuresThatCannotBeReadAreAnsweredToo() async throws {
        let node = try Daemons.make("unread", in: folder)
        try await node.start()
        try await Daemons.wait("the page", of: node) { try await node.ask(StatusRequest()).page != nil }
        let metrics = try await page(of: node) + "/metrics"
        #expect(try await get(metrics).status == 200)
        let rename = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('ALTER TABLE segment RENAME TO gone')"
        try Faults.tool(["python3", "-c", rename, node.folder + "/state/log.sqlite"])
        #expect(try await get(metrics) == (503, "the figures cannot be read now\n"))
        node.stop()
    }

    @Test func theExampleAlertsFireWhenTheyShould() throws {
        let rules = Self.repository + "/config/prometheus-alerts.yaml"
        let checked = try promtool(["check", "rules", rules])
        #expect(checked.status == 0, "\(checked.output)")
        let cases = try String(
            contentsOfFile: Self.repository + "/Tests/EndToEndTests/Fixtures/alerts-test.yaml", encoding: .utf8)
        let file = folder + "-alerts.yaml"
        try Data(cases.replacing("RULES", with: rules).utf8).write(to: URL(fileURLWithPath: file))
        defer { try? FileManager.default.removeItem(atPath: file) }
        let played = try promtool(["test", "rules", file])
        #expect(played.status == 0, "\(played.output)")
        // An alert on a metric that does not exist would never fire.
        let page = try String(contentsOfFile: Self.repository + "/docs/METRICS.md", encoding: .utf8)
        let text = try String(contentsOfFile: rules, encoding: .utf8)
        for match in text.matches(of: /duolog_[a-z_]+/) {
            let name = String(match.0).replacing("_bucket", with: "")
            #expect(page.contains("`\(name)`"), "\(name)")
        }
    }
}
