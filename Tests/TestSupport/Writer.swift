public import CareModel
import Crypto
public import EventLog

/// A practice in a test: a node key, a person, and what the node holds of one chart.
public struct Writer: Sendable {
    public var key: NodeKey
    public let author: AuthorID
    public let scopes: [Scope]
    public let credential: Credential
    public var epoch: UInt64
    public var record: ChartRecord
    /// The events that it holds, in the order in which they arrived.
    public private(set) var events: [Event] = []
    private var random: SplitMix64
    private var minutes = 0

    public init(_ name: String, scopes: [Scope], credential: Credential, chart: ChartID, seed: UInt64) {
        var random = SplitMix64(seed: seed)
        key = Self.key(from: random.bytes(32))
        author = AuthorID(name) ?? .node
        self.scopes = scopes
        self.credential = credential
        epoch = random.next() | 1
        record = ChartRecord(chart: chart)
        self.random = random
    }

    /// Keys from a seed: the same in every run.
    public static func key(from bytes: [UInt8]) -> NodeKey {
        guard let key = (try? Curve25519.Signing.PrivateKey(rawRepresentation: bytes)).flatMap({ NodeKey($0) }) else {
            preconditionFailure("32 bytes are a key")
        }
        return key
    }

    public var node: NodeID { key.node }
    public var origin: Origin { Origin(node: node, epoch: epoch) }

    /// Takes an event in, as admission does.
    @discardableResult
    public mutating func receive(_ event: Event) throws(AdmissionError) -> Int {
        let isNew = record.graph.position(of: event.hash) == nil
        let position = try record.admit(event)
        if isNew { events.append(event) }
        return position
    }

    /// Takes in everything that `other` has, in its order.
    public mutating func receiveAll(of other: Writer) throws(AdmissionError) {
        for event in other.events where record.graph.position(of: event.hash) == nil { try receive(event) }
    }

    /// Writes an event without any of the checks of authoring, as a peer of another version might.
    @discardableResult
    public mutating func write(
        _ kind: Kind, _ members: String, refs: [EventHash] = [], seeing view: View? = nil, author: AuthorID? = nil,
        when: String? = nil, critical: Bool? = nil, version: Int = 1
    ) throws -> Event {
        let graph = record.graph
        let frontier =
            try view.map { view in
                guard let positions = graph.positions(in: view) else { throw NoSuchView() }
                return graph.extend(positions, by: author ?? self.author, in: origin)
            } ?? graph.frontier
        let next = graph.next(in: origin, seeing: frontier)
        minutes += 1
        let time = Timestamp(milliseconds: 1_925_000_000_000 + minutes * 60_000)
        let body = try BodyLine(
            salt: random.bytes(16), when: when.flatMap { ClinicalTime($0) } ?? ClinicalTime(instant: time, offsetMinutes: 0),
            members: Array(members.utf8))
        let envelope = Envelope(
            chart: graph.chart, origin: origin, seq: next.seq, prev: next.prev, seen: next.seen, after: next.after,
            refs: Array(Set(refs)).sorted(), at: time, author: author ?? self.author, kind: kind, version: version,
            critical: critical ?? Catalogue.kind(kind)?.critical ?? false, body: body.hash)
        let event = Event(envelope: envelope, body: body)
        try receive(event)
        return event
    }

    struct NoSuchView: Error {}
}

/// A chart with a founder and members, all of whom hold its beginning.
public struct Practices {
    public var writers: [Writer]
    public let chart: ChartID

    /// A founder (steward, primary care and prescribing) and further members.
    public init(_ others: [(String, [Scope], Credential)], seed: UInt64 = 1) throws {
        var random = SplitMix64(seed: seed)
        let founderSeed = random.next()
        var keySource = SplitMix64(seed: founderSeed)
        let founderKey = Writer.key(from: keySource.bytes(32))
        let nonce = random.bytes(16)
        let chart = ChartFounding.chart(founder: founderKey.publicKey, nonce: nonce)
        self.chart = chart
        var founder = Writer(
            "founder", scopes: [.steward, .primaryCare, .prescribing], credential: .physician, chart: chart, seed: founderSeed)
        var members = others.map { name, scopes, credential in
            Writer(name, scopes: scopes, credential: credential, chart: chart, seed: random.next())
        }
        try founder.write(
            ChartOpened.kind,
            #"{"name":"founder","node_key":"\#(founderKey.publicKey)","nonce":"\#(Base64URL.encode(nonce))"}"#, author: .node)
        for writer in [founder] + members {
            try founder.write(MemberAdmitted.kind, Self.admission(writer), author: .node)
        }
        let all = Set([founder.node] + members.map(\.node)).map { "\"\($0)\"" }.sorted().joined(separator: ",")
        try founder.write(PractitionerEnrolled.kind, Self.enrolment(founder))
        try founder.write(
            ConsentGranted.kind,
            #"{"purpose":"TREAT","recipients":[\#(all)],"signed_document_hash":"\#(EventHash(of: [1]))"}"#)
        for index in members.indices {
            try members[index].receiveAll(of: founder)
            try members[index].write(PractitionerEnrolled.kind, Self.enrolment(members[index]))
            try founder.receiveAll(of: members[index])
        }
        for index in members.indices { try members[index].receiveAll(of: founder) }
        writers = [founder] + members
    }

    public static func admission(_ writer: Writer) -> String {
        let scopes = writer.scopes.map { "\"\($0.rawValue)\"" }.joined(separator: ",")
        return #"{"name":"\#(writer.author)","node_key":"\#(writer.key.publicKey)","scopes":[\#(scopes)]}"#
    }

    public static func enrolment(_ writer: Writer) -> String {
        #"{"credential":"\#(writer.credential.rawValue)","name":"\#(writer.author)"}"#
    }

    /// Everybody receives everything.
    public mutating func meet() throws(AdmissionError) {
        for left in writers.indices {
            for right in writers.indices where left != right { try writers[left].receiveAll(of: writers[right]) }
        }
    }

    /// Two of them exchange everything.
    public mutating func meet(_ left: Int, _ right: Int) throws(AdmissionError) {
        try writers[left].receiveAll(of: writers[right])
        try writers[right].receiveAll(of: writers[left])
    }
}

/// Bodies that tests write often.
public enum Bodies {
    public static func prescribed(_ dose: Int = 50) -> String {
        #"{"dose":{"unit":"mg","value":"\#(dose)"},"drug":{"code":"312941","display":"sertraline 50 MG Oral Tablet","system":"RxNorm"},"effective_from":"2031-01-01","frequency":{"period":1,"period_unit":"d","times":1},"route":"oral"}"#
    }

    public static func adjusted(_ from: Int, _ to: Int, day: String = "2031-02-01") -> String {
        #"{"effective_from":"\#(day)","from":{"unit":"mg","value":"\#(from)"},"reason":"titration","to":{"unit":"mg","value":"\#(to)"}}"#
    }

    public static func resolved(_ dose: Int, day: String = "2031-03-01") -> String {
        #"{"outcome":{"dose":{"unit":"mg","value":"\#(dose)"},"effective_from":"\#(day)","frequency":{"period":1,"period_unit":"d","times":1},"route":"oral","status":"active"},"rationale":"talked it over"}"#
    }

    public static let stopped = #"{"effective_from":"2031-02-02","reason":"rash"}"#
    public static let sideEffect = #"{"severity":"moderate","what":"palpitations"}"#
    public static let withdrawn = #"{"reason":"entered in error"}"#
    public static let session = #"{"minutes":50,"modality":"individual CBT","start":"2031-01-13T10:00:00-05:00"}"#
    public static let phq9 = #"{"instrument":"PHQ-9","items":[1,1,1,1,1,1,1,1,0],"total":8}"#
}
