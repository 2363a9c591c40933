import EventLog
import LogStore
import NodeAPI
import RecordPage
import Replication

/// The page's way to its node: the same router as the command line's, with the same checks and the same journal.
struct PageBridge: PageBackend {
    let node: RunningNode
    let router: Router

    func health() async -> NodeHealth { await node.health() }

    func metrics() async throws -> [Metric] { try await node.metrics() }

    func face() async -> NodeFace {
        NodeFace(name: await node.name, fictional: node.isFictional, now: node.clock.now)
    }

    func elapsed() -> Int { node.clock.moment.monotonic }

    func ask<Request: NodeRequest>(
        _ request: Request, as visitor: Visitor, isAttended: Bool
    ) async throws -> Request.Answer {
        try await router.answer(request, from: try await node.desk.caller(visitor, isAttended: isAttended))
    }

    func invited(by token: String) async throws -> Visitor? { try await node.desk.invited(by: token) }

    func accept(invitation token: String, passphrase: String?) async throws -> Visitor {
        try await node.desk.accept(token, passphrase: passphrase)
    }

    func signIn(_ name: String, passphrase: String) async throws -> Visitor {
        try await node.desk.signIn(name, passphrase: passphrase)
    }

    func changes() -> AsyncStream<PageChange> { node.pageChanges.listen() }
}
