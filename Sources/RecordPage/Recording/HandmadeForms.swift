import CareModel
import EventLog
import NodeAPI

/// PHQ-9 and GAD-7 item by item. Topics stand in for the instruments' own wording, which the clinician has on the form.
struct ScaleForm: Sendable {
    struct Item: Sendable {
        let name, topic, code: String
        let number: Int
        let options: [Option]
    }

    let instrument: String
    let items: [Item]
    let total, most: Int
    /// The item that asks for thoughts of death or self-harm; nil where there is none.
    let watched: String?

    init(_ instrument: ScaleCompleted.Instrument, _ form: Form) {
        self.instrument = instrument.rawValue
        items = instrument.items.enumerated().map { index, item in
            Item(
                name: "item-\(index)", topic: item.topic, code: item.code, number: index + 1,
                options: (0...3).map {
                    Option(value: "\($0)", label: "\($0)", isChosen: form["item-\(index)"] == "\($0)")
                })
        }
        total = instrument.items.indices.compactMap { Int(form["item-\($0)"]) }.reduce(0, +)
        most = instrument.items.count * 3
        watched = instrument == .phq9 ? "item-\(instrument.items.count - 1)" : nil
    }

    static func read(_ reader: inout FieldReader) {
        guard let instrument = ScaleCompleted.Instrument(rawValue: reader.form["instrument"]) else {
            return reader.refuse("instrument", "is PHQ-9 or GAD-7")
        }
        let items = instrument.items.indices.map { Int(reader.form["item-\($0)"]) }
        let missing = items.indices.filter { items[$0] == nil }.map { "\($0 + 1)" }
        guard missing.isEmpty else {
            return reader.refuse("items", "no answer to item \(missing.joined(separator: ", "))")
        }
        reader.set("instrument", .string(instrument.rawValue))
        reader.set("items", .array(items.compactMap { $0.map { .int($0) } }))
        reader.set("total", .int(items.compactMap { $0 }.reduce(0, +)))
    }
}

/// The C-SSRS screener. Its level follows from the answers; a clinician may raise it.
struct ScreenerForm: Sendable {
    struct Item: Sendable {
        let name, topic: String
        let number: Int
        let options: [Option]
    }

    let items: [Item]
    let levels: [Option]

    init(_ form: Form) {
        items = ScreeningCompleted.items.enumerated().map { index, item in
            Item(
                name: "answer-\(item.code)", topic: item.topic, number: index + 1,
                options: ["yes", "no"].map { Option(value: $0, label: $0, isChosen: form["answer-\(item.code)"] == $0) })
        }
        levels =
            [Option(value: "", label: "as the answers say", isChosen: form["level"].isEmpty)]
            + ScreeningCompleted.Level.allCases.map {
                Option(value: $0.rawValue, label: $0.rawValue, isChosen: form["level"] == $0.rawValue)
            }
    }

    static func read(_ reader: inout FieldReader) {
        var answers: [String: ScreeningCompleted.Answer] = [:]
        for item in ScreeningCompleted.items {
            answers[item.code] = ScreeningCompleted.Answer(rawValue: reader.form["answer-\(item.code)"])
        }
        let missing = ScreeningCompleted.items.enumerated().filter { _, item in
            answers[item.code] == nil && ScreeningCompleted.asks(item.code, after: answers)
        }.map { "\($0.offset + 1)" }
        guard missing.isEmpty else {
            return reader.refuse("answers", "no answer to item \(missing.joined(separator: ", "))")
        }
        let level = reader.form["level"].isEmpty ? ScreeningCompleted.level(of: answers).level.rawValue : reader.form["level"]
        reader.set("instrument", .string(ScreeningCompleted.Instrument.cssrs.rawValue))
        reader.set("answers", .object(answers.mapValues { .string($0.rawValue) }))
        reader.set("level", .string(level))
    }
}

/// What a prescriber has before them when they change a dose: what was last agreed, whether it can be judged, what was reported since.
struct DoseBeside: Sendable {
    let drug, agreed: String
    let judgement: String?
    let disputed: String?
    let reports: [String]
    let taken: String?
    let unit: String
    let from: Quantity?

    init(_ lineage: RegimenView.Lineage, _ chart: ChartForForm, _ trend: TrendView) {
        drug = lineage.drug?.display ?? "[erased]"
        agreed = lineage.last_agreed?.description ?? "none"
        disputed = lineage.state == .agreed ? nil : lineage.headline
        judgement = trend.judgements.first { $0.root == lineage.root }.map(Self.words)
        reports = chart.timeline.content.entries.reversed()
            .filter { $0.label.kind == "side_effect.reported" && $0.standing == .inEffect }.prefix(5).map(ChartForForm.line)
        taken = lineage.intake.first.map { "\($0.taking.map { "\($0)" } ?? "nothing") since \($0.since), by report" }
        from = lineage.last_agreed?.dose
        unit = from?.unit ?? "mg"
    }

    private static func words(_ judgement: TrendView.Judgement) -> String {
        guard let days = judgement.days else { return "disputed: there is no one dose to judge" }
        let signal =
            switch judgement.early_signal {
            case true?: " Early signal: PHQ-9 down by a fifth or more."
            case false?: " No early signal; a third of those without one still respond."
            case nil: ""
            }
        let window =
            switch judgement.window {
            case .tooEarly: "TOO EARLY to judge: most take 4 to 6 weeks."
            case .evaluable: "It can be judged now; a full trial takes 42 days."
            case .fullTrial: "A full trial."
            case .disputed: "Disputed."
            }
        return "Day \(days) of the present dose. \(window)\(signal)"
    }
}
