public import EventLog
import FoundationEssentials

/// Something that people read and that depends on the time at which they read it: what is due, what is overdue, how long something has
/// been so. The time is always an argument.
public protocol TimedProjection: Codable, Hashable, Sendable {
    /// Its name on the command line.
    static var name: String { get }
    /// Derives it at a moment; the fold counts only what had happened by then.
    init(_ fold: Fold, now: Timestamp)
}

/// All timed projections.
public enum TimedProjections {
    /// In the order in which people are shown them.
    public static let all: [any TimedProjection.Type] = [
        TrendView.self, FollowupView.self, SafetyView.self, ReferralsView.self, CoverageView.self, AlertsView.self,
        ConsentView.self, CourseView.self, GoalsView.self,
    ]
}

extension Fold {
    /// The day of a moment where something happened: in that event's offset.
    func day(of now: Timestamp, where position: Int) -> CalendarDay {
        ClinicalTime(instant: now, offsetMinutes: record.when(position).offsetMinutes).day
    }

    /// The body of an event with its amendments, the last in the order of the fold on top; nil when it is erased.
    func currentBody(_ position: Int) -> (any EventBody)? {
        guard let body = body(position) else { return nil }
        var current = body
        for amendment in amendments[position] ?? [] where counts(amendment) {
            guard let change = self.body(amendment) as? RecordAmended, let original = record.entries[position].body,
                let read = try? Amended.read(original, as: type(of: body), change)
            else { continue }
            current = read
        }
        return current
    }

    /// The events of some kinds that count, in the order of the fold.
    func counted(_ kinds: Set<Kind>) -> [Int] {
        order.filter { kinds.contains(record.graph.nodes[$0].envelope.kind) && counts($0) }
    }

    /// The same by clinical time.
    func countedByTime(_ kinds: Set<Kind>) -> [Int] {
        counted(kinds).enumerated().sorted {
            (record.when($0.element).instant, $0.offset) < (record.when($1.element).instant, $1.offset)
        }.map(\.element)
    }

    /// True when somebody who may prescribe wrote an event, on a node that prescribes or prescribed in this chart: a follow-up does not
    /// lapse because the one who planned it has left.
    func isByPrescriber(_ position: Int) -> Bool {
        let envelope = record.graph.nodes[position].envelope
        let seat = Membership.Seat(of: envelope)
        guard let practitioner = membership.practitioners[seat] else { return false }
        return practitioner.credential.mayAct(as: .prescribing)
            && membership.members[envelope.origin.node]?.everPermitted.contains(.prescribing) ?? false
    }

    /// The medication lineages that are taken, or may be: agreed on as active, or disputed with an active value among the siblings.
    var activeMedications: [RegisterState] {
        registers.filter { register in
            register.register == .medication && register.current.contains { medication($0)?.status == .active }
        }
    }
}
