public import EventLog

/// The author takes an event out of effect: entered in error. It never revives what the event had replaced; a withdrawn resolution
/// re-opens the dispute.
public struct RecordWithdrawn: EventBody {
    public static let kind: Kind = "record.withdrawn"
    public static let fhir = "status entered-in-error"
    public static let rule = ConflictRule.keepAll
    public static let authors = Authors.authorOfTarget
    public static let targets = Targets.one(.any)
    /// Why.
    public let reason: String

    public func check() throws(ContentError) { try requireText(reason, "reason") }

    /// Withdrawal is part of how hold and safe registers are read, so a replica must know it.
    public static var critical: Bool { true }

    public var summary: String { "withdrawn, entered in error: \(reason)" }
}
