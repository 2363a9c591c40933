import CareModel
import NodeAPI

/// Asks for a questionnaire item by item. Topics stand in for the instruments' own wording, which the clinician has on the form.
enum Questionnaires {
    /// PHQ-9 or GAD-7; the total is computed, and shown as it grows.
    static func scale(_ word: String) throws -> String {
        struct Scale: Encodable {
            let instrument: String
            let items: [Int]
            let total: Int
        }
        let instrument = try instrument(word)
        var items: [Int] = []
        var total = 0
        for (index, item) in instrument.items.enumerated() {
            let question = "\(index + 1). \(item.topic) (LOINC \(item.code)); total so far \(total)"
            let value = try Terminal.number(question, 0...3)
            items.append(value)
            total += value
        }
        print("\(instrument.rawValue) total \(total) of \(instrument.items.count * 3) (LOINC \(instrument.totalCode))")
        if instrument == .phq9, (items.last ?? 0) > 0 {
            print("Item 9 is above 0: it opens a safety concern and asks for a C-SSRS (duolog record cssrs).")
        }
        return try Forms.json(Scale(instrument: instrument.rawValue, items: items, total: total))
    }

    private static func instrument(_ word: String) throws -> ScaleCompleted.Instrument {
        switch word {
        case "phq9": return .phq9
        case "gad7": return .gad7
        default:
            while true {
                let answer = try Terminal.require("Instrument (PHQ-9 or GAD-7)", standard: "PHQ-9").uppercased()
                if let instrument = ScaleCompleted.Instrument(rawValue: answer) { return instrument }
                print("  PHQ-9 or GAD-7, please")
            }
        }
    }

    /// The C-SSRS screener; the level that the answers come to is shown, and can be raised.
    static func screener() throws -> String {
        struct Screener: Encodable {
            let instrument: String
            let answers: [String: ScreeningCompleted.Answer]
            let level: ScreeningCompleted.Level
            let note: String?
        }
        print("C-SSRS screener. Items 1 to 5 are about the past month. Read each item from the form.")
        var answers: [String: ScreeningCompleted.Answer] = [:]
        for (index, item) in ScreeningCompleted.items.enumerated() where ScreeningCompleted.asks(item.code, after: answers) {
            answers[item.code] = try yesOrNo("\(index + 1). \(item.topic) (LOINC \(item.code))")
        }
        let (least, because) = ScreeningCompleted.level(of: answers)
        let reasons = because.isEmpty ? "no item answered yes" : because.map(\.topic).joined(separator: "; ")
        print("Level by the answers: \(least.rawValue) (\(reasons)). LOINC \(ScreeningCompleted.levelCode)")
        print("The level does not replace your own assessment: you can raise it, not lower it.")
        let level = try level(atLeast: least)
        let note = try Terminal.ask("Remarks (Enter for none)")
        return try Forms.json(
            Screener(
                instrument: ScreeningCompleted.Instrument.cssrs.rawValue, answers: answers, level: level,
                note: note.isEmpty ? nil : note))
    }

    private static func yesOrNo(_ question: String) throws -> ScreeningCompleted.Answer {
        while true {
            switch try Terminal.ask("\(question) (yes or no)").lowercased() {
            case "yes", "y": return .yes
            case "no", "n": return .no
            default: print("  yes or no, please")
            }
        }
    }

    private static func level(atLeast least: ScreeningCompleted.Level) throws -> ScreeningCompleted.Level {
        while true {
            let answer = try Terminal.ask("Level", standard: least.rawValue).lowercased()
            if let level = ScreeningCompleted.Level(rawValue: answer), level >= least { return level }
            let possible = ScreeningCompleted.Level.allCases.filter { $0 >= least }.map(\.rawValue)
            print("  \(possible.joined(separator: " or ")), please")
        }
    }
}
