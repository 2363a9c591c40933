public import EventLog

/// A person who authors events on a node. The author of the event is the person enrolled (FHIR Practitioner, PractitionerRole).
public struct PractitionerEnrolled: EventBody {
    public static let kind: Kind = "practitioner.enrolled"
    public static let fhir = "Practitioner + PractitionerRole"
    public static let rule = ConflictRule.keepAll
    public static let authors = Authors.member
    /// Full name.
    public let name: String
    /// Qualification.
    public let credential: Credential
    /// Licence numbers and the like.
    public let identifiers: [String]?

    /// Enrols a person.
    public init(name: String, credential: Credential, identifiers: [String]? = nil) {
        self.name = name
        self.credential = credential
        self.identifiers = identifiers
    }

    public func check() throws(ContentError) { try requireText(name, "name") }

    public var summary: String { "\(name), \(credential.rawValue), enrolled" }
}
