public import EventLog

/// A therapy session took place (FHIR Encounter finished).
public struct SessionHeld: EventBody {
    public static let kind: Kind = "session.held"
    public static let fhir = "Encounter finished, class AMB/VR/HH"
    public static let rule = ConflictRule.keepAll
    public static let authors = Authors.scopes([.therapy])
    /// When it began.
    public let start: ClinicalTime
    /// How long it was.
    public let minutes: Int
    /// What was done, such as individual CBT.
    public let modality: String
    /// Where, or by which means.
    public let place: String?
    /// Who else took part.
    public let participants: [String]?

    /// A session.
    public init(start: ClinicalTime, minutes: Int, modality: String, place: String? = nil, participants: [String]? = nil) {
        self.start = start
        self.minutes = minutes
        self.modality = modality
        self.place = place
        self.participants = participants
    }

    public func check() throws(ContentError) {
        guard (1...720).contains(minutes) else { throw ContentError("minutes", "must be 1 to 720") }
        try requireText(modality, "modality")
    }

    public var summary: String { "session held: \(modality), \(minutes) min" }
}
