public import EventLog

/// Who belongs to a chart, as a set of events tells it.
public struct Membership: Hashable, Sendable {
    /// A node that was admitted.
    public struct Member: Hashable, Sendable {
        /// The keys that it has had; its short id is pinned to the first.
        public internal(set) var keys: NodeKeys
        /// The practice.
        public var name: String
        /// The admissions that stand; an admission that names another replaces it, otherwise both do.
        public var admissions: [Admission] { didSet { scopes = Self.scopes(admissions) } }
        /// What it was ever permitted to do: what it did then stays what it was, also after it has left.
        public internal(set) var everPermitted: Set<Scope> = []

        /// What it may do.
        public private(set) var scopes: Set<Scope>

        init(keys: NodeKeys, name: String) {
            self.keys = keys
            self.name = name
            admissions = []
            scopes = []
        }

        private static func scopes(_ admissions: [Admission]) -> Set<Scope> {
            admissions.reduce(into: []) { $0.formUnion($1.scopes) }
        }
    }

    /// One admission and what it permits.
    public struct Admission: Hashable, Sendable {
        /// The event.
        public let event: EventHash
        /// What it permits.
        public let scopes: Set<Scope>
    }

    /// A person on a node.
    public struct Practitioner: Hashable, Sendable {
        /// Full name.
        public let name: String
        /// Qualification.
        public let credential: Credential
    }

    /// Where a person writes.
    public struct Seat: Hashable, Sendable {
        /// The node.
        public let node: NodeID
        /// The person.
        public let author: AuthorID

        /// A person on a node.
        public init(node: NodeID, author: AuthorID) {
            self.node = node
            self.author = author
        }

        /// Where an event was written: the same person on the same node, in whatever epoch.
        init(of envelope: Envelope) { self.init(node: envelope.origin.node, author: envelope.author) }
    }

    /// Every node that was ever admitted, removed or not.
    public internal(set) var members: [NodeID: Member] = [:]
    /// Removals that no admission has lifted.
    public internal(set) var removals: [NodeID: EventHash] = [:]
    /// Who is enrolled.
    public internal(set) var practitioners: [Seat: Practitioner] = [:]

    /// What a node may do now; nothing when it was removed.
    public func scopes(of node: NodeID) -> Set<Scope> { removals[node] == nil ? members[node]?.scopes ?? [] : [] }

    /// True when the node is a member and not removed.
    public func contains(_ node: NodeID) -> Bool { members[node] != nil && removals[node] == nil }

    /// What membership comes to once a steward admits this node.
    public func admitting(_ keys: NodeKeys, name: String, scopes: Set<Scope>) -> Membership {
        var membership = self
        membership.removals[keys.node] = nil
        // The admission is not written yet: it has no name. Those that it is going to name are not asked for by anybody.
        membership.admit(keys, name: name, Admission(event: EventHash(of: []), scopes: scopes), replacing: [])
        return membership
    }

    mutating func admit(_ keys: NodeKeys, name: String, _ admission: Admission, replacing named: [EventHash]) {
        var member = members[keys.node] ?? Member(keys: keys, name: name)
        // A second first key with the same short id is without effect.
        guard member.keys.first == keys.first else { return }
        member.keys = member.keys.merging(keys)
        member.admissions.removeAll { named.contains($0.event) }
        member.admissions.append(admission)
        member.everPermitted.formUnion(admission.scopes)
        member.name = name
        members[keys.node] = member
    }
}
