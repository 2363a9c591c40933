public import EventLog
import Foundation

/// Charts that are probably of one person. People are pointed at them and decide; nothing is ever merged or linked because of it.
public struct SecondCharts: Sendable {
    /// Why two charts seem to be of one person.
    public enum Reason: String, Codable, Hashable, Sendable, CaseIterable {
        /// Born on the same day, and named the same but for case, diacritics, spaces and the order of words.
        case name = "the same name and day of birth"
        /// The same number elsewhere, such as an insurer's.
        case identifier = "the same identifier"
        /// The same number in this practice.
        case number = "the same patient number here"
    }

    /// Another chart.
    public struct Second: Codable, Hashable, Sendable {
        /// Which.
        public let chart: ChartID
        /// Why.
        public let because: [Reason]
    }

    /// What charts of one person have in common.
    private struct Key: Hashable {
        let reason: Reason
        let text: String
    }

    private var reasons: [LocalCharts.Pair: Set<Reason>] = [:]

    /// Compares the charts of a node. What is linked is known already, and what was unlinked was looked at.
    public init(_ patients: [ChartID: [MembershipView.Patient]], _ local: LocalCharts) {
        var charts: [Key: Set<ChartID>] = [:]
        for (chart, patients) in patients {
            for patient in patients {
                let name = "\(patient.birth_date) \(Self.normalized(name: patient.name))"
                charts[Key(reason: .name, text: name), default: []].insert(chart)
                for identifier in (patient.identifiers ?? []).map(Self.normalized(identifier:)) where !identifier.isEmpty {
                    charts[Key(reason: .identifier, text: identifier), default: []].insert(chart)
                }
            }
            if let number = local.numbers[chart] { charts[Key(reason: .number, text: number), default: []].insert(chart) }
        }
        for (key, group) in charts where group.count > 1 { note(group.sorted(), key.reason) }
        let known = patients.keys.reduce(into: [ChartID: Set<ChartID>]()) { $0[$1] = Set(local.linked(to: $1)) }
        reasons = reasons.filter { pair, _ in
            !local.unlinked.contains(pair) && known[pair.first]?.contains(pair.second) != true
        }
    }

    private mutating func note(_ group: [ChartID], _ reason: Reason) {
        for (index, one) in group.enumerated() {
            for other in group[(index + 1)...] {
                if let pair = LocalCharts.Pair(one, other) { reasons[pair, default: []].insert(reason) }
            }
        }
    }

    /// The pairs, by their ids, with why.
    public var pairs: [(pair: LocalCharts.Pair, because: [Reason])] {
        reasons.keys.sorted().map { ($0, because($0)) }
    }

    /// The other charts of the probably same person, by their ids.
    public func seconds(of chart: ChartID) -> [Second] {
        reasons.keys.filter { $0.first == chart || $0.second == chart }.sorted().map { pair in
            Second(chart: pair.first == chart ? pair.second : pair.first, because: because(pair))
        }
    }

    private func because(_ pair: LocalCharts.Pair) -> [Reason] {
        Reason.allCases.filter { reasons[pair]?.contains($0) == true }
    }

    // MARK: Forms that compare

    /// Letters that canonical decomposition (Unicode UAX #15) leaves whole.
    private static let plain: [Character: String] = [
        "ß": "ss", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i",
    ]

    /// A name without case, diacritics, punctuation and the order of its words.
    static func normalized(name: String) -> String {
        let letters = name.lowercased().decomposedStringWithCanonicalMapping.unicodeScalars
            .filter { $0.properties.generalCategory != .nonspacingMark }
        var text = ""
        for character in String(String.UnicodeScalarView(letters)) {
            if let replaced = plain[character] {
                text += replaced
            } else if character.isLetter || character.isNumber {
                text.append(character)
            } else if !"'’ʼ".contains(character) {
                text.append(" ")
            }
        }
        return text.split(separator: " ").sorted().joined(separator: " ")
    }

    /// An identifier without case, spaces and punctuation.
    static func normalized(identifier: String) -> String {
        String(identifier.uppercased().filter { $0.isLetter || $0.isNumber })
    }
}
