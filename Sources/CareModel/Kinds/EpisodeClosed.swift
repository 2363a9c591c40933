public import EventLog

/// An episode of care ends (FHIR EpisodeOfCare finished).
public struct EpisodeClosed: HoldWriter {
    public static let kind: Kind = "episode.closed"
    public static let fhir = "EpisodeOfCare finished"
    public static let rule = ConflictRule.hold(.episode)
    public static let authors = Authors.clinician
    public static let targets = Targets.required(.lineage(.episode))
    /// Why care ends.
    public let reason: String

    /// Closes.
    public init(reason: String) { self.reason = reason }

    public func check() throws(ContentError) { try requireText(reason, "reason") }

    func value(replacing named: [RegisterValue]) -> RegisterValue { .episode(.finished) }

    public var summary: String { "episode closed: \(reason)" }
}
