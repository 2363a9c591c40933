import CareModel
import DuologNode
public import EventLog
import Foundation
import NodeAPI

/// Plays the case on three daemons, through the same requests that people make.
public actor CasePlayer {
    /// The three daemons.
    public nonisolated let nodes: [CombinedCareCase.Practice: DemoNode]
    /// The patient's chart, once it is open.
    public private(set) var chart: ChartID?
    /// The event of each row that has been played.
    public private(set) var events: [Int: EventHash] = [:]
    private var ids: [CombinedCareCase.Practice: (node: NodeID, key: NodePublicKey)] = [:]
    private var isOffline = false
    private let links: [(dialer: CombinedCareCase.Practice, listener: CombinedCareCase.Practice)]
    private let progress: @Sendable (String) -> Void
    private let route: Route

    /// Where a dialer reaches a listener that listens at an address.
    public typealias Route =
        @Sendable (_ dialer: CombinedCareCase.Practice, _ listener: CombinedCareCase.Practice, _ address: String) async throws ->
        String

    /// A player on daemons that run. `links` says who dials whom; by default everybody is paired with everybody. `route` may put something
    /// in between.
    public init(
        nodes: [CombinedCareCase.Practice: DemoNode],
        links: [(dialer: CombinedCareCase.Practice, listener: CombinedCareCase.Practice)] = [
            (.therapist, .primaryCare), (.prescriber, .primaryCare), (.prescriber, .therapist),
        ], progress: @escaping @Sendable (String) -> Void = { _ in },
        route: @escaping Route = { _, _, address in address }
    ) {
        self.route = route
        self.nodes = nodes
        self.links = links
        self.progress = progress
    }

    private func node(_ practice: CombinedCareCase.Practice) throws -> DemoNode {
        guard let node = nodes[practice] else { throw DemoFailure("no daemon for \(practice.rawValue)") }
        return node
    }

    private func id(_ practice: CombinedCareCase.Practice) throws -> NodeID {
        guard let id = ids[practice] else { throw DemoFailure("\(practice.rawValue) is not paired") }
        return id.node
    }

    private func openedChart() throws -> ChartID {
        guard let chart else { throw DemoFailure("the chart is not open") }
        return chart
    }

    // MARK: Before the first day

    /// Enrols one practitioner on each node, pairs the nodes, and opens the chart.
    public func prepare(_ first: CombinedCareCase.Step) async throws {
        var addresses: [CombinedCareCase.Practice: String] = [:]
        for practice in CombinedCareCase.Practice.allCases {
            let node = try node(practice)
            try await setClock(practice, first.when)
            _ = try await node.ask(
                AddPractitionerRequest(
                    uid: getuid(), fullName: practice.practitioner,
                    credential: Credential(rawValue: practice.credential) ?? .other))
            let status = try await node.ask(StatusRequest())
            ids[practice] = (status.node, status.key)
            addresses[practice] = status.listening
        }
        for link in links {
            guard let dialer = ids[link.dialer], let listener = ids[link.listener], let address = addresses[link.listener]
            else { continue }
            _ = try await node(link.listener).ask(AddPeerRequest(key: dialer.key, label: link.dialer.name, address: nil))
            _ = try await node(link.dialer).ask(
                AddPeerRequest(
                    key: listener.key, label: link.listener.name,
                    address: try await route(link.dialer, link.listener, address)))
        }
        // Members are admitted by the key that was paired; the chart's founder knows all of them.
        for practice in CombinedCareCase.Practice.allCases where practice != .primaryCare {
            guard let other = ids[practice],
                !links.contains(where: { Set([$0.dialer, $0.listener]) == [.primaryCare, practice] })
            else { continue }
            _ = try await node(.primaryCare).ask(AddPeerRequest(key: other.key, label: practice.name, address: nil))
        }
        let opened = try await node(.primaryCare).ask(
            OpenChartRequest(
                patient: CombinedCareCase.patient, scopes: [.primaryCare, .prescribing], when: ClinicalTime(first.when),
                request: "case-open"))
        chart = opened.chart
    }

    // MARK: The days

    /// Plays one row.
    public func play(_ step: CombinedCareCase.Step) async throws {
        if step.kind == "SIM.link_down" { isOffline = true }
        if step.kind == "SIM.link_up" { isOffline = false }
        // Time passes for everybody.
        for practice in CombinedCareCase.Practice.allCases { try await setClock(practice, step.when) }
        switch step.kind {
        case "SIM.link_down":
            _ = try await node(.prescriber).ask(SetOnlineRequest(online: false))
            progress("day \(step.day)  the prescriber is off the network; its clock runs 2 h fast")
        case "SIM.link_up":
            _ = try await node(.prescriber).ask(SetOnlineRequest(online: true))
            progress("day \(step.day)  the prescriber is back")
            try await catchUp()
        case "consent.granted": try await share(step)
        case ProcessNoteWritten.kind.name: try await writeNote(step)
        default: try await record(step)
        }
    }

    private func setClock(_ practice: CombinedCareCase.Practice, _ when: String) async throws {
        guard let time = ClinicalTime(when)?.instant else { throw DemoFailure("\(when) is no time") }
        let fast = isOffline && practice == .prescriber ? 2 * 3_600_000 : 0
        _ = try await node(practice).ask(SetClockRequest(now: time.advanced(byMilliseconds: fast)))
    }

    private func record(_ step: CombinedCareCase.Step) async throws {
        let (node, chart) = (try node(step.practice), try openedChart())
        // As people do: look first, then record from what was seen.
        let view = try await node.ask(ShowRequest<RegimenView>(chart: chart)).view
        guard let kind = Kind(step.kind), let type = Catalogue.kind(kind) else { throw DemoFailure("\(step.kind) is no kind") }
        let refs = try step.refs.map { try event($0) }
        let followsHeads: Bool
        if case .hold = type.rule, kind != ConflictResolved.kind { followsHeads = true } else { followsHeads = false }
        let recorded = try await node.ask(
            RecordRequest(
                chart: chart, kind: kind, body: try body(step), refs: followsHeads ? [] : refs,
                about: followsHeads ? refs.first : nil, when: ClinicalTime(step.when), view: view,
                request: "case-\(step.label)"))
        events[step.label] = recorded.event
        progress("day \(step.day)  \(step.practice.rawValue)  \(step.kind)" + (recorded.disputed ? "  -> DISPUTED" : ""))
        try await catchUp()
    }

    /// As the command line does it: the daemon gets the note sealed.
    private func writeNote(_ step: CombinedCareCase.Step) async throws {
        let node = try node(step.practice)
        var lock = try await node.ask(NotebookRequest()).lock
        if lock == nil {
            let new = try NotebookKey().locked(passphrase: CombinedCareCase.passphrase)
            lock = try await node.ask(LockNotebookRequest(lock: new, replacing: nil)).lock
        }
        let note = try JSONDecoder().decode(NoteText.self, from: Data(step.body.utf8))
        guard let sealed = try lock?.seal(note) else { throw DemoFailure("the notebook was not made") }
        events[step.label] = try await node.ask(
            WriteNoteRequest(sealed: sealed, when: ClinicalTime(step.when), request: "case-\(step.label)")
        ).event
        progress("day \(step.day)  \(step.practice.rawValue)  \(step.kind), sealed to its author")
    }

    private func share(_ step: CombinedCareCase.Step) async throws {
        let (node, chart) = (try node(step.practice), try openedChart())
        let view = try await node.ask(ShowRequest<MembershipView>(chart: chart)).view
        let recorded = try await node.ask(
            ShareChartRequest(
                chart: chart,
                members: [
                    .init(node: try id(.therapist), scopes: [.therapy]), .init(node: try id(.prescriber), scopes: [.prescribing]),
                ], purpose: "TREAT", until: CalendarDay("2032-01-06"),
                signedDocument: EventHash(of: Array("the fictional patient's signed consent".utf8)),
                when: ClinicalTime(step.when), view: view, request: "case-\(step.label)"))
        events[step.label] = recorded.last?.event
        progress("day \(step.day)  \(step.practice.rawValue)  chart shared with therapist and prescriber")
        try await catchUp()
    }

    /// Waits until every practice that is on the network has what the others have.
    public func catchUp() async throws {
        let chart = try openedChart()
        guard events[5] != nil else { return }
        let online = CombinedCareCase.Practice.allCases.filter { !isOffline || $0 != .prescriber }
        var all = VectorClock()
        for practice in online { all.merge(try await node(practice).clock(of: chart)) }
        for practice in online { try await node(practice).wait(for: all, of: chart) }
    }

    // MARK: Bodies

    private func event(_ label: Int) throws -> EventHash {
        guard let event = events[label] else { throw DemoFailure("row \(label) was not played yet") }
        return event
    }

    /// The row's body with events and nodes in the place of labels.
    private func body(_ step: CombinedCareCase.Step) throws -> String {
        guard var members = try JSONSerialization.jsonObject(with: Data(step.body.utf8)) as? [String: Any] else {
            throw DemoFailure("row \(step.label) has no body")
        }
        if let trigger = members["trigger"] as? Int { members["trigger"] = try event(trigger).description }
        if let basis = members["based_on"] as? [Int] { members["based_on"] = try basis.map { try event($0).description } }
        if let to = (members["to"] as? String).flatMap({ CombinedCareCase.Practice(rawValue: $0) }) {
            members["to"] = try id(to).description
        }
        return String(decoding: try JSONSerialization.data(withJSONObject: members, options: [.sortedKeys]), as: UTF8.self)
    }
}
