import Crypto

/// The running hash over a node's arrival log: one link for each commit, over the link before it, the commit's number and time, and the
/// events that it stored, with the peers that they came from. What this node had, when and from whom can be proved by it.
public enum ArrivalChain {
    /// How a link is made. Form 1 left out whom an event came from.
    public enum Form: Int, Sendable {
        /// Number, time and events.
        case events = 1
        /// Number, time, events and where each came from.
        case sources = 2
    }

    /// An event of a commit.
    public struct Entry: Hashable, Sendable {
        /// The event.
        public let event: EventHash
        /// The peer that it came from; nil for this node's own.
        public let source: NodeID?

        /// An event and where it came from.
        public init(event: EventHash, source: NodeID?) {
            self.event = event
            self.source = source
        }
    }

    /// The link of a commit.
    ///
    /// - Parameter previous: the link before it; empty for the first.
    public static func link(
        after previous: [UInt8], number: Int64, at time: Timestamp, _ entries: some Sequence<Entry>, form: Form = .sources
    ) -> [UInt8] {
        var hasher = SHA256()
        hasher.update(data: previous)
        hasher.update(data: Array("\(number) \(time)\n".utf8))
        for entry in entries {
            entry.event.withBytes { hasher.update(bufferPointer: $0) }
            guard form == .sources else { continue }
            var source: [UInt8] = []
            if let node = entry.source { node.append(to: &source) } else { source.append(UInt8(ascii: "-")) }
            source.append(0x0A)
            hasher.update(data: source)
        }
        return Array(hasher.finalize())
    }
}
