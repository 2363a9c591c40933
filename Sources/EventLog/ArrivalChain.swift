/// The running hash over a node's arrival log: one link for each commit, over the link before it, the commit's number and time, and the
/// events that it stored, with the peers that they came from, the signed heads that came with them, and the peers that they are sent to at once. What
/// this node had, when and from whom can be proved by it.
public enum ArrivalChain {
    /// How a link is made. A log never goes back to an earlier form.
    public enum Form: Int, Comparable, Sendable {
        /// Number, time and events.
        case events = 1
        /// Number, time, events and where each came from.
        case sources = 2
        /// The same, and the signed heads of these events.
        case heads = 3
        /// The same, and to whom they are sent at once.
        case accounts = 4

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

    /// That a peer is sent at once what a commit stores of a chart. It stands in that commit: what leaves a node is accounted for before.
    public struct Account: Hashable, Sendable {
        /// Who is sent it.
        public let peer: NodeID
        /// Which chart; what the peer itself has sent of it is left out.
        public let chart: ChartID
        /// The consent that is relied on.
        public let consent: EventHash?

        private static let mostLetters = NodeID.textCount + 2 * EventHash.textCount + 3

        /// Who is sent what, and why that is allowed.
        public init(peer: NodeID, chart: ChartID, consent: EventHash?) {
            (self.peer, self.chart, self.consent) = (peer, chart, consent)
        }

        /// Reads a line of ``lines(_:)``; nil for anything else.
        private init?(line: ArraySlice<UInt8>) {
            let words = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
            guard words.count == 3, let peer = NodeID(text: words[0]), let chart = ChartID(text: words[1]) else { return nil }
            let consent = EventHash(text: words[2])
            guard consent != nil || words[2].elementsEqual("-".utf8) else { return nil }
            self.init(peer: peer, chart: chart, consent: consent)
        }

        /// A line for each, as they are stored.
        public static func lines(_ accounts: [Account]) -> [UInt8] {
            ByteWriter.write(atMost: accounts.count * mostLetters) { output in
                for account in accounts {
                    account.peer.write(to: &output)
                    output.put(" ")
                    account.chart.write(to: &output)
                    output.put(" ")
                    if let consent = account.consent { consent.write(to: &output) } else { output.put("-") }
                    output.put("\n")
                }
            }
        }

        /// Reads what ``lines(_:)`` has written; nil for anything else.
        public static func read(_ lines: [UInt8]) -> [Account]? {
            guard lines.last == UInt8(ascii: "\n") else { return nil }
            let read = lines.dropLast().split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            let accounts = read.compactMap { Account(line: $0) }
            return accounts.count == read.count ? accounts : nil
        }
    }

    /// The link of a commit.
    ///
    /// - Parameters:
    ///   - previous: the link before it; empty for the first.
    ///   - accounts: the lines of whom it is sent to at once; none where it is sent to nobody.
    public static func link(
        after previous: [UInt8], number: Int64, at time: Timestamp, _ entries: some Collection<Entry>, _ accounts: [UInt8]? = nil,
        form: Form = .accounts
    ) -> [UInt8] {
        // In one piece: a hasher that is told of each part by itself takes longer over that than over the bytes.
        let room = entries.reduce(previous.count + roomForFixed + (accounts?.count ?? 0)) {
            $0 + EventHash.byteCount + NodeID.textCount + 1 + roomForFixed + ($1.head?.signature.count ?? 0)
        }
        let bytes = ByteWriter.write(atMost: room) { output in
            output.put(previous[...])
            output.put(text: "\(number) ")
            time.write(to: &output)
            output.put("\n")
            for entry in entries { write(entry, form, to: &output) }
            if form >= .accounts, let accounts { output.put(accounts[...]) }
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
