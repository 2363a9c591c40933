public import EventLog

/// What of a chart waits for somebody: open disputes, concerns, follow-ups and referrals, and who may act on each.
///
/// A practice that goes has to settle its own, or to hand them to somebody. Like every reading it follows from the events alone.
public struct OpenItems: Sendable {
    /// Something that waits.
    public struct Item: Codable, Hashable, Sendable {
        /// What kind of thing.
        public enum What: String, Codable, Hashable, Sendable {
            /// Decisions that contradict each other.
            case dispute
            /// A safety concern that nobody has taken up.
            case concern = "safety concern"
            /// A follow-up that is planned, due or overdue.
            case followup = "follow-up"
            /// A referral that was not completed.
            case referral
            /// A change that somebody asked one practice for.
            case request
        }

        /// What kind of thing.
        public let what: What
        /// The events that stand for it: a hand-over names them.
        public let events: [EventHash]
        /// What it is, in words.
        public let text: String
        /// Any of these scopes permits to act on it.
        public let scopes: [Scope]
        /// The one practice that it is asked of; nil where it is anybody's who may act.
        public let addressee: NodeID?
    }

    private static let clinical: [Scope] = [.therapy, .prescribing, .primaryCare]

    /// All of them, the gravest kind first, by what they name.
    public let items: [Item]
    /// Hand-overs that are not settled yet.
    public let handedOver: [OpenRequests.Request]

    /// Reads what waits in a chart at a moment.
    public init(_ fold: Fold, now: Timestamp) {
        let waiting = Self.waiting(fold, now)
        let requests = OpenRequests(fold, waiting: waiting).requests.filter { $0.to != nil }
        handedOver = requests.filter { !$0.names.isEmpty }
        items =
            waiting
            + requests.filter(\.asks).map {
                Item(what: .request, events: [$0.label.event], text: $0.text, scopes: Self.clinical, addressee: $0.to)
            }
    }

    /// All but requests.
    static func waiting(_ fold: Fold, _ now: Timestamp) -> [Item] {
        disputes(fold) + concerns(fold, now) + followup(fold, now) + referrals(fold)
    }

    /// What a practice has to settle or to hand over before it goes: what was handed to it or is asked of it, and what is anybody's who
    /// has one of its scopes. What a member has taken over is that member's, as long as it belongs to the chart.
    public func items(of node: NodeID, _ membership: Membership) -> [Item] {
        let scopes = membership.scopes(of: node)
        return items.filter { item in
            let takers = handedOver.filter { !Set($0.names).isDisjoint(with: item.events) }.compactMap(\.to)
            if takers.contains(node) { return true }
            if takers.contains(where: { membership.contains($0) }) { return false }
            return item.addressee.map { $0 == node } ?? item.isFor(scopes)
        }
    }

    private static func disputes(_ fold: Fold) -> [Item] {
        ConflictsView(fold).disputes.map { dispute in
            Item(
                what: .dispute, events: [dispute.root], text: "\(dispute.subject): \(dispute.headline)",
                scopes: dispute.register == .medication ? [.prescribing] : clinical, addressee: nil)
        }
    }

    private static func concerns(_ fold: Fold, _ now: Timestamp) -> [Item] {
        SafetyView(fold, now: now).open.map { concern in
            Item(
                what: .concern, events: concern.raised.isEmpty ? [concern.trigger] : concern.raised.map(\.event).sorted(),
                text: concern.because.joined(separator: ", "), scopes: clinical, addressee: nil)
        }
    }

    /// Only what a prescriber does counts as the contact that a follow-up waits for.
    private static func followup(_ fold: Fold, _ now: Timestamp) -> [Item] {
        let view = FollowupView(fold, now: now)
        guard view.state != .none, let due = view.due, let contact = view.last_contact else { return [] }
        let events = view.plans.isEmpty ? [contact.event] : view.plans.map(\.event).sorted()
        let text = view.state == .overdue ? "overdue since \(due)" : "due \(due)"
        return [Item(what: .followup, events: events, text: text, scopes: [.prescribing], addressee: nil)]
    }

    private static func referrals(_ fold: Fold) -> [Item] {
        fold.registers.compactMap { register in
            guard case .agreed(.referral(let status)) = register.standing, [.requested, .accepted].contains(status),
                let body = fold.body(register.root) as? ReferralRequested
            else { return nil }
            return Item(
                what: .referral, events: [fold.record.graph.nodes[register.root].hash],
                text: "\(body.service): \(status.rawValue)", scopes: clinical, addressee: body.to)
        }
    }
}

extension OpenItems.Item {
    /// True when one of these scopes permits to act on it.
    public func isFor(_ scopes: Set<Scope>) -> Bool { !scopes.isDisjoint(with: self.scopes) }
}
