public import CareModel
public import EventLog
public import NodeAPI

/// A practitioner who signed in on the page.
public struct Visitor: Codable, Hashable, Sendable {
    /// The id that stands in envelopes.
    public var author: AuthorID
    /// Full name.
    public var name: String
    /// Qualification.
    public var credential: Credential
    /// True when they may also pair nodes and see to the node itself.
    public var isAdministrator: Bool
    /// False for somebody who came in by a link without choosing a passphrase, as a fictional node allows: there is nothing to unlock with.
    public var hasPassphrase: Bool

    /// Somebody who signed in.
    public init(author: AuthorID, name: String, credential: Credential, isAdministrator: Bool, hasPassphrase: Bool) {
        self.author = author
        self.name = name
        self.credential = credential
        self.isAdministrator = isAdministrator
        self.hasPassphrase = hasPassphrase
    }
}

/// What of the node stands at the head of every page.
public struct NodeFace: Hashable, Sendable {
    /// The practice.
    public var name: String
    /// True when its patients are made up.
    public var fictional: Bool
    /// The node's clock.
    public var now: Timestamp

    /// A node.
    public init(name: String, fictional: Bool, now: Timestamp) {
        self.name = name
        self.fictional = fictional
        self.now = now
    }
}

/// Something changed at the node that an open page may show.
public enum PageChange: Hashable, Sendable {
    /// Charts with new events.
    case charts(Set<ChartID>)
    /// A peer confirmed something, or said something of itself.
    case peers
}

/// The page's way to its node. Whatever is asked for somebody goes through the same checks, and into the same journal, as what the
/// command line asks.
public protocol PageBackend: NotebookBackend {
    /// Whether the node is well.
    func health() async -> NodeHealth

    /// The node's figures.
    func metrics() async throws -> [Metric]

    /// What stands at the head of every page.
    func face() async -> NodeFace

    /// A count of milliseconds that never goes back.
    func elapsed() -> Int

    /// Asks the node as somebody who signed in.
    ///
    /// - Parameter isAttended: false for what an open page asks for by itself: nobody may be looking.
    /// - Throws: `NodeError`, as on the command line.
    func ask<Request: NodeRequest>(
        _ request: Request, as visitor: Visitor, isAttended: Bool
    ) async throws -> Request.Answer

    /// Whom an invitation is for; nil when it was used, has expired or never was.
    func invited(by token: String) async throws -> Visitor?

    /// Uses an invitation up. The passphrase is what they sign in with from now on.
    ///
    /// - Parameter passphrase: nil to come in once without one, which only a fictional node allows.
    func accept(invitation token: String, passphrase: String?) async throws -> Visitor

    /// The practitioner of this name or id, when the passphrase is theirs.
    ///
    /// - Throws: `NodeError` with code permission otherwise, with the same text whatever was wrong; unavailable while too many try.
    func signIn(_ name: String, passphrase: String) async throws -> Visitor

    /// What changes from now on, for as long as somebody listens.
    func changes() -> AsyncStream<PageChange>
}
