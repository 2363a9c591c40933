import CareModel
import EventLog
import LogStore
import NodeAPI

/// Who asks the node: at the other end of the command line's socket, as the kernel says, or signed in on the page.
struct Caller: Sendable {
    enum Identity: Sendable {
        case user(UInt32)
        case signedIn(AuthorID)
    }

    let identity: Identity
    /// True for root, for the user that the daemon runs as, and for who was invited to the page as one.
    let isAdministrator: Bool
    /// False for what an open page asks for by itself: nobody may be looking.
    let isAttended: Bool

    /// A user of this machine.
    init(uid: UInt32, isAdministrator: Bool) {
        identity = .user(uid)
        self.isAdministrator = isAdministrator
        isAttended = true
    }

    /// Somebody who signed in on the page.
    init(signedIn author: AuthorID, isAdministrator: Bool, isAttended: Bool) {
        identity = .signedIn(author)
        self.isAdministrator = isAdministrator
        self.isAttended = isAttended
    }

    /// As the journal names somebody who is no practitioner.
    var text: String {
        switch identity {
        case .user(let uid): "uid \(uid)"
        case .signedIn(let author): author.text
        }
    }

    /// As they are told of themselves.
    var words: String {
        switch identity {
        case .user(let uid): "user \(uid)"
        case .signedIn(let author): "\(author)"
        }
    }

    func `is`(_ practitioner: Practitioner) -> Bool {
        switch identity {
        case .user(let uid): practitioner.uid == uid
        case .signedIn(let author): practitioner.author == author
        }
    }
}

extension RunningNode {
    /// The practitioner that a caller is. Acting for another is refused, and journalled.
    func practitioner(_ caller: Caller, actingAs other: AuthorID? = nil) async throws -> Practitioner {
        let own = try await log.practitioners().first { caller.is($0) }
        if let other, other != own?.author {
            try await journal.note(refusal(of: caller, own, "to act as \(other)"))
            throw NodeError(.permission, "\(caller.words) may not act as \(other); this attempt stands in the journal")
        }
        guard let own else {
            guard case .user(let uid) = caller.identity else {
                throw NodeError(.permission, "you are no practitioner of this node any more")
            }
            throw NodeError(
                .permission,
                "user \(uid) is no practitioner of this node; an administrator runs: duolog practitioner add --uid \(uid)")
        }
        return own
    }

    /// Only administrators change what the node is.
    func requireAdministrator(_ caller: Caller, _ what: String) async throws {
        guard caller.isAdministrator else {
            try await journal.note(refusal(of: caller, nil, what))
            throw NodeError(.permission, "\(caller.words) may not \(what); ask the administrator of this node")
        }
    }

    /// Charts are read by the practitioners of this node, and by its administrator. Returns who it is, as the journal names them.
    @discardableResult
    func requireReader(_ caller: Caller) async throws -> String {
        let own = try await log.practitioners().first { caller.is($0) }
        guard caller.isAdministrator || own != nil else {
            try await journal.note(refusal(of: caller, nil, "to read charts"))
            throw NodeError(.permission, "\(caller.words) may not read charts here; this attempt stands in the journal")
        }
        return own?.author.text ?? caller.text
    }

    /// Writes down who looked at what, before they are shown it.
    func noteAccess(
        _ caller: Caller, _ what: String, chart: ChartID? = nil, view: String? = nil, event: EventHash? = nil
    ) async throws {
        let who = try await requireReader(caller)
        try await journal.note(AccessRecorded(who: who, what: what, chart: chart, view: view, event: event))
        if let chart, caller.isAttended, let person = AuthorID(who) { await notifier.noteOpened(chart, by: person) }
    }

    /// What only a node with made-up patients does.
    func requireFictional(_ what: String) throws {
        guard isFictional else {
            throw NodeError(.permission, "only a node that was made with 'duolog init --fictional' can \(what)")
        }
    }

    private func refusal(of caller: Caller, _ own: Practitioner?, _ what: String) -> AccessRecorded {
        AccessRecorded(who: own?.author.text ?? caller.text, what: "refused: \(what)")
    }
}
