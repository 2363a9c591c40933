public import EventLog

/// Which state of a chart is meant. Three questions that are never mixed up: the record *as of* a time with what is known now; *as
/// known* at a node at a time; *as seen by the author* of a decision. A clock names a state that any node can show.
public enum Moment: Hashable, Sendable {
    /// What had happened up to a clinical time, with all that is known now.
    case asOf(Timestamp)
    /// What a node held at a time of its own clock.
    case asKnown(Timestamp, at: NodeID)
    /// What a vector clock covers.
    case atClock(VectorClock)
    /// What a view token names, which also tells the branches of a fork apart.
    case atView(View)
    /// What the author of an event had before them.
    case asSeenBy(EventHash)
}

/// How sure something is.
public enum Certainty: String, Codable, Hashable, Sendable {
    /// Follows from hashes, signatures or this node's own chained arrival log.
    case proof
    /// Somebody's word: a wall clock, a clinical time.
    case claim
    /// Neither: what may have been.
    case inference
}

/// What an answer rests on.
public struct Basis: Codable, Hashable, Sendable {
    /// How sure it is.
    public let certainty: Certainty
    /// What it rests on, in words.
    public let text: String

    /// Something that an answer rests on.
    public init(_ certainty: Certainty, _ text: String) {
        self.certainty = certainty
        self.text = text
    }
}

/// The events that a moment comes to, in a chart as one node holds it.
public struct Selection: Sendable {
    /// The events, by position.
    public var positions: Set<Int>
    /// Only what happened up to here, by clinical time; nil for all of them.
    public var now: Timestamp?
    /// What the selection rests on.
    public var basis: [Basis]
    /// The time against which other events are told to have existed or not, where there is one.
    public var recordedBy: Timestamp?
    /// The decision whose author's view it is.
    public var decision: Int?

    /// A selection.
    public init(
        positions: Set<Int>, now: Timestamp? = nil, basis: [Basis], recordedBy: Timestamp? = nil, decision: Int? = nil
    ) {
        self.positions = positions
        self.now = now
        self.basis = basis
        self.recordedBy = recordedBy
        self.decision = decision
    }
}

/// Why a moment cannot be shown.
public enum MomentError: Error, Hashable, Sendable {
    /// The event is not in this chart here.
    case unknownEvent(EventHash)
    /// The clock covers events that are not here.
    case beyond(VectorClock)
    /// The view is of another chart, or names events that are not here.
    case unknownView
    /// Nothing here tells what that node held then.
    case nothingKnown(of: NodeID)
}

extension ChartRecord {
    /// The events among `positions` that no other of them follows.
    func last(of positions: Set<Int>) -> [Int] {
        let followed = positions.reduce(into: Set<EventHash>()) { found, position in
            let envelope = graph.nodes[position].envelope
            found.formUnion(envelope.after)
            if let prev = envelope.prev { found.insert(prev) }
        }
        return graph.maximal(positions.filter { !followed.contains(graph.nodes[$0].hash) })
    }

    /// The whole chart as it is here.
    public var everything: Selection {
        Selection(positions: Set(graph.nodes.indices), basis: [Basis(.proof, "all that is here now")])
    }

    /// What had happened up to a clinical time, with all that is known now.
    public func selection(asOf time: Timestamp) -> Selection {
        Selection(
            positions: Set(graph.nodes.indices.filter { counts($0, by: time) }), now: time,
            basis: [
                Basis(.proof, "all events that are here now"),
                Basis(.claim, "clinical times are the authors' word"),
            ], recordedBy: time)
    }

    /// What a clock covers. Every node that holds it shows the same.
    public func selection(at clock: VectorClock) throws(MomentError) -> Selection {
        guard clock.isAtMost(graph.clock) else { throw .beyond(clock) }
        let positions = Set(graph.nodes.indices.filter { clock.covers(graph.nodes[$0].envelope.dot) })
        return Selection(positions: positions, basis: [Basis(.proof, "the events that the clock names, by their chains")])
    }

    /// What a view names.
    public func selection(in view: View) throws(MomentError) -> Selection {
        guard let last = graph.positions(in: view) else { throw .unknownView }
        let positions = Set(graph.nodes.indices.filter { graph.covers(last, $0) })
        return Selection(
            positions: positions, basis: [Basis(.proof, "the events that the view names, and what they follow from")])
    }

    /// What the author of an event had before them.
    public func selection(seenBy event: EventHash) throws(MomentError) -> Selection {
        guard let decision = graph.position(of: event) else { throw .unknownEvent(event) }
        return Selection(
            positions: Set(graph.nodes.indices.filter { graph.isBefore($0, decision) }),
            basis: [Basis(.proof, "the signed event names what its author had before them")],
            recordedBy: graph.nodes[decision].envelope.at, decision: decision)
    }

    /// What another node can be shown to have held at a time of its clock: what it signed until then.
    ///
    /// - Parameter receipts: those of that node for this chart.
    public func selection(heldBy node: NodeID, at time: Timestamp, _ receipts: [Receipt]) throws(MomentError) -> Selection {
        let written = graph.nodes.indices.filter {
            graph.nodes[$0].envelope.origin.node == node && graph.nodes[$0].envelope.at <= time
        }
        let received = receipts.filter { $0.receiver == node && $0.at <= time }.compactMap { graph.position(of: $0.hash) }
        let last = written + received
        guard !last.isEmpty else { throw .nothingKnown(of: node) }
        return Selection(
            positions: Set(graph.nodes.indices.filter { graph.covers(last, $0) }),
            basis: [
                Basis(
                    .proof,
                    "what that node signed: \(written.count) events of its own and \(received.count) receipts, and all that they follow from"
                ),
                Basis(.claim, "the times in what it signed are by its own clock"),
                Basis(.inference, "of each sequence only the latest receipt is kept, so it may have held more than is shown"),
            ], recordedBy: time)
    }
}

extension ChartRecord {
    /// What the node that answers held at a time of its clock, by its own arrival log.
    ///
    /// - Parameters:
    ///   - arrivals: when each event arrived, in the order of arrival.
    ///   - ahead: how far the clock was ahead then, in minutes, as somebody says.
    public func selection(arrivedBy time: Timestamp, _ arrivals: [Timestamp], clockAhead ahead: Int?) -> Selection {
        let byClock = time.advanced(byMilliseconds: (ahead ?? 0) * 60_000)
        let count = min((arrivals.lastIndex { $0 <= byClock } ?? -1) + 1, graph.nodes.count)
        var basis = [
            Basis(.proof, "this node's arrival log: the first \(count) of the \(graph.nodes.count) events that are here now"),
            Basis(.claim, "their times of arrival are by this node's clock"),
        ]
        if let ahead {
            basis.append(Basis(.inference, "the clock was \(ahead) minutes ahead then, as the question says"))
        }
        let late = graph.nodes.indices.dropFirst(count).filter { counts($0, by: time) && graph.nodes[$0].envelope.at > byClock }
        let delays = late.map { (graph.nodes[$0].envelope.at.milliseconds - when($0).instant.milliseconds) / 60_000 }
        if let least = delays.min() {
            basis.append(
                Basis(
                    .inference,
                    "\(late.count) events of an earlier clinical time were recorded \(least) minutes or more after it: late, or by a clock that was ahead (--clock-ahead)"
                ))
        }
        let later = arrivals.prefix(count).count { $0 > byClock }
        if later > 0 {
            basis.append(Basis(.inference, "the clock went back meanwhile: \(later) of them carry a later time"))
        }
        return Selection(positions: Set(0..<count), basis: basis, recordedBy: byClock)
    }
}
