public import EventLog

/// A safety plan (FHIR CarePlan active). The newest leads, the others are kept.
public struct SafetyPlanUpdated: EventBody {
    public static let kind: Kind = "safety_plan.updated"
    public static let fhir = "CarePlan active"
    public static let rule = ConflictRule.keepAll
    public static let authors = Authors.clinician
    /// The plan.
    public let text: String
    /// How many people it names.
    public let contacts: Int?

    /// A safety plan.
    public init(text: String, contacts: Int? = nil) {
        self.text = text
        self.contacts = contacts
    }

    public func check() throws(ContentError) {
        try requireText(text, "text")
        if let contacts, !(0...100).contains(contacts) { throw ContentError("contacts", "must be 0 to 100") }
    }

    public var summary: String { "safety plan: \(text)" + (contacts.map { ", \($0) contacts" } ?? "") }
}
