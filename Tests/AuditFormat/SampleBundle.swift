import CareModel
import EventLog
import TestSupport

/// A small exported chart, and what it takes to damage it in the way of somebody who knows the format and holds the exporter's key.
struct SampleBundle {
    let key: NodeKey
    var header: AuditBundle.Header
    var members: [[UInt8]]
    /// Both lines of each event.
    var events: [[[UInt8]]]
    var heads: [[UInt8]]
    var receipts: [[UInt8]]

    /// A founder and a therapist: a session is held, its record corrected, and what it said erased.
    init() throws { try self.init(forgedFrom: 1) }

    /// The same with keys from another seed.
    init(forgedFrom seed: UInt64) throws {
        var practices = try Practices([("therapist", [.therapy], .lcsw)], seed: seed)
        let session = try practices.writers[1].write(SessionHeld.kind, Bodies.session)
        try practices.meet()
        try practices.writers[0].write(MedicationPrescribed.kind, Bodies.prescribed())
        try practices.writers[1].write(
            RecordAmended.kind, #"{"fields":{"minutes":55},"reason":"typed wrongly"}"#, refs: [session.hash])
        try practices.meet()
        try practices.writers[1].write(
            EventErased.kind, #"{"authority":"asked for by the fictional patient"}"#, refs: [session.hash])
        try practices.meet()
        self.init(practices.writers, of: practices.writers[0])
    }

    /// A founder alone: as small as a chart can be.
    init(tiny: Void) throws {
        let practices = try Practices([])
        self.init(practices.writers, of: practices.writers[0])
    }

    /// A founder whose key was rotated.
    ///
    /// - Parameter old: the end of its chain is signed by the key that was given up.
    init(rotated: Void, signedByOld old: Bool) throws {
        var practices = try Practices([("therapist", [.therapy], .lcsw)])
        let first = practices.writers[0].key
        let next = Writer.key(from: [UInt8](repeating: 42, count: 32)).privateKey
        if let key = try first.succeeded(by: next, at: Timestamp(milliseconds: 1_925_900_000_000)),
            let said = key.keys.successions.last
        {
            try practices.writers[0].write(
                KeyRotated.kind, String(decoding: KeyRotated(said).members, as: UTF8.self), author: .node)
            try practices.writers[0].write(MedicationPrescribed.kind, Bodies.prescribed())
            try practices.meet()
            if !old { practices.writers[0].key = key }
        }
        self.init(practices.writers, of: practices.writers[0])
    }

    private init(_ writers: [Writer], of exporter: Writer) {
        let record = exporter.record
        let at = Timestamp(milliseconds: 1_926_000_000_000)
        key = exporter.key
        header = AuditBundle.Header(chart: record.graph.chart, key: key.publicKey, at: at, events: record.graph.nodes.count)
        members = record.bundleMembers(count: .max).map { AuditBundle.line($0) }
        let lines = record.bundleEvents(count: .max, from: 0, maxBytes: .max).lines
        events = stride(from: 0, to: lines.count, by: 2).map { [lines[$0], lines[$0 + 1]] }
        var signed: [SignedHead] = []
        var received: [Receipt] = []
        for origin in record.graph.origins {
            guard let writer = writers.first(where: { $0.node == origin.node }) else { continue }
            for tip in record.graph.tips(of: origin).map({ record.graph.nodes[$0] }) {
                let event = exporter.events.first { $0.hash == tip.hash }
                if let event, let head = try? SignedHead(signing: event, at: at, with: writer.key) { signed.append(head) }
                for other in writers where other.node != origin.node {
                    let receipt = try? Receipt(
                        signing: other.key, instance: 5, chart: header.chart, dot: tip.envelope.dot, hash: tip.hash, at: at)
                    received += receipt.map { [$0] } ?? []
                }
            }
        }
        heads = AuditBundle.sorted(signed).map { AuditBundle.line($0) }
        receipts = AuditBundle.sorted(received).map { AuditBundle.line($0) }
    }

    /// The file, with an end that fits what stands before it.
    func file(signedBy signer: NodeKey? = nil) throws -> [UInt8] {
        let lines = [AuditBundle.line(header)] + members + events.flatMap { $0 } + heads + receipts
        var hasher = LineHasher()
        for line in lines { hasher.take(line) }
        let end = try AuditBundle.End(signing: signer ?? key, header, lines: lines.count, digest: hasher.digest)
        return (lines + [AuditBundle.line(end)]).flatMap { $0 + [0x0A] }
    }
}

/// Checks a file as `duolog audit verify FILE` does.
func report(_ file: [UInt8], trust: Set<NodePublicKey>? = nil) -> BundleReport {
    var verifier = BundleVerifier()
    var rest = file[...]
    while let end = rest.firstIndex(of: 0x0A) {
        verifier.take([UInt8](rest[..<end]))
        rest = rest[(end + 1)...]
    }
    if !rest.isEmpty { verifier.take([UInt8](rest)) }
    return verifier.finish(trust: trust, endsWithLineFeed: rest.isEmpty && !file.isEmpty)
}
