public import EventLog
import FoundationEssentials

/// Corrects members of an event that its author recorded (FHIR Provenance and a new version). Never of a hold register: there a new
/// decision is made. The original stays replayable.
public struct RecordAmended: EventBody {
    public static let kind: Kind = "record.amended"
    public static let fhir = "Provenance + new version"
    public static let rule = ConflictRule.keepAll
    public static let authors = Authors.authorOfTarget
    public static let targets = Targets.one(.any)
    /// The members that change, with their new values.
    public let fields: [String: JSONValue]
    /// Why.
    public let reason: String
    /// Who approved it.
    public let approver: String?

    public func check() throws(ContentError) {
        try requireText(reason, "reason")
        guard !fields.isEmpty else { throw ContentError("fields", "nothing is changed") }
        for name in ["salt", "when"] where fields[name] != nil {
            throw ContentError("fields", "\(name) cannot be amended")
        }
    }

    public var summary: String { "amended \(fields.keys.sorted().joined(separator: ", ")): \(reason)" }
}
