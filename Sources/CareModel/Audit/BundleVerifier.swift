public import EventLog

/// What a check of an exported file found.
public struct BundleReport: Codable, Hashable, Sendable {
    /// True when all holds, and, where keys were named as trusted, all writers are vouched for by them.
    public let whole: Bool
    /// The chart; nil where not even the first line can be read.
    public let chart: ChartID?
    /// Who made the file.
    public let exporter: NodePublicKey?
    /// The member whose key that is; nil where it is none's.
    public let exporter_node: NodeID?
    /// When, by its clock.
    public let at: Timestamp?
    /// True when the keys were held against others than those in the file itself.
    public let trusted: Bool
    /// The founder's key: whoever trusts it trusts whom it admitted.
    public let founder: NodePublicKey?
    /// The keys of the writers.
    public let keys: [NodePublicKey]
    /// What was checked and found.
    public let findings: ChartFindings?
    /// What is wrong with the file as a whole.
    public let file: [Finding]
}

/// Checks an exported file by docs/AUDIT-FORMAT.md, without a node, a state folder or a network.
public struct BundleVerifier {
    private enum Section: Int, Comparable {
        case header, members, events, heads, receipts, end

        static func < (left: Section, right: Section) -> Bool { left.rawValue < right.rawValue }
    }

    private var header: AuditBundle.Header?
    private var verifier: ChartVerifier?
    private var members: [AuditBundle.Member] = []
    private var pending: (envelope: [UInt8], line: Int)?
    private var lastKey: OrderKey?
    private var lastHead: SignedHead?
    private var lastReceipt: Receipt?
    private var membership: Membership?
    private var events = 0
    private var lines = 0
    private var section = Section.header
    private var file: [Finding] = []
    private var hasher = LineHasher()
    /// The chart as far as it could be taken in.
    public var record: ChartRecord? { verifier?.record }
    /// The receipts that the file holds.
    public private(set) var receipts: [Receipt] = []
    /// The heads that the file holds.
    public private(set) var heads: [SignedHead] = []

    /// Nothing read yet.
    public init() {}

    /// Takes the next line, without its line feed.
    public mutating func take(_ line: [UInt8]) {
        lines += 1
        do throws(BundleLineError) {
            try read(line)
        } catch {
            add(Finding(.file, error.text, place: lines, byte: error.byte))
        }
        hasher.take(line)
    }

    private mutating func add(_ finding: Finding) { if file.count < 100 { file.append(finding) } }

    private mutating func enter(_ next: Section) throws(BundleLineError) {
        guard next >= section else { throw BundleLineError("a line of an earlier part of the file") }
        section = next
    }

    private mutating func read(_ line: [UInt8]) throws(BundleLineError) {
        if let (envelope, number) = pending {
            pending = nil
            return try take(envelope, number, body: line)
        }
        guard section != .end else { throw BundleLineError("something follows after the end") }
        switch try BundleLine(line) {
        case .header(let header):
            guard lines == 1 else { throw BundleLineError("a second first line") }
            self.header = header
            verifier = ChartVerifier(chart: header.chart)
            section = .members
        case .member(let member):
            try enter(.members)
            if let last = members.last, !(NodeID(of: last.key) < NodeID(of: member.key)) {
                throw BundleLineError("members out of order")
            }
            members.append(member)
        case .event:
            try enter(.events)
            pending = (line, lines)
        case .head(let unbound):
            try enter(.heads)
            let head = unbound.head(verifier?.found.chart)
            if let last = lastHead, AuditBundle.sorted([last, head]).first != last || last == head {
                throw BundleLineError("heads out of order")
            }
            lastHead = head
            heads.append(head)
            verifier?.take(head, place: lines)
        case .receipt(let unbound):
            try enter(.receipts)
            let receipt = unbound.receipt(verifier?.found.chart)
            if let last = lastReceipt, AuditBundle.sorted([last, receipt]).first != last || last == receipt {
                throw BundleLineError("receipts out of order")
            }
            lastReceipt = receipt
            receipts.append(receipt)
            let membership = self.membership ?? verifier?.members ?? Membership()
            self.membership = membership
            verifier?.take(receipt, members: membership, place: lines)
        case .end(let end):
            section = .end
            check(end)
        }
    }

    private mutating func take(_ envelope: [UInt8], _ number: Int, body: [UInt8]) throws(BundleLineError) {
        events += 1
        if let read = try? Envelope(line: envelope) {
            let key = OrderKey(read, hash: EventHash(of: envelope))
            if let last = lastKey, key < last {
                verifier?.add(Finding(.order, "the event does not stand in the order of its clock", dot: read.dot, place: number))
            }
            lastKey = key
            if body == AuditBundle.absent(read.body) {
                verifier?.take(
                    ChartVerifier.RawEvent(place: number, envelope: envelope, name: nil, body: .absent, verdict: nil))
                return
            }
        }
        verifier?.take(
            ChartVerifier.RawEvent(place: number, envelope: envelope, name: nil, body: .present(body), verdict: nil))
    }

    private mutating func check(_ end: AuditBundle.End) {
        guard let header else { return }
        if end.lines != lines - 1 {
            add(Finding(.file, "the end counts \(end.lines) lines where \(lines - 1) stand", place: lines))
        }
        if end.digest != hasher.digest { add(Finding(.file, "the bytes are not those that were signed", place: lines)) }
        if !end.isValid(for: header) {
            add(Finding(.file, "the signature of the exporting node does not hold", place: lines))
        }
    }

    /// What was found, once every line was taken.
    ///
    /// - Parameters:
    ///   - trust: keys that are known from elsewhere; nil where there are none.
    ///   - endsWithLineFeed: whether the last line was ended.
    public mutating func finish(trust: Set<NodePublicKey>?, endsWithLineFeed: Bool) -> BundleReport {
        if pending != nil { add(Finding(.file, "the file ends within an event", place: lines)) }
        if section != .end { add(Finding(.file, "the end is missing: the file was cut off", place: lines)) }
        if !endsWithLineFeed { add(Finding(.file, "the last line has no line feed", place: lines)) }
        if let header, header.events != events {
            add(Finding(.file, "\(events) events stand where the first line counts \(header.events)"))
        }
        verifier?.finish()
        if let verifier, verifier.record.bundleMembers(count: .max) != members {
            add(Finding(.key, "the members are not those that the events admit"))
        }
        let known = verifier?.record
        let writers = Set(known?.graph.origins.map(\.node) ?? [])
        let keys = members.map { known?.authority.keys(of: NodeID(of: $0.key)) ?? NodeKeys(first: $0.key) }
        let writing = keys.filter { writers.contains($0.node) }
        let founder = known?.graph.nodes.first.flatMap { genesis in members.first { $0.event == genesis.hash }?.key }
        let exporting = keys.first { keys in header.map { keys.all.contains($0.key) } ?? false }
        if header != nil, exporting == nil {
            add(Finding(.key, "the exporting node is no member of the chart"))
        }
        for contested in keys where contested.current.count > 1 {
            add(Finding(.key, "two keys claim to follow one of node \(contested.node): one of them is somebody else's"))
        }
        if let trust { checkTrust(trust, writing.first { $0.first == founder }, writing) }
        let found = verifier?.found
        return BundleReport(
            whole: file.isEmpty && found?.count == 0 && found?.unchecked == 0, chart: header?.chart, exporter: header?.key,
            exporter_node: exporting?.node, at: header?.at, trusted: trust != nil, founder: founder, keys: writing.map(\.present),
            findings: found, file: file)
    }

    /// Whoever trusts the founder trusts whom the chart's own events admit; otherwise every writer is to be named. A node is named by any
    /// key that it has had: each vouches for the next.
    private mutating func checkTrust(_ trust: Set<NodePublicKey>, _ founder: NodeKeys?, _ writers: [NodeKeys]) {
        if let founder, !trust.isDisjoint(with: founder.all) { return }
        for keys in writers where trust.isDisjoint(with: keys.all) {
            add(Finding(.key, "the key of \(keys.node) is not trusted, nor is the founder's: \(keys.present)"))
        }
        if writers.isEmpty { add(Finding(.key, "no key in the file is trusted")) }
    }
}
