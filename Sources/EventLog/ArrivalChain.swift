/// The running hash over a node's arrival log: one link for each commit, over the link before it, the commit's number and time, and the
/// events that it stored, with the peers that they came from and the signed heads that came with them. What this node had, when and from
/// whom can be proved by it.
public enum ArrivalChain {
    /// How a link is made. A log never goes back to an earlier form.
    public enum Form: Int, Comparable, Sendable {
        /// Number, time and events.
        case events = 1
        /// Number, time, events and where each came from.
        case sources = 2
        /// The same, and the signed heads of these events.
        case heads = 3

        /// By when they came into use.
        public static func < (left: Form, right: Form) -> Bool { left.rawValue < right.rawValue }
    }

    /// An event of a commit.
    public struct Entry: Hashable, Sendable {
        /// The event.
        public let event: EventHash
        /// The peer that it came from; nil for this node's own.
        public let source: NodeID?
        /// When its origin signed it as a head, and the signature; nil where it did not.
        public var head: Head?

        /// What of a signed head its event does not say.
        public struct Head: Hashable, Sendable {
            let at: Timestamp
            let signature: [UInt8]

            /// The head of an event, as it is stored.
            public init(at: Timestamp, signature: [UInt8]) {
                self.at = at
                self.signature = signature
            }

            /// The same of a head.
            public init(_ head: SignedHead) { self.init(at: head.at, signature: head.signature) }
        }

        /// An event, where it came from, and its head.
        public init(event: EventHash, source: NodeID?, head: Head? = nil) {
            self.event = event
            self.source = source
            self.head = head
        }
    }

    /// The link of a commit.
    ///
    /// - Parameter previous: the link before it; empty for the first.
    public static func link(
        after previous: [UInt8], number: Int64, at time: Timestamp, _ entries: some Collection<Entry>, form: Form = .heads
    ) -> [UInt8] {
        // In one piece: a hasher that is told of each part by itself takes longer over that than over the bytes.
        let room = entries.reduce(previous.count + roomForFixed) {
            $0 + EventHash.byteCount + NodeID.textCount + 1 + roomForFixed + ($1.head?.signature.count ?? 0)
        }
        let bytes = ByteWriter.write(atMost: room) { output in
            output.put(previous[...])
            output.put(text: "\(number) ")
            time.write(to: &output)
            output.put("\n")
            for entry in entries { write(entry, form, to: &output) }
        }
        return EventHash(of: bytes).bytes
    }

    /// More than a number, a time, and what stands around them.
    private static let roomForFixed = 64

    private static func write(_ entry: Entry, _ form: Form, to output: inout ByteWriter) {
        entry.event.withBytes { output.put(bytes: $0) }
        guard form >= .sources else { return }
        if let node = entry.source { node.write(to: &output) } else { output.put("-") }
        output.put("\n")
        guard form >= .heads, let head = entry.head else { return }
        head.at.write(to: &output)
        output.put("\n")
        output.put(head.signature[...])
    }
}
