import CareModel
import EventLog
import LogStore
import NodeAPI

extension RunningNode {
    func grantConsent(_ request: GrantConsentRequest, _ caller: Caller) async throws -> [RecordedEvent] {
        let author = try await practitioner(caller)
        if let earlier = try await answered(request.request, author, in: request.chart) { return earlier }
        let fold = Fold(try await record(of: request.chart))
        let members = fold.membership.members.keys.filter { fold.membership.contains($0) }.sorted()
        for recipient in request.recipients where !members.contains(recipient) {
            throw NodeError(
                .notFound, "\(recipient) is not a member of this chart; admit it first", command: "duolog chart share")
        }
        let state = ConsentState(fold)
        let meant = Set(request.recipients.isEmpty ? members : request.recipients)
        // The others may send to this node too, unless the patient has taken just that back.
        let recipients = state.standingRevocations(of: [log.node]).isEmpty ? meant.union([log.node]) : meant
        let replaced = fold.record.entries(ConsentGranted.self).map { (EventHash(of: $0.envelope.line), $0.body) }
            .filter { state.standing[$0.0] != nil && recipients.isSuperset(of: $0.1.recipients) }.map(\.0)
        let consent = ConsentGranted(
            recipients: recipients.sorted(), purpose: request.purpose, signed_document_hash: request.signedDocument,
            until: request.until, part2: request.part2)
        return try await decide(
            consent, naming: replaced + state.standingRevocations(of: meant), in: request.chart, by: author, view: request.view,
            request: request.request)
    }

    func revokeConsent(_ request: RevokeConsentRequest, _ caller: Caller) async throws -> RevokeConsentRequest.Answer {
        let author = try await practitioner(caller)
        let recorded: [RecordedEvent]
        if let earlier = try await answered(request.request, author, in: request.chart) {
            recorded = earlier
        } else {
            let state = ConsentState(Fold(try await record(of: request.chart)))
            let recipients = Set(request.recipients)
            let grants = state.standing.filter { !$0.value.isDisjoint(with: recipients) }.keys.sorted()
            guard !grants.isEmpty else {
                throw NodeError(.notFound, "no consent stands for them; see: duolog consent show")
            }
            recorded = try await decide(
                ConsentRevoked(recipients: recipients.sorted(), reason: request.reason), naming: grants, in: request.chart,
                by: author, view: request.view, request: request.request)
        }
        let all = try await disclosures(DisclosuresRequest(chart: request.chart, from: nil, to: clock.now), caller)
        return RevokeConsentRequest.Answer(recorded: recorded, left: all.filter { request.recipients.contains($0.peer) })
    }

    private func decide(
        _ body: some EventBody, naming refs: [EventHash], in chart: ChartID, by author: Practitioner, view: String,
        request: String
    ) async throws -> [RecordedEvent] {
        let when = ClinicalTime(instant: clock.now, offsetMinutes: 0)
        var drafts = try await enrolment(of: author, in: chart, when, view: view)
        drafts.append(
            Draft(
                chart: chart, author: author.author, kind: type(of: body).kind, members: body.members, when: when,
                refs: .events(refs), seeing: try seeing(view), salt: SystemRandom.bytes(BodyLine.saltBytes)))
        return try await writeAll(drafts, request: request)
    }
}
