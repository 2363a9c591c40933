import CareModel
import EventLog
import LogStore
import NodeAPI

extension RunningNode {
    func openChart(_ request: OpenChartRequest, _ caller: Caller) async throws -> OpenChartRequest.Answer {
        let author = try await practitioner(caller)
        let patient = try canonical(request.patient, as: PatientIdentified.kind)
        let when = request.when ?? ClinicalTime(instant: clock.now, offsetMinutes: 0)
        // The nonce follows from the request, so that repeating it names the same chart.
        let nonce = Array(EventHash(of: Array("\(key.publicKey) \(request.request)".utf8)).bytes.prefix(16))
        let chart = try await log.openChart(name: name, nonce: nonce, when: when, salt: SystemRandom.bytes(16))
        let own = MemberAdmitted(keys: key.keys, name: name, scopes: [.steward] + request.scopes)
        let enrolled = PractitionerEnrolled(name: author.name, credential: author.credential)
        func draft(_ kind: Kind, _ author: AuthorID, _ members: [UInt8], refs: Draft.Refs = .events([])) -> Draft {
            Draft(
                chart: chart, author: author, kind: kind, members: members, when: when, refs: refs, seeing: .everything,
                salt: SystemRandom.bytes(BodyLine.saltBytes))
        }
        let recorded = try await write(
            [
                draft(MemberAdmitted.kind, .node, own.members),
                draft(PractitionerEnrolled.kind, author.author, enrolled.members),
                draft(PatientIdentified.kind, author.author, patient),
            ], request: request.request)
        return OpenChartRequest.Answer(chart: chart, view: recorded.view)
    }

    func listCharts(_ caller: Caller) async throws -> [ChartSummary] {
        try await noteAccess(caller, "list charts")
        let shelf = try await shelf()
        return shelf.charts.sorted { $0.value.number < $1.value.number }.map { chart, shelved in
            ChartSummary(
                chart: chart, patient: shelved.patient.map(\.name),
                birth_dates: Array(Set(shelved.patient.map(\.birth_date))).sorted(), events: shelved.events,
                disputes: shelved.disputes.count, members: shelved.practices.filter { !$0.isRemoved }.map(\.name),
                incomplete: shelved.isIncomplete, local: shelf.local(chart))
        }
    }

    func shareChart(_ request: ShareChartRequest, _ caller: Caller) async throws -> [RecordedEvent] {
        let author = try await practitioner(caller)
        let when = request.when ?? ClinicalTime(instant: clock.now, offsetMinutes: 0)
        let peers = try await log.peers()
        var drafts = try await enrolment(of: author, in: request.chart, when, view: request.view)
        for member in request.members {
            guard let peer = peers.first(where: { $0.node == member.node }) else {
                throw NodeError(.notFound, "\(member.node) is not a paired peer; pair it first", command: "duolog peer add")
            }
            let admitted = MemberAdmitted(keys: try peer.shownKeys, name: peer.name, scopes: member.scopes)
            let refs = try await replacedAdmissions(of: member.node, in: request.chart)
            drafts.append(
                Draft(
                    chart: request.chart, author: author.author, kind: MemberAdmitted.kind, members: admitted.members,
                    when: when, refs: .events(refs), seeing: try seeing(request.view), salt: SystemRandom.bytes(16)))
        }
        let consent = ConsentGranted(
            recipients: [log.node] + request.members.map(\.node), purpose: request.purpose,
            signed_document_hash: request.signedDocument, until: request.until, part2: request.part2)
        drafts.append(
            Draft(
                chart: request.chart, author: author.author, kind: ConsentGranted.kind, members: consent.members,
                when: when, refs: .events(try await standingRevocations(request)), seeing: try seeing(request.view),
                salt: SystemRandom.bytes(16)))
        return try await writeAll(drafts, request: request.request)
    }

    /// What an admission names: the removal that it lifts, or the admissions that it replaces.
    private func replacedAdmissions(of node: NodeID, in chart: ChartID) async throws -> [EventHash] {
        let view = try await log.stored(MembershipView.self, of: chart)
        return view?.members.first { $0.node == node }?.decided_by ?? []
    }

    /// Revocations that a new consent for the same nodes lifts.
    private func standingRevocations(_ request: ShareChartRequest) async throws -> [EventHash] {
        guard let record = try await log.record(of: request.chart) else { return [] }
        let recipients = Set(request.members.map(\.node))
        return ConsentState(Fold(record)).standingRevocations(of: recipients)
    }

    func unshareChart(_ request: UnshareChartRequest, _ caller: Caller) async throws -> [RecordedEvent] {
        let author = try await practitioner(caller)
        if let earlier = try await answered(request.request, author, in: request.chart) { return earlier }
        let when = ClinicalTime(instant: clock.now, offsetMinutes: 0)
        let view = try await log.stored(MembershipView.self, of: request.chart)
        guard let member = view?.members.first(where: { $0.node == request.node }), !member.removed else {
            throw NodeError(.notFound, "\(request.node) is not a member of this chart; see: duolog show membership")
        }
        var drafts = try await enrolment(of: author, in: request.chart, when, view: request.view)
        drafts.append(
            Draft(
                chart: request.chart, author: author.author, kind: MemberRemoved.kind,
                members: MemberRemoved(reason: request.reason, successor: nil).members, when: when,
                refs: .events(member.decided_by),
                seeing: try seeing(request.view), salt: SystemRandom.bytes(16)))
        return try await writeAll(drafts, request: request.request)
    }
}
