public import EventLog

/// A questionnaire with its items (FHIR QuestionnaireResponse completed, Observation final).
public struct ScaleCompleted: EventBody {
    /// PHQ-9: 9 items, LOINC 44249-1 (Kroenke 2001). GAD-7: 7 items, LOINC 69737-5 (Spitzer 2006). Each item counts 0 to 3.
    public enum Instrument: String, CaseIterable, Codable, Sendable {
        /// Depression.
        case phq9 = "PHQ-9"
        /// Anxiety.
        case gad7 = "GAD-7"
    }

    public static let kind: Kind = "scale.completed"
    public static let fhir = "QuestionnaireResponse completed + Observation final"
    public static let rule = ConflictRule.keepAll
    public static let authors = Authors.clinician
    /// Which questionnaire.
    public let instrument: Instrument
    /// The answers in their order, 0 to 3 each.
    public let items: [Int]
    /// Their sum.
    public let total: Int
    /// On paper, by phone and so on.
    public let mode: String?
    /// How difficult the problems make life (LOINC 69722-7).
    public let difficulty: String?

    /// A questionnaire.
    public init(instrument: Instrument, items: [Int], total: Int, mode: String? = nil, difficulty: String? = nil) {
        self.instrument = instrument
        self.items = items
        self.total = total
        self.mode = mode
        self.difficulty = difficulty
    }

    public func check() throws(ContentError) {
        guard items.count == instrument.items.count else {
            throw ContentError("items", "\(instrument.rawValue) has \(instrument.items.count) items, not \(items.count)")
        }
        guard items.allSatisfy({ (0...3).contains($0) }) else { throw ContentError("items", "each item counts 0 to 3") }
        let sum = items.reduce(0, +)
        guard total == sum else { throw ContentError("total", "\(total) is not the sum of the items, which is \(sum)") }
    }

    public var summary: String { "\(instrument.rawValue): \(total)" }
}
