import CareModel
import EventLog
import LogStore
import NodeAPI
import PeerNetwork
import Replication

extension RunningNode {
    func status() async throws -> StatusRequest.Answer {
        let charts = try await log.charts()
        let witness = try await log.witness()
        return StatusRequest.Answer(
            version: DuologVersion.text, node: log.node, key: key.publicKey, name: name,
            origin: Origin(node: log.node, epoch: log.epoch.epoch), fictional: isFictional, now: clock.now,
            listening: listening?.description, page: page, charts: charts.count, disputes: try await openDisputes().count,
            peers: try await peerSummaries(),
            integrity_alerts: try await integrityAlerts(),
            epochs: try await log.epochChanges().filter { $0.reason != .firstStart }.suffix(3).map { "\($0.at): \($0.words)" },
            removed_from: try await log.removedFrom().map(\.chart), verified: try await auditor.lastSummary(),
            backup: try await lastBackup(),
            witness: witness.prefix(20).map {
                StatusRequest.Witness(chart: $0.chart, written: $0.written, open: $0.open, witnessed_at: $0.at)
            }, unwitnessed: witness.count { $0.open > 0 })
    }

    func setClock(_ request: SetClockRequest, _ caller: Caller) async throws -> Done {
        try await requireAdministrator(caller, "set the clock")
        try requireFictional("have its clock set")
        clock.set(request.now)
        return Done()
    }

    func setOnline(_ request: SetOnlineRequest, _ caller: Caller) async throws -> Done {
        try await requireAdministrator(caller, "take the node off the network")
        try requireFictional("be taken off the network over the socket")
        try await network.setOnline(request.online)
        listening = request.online ? await network.boundAddress : nil
        return Done()
    }

    // MARK: People

    func addPractitioner(_ request: AddPractitionerRequest, _ caller: Caller) async throws -> PractitionerEntry {
        try await requireAdministrator(caller, "add practitioners")
        let practitioner = Practitioner(
            author: AuthorID(random: (SystemRandom.word(), UInt16(truncatingIfNeeded: SystemRandom.word()))),
            uid: request.uid, name: request.fullName, credential: request.credential)
        guard try await log.add(practitioner) else {
            throw NodeError(.usage, "user \(request.uid) is a practitioner already; see: duolog practitioner list")
        }
        return entry(practitioner)
    }

    func listPractitioners() async throws -> [PractitionerEntry] { try await log.practitioners().map(entry) }

    func removePractitioner(_ request: RemovePractitionerRequest, _ caller: Caller) async throws -> Done {
        try await requireAdministrator(caller, "remove practitioners")
        guard try await log.removePractitioner(request.author) else {
            throw NodeError(.notFound, "no practitioner \(request.author) here; see: duolog practitioner list")
        }
        return Done()
    }

    func invite(_ request: InvitePractitionerRequest, _ caller: Caller) async throws -> InvitePractitionerRequest.Answer {
        try await requireAdministrator(caller, "invite practitioners to the page")
        guard (1...720).contains(request.hours) else { throw NodeError(.usage, "a link is good for 1 to 720 hours") }
        guard let practitioner = try await log.practitioners().first(where: { $0.author == request.author }) else {
            throw NodeError(.notFound, "no practitioner \(request.author) here; see: duolog practitioner list")
        }
        guard let page else { throw NodeError(.unavailable, "the page does not listen yet") }
        let (token, until) = try await desk.invite(
            request.author, administrator: request.administrator, hours: request.hours)
        try await journal.note(
            AccessRecorded(who: caller.text, what: "invited \(request.author) to the page"))
        return InvitePractitionerRequest.Answer(
            person: entry(practitioner), link: "\(page)/invitation/\(token)", until: until)
    }

    private func entry(_ practitioner: Practitioner) -> PractitionerEntry {
        PractitionerEntry(
            author: practitioner.author, uid: practitioner.uid, name: practitioner.name, credential: practitioner.credential)
    }
}
