public import EventLog

/// Whether an event's author was permitted to write it. Decided once, from the event's causal past alone, and stored: every replica
/// comes to the same answer, and nothing that arrives later changes it.
public enum Verdict: Hashable, Codable, Sendable {
    /// Permitted.
    case permitted
    /// Stored, and shown without effect.
    case withoutEffect(Reason, decidedBy: EventHash?)

    /// Which rule an event fell short of.
    public enum Reason: String, Hashable, Codable, Sendable {
        /// Nothing in its past gives the node a scope.
        case noScope = "no-scope"
        /// The node's removal was in its past.
        case removed
        /// The node's scopes do not include one that the kind needs.
        case wrongScope = "wrong-scope"
        /// The author is not enrolled on the node.
        case notEnrolled = "not-enrolled"
        /// The author's credential does not permit it.
        case credential
        /// Only a steward may.
        case notSteward = "not-a-steward"
        /// Only the author of what is named may.
        case notTheAuthor = "not-the-author"
        /// Only the genesis opens a chart.
        case notTheGenesis = "not-the-genesis"
        /// It belongs into a journal or a notebook, not into a shared chart.
        case notShared = "not-for-a-shared-chart"
        /// The node's short id is pinned to another key.
        case keyMismatch = "key-mismatch"
        /// Two keys claim to follow one of the node's: one of them is somebody else's.
        case keyContested = "key-contested"
    }

    /// True when permitted.
    public var isPermitted: Bool { self == .permitted }
}

extension Verdict.Reason: CustomStringConvertible {
    /// The rule in words.
    public var description: String {
        switch self {
        case .noScope: "the practice was not a member when this was written"
        case .removed: "the practice had been removed from the chart"
        case .wrongScope: "the practice's scopes do not include this"
        case .notEnrolled: "the author was not enrolled in this chart"
        case .credential: "the author's credential does not permit this"
        case .notSteward: "only a steward may do this"
        case .notTheAuthor: "only the author of what it names may do this"
        case .notTheGenesis: "a chart is opened only once"
        case .notShared: "this does not belong into a shared chart"
        case .keyMismatch: "this node id is pinned to another key"
        case .keyContested: "two keys claim to follow this node's: one of them is somebody else's"
        }
    }
}
