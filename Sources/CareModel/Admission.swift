public import EventLog

/// Why a run of events from a peer was not taken in.
public enum RunRefusal: Error, Equatable, Sendable {
    /// An event cannot take its place.
    case inadmissible(AdmissionError)
    /// The peer is not and never was a member of the chart.
    case notAMember
}

/// Admission of what a peer sent: structure, signed heads, membership of the one who delivers. What an event says plays no part.
extension ChartRecord {
    /// Takes in the events of a run that are not here yet, and returns where in the run they stand, with their positions: a copy of an event
    /// counts references to each of its parts.
    ///
    /// Where it throws, some may be in: the record is not to be used any more.
    ///
    /// - Parameters:
    ///   - run: each event as it was read, or what is wrong with its lines, in an order that is causal.
    ///   - heads: signed heads that are said to cover them.
    ///   - peer: who delivers.
    ///   - isValid: says whether a head is signed by one of those keys; for whoever has looked before.
    public mutating func admit(
        _ run: [Result<Event, FormatError>], vouchedForBy heads: [SignedHead], from peer: NodeID,
        isValid: (SignedHead, NodeKeys) -> Bool = { $0.isValid(for: $1) }
    ) throws(RunRefusal) -> [(index: Int, position: Int)] {
        let admitted: [(index: Int, position: Int)]
        do throws(AdmissionError) {
            let before = graph.nodes.count
            admitted = try admit(run)
            try check(heads, coverFrom: before, isValid)
        } catch {
            throw .inadmissible(error)
        }
        // Whoever was once admitted may deliver: others' events may depend on what it has.
        guard wasAdmitted(peer) else { throw .notAMember }
        return admitted
    }

    private mutating func admit(
        _ run: [Result<Event, FormatError>]
    ) throws(AdmissionError) -> [(index: Int, position: Int)] {
        // The whole run is read before any of it is taken in.
        for index in run.indices {
            if case .failure(let error) = run[index] { throw .format(error) }
        }
        var admitted: [(index: Int, position: Int)] = []
        admitted.reserveCapacity(run.count)
        for index in run.indices {
            guard case .success(let event) = run[index], graph.position(of: event.hash) == nil else { continue }
            admitted.append((index, try admit(new: event)))
        }
        return admitted
    }

    /// Every new event must be vouched for: the last ones of each chain by a head, the others by the chain.
    ///
    /// - Parameter first: the position of the first new event; all behind it are new.
    private func check(
        _ heads: [SignedHead], coverFrom first: Int, _ isValid: (SignedHead, NodeKeys) -> Bool
    ) throws(AdmissionError) {
        for position in graph.origins.flatMap({ graph.tips(of: $0) }).sorted() where position >= first {
            let event = graph.nodes[position]
            let dot = event.envelope.dot
            guard let keys = authority.keys(for: position, in: graph) else { throw .unknownWriter(dot) }
            let covering = heads.filter { $0.hash == event.hash && $0.dot == dot && $0.chart == event.envelope.chart }
            guard covering.contains(where: { isValid($0, keys) }) else { throw .unsigned(dot) }
        }
    }
}

/// What a node says of its keys before anything else.
extension ChartRecord {
    /// The successions of the node's keys that this chart does not know yet, where the node may write here: until it has said them, nobody
    /// who has the chart can check what it signs.
    public func unsaid(of key: NodeKey) -> [KeySuccession] {
        // Asked for each event that is written: a node with its first key has nothing to say, and pays nothing for that.
        guard !key.keys.successions.isEmpty, let known = authority.keys(of: key.node), !known.current.contains(key.publicKey),
            mayWrite(key.node)
        else { return [] }
        return key.keys.successions.filter { !known.all.contains($0.new) }
    }

    /// The same before the node writes in an epoch: the first event of a chain may come from an old view, which knows nothing of a rotation
    /// that was said in an earlier epoch. So a chain begins with the rotation, once more.
    public func unsaid(of key: NodeKey, as origin: Origin) -> [KeySuccession] {
        let unsaid = unsaid(of: key)
        guard unsaid.isEmpty, let last = key.keys.successions.last, graph.tips(of: origin).isEmpty,
            authority.isRotationStated(of: key.node), mayWrite(key.node)
        else { return unsaid }
        return [last]
    }

    private func mayWrite(_ node: NodeID) -> Bool {
        authority.isLocal || !Fold.membership(of: self).scopes(of: node).isEmpty
    }
}
