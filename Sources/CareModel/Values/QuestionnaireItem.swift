/// An item of a questionnaire: its LOINC code, and its topic in our own words. The wording of an instrument stands on its form.
public struct QuestionnaireItem: Hashable, Sendable {
    /// LOINC.
    public let code: String
    /// What it is about.
    public let topic: String

    init(_ code: String, _ topic: String) {
        self.code = code
        self.topic = topic
    }
}

extension ScaleCompleted.Instrument {
    /// Its items, in their order; each counts 0 to 3.
    public var items: [QuestionnaireItem] {
        switch self {
        case .phq9:
            [
                QuestionnaireItem("44250-9", "interest"), QuestionnaireItem("44255-8", "mood"),
                QuestionnaireItem("44259-0", "sleep"), QuestionnaireItem("44254-1", "energy"),
                QuestionnaireItem("44251-7", "appetite"), QuestionnaireItem("44258-2", "self-worth"),
                QuestionnaireItem("44252-5", "concentration"), QuestionnaireItem("44253-3", "movement"),
                QuestionnaireItem("44260-8", "thoughts of death or self-harm"),
            ]
        case .gad7:
            [
                QuestionnaireItem("69725-0", "nervousness"), QuestionnaireItem("68509-9", "control of worry"),
                QuestionnaireItem("69733-4", "amount of worry"), QuestionnaireItem("69734-2", "relaxing"),
                QuestionnaireItem("69735-9", "restlessness"), QuestionnaireItem("69689-8", "irritability"),
                QuestionnaireItem("69736-7", "fear"),
            ]
        }
    }

    /// The LOINC code of its total.
    public var totalCode: String {
        switch self {
        case .phq9: "44261-6"
        case .gad7: "70274-6"
        }
    }
}

extension ScreeningCompleted {
    /// The LOINC code of the level.
    public static let levelCode = "93374-7"

    /// The items of the screener, in their order. The first five ask about the past month.
    public static let items = [
        QuestionnaireItem("93246-7", "wish to be dead"),
        QuestionnaireItem("93247-5", "thoughts of suicide"),
        QuestionnaireItem("93248-3", "a method in mind"),
        QuestionnaireItem("93249-1", "some intention to act"),
        QuestionnaireItem("93250-9", "a plan, and the intention to carry it out"),
        QuestionnaireItem("93267-3", "suicidal behavior or preparation for it, ever"),
        QuestionnaireItem("93269-9", "the same within the past 3 months"),
    ]

    /// Whether an item is asked after these answers: method, intention and plan only where there are thoughts of suicide, recent behavior
    /// only where there was any.
    public static func asks(_ code: String, after answers: [String: Answer]) -> Bool {
        switch code {
        case "93248-3", "93249-1", "93250-9": answers["93247-5"] == .yes
        case "93269-9": answers["93267-3"] == .yes
        default: true
        }
    }

    /// The level that the answers come to, by the triage that the Columbia Lighthouse Project publishes with the screener, and the items
    /// that decide it. Answers that are missing count as no: the level is what the answers say at the least.
    public static func level(of answers: [String: Answer]) -> (level: Level, because: [QuestionnaireItem]) {
        func yes(_ codes: String...) -> [QuestionnaireItem] {
            items.filter { codes.contains($0.code) && answers[$0.code] == .yes }
        }
        let high = yes("93249-1", "93250-9", "93269-9")
        if !high.isEmpty { return (.high, high) }
        let moderate = yes("93248-3", "93267-3")
        if !moderate.isEmpty { return (.moderate, moderate) }
        return (.low, yes("93246-7", "93247-5"))
    }
}
