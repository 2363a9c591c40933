public import EventLog

/// The C-SSRS screener (LOINC 93373-9 and its items; FHIR QuestionnaireResponse completed).
public struct ScreeningCompleted: EventBody {
    /// The screener.
    public enum Instrument: String, CaseIterable, Codable, Sendable {
        /// Columbia Suicide Severity Rating Scale, screener.
        case cssrs = "C-SSRS"
    }
    /// Its result (LOINC 93374-7).
    public enum Level: String, CaseIterable, Codable, Sendable {
        /// Low.
        case low
        /// Moderate.
        case moderate
        /// High.
        case high
    }
    /// Yes or no.
    public enum Answer: String, CaseIterable, Codable, Sendable {
        /// Yes.
        case yes
        /// No.
        case no
    }

    public static let kind: Kind = "screening.completed"
    public static let fhir = "QuestionnaireResponse completed"
    public static let rule = ConflictRule.keepAll
    public static let authors = Authors.clinician
    private static let items: Set<String> = [
        "93246-7", "93247-5", "93248-3", "93249-1", "93250-9", "93267-3", "93269-9",
    ]
    /// Which screener.
    public let instrument: Instrument
    /// By LOINC code.
    public let answers: [String: Answer]
    /// The result.
    public let level: Level
    /// Remarks.
    public let note: String?

    public func check() throws(ContentError) {
        for code in answers.keys.sorted() where !Self.items.contains(code) {
            throw ContentError("answers", "\(code) is not an item of the C-SSRS screener")
        }
    }

    public var summary: String { "\(instrument.rawValue): \(level.rawValue)" }
}
