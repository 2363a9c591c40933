import CareModel
import DemoCase
import EventLog
import Foundation
import NodeAPI

/// Real daemons for a test: real processes, real sockets, real files.
enum Daemons {
    /// The program that was built with the tests.
    static let program: String = {
        let beside = Bundle.allBundles.map { $0.bundleURL.deletingLastPathComponent().appending(path: "duolog").path }
        let besideRunner = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "duolog")
            .path
        let fromSource = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: ".build/debug/duolog").path
        return ([besideRunner] + beside + [fromSource]).first { FileManager.default.isExecutableFile(atPath: $0) } ?? fromSource
    }()

    static func folder() -> String {
        // Short: a socket's path has room for about a hundred bytes.
        FileManager.default.temporaryDirectory.appending(path: "dt-\(UUID().uuidString.prefix(8))").path
    }

    /// Waits for something to come about. The limit is there to say what did not: a machine that is busy with other things stays far below.
    static func wait(_ what: String, of nodes: DemoNode..., until isTrue: () async throws -> Bool) async throws {
        let limit = 180
        for _ in 0..<limit * 100 {
            if try await isTrue() { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw DemoFailure("\(what) did not come about within \(limit) s\n" + nodes.map(\.log).joined(separator: "\n"))
    }

    /// Where a node runs: by which command, and at which address.
    struct Place {
        var prefix: [String] = []
        var host = DemoNode.loopback()
    }

    static func make(_ name: String, in folder: String, at place: Place = Place()) throws -> DemoNode {
        try DemoNode(program: program, folder: "\(folder)/\(name)", name: name, prefix: place.prefix, host: place.host)
    }

    /// Two practices that run, are paired and share one chart with a prescription of 50 mg.
    static func pair(in folder: String, at place: (String) -> Place = { _ in Place() }) async throws -> Pair {
        let (left, right) = (
            try make("left", in: folder, at: place("left")), try make("right", in: folder, at: place("right"))
        )
        for node in [left, right] {
            try await node.start()
            _ = try await node.ask(
                AddPractitionerRequest(uid: getuid(), fullName: "Dr. \(node.name) Fictional", credential: .psychiatrist))
        }
        let (one, other) = (try await left.ask(StatusRequest()), try await right.ask(StatusRequest()))
        _ = try await left.ask(AddPeerRequest(key: other.key, label: "right", address: nil))
        _ = try await right.ask(AddPeerRequest(key: one.key, label: "left", address: one.listening))
        let patient = #"{"name":"Sample Fictional","birth_date":"1990-01-01"}"#
        let opened = try await left.ask(OpenChartRequest(patient: patient, scopes: [.prescribing], when: nil, request: "open"))
        _ = try await left.ask(
            ShareChartRequest(
                chart: opened.chart, members: [.init(node: other.node, scopes: [.prescribing, .therapy])], purpose: "TREAT",
                until: nil, signedDocument: EventHash(of: [1]), when: nil, view: opened.view, request: "share"))
        let pair = Pair(left: left, right: right, chart: opened.chart, listening: one.listening ?? "")
        let prescribed = try await pair.record(
            left, "medication.prescribed",
            #"{"drug":{"system":"RxNorm","code":"312941","display":"sertraline 50 MG Oral Tablet"},"dose":{"value":"50","unit":"mg"},"frequency":{"times":1,"period":1,"period_unit":"d"},"route":"oral","effective_from":"2026-01-01"}"#,
            view: try await pair.view(left))
        try await pair.settle()
        return Pair(left: left, right: right, chart: opened.chart, listening: one.listening ?? "", root: prescribed.event)
    }
}

/// Two practices and their chart.
struct Pair: Sendable {
    let left: DemoNode
    let right: DemoNode
    let chart: ChartID
    let listening: String
    var root: EventHash?

    func view(_ node: DemoNode) async throws -> String { try await node.ask(ShowRequest<RegimenView>(chart: chart)).view }

    @discardableResult
    func record(
        _ node: DemoNode, _ kind: Kind, _ body: String, about: EventHash? = nil, refs: [EventHash] = [], view: String? = nil,
        request: String = UUID().uuidString
    ) async throws -> RecordedEvent {
        try await node.ask(
            RecordRequest(chart: chart, kind: kind, body: body, refs: refs, about: about, view: view, request: request))
    }

    func adjust(_ node: DemoNode, from: Int, to: Int, view: String) async throws -> RecordedEvent {
        try await record(
            node, "dose.adjusted",
            #"{"from":{"value":"\#(from)","unit":"mg"},"to":{"value":"\#(to)","unit":"mg"},"reason":"titration","effective_from":"2026-02-01"}"#,
            about: root, view: view)
    }

    func disputes(_ node: DemoNode) async throws -> [ConflictsView.Dispute] {
        try await node.ask(ListConflictsRequest(chart: chart)).flatMap(\.content.disputes)
    }

    func digest(_ node: DemoNode) async throws -> EventHash? { try await node.ask(DigestRequest(chart: chart)).first?.digest }

    /// Waits until both have what either has.
    func settle() async throws {
        for _ in 0..<3 {
            var all = try await left.clock(of: chart)
            all.merge(try await right.clock(of: chart))
            try await left.wait(for: all, of: chart)
            try await right.wait(for: all, of: chart)
        }
    }
}
