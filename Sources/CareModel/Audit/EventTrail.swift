public import EventLog

/// The life of one event: who wrote it and what they had before them, where it went, what became of it, who looked at it.
public struct EventTrail: Codable, Hashable, Sendable {
    /// What happened.
    public enum What: String, Codable, Hashable, Sendable {
        /// Somebody wrote it.
        case authored
        /// What its author had before them.
        case seen
        /// It was stored on the node that answers.
        case stored
        /// A node signed that it holds it.
        case receipt
        /// It was sent to a peer.
        case sent
        /// It had come from elsewhere, and was passed on to a peer.
        case relayed
        /// Another decision about the same thing was made without knowing of it.
        case disputed
        /// A later event names it.
        case named
        /// Its body was erased; a node confirmed that it carried that out, or has not yet.
        case erased
        /// Somebody looked at a record that holds it.
        case viewed
    }

    /// One thing that happened.
    public struct Step: Codable, Hashable, Sendable {
        /// What happened.
        public let what: What
        /// When, where that is known, by the clock of whoever says so.
        public let at: Timestamp?
        /// What and who, in words.
        public let text: String
        /// How sure it is.
        public let certainty: Certainty
        /// The other event that it is about.
        public let event: EventHash?
    }

    /// What a node knows of an event beside the chart itself.
    public struct Context: Sendable {
        /// When it was stored here.
        public var storedAt: Timestamp?
        /// The peer that it came from; nil where it was written here.
        public var source: NodeID?
        /// Receipts for the chart.
        public var receipts: [Receipt] = []
        /// Disclosures of the chart, with their times.
        public var disclosures: [(at: Timestamp, body: DisclosureRecorded)] = []
        /// Who looked at the chart, and when.
        public var views: [(at: Timestamp, body: AccessRecorded)] = []

        /// Nothing known.
        public init() {}
    }

    /// The event.
    public let label: EventLabel
    /// What it says.
    public let summary: String
    /// How it stands now.
    public let standing: EventStanding
    /// Why it has no effect, or none yet.
    public let because: String?
    /// The rule and the event that decided that.
    public let decided: EffectRule?
    /// What happened, by kind of happening.
    public let steps: [Step]

    /// The life of the event at `position`.
    public init(_ record: ChartRecord, _ position: Int, _ context: Context) {
        let fold = Fold(record)
        label = EventLabel(position, fold)
        summary = fold.summary(of: position)
        (standing, decided) = fold.effect(of: position)
        because = decided?.line
        let reader = TrailReader(fold: fold, position: position, context: context)
        steps =
            reader.beginning + reader.receipts + reader.sent + reader.disputes + reader.names + reader.erasure + reader.views
    }
}

/// Collects what happened to an event.
private struct TrailReader {
    let fold: Fold
    let position: Int
    let context: EventTrail.Context

    private var graph: ChartGraph { fold.record.graph }
    private var node: ChartGraph.Node { graph.nodes[position] }

    private func step(
        _ what: EventTrail.What, _ at: Timestamp?, _ text: String, _ certainty: Certainty, _ event: EventHash? = nil
    ) -> EventTrail.Step {
        EventTrail.Step(what: what, at: at, text: text, certainty: certainty, event: event)
    }

    private func practice(_ node: NodeID) -> String { fold.membership.members[node]?.name ?? node.description }

    var beginning: [EventTrail.Step] {
        let label = EventLabel(position, fold)
        let seen = graph.nodes.indices.count { graph.isBefore($0, position) }
        let unknown = graph.nodes.indices.count { graph.areConcurrent($0, position) }
        let origin = context.source.map { "came from \(practice($0))" } ?? "was written here"
        return [
            step(
                .authored, node.envelope.at,
                "\(label.author), \(label.practice), as \(node.envelope.dot), of \(label.when)", .claim),
            step(
                .seen, node.envelope.at,
                "its author had \(seen) events before them, and knew nothing of \(unknown) others that are here now", .proof),
            step(.stored, context.storedAt, origin, .proof),
        ]
    }

    var receipts: [EventTrail.Step] {
        holders(of: position).map { receipt in
            step(
                .receipt, receipt.at,
                "\(practice(receipt.receiver)) signed that it holds number \(receipt.dot.seq) and all before it", .proof)
        }
    }

    /// For each node the receipt that covers an event.
    private func holders(of position: Int) -> [Receipt] {
        let covering = context.receipts.filter { receipt in
            graph.position(of: receipt.hash).map { graph.reaches(position, from: $0) } ?? false
        }
        return Dictionary(grouping: covering, by: \.receiver).values.compactMap { $0.min { $0.at < $1.at } }
            .sorted { ($0.at, $0.receiver) < ($1.at, $1.receiver) }
    }

    var sent: [EventTrail.Step] {
        context.disclosures.filter { entry in
            entry.body.ranges.contains {
                $0.origin == node.envelope.origin && ($0.from...max($0.from, $0.to)).contains(node.envelope.seq)
            }
        }.map { entry in
            let from = context.source.map { ", as it had come from \(practice($0))" } ?? ""
            return step(
                context.source == nil ? .sent : .relayed, entry.at, "to \(practice(entry.body.peer))" + from, .proof,
                entry.body.consent)
        }
    }

    var disputes: [EventTrail.Step] {
        guard let root = fold.roots[position], let register = fold.registers.first(where: { $0.root == root }) else { return [] }
        return register.members.filter { other in
            graph.areConcurrent(other, position) && fold.isEffective(other) && fold.values[other] != fold.values[position]
        }.map { other in
            let label = EventLabel(other, fold)
            return step(
                .disputed, label.at, "\(label.author), \(label.practice): \(fold.summary(of: other)); neither knew of the other",
                .proof, label.event)
        }
    }

    var names: [EventTrail.Step] {
        fold.order.filter { graph.nodes[$0].envelope.refs.contains(node.hash) }.map { other in
            let label = EventLabel(other, fold)
            let (standing, because) = fold.standing(of: other)
            let effect = standing == .withoutEffect ? " [without effect: \(because ?? "")]" : ""
            return step(
                .named, label.at, "\(label.kind) by \(label.author), \(label.practice): \(fold.summary(of: other))\(effect)",
                .claim, label.event)
        }
    }

    var erasure: [EventTrail.Step] {
        guard let erasure = fold.record.erasure(of: position) else { return [] }
        let confirmed = holders(of: erasure)
        let eraser = graph.nodes[erasure]
        let missing = fold.membership.members.keys.sorted().filter { member in
            fold.membership.contains(member) && member != eraser.envelope.origin.node
                && !confirmed.contains { $0.receiver == member }
        }
        return confirmed.map {
            step(.erased, $0.at, "\(practice($0.receiver)) signed that it holds the erasure", .proof, eraser.hash)
        } + missing.map { step(.erased, nil, "\(practice($0)) has not confirmed the erasure here", .inference, eraser.hash) }
    }

    /// Who looked at a record that holds the event, once for each person and way of looking.
    var views: [EventTrail.Step] {
        let seen = context.views.filter { entry in
            if entry.body.event == node.hash { return true }
            guard let view = entry.body.view.flatMap({ View(token: $0) }), let last = graph.positions(in: view) else {
                return false
            }
            return graph.covers(last, position)
        }
        // Who looked is a practitioner of the node that answers, by the id in its journal, or a user of its machine.
        let names = Dictionary(
            fold.membership.practitioners.map { ($0.author.text, $1.name) }, uniquingKeysWith: { $0 < $1 ? $0 : $1 })
        return Dictionary(grouping: seen) { "\(names[$0.body.who] ?? $0.body.who): \($0.body.what)" }.compactMap {
            words, entries in
            let times = entries.map(\.at).sorted()
            guard let first = times.first, let last = times.last else { return nil }
            let more = times.count > 1 ? ", \(times.count) times, last \(last)" : ""
            return step(.viewed, first, words + more, .proof)
        }.sorted { ($0.at?.milliseconds ?? 0, $0.text) < ($1.at?.milliseconds ?? 0, $1.text) }
    }
}
