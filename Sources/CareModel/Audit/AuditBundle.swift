public import EventLog
import FoundationEssentials

/// The lines of an exported chart: docs/AUDIT-FORMAT.md says what each holds. All forms are fixed, so that one file has one spelling.
public enum AuditBundle {
    /// The version of the format.
    public static let version = 1

    /// The first line: what the file is about, and who made it.
    public struct Header: Hashable, Sendable {
        /// The chart.
        public var chart: ChartID
        /// The exporting node's key.
        public var key: NodePublicKey
        /// When, by its clock.
        public var at: Timestamp
        /// Events in the file.
        public var events: Int

        /// A header.
        public init(chart: ChartID, key: NodePublicKey, at: Timestamp, events: Int) {
            self.chart = chart
            self.key = key
            self.at = at
            self.events = events
        }
    }

    /// A node of the chart, its key, and the event that says so.
    public struct Member: Hashable, Sendable {
        /// Its key.
        public var key: NodePublicKey
        /// The genesis, or an admission.
        public var event: EventHash
    }

    /// The last line: how many lines there are before it, their hash, and the exporting node's signature.
    public struct End: Hashable, Sendable {
        /// Lines before this one.
        public var lines: Int
        /// SHA-256 of all bytes before this line, line feeds included.
        public var digest: EventHash
        /// Ed25519, 64 bytes.
        public var signature: [UInt8]

        /// Signs what stands before.
        public init(signing key: NodeKey, _ header: Header, lines: Int, digest: EventHash) throws {
            self.lines = lines
            self.digest = digest
            signature = try key.sign(Self.payload(header, lines: lines, digest: digest))
        }

        init(lines: Int, digest: EventHash, signature: [UInt8]) {
            self.lines = lines
            self.digest = digest
            self.signature = signature
        }

        func isValid(for header: Header) -> Bool {
            header.key.verifies(signature, over: Self.payload(header, lines: lines, digest: digest))
        }

        private static func payload(_ header: Header, lines: Int, digest: EventHash) -> [UInt8] {
            SignatureDomain.export.payload([
                header.chart.description, header.key.description, header.at.description, String(lines), digest.description,
            ])
        }
    }

    // MARK: Lines

    /// The line of a header.
    public static func line(_ header: Header) -> [UInt8] {
        Array(
            "{\"t\":\"duolog-audit\",\"v\":\(version),\"chart\":\"\(header.chart)\",\"key\":\"\(header.key)\",\"at\":\"\(header.at)\",\"events\":\(header.events)}"
                .utf8)
    }

    /// The line of a member.
    public static func line(_ member: Member) -> [UInt8] {
        Array(
            "{\"t\":\"member\",\"node\":\"\(NodeID(of: member.key))\",\"key\":\"\(member.key)\",\"event\":\"\(member.event)\"}"
                .utf8)
    }

    /// The line in the place of a body that is not here.
    public static func absent(_ body: EventHash) -> [UInt8] { Array("{\"t\":\"body\",\"absent\":\"\(body)\"}".utf8) }

    /// The line of a signed head.
    public static func line(_ head: SignedHead) -> [UInt8] {
        Array(
            "{\"t\":\"head\",\"origin\":\"\(head.dot.origin)\",\"seq\":\(head.dot.seq),\"hash\":\"\(head.hash)\",\"at\":\"\(head.at)\",\"sig\":\"\(Base64URL.encode(head.signature))\"}"
                .utf8)
    }

    /// The line of a receipt.
    public static func line(_ receipt: Receipt) -> [UInt8] {
        Array(
            "{\"t\":\"receipt\",\"receiver\":\"\(receipt.receiver)\",\"instance\":\"\(receipt.instance)\",\"origin\":\"\(receipt.dot.origin)\",\"seq\":\(receipt.dot.seq),\"hash\":\"\(receipt.hash)\",\"at\":\"\(receipt.at)\",\"sig\":\"\(Base64URL.encode(receipt.signature))\"}"
                .utf8)
    }

    /// The last line.
    public static func line(_ end: End) -> [UInt8] {
        Array(
            "{\"t\":\"end\",\"lines\":\(end.lines),\"sha256\":\"\(end.digest)\",\"sig\":\"\(Base64URL.encode(end.signature))\"}"
                .utf8)
    }
}

extension ChartRecord {
    /// The members as a bundle names them: each node that the genesis or an admission in effect gives a key, by its id.
    public func bundleMembers(count: Int) -> [AuditBundle.Member] {
        authority.membership(in: graph, where: { $0 < count }).members.values.compactMap { member in
            let event = graph.nodes.indices.prefix(count).filter { position in
                guard verdict(on: position).isPermitted, let line = entries[position].body else { return false }
                switch graph.nodes[position].envelope.kind {
                case ChartOpened.kind: return (try? ChartOpened.read(line))?.node_key == member.keys.first
                case MemberAdmitted.kind: return (try? MemberAdmitted.read(line))?.node_key == member.keys.first
                default: return false
                }
            }.min { graph.nodes[$0].key < graph.nodes[$1].key }
            return event.map { AuditBundle.Member(key: member.keys.first, event: graph.nodes[$0].hash) }
        }.sorted { NodeID(of: $0.key) < NodeID(of: $1.key) }
    }

    /// The lines of the first `count` events that arrived, in the order of the fold, from the event numbered `from` on: at least one
    /// event, and no further one beyond `maxBytes`. Returns the number of the next event too.
    public func bundleEvents(count: Int, from: Int, maxBytes: Int) -> (lines: [[UInt8]], next: Int) {
        var lines: [[UInt8]] = []
        var (bytes, next) = (0, from)
        for position in order.filter({ $0 < count }).dropFirst(from) {
            let node = graph.nodes[position]
            let pair = [node.envelope.line, entries[position].body?.line ?? AuditBundle.absent(node.envelope.body)]
            bytes += pair[0].count + pair[1].count
            if !lines.isEmpty, bytes > maxBytes { break }
            lines += pair
            next += 1
        }
        return (lines, next)
    }
}

extension AuditBundle {
    /// Heads as they stand in a bundle.
    public static func sorted(_ heads: [SignedHead]) -> [SignedHead] {
        heads.sorted { ($0.dot.origin, $0.dot.seq, $0.hash) < ($1.dot.origin, $1.dot.seq, $1.hash) }
    }

    /// Receipts as they stand in a bundle.
    public static func sorted(_ receipts: [Receipt]) -> [Receipt] {
        func key(_ receipt: Receipt) -> (NodeID, UInt64, Origin, EventHash) {
            (receipt.receiver, receipt.instance, receipt.dot.origin, receipt.hash)
        }
        return receipts.sorted { key($0) < key($1) }
    }
}
