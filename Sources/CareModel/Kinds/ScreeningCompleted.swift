public import EventLog

/// The C-SSRS screener (LOINC 93373-9 and its items; FHIR QuestionnaireResponse completed).
public struct ScreeningCompleted: EventBody {
    /// The screener.
    public enum Instrument: String, CaseIterable, Codable, Sendable {
        /// Columbia Suicide Severity Rating Scale, screener.
        case cssrs = "C-SSRS"
    }
    /// Its result (LOINC 93374-7).
    public enum Level: String, CaseIterable, Codable, Comparable, Sendable {
        /// Low.
        case low
        /// Moderate.
        case moderate
        /// High.
        case high

        private var rank: Int {
            switch self {
            case .low: 1
            case .moderate: 2
            case .high: 3
            }
        }

        public static func < (left: Level, right: Level) -> Bool { left.rank < right.rank }
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
    /// Which screener.
    public let instrument: Instrument
    /// By LOINC code.
    public let answers: [String: Answer]
    /// The result.
    public let level: Level
    /// Remarks.
    public let note: String?

    public func check() throws(ContentError) {
        for code in answers.keys.sorted() where !Self.items.contains(where: { $0.code == code }) {
            throw ContentError("answers", "\(code) is not an item of the C-SSRS screener")
        }
        // Above what the answers say is a clinician's judgement; below it is a mistake that nobody must come to rely on.
        let (least, because) = Self.level(of: answers)
        guard level >= least else {
            let items = because.map { "\($0.topic) (\($0.code))" }.joined(separator: ", ")
            throw ContentError(
                "level",
                "\(level.rawValue) is below what the answers come to: \(least.rawValue), since yes was answered to \(items)")
        }
    }

    public var summary: String {
        let hasOnlyNo = !answers.isEmpty && answers.values.allSatisfy { $0 == .no }
        return "\(instrument.rawValue): \(hasOnlyNo ? "no item answered yes, level " : "")\(level.rawValue)"
    }
}
