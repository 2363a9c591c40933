import CareModel
import EventLog
import HTTPTypes
import NodeAPI

/// Who belongs to a chart, and whom the patient allows it to be sent to: sharing, consent, and taking both back.
struct SharingPages {
    private struct Content {
        struct Member {
            let name, node, scopes, consent: String
            let isRemoved, isOther: Bool
        }
        let patient, chart, token, view, request, document, reason: String
        let members: [Member]
        let peers: [Option]
        let scopes: [Option]
        let problem, said: String?
    }

    func add(to routes: SiteRoutes) {
        routes.get("chart/:chart/sharing") { .page(try await page($0, problem: nil, said: nil)) }
        routes.post("chart/:chart/sharing") { visit in
            do {
                return .page(try await page(visit, problem: nil, said: try await act(visit)))
            } catch let error as NodeError where [.usage, .content, .permission, .notFound].contains(error.code) {
                return .page(try await page(visit, problem: error.text, said: nil))
            }
        }
    }

    /// Carries out what was chosen; returns what became of it.
    private func act(_ visit: Visit) async throws -> String {
        let (chart, form) = (try visit.chart(), visit.form)
        let (view, request) = (form["view"], form["request"])
        guard let node = NodeID(form["node"]) else { throw NodeError(.usage, "choose a practice") }
        let until = try Self.lastDay(form)
        switch form["act"] {
        case "share":
            let scopes = Scope.allCases.filter { form["scope-\($0.rawValue)"] == "yes" }
            guard !scopes.isEmpty else { throw NodeError(.usage, "choose what the practice may do in the chart") }
            _ = try await visit.ask(
                ShareChartRequest(
                    chart: chart, members: [.init(node: node, scopes: scopes)], purpose: "TREAT", until: until,
                    signedDocument: try Self.document(form), part2: form["part2"] == "yes" ? true : nil, when: nil, view: view,
                    request: request))
            return "The chart is shared: all of it goes to that practice."
        case "grant":
            _ = try await visit.ask(
                GrantConsentRequest(
                    chart: chart, recipients: [node], purpose: "TREAT", signedDocument: try Self.document(form), until: until,
                    part2: form["part2"] == "yes" ? true : nil, view: view, request: request))
            return "The consent stands."
        case "revoke":
            let answer = try await visit.ask(
                RevokeConsentRequest(
                    chart: chart, recipients: [node], reason: form["reason"].nonEmpty, view: view, request: request))
            let events = answer.left.reduce(0) { $0 + $1.events }
            return
                "The consent is taken back: nothing more is sent. \(Words.count(events, "event", "events")) had gone there before."
        case "remove":
            _ = try await visit.ask(
                UnshareChartRequest(chart: chart, node: node, reason: form["reason"], view: view, request: request))
            return "The practice was removed: nothing more is sent to it. What it has, it keeps."
        default: throw NodeError(.usage, "say what is to be done")
        }
    }

    /// The last day of a consent; nil where it does not end.
    static func lastDay(_ form: Form) throws -> CalendarDay? {
        guard let text = form["until"].nonEmpty else { return nil }
        guard let day = CalendarDay(text) else { throw NodeError(.usage, "the last day is written 2031-01-06") }
        return day
    }

    /// The hash of the signed paper, as `sha256sum` prints it or as base64url.
    static func document(_ form: Form) throws -> EventHash {
        let text = form["document"]
        if let hash = EventHash(text) { return hash }
        let digits = text.prefix { $0 != " " }.lowercased().utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
        let bytes = stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
        guard digits.count == 64, let hash = EventHash(bytes: bytes) else {
            throw NodeError(.usage, "the signed consent is named by its SHA-256, as sha256sum prints it")
        }
        return hash
    }

    private func page(_ visit: Visit, problem: String?, said: String?) async throws -> Page {
        let chart = try visit.chart()
        let shown = try await visit.ask(ShowRequest<MembershipView>(chart: chart))
        let status = try await visit.ask(StatusRequest())
        let form = problem == nil ? Form() : visit.form
        let members = shown.content.members
        let inside = Set(members.filter { !$0.removed }.map(\.node))
        let content = Content(
            patient: Names.one(shown.patient), chart: "\(chart)", token: visit.formToken,
            view: form["view"].nonEmpty ?? shown.view, request: Sessions.secret(), document: form["document"],
            reason: form["reason"],
            members: members.map { member in
                Content.Member(
                    name: member.name, node: "\(member.node)", scopes: member.scopes.map(\.rawValue).joined(separator: ", "),
                    consent: member.consent_until.map { "until \($0)" } ?? (member.consent ? "yes" : "none"),
                    isRemoved: member.removed, isOther: member.node != status.node && !member.removed)
            },
            peers: status.peers.filter { !inside.contains($0.node) }.map {
                Option(value: "\($0.node)", label: $0.name, isChosen: form["node"] == "\($0.node)")
            },
            scopes: Scope.allCases.map {
                Option(value: $0.rawValue, label: $0.rawValue, isChosen: form["scope-\($0.rawValue)"] == "yes")
            }, problem: problem, said: said)
        return Page("Sharing", "sharing", content, status: problem == nil ? .ok : .badRequest, at: .caseload)
    }
}
