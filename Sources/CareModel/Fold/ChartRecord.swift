public import EventLog

/// All that a replica holds of one chart: the events, how they hang together, and the verdict on each.
///
/// Grows by ``admit(_:)`` only. What people read is a ``Fold`` over it.
public struct ChartRecord: Sendable {
    /// An event with what of its body the fold needs.
    struct Entry: Sendable {
        let body: BodyLine?
        /// The body as its kind reads it, or what is wrong with it; nil for unknown kinds, and where there is no body.
        let content: Result<any EventBody, ContentError>?
    }

    /// The events and their order.
    public private(set) var graph: ChartGraph
    /// Who may do what.
    public private(set) var authority: Authority
    private(set) var entries: [Entry] = []
    /// Positions in the order of the fold. A late event is inserted at its place, never appended.
    private(set) var order: [Int] = []
    /// Positions of kinds that this version does not know, and that must be known.
    private(set) var unknownCritical: [Int] = []
    /// Events whose bodies an erasure took, with the erasure.
    private var erasures: [Int: Int] = [:]

    /// A chart without events; a local one is never shared, and its node is its only writer.
    ///
    /// - Parameter count: how many events there are going to be, as far as that is known: there is room for them from the start.
    public init(chart: ChartID, isLocal: Bool = false, expecting count: Int = 0) {
        graph = ChartGraph(chart: chart, expecting: count)
        authority = Authority(isLocal: isLocal, expecting: count)
        entries.reserveCapacity(count)
        order.reserveCapacity(count)
    }

    /// Takes an event in and decides on it; returns its position. An event that is here already changes nothing.
    @discardableResult
    public mutating func admit(_ event: Event) throws(AdmissionError) -> Int {
        if let position = graph.position(of: event.hash) { return position }
        return try admit(new: event)
    }

    /// Takes in an event of which the caller knows that it is not here.
    mutating func admit(new event: Event) throws(AdmissionError) -> Int {
        try admit(new: event, as: Catalogue.entry(event.envelope.kind))
    }

    /// The same, where the caller has looked its kind up; nil for one that this version does not know.
    mutating func admit(new event: Event, as kind: Catalogue.Entry?) throws(AdmissionError) -> Int {
        if event.bodyLine == nil, Catalogue.neverErased.contains(event.envelope.kind) {
            throw .missingBody(event.envelope.dot)
        }
        let position = try graph.admit(new: event)
        authority.judge(event, as: kind, in: graph)
        append(event, as: kind)
        return position
    }

    /// Takes back an event and its verdict as a store holds them; the checks were made when it was admitted.
    public mutating func restore(_ event: Event, verdict: Verdict) throws(AdmissionError) {
        try graph.restore(event.envelope, hash: event.hash)
        let kind = Catalogue.entry(event.envelope.kind)
        authority.restore(verdict, on: event, as: kind, in: graph)
        append(event, as: kind)
    }

    /// True for whoever has been a member at some time, by everything that has arrived.
    mutating func wasAdmitted(_ node: NodeID) -> Bool { authority.wasAdmitted(node, in: graph) }

    private mutating func append(_ event: Event, as kind: Catalogue.Entry?) {
        let isNewer = kind.map { event.envelope.version > $0.version } ?? true
        let position = entries.count
        if isNewer, event.envelope.critical { unknownCritical.append(position) }
        entries.append(Entry(body: event.bodyLine, content: kind.flatMap { read($0, event, isNewer) }))
        order.insert(position, at: place(of: graph.nodes[position].key))
        if kind?.isErasure == true { erase(by: position) }
        if kind?.isAmendment == true { eraseAmendment(position) }
    }

    // MARK: Erasure

    /// The erasure that took the body of an event; nil where the body is here, or was lost without one.
    public func erasure(of position: Int) -> Int? { erasures[position] }

    /// The events whose bodies erasures took, in the order of arrival, each with its erasure.
    public var erasedEvents: [(event: EventHash, by: EventHash)] {
        erasures.sorted { $0.key < $1.key }.map { (graph.nodes[$0.key].hash, graph.nodes[$0.value].hash) }
    }

    /// True when the body of an event is neither here nor erased: it came without it, and nothing says why.
    public func isBodyMissing(_ position: Int) -> Bool { entries[position].body == nil && erasures[position] == nil }

    /// The bodies that an erasure names are gone from the moment on at which it arrives, at every moment of a replay. So are the
    /// corrections of them: they say the same thing again.
    private mutating func erase(by erasure: Int) {
        guard verdict(on: erasure).isPermitted, case .success? = entries[erasure].content else { return }
        let targets = graph.nodes[erasure].envelope.refs.compactMap { graph.position(of: $0) }
        guard !targets.contains(where: { Catalogue.neverErased.contains(graph.nodes[$0].envelope.kind) }) else { return }
        for target in targets { forget(target, erasure) }
        for position in graph.nodes.indices where graph.nodes[position].envelope.kind == RecordAmended.kind {
            eraseAmendment(position)
        }
    }

    private mutating func eraseAmendment(_ position: Int) {
        let targets = graph.nodes[position].envelope.refs.compactMap { graph.position(of: $0) }
        if let erasure = targets.compactMap({ erasures[$0] }).first { forget(position, erasure) }
    }

    private mutating func forget(_ position: Int, _ erasure: Int) {
        if erasures[position] == nil { erasures[position] = erasure }
        entries[position] = Entry(body: nil, content: nil)
    }

    /// Bodies are read when they arrive where a rule of the fold needs them; the others when somebody looks.
    private func read(
        _ kind: Catalogue.Entry, _ event: Event, _ isNewer: Bool
    ) -> Result<any EventBody, ContentError>? {
        guard !isNewer else {
            return .failure(
                ContentError(
                    "kv", "was written by a newer Duolog; this one reads version \(kind.version) of \(kind.type.kind)"))
        }
        guard kind.isReadAtOnce, let body = event.bodyLine else { return nil }
        return Self.content(of: kind.type, body)
    }

    static func content(of kind: any EventBody.Type, _ body: BodyLine) -> Result<any EventBody, ContentError> {
        do throws(ContentError) {
            return .success(try kind.read(body))
        } catch {
            return .failure(error)
        }
    }

    /// True when a kind that must be known is not: a newer Duolog is needed, and nothing under a hold or safe rule may be authored.
    public var isIncomplete: Bool { !unknownCritical.isEmpty }

    /// The verdict on an event.
    public func verdict(on position: Int) -> Verdict { authority.verdicts[position] }

    private func place(of key: OrderKey) -> Int {
        // Nearly always it comes after all that is here.
        if let last = order.last, graph.nodes[last].key < key { return order.count }
        var (low, high) = (0, order.count)
        while low < high {
            let middle = (low + high) / 2
            if graph.nodes[order[middle]].key < key { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
