import CareModel
import EventLog
import Logging
import NodeAPI

/// Which request goes to which handler.
struct Router: Sendable {
    private struct Handler: Sendable {
        let line: @Sendable ([UInt8], Caller) async throws -> [UInt8]
        let value: @Sendable (any NodeRequest, Caller) async throws -> any Sendable
    }
    private var handlers: [String: Handler] = [:]
    private let logger: Logger

    init(_ node: RunningNode) {
        logger = node.logger
        on(StatusRequest.self) { _, _ in try await node.status() }
        on(ReloadRequest.self) { _, caller in try await node.reload(caller) }
        on(BeginBackupRequest.self) { _, caller in try await node.beginBackup(caller) }
        on(EndBackupRequest.self) { try await node.endBackup($0, $1) }
        on(SetClockRequest.self) { try await node.setClock($0, $1) }
        on(SetOnlineRequest.self) { try await node.setOnline($0, $1) }
        on(AddPractitionerRequest.self) { try await node.addPractitioner($0, $1) }
        on(ListPractitionersRequest.self) { _, _ in try await node.listPractitioners() }
        on(RemovePractitionerRequest.self) { try await node.removePractitioner($0, $1) }
        on(InvitePractitionerRequest.self) { try await node.invite($0, $1) }
        on(ShowKeyRequest.self) { _, _ in try await node.showKey() }
        on(RotateKeyRequest.self) { try await node.rotateKey($0, $1) }
        on(AddPeerRequest.self) { try await node.addPeer($0, $1) }
        on(ListPeersRequest.self) { _, _ in try await node.peerSummaries() }
        on(ShowPeerRequest.self) { request, _ in try await node.showPeer(request) }
        on(SyncPeerRequest.self) { request, _ in try await node.syncPeer(request) }
        on(RevokePeerRequest.self) { try await node.revokePeer($0, $1) }
        on(RemovePeerRequest.self) { try await node.removePeer($0, $1) }
        on(OpenChartRequest.self) { try await node.openChart($0, $1) }
        on(ListChartsRequest.self) { try await node.listCharts($1) }
        on(ShareChartRequest.self) { try await node.shareChart($0, $1) }
        on(UnshareChartRequest.self) { try await node.unshareChart($0, $1) }
        on(TimedShowRequest<ConsentView>.self) { try await node.show($0, $1) }
        on(GrantConsentRequest.self) { try await node.grantConsent($0, $1) }
        on(RevokeConsentRequest.self) { try await node.revokeConsent($0, $1) }
        on(LocalChartRequest.self) { try await node.localChart($0, $1) }
        on(AcceptChartRequest.self) { try await node.acceptChart($0, $1) }
        on(LinkChartsRequest.self) { try await node.linkCharts($0, $1) }
        on(LeaveChartRequest.self) { try await node.leaveChart($0, $1) }
        on(HandOverChartRequest.self) { try await node.handOverChart($0, $1) }
        on(DischargeRequest.self) { try await node.discharge($0, $1) }
        on(ShowRequest<TimelineView>.self) { try await node.show($0, $1) }
        on(ShowRequest<RegimenView>.self) { try await node.show($0, $1) }
        on(ShowRequest<MembershipView>.self) { try await node.show($0, $1) }
        on(TimedShowRequest<TrendView>.self) { try await node.show($0, $1) }
        on(TimedShowRequest<FollowupView>.self) { try await node.show($0, $1) }
        on(TimedShowRequest<SafetyView>.self) { try await node.show($0, $1) }
        on(TimedShowRequest<ReferralsView>.self) { try await node.show($0, $1) }
        on(TimedShowRequest<CoverageView>.self) { try await node.show($0, $1) }
        on(TimedShowRequest<CourseView>.self) { try await node.show($0, $1) }
        on(TimedShowRequest<GoalsView>.self) { try await node.show($0, $1) }
        on(TimedShowRequest<ChartReading>.self) { try await node.show($0, $1) }
        on(TimelinePageRequest.self) { try await node.timelinePage($0, $1) }
        on(ReplayMomentsRequest.self) { try await node.replayMoments($0, $1) }
        on(ReplayPictureRequest.self) { try await node.replayPicture($0, $1) }
        on(TimedShowRequest<AlertsView>.self) { try await node.show($0, $1) }
        on(TodayRequest.self) { try await node.today($0, $1) }
        on(ListConflictsRequest.self) { try await node.listConflicts($0, $1) }
        on(VerifyRequest.self) { try await node.verify($0, $1) }
        on(ReplayRequest.self) { try await node.replay($0, $1) }
        on(TrailRequest.self) { try await node.trail($0, $1) }
        on(ExportRequest.self) { try await node.export($0, $1) }
        on(DisclosuresRequest.self) { try await node.disclosures($0, $1) }
        on(AccessRequest.self) { try await node.access($0, $1) }
        on(EraseRequest.self) { try await node.erase($0, $1) }
        on(ReadEventRequest.self) { try await node.readEvent($0, $1) }
        on(FindEventRequest.self) { try await node.findEvent($0, $1) }
        on(ListIntegrityRequest.self) { try await node.listIntegrity($0, $1) }
        on(NotebookRequest.self) { try await node.notebook($1) }
        on(LockNotebookRequest.self) { try await node.lockNotebook($0, $1) }
        on(WriteNoteRequest.self) { try await node.writeNote($0, $1) }
        on(ListNotesRequest.self) { try await node.listNotes($1) }
        on(UnseenRequest.self) { try await node.unseen($0, $1) }
        on(RecordRequest.self) { try await node.record($0, $1) }
        on(ImportRequest.self) { try await node.importResources($0, $1) }
        on(QuarantineRequest.self) { try await node.quarantine($0, $1) }
        on(RebuildRequest.self) { try await node.rebuild($1) }
        on(DigestRequest.self) { try await node.digest($0, $1) }
    }

    private mutating func on<Request: NodeRequest>(
        _ type: Request.Type, _ handle: @escaping @Sendable (Request, Caller) async throws -> Request.Answer
    ) {
        handlers[type.name] = Handler(
            line: { line, caller in
                try NodeWire.line(answer: try await handle(try NodeWire.request(type, from: line), caller))
            },
            value: { request, caller in
                guard let request = request as? Request else { throw NodeError(.usage, "not a request of \(type.name)") }
                return try await handle(request, caller)
            })
    }

    /// Answers a request of this process.
    ///
    /// - Throws: `NodeError`, whatever went wrong.
    func answer<Request: NodeRequest>(_ request: Request, from caller: Caller) async throws -> Request.Answer {
        do {
            guard let answer = try await handlers[Request.name]?.value(request, caller) as? Request.Answer else {
                throw NodeError(.usage, "this node does not know the request '\(Request.name)'")
            }
            return answer
        } catch let error as NodeError {
            throw error
        } catch {
            logger.error("a request failed", metadata: ["type": "\(type(of: error))"])
            throw NodeError(.io, "\(error)")
        }
    }

    /// Answers one line with one line.
    func answer(_ line: [UInt8], from caller: Caller) async -> [UInt8] {
        do {
            let name = try NodeWire.name(of: line)
            guard let handler = handlers[name] else {
                throw NodeError(.usage, "this daemon does not know the request '\(name.prefix(64))'; is it of the same version?")
            }
            return try await handler.line(line, caller)
        } catch let error as NodeError {
            return NodeWire.line(error: error)
        } catch {
            // What went wrong is told to the caller; the log learns only that something did: it may hold clinical text.
            logger.error("a request failed", metadata: ["type": "\(type(of: error))"])
            return NodeWire.line(error: NodeError(.io, "\(error)"))
        }
    }
}
