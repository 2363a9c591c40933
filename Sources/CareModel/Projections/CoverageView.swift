public import EventLog

/// Which of the two kinds of care has begun. Together they help more than either alone (Cuijpers 2014).
public struct CoverageView: TimedProjection {
    public static let name = "coverage"

    /// Which care there is.
    public enum Coverage: String, Codable, Hashable, Sendable {
        /// Neither.
        case none
        /// A session was held.
        case therapy
        /// A medication is taken.
        case medication
        /// Both.
        case combined
    }

    /// Which care there is.
    public let coverage: Coverage
    /// Sessions that were held.
    public let sessions: Int
    /// The last of them.
    public let last_session: EventLabel?
    /// Medications that are taken.
    public let medications: [String]

    public init(_ fold: Fold, now: Timestamp) {
        let held = fold.countedByTime([SessionHeld.kind])
        let active = fold.activeMedications
        sessions = held.count
        last_session = held.last.map { EventLabel($0, fold) }
        medications = active.map { fold.subject(of: $0) }
        coverage =
            switch (held.isEmpty, active.isEmpty) {
            case (true, true): .none
            case (false, true): .therapy
            case (true, false): .medication
            case (false, false): .combined
            }
    }
}
