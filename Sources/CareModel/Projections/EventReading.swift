public import EventLog
import FoundationEssentials

/// One event read by itself: what it says with its corrections, and what its reader may do about it.
public struct EventReading: Codable, Hashable, Sendable {
    /// What can be done about an event.
    public enum Act: String, Codable, Hashable, Sendable {
        /// Say what it should have said.
        case correct
        /// Take it back as entered in error.
        case withdraw
        /// Take away what it says, on every node.
        case erase
    }

    /// As the timeline tells of it.
    public let entry: TimelineView.Entry
    /// The members of its body with its corrections, as a JSON object; nil where it was erased or cannot be read.
    public let body: String?
    /// What the reader may do.
    public let may: [Act]

    /// Reads an event; nil where the fold does not hold it.
    public init?(_ event: EventHash, _ fold: Fold, for reader: Membership.Seat) {
        guard let position = fold.record.graph.position(of: event), fold.includes(position) else { return nil }
        let envelope = fold.record.graph.nodes[position].envelope
        guard let entry = TimelineView.entries(of: [position], in: fold).first else { return nil }
        self.entry = entry
        body = fold.currentBody(position).map { String(decoding: $0.members, as: UTF8.self) }
        let isOwn = Membership.Seat(of: envelope) == reader
        let isSteward = fold.membership.scopes(of: reader.node).contains(.steward)
        let isTold = fold.membership.contains(reader.node) && Catalogue.kind(envelope.kind) != nil && body != nil
        let stands = entry.standing != .withdrawn && entry.standing != .withoutEffect
        may =
            !isTold
            ? []
            : [
                isOwn && stands && Catalogue.isAmendable(envelope.kind) ? .correct : nil,
                isOwn && stands && Catalogue.isWithdrawable(envelope.kind) ? .withdraw : nil,
                (isOwn || isSteward) && Catalogue.isErasable(envelope.kind) ? .erase : nil,
            ].compactMap { $0 }
    }
}
