public import EventLog

/// An episode of care begins (FHIR EpisodeOfCare active).
public struct EpisodeOpened: HoldWriter {
    public static let kind: Kind = "episode.opened"
    public static let fhir = "EpisodeOfCare active"
    public static let rule = ConflictRule.hold(.episode)
    public static let authors = Authors.clinician
    /// Why care begins.
    public let reason: String
    /// ICD-10-CM.
    public let codes: [String]?
    /// Routine, urgent and so on.
    public let priority: String?

    public func check() throws(ContentError) { try requireText(reason, "reason") }

    func value(replacing named: [RegisterValue]) -> RegisterValue { .episode(.active) }

    public var summary: String { "episode opened: \(reason)" + (codes.map { " (\($0.joined(separator: ", ")))" } ?? "") }
}
