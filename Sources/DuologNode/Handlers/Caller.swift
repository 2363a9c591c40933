import CareModel
import EventLog
import LogStore
import NodeAPI

/// Who is at the other end of the command line's socket, as the kernel says.
struct Caller: Sendable {
    let uid: UInt32
    /// True for root, and for the user that the daemon runs as.
    let isAdministrator: Bool
}

extension RunningNode {
    /// The practitioner that a caller is. Acting for another is refused, and journalled.
    func practitioner(_ caller: Caller, actingAs other: AuthorID? = nil) async throws -> Practitioner {
        let own = try await log.practitioners().first { $0.uid == caller.uid }
        if let other, other != own?.author {
            try await journal.note(refusal(of: caller, own, "to act as \(other)"))
            throw NodeError(.permission, "user \(caller.uid) may not act as \(other); this attempt stands in the journal")
        }
        guard let own else {
            throw NodeError(
                .permission,
                "user \(caller.uid) is no practitioner of this node; an administrator runs: duolog practitioner add --uid \(caller.uid)"
            )
        }
        return own
    }

    /// Only administrators change what the node is.
    func requireAdministrator(_ caller: Caller, _ what: String) async throws {
        guard caller.isAdministrator else {
            try await journal.note(refusal(of: caller, nil, what))
            throw NodeError(.permission, "user \(caller.uid) may not \(what); ask the administrator of this node")
        }
    }

    /// Charts are read by the practitioners of this node, and by its administrator. Returns who it is, as the journal names them.
    @discardableResult
    func requireReader(_ caller: Caller) async throws -> String {
        let own = try await log.practitioners().first { $0.uid == caller.uid }
        guard caller.isAdministrator || own != nil else {
            try await journal.note(refusal(of: caller, nil, "to read charts"))
            throw NodeError(.permission, "user \(caller.uid) may not read charts here; this attempt stands in the journal")
        }
        return own?.author.text ?? "uid \(caller.uid)"
    }

    /// Writes down who looked at what, before they are shown it.
    func noteAccess(
        _ caller: Caller, _ what: String, chart: ChartID? = nil, view: String? = nil, event: EventHash? = nil
    ) async throws {
        let who = try await requireReader(caller)
        try await journal.note(AccessRecorded(who: who, what: what, chart: chart, view: view, event: event))
    }

    /// What only a node with made-up patients does.
    func requireFictional(_ what: String) throws {
        guard isFictional else {
            throw NodeError(.permission, "only a node that was made with 'duolog init --fictional' can \(what)")
        }
    }

    private func refusal(of caller: Caller, _ own: Practitioner?, _ what: String) -> AccessRecorded {
        AccessRecorded(who: own?.author.text ?? "uid \(caller.uid)", what: "refused: \(what)")
    }
}
