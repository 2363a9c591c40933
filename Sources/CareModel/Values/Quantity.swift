public import Foundation

/// A measured or prescribed amount: a plain decimal string and a UCUM unit. There are no floats in the log.
///
/// Two quantities are equal when their values are equal as numbers and their units as text.
public struct Quantity: Codable, Sendable, CustomStringConvertible {
    /// A decimal without exponent, such as `37.5`.
    public let value: String
    /// A UCUM unit, such as `mg`.
    public let unit: String

    /// An amount; nothing is checked here.
    public init(value: String, unit: String) {
        self.value = value
        self.unit = unit
    }

    /// The number, or nil when the string is no plain decimal.
    public var number: Decimal? {
        let digits = value.hasPrefix("-") ? value.dropFirst() : value[...]
        let parts = digits.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), value.utf8.count <= 18,
            parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (48...57).contains($0) } }),
            parts[0] == "0" || !parts[0].hasPrefix("0")
        else { return nil }
        // Whole numbers are the rule, and of those that this makes much less work.
        return parts.count == 1 ? Int(value).map { Decimal($0) } : Decimal(string: value)
    }

    /// The amount in words.
    public var description: String { unit == "1" ? value : "\(value) \(unit)" }

    func check(_ field: String, positive: Bool = false) throws(ContentError) {
        guard let number else {
            throw ContentError(field, "'\(value)' is not a plain decimal number such as 37.5")
        }
        guard !positive || number > 0 else { throw ContentError(field, "must be more than zero, not \(value)") }
        guard !unit.isEmpty, unit.utf8.count <= 32, unit.utf8.allSatisfy({ (33...126).contains($0) }) else {
            throw ContentError(field, "needs a UCUM unit such as mg")
        }
    }
}

extension Quantity: Hashable {
    /// Equal as numbers, units equal as text.
    public static func == (left: Quantity, right: Quantity) -> Bool {
        guard left.unit == right.unit else { return false }
        guard left.value != right.value else { return true }
        guard let one = left.number, let other = right.number else { return left.value == right.value }
        return one == other
    }

    /// Equal quantities hash alike, however they are written.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(unit)
        if let number { hasher.combine(number) } else { hasher.combine(value) }
    }
}

/// How often a medicine is taken: so many times in so many periods.
public struct Frequency: Hashable, Codable, Sendable, CustomStringConvertible {
    /// The units of FHIR's Timing.repeat.periodUnit that a regimen uses.
    public enum PeriodUnit: String, CaseIterable, Codable, Sendable {
        /// Hours.
        case hours = "h"
        /// Days.
        case days = "d"
        /// Weeks.
        case weeks = "wk"
        /// Months, taken as 30 days where a daily dose is computed.
        case months = "mo"

        var hours: Int {
            switch self {
            case .hours: 1
            case .days: 24
            case .weeks: 24 * 7
            case .months: 24 * 30
            }
        }
    }

    /// Times in each period.
    public let times: Int
    /// Length of the period.
    public let period: Int
    /// Unit of the period.
    public let period_unit: PeriodUnit

    /// So many times in so many periods.
    public init(times: Int, period: Int, unit: PeriodUnit) {
        self.times = times
        self.period = period
        period_unit = unit
    }

    /// The frequency in words.
    public var description: String {
        let each = period == 1 ? "" : "\(period) "
        let unit =
            switch (period_unit, period) {
            case (.hours, 1): "hour"
            case (.hours, _): "hours"
            case (.days, 1): "day"
            case (.days, _): "days"
            case (.weeks, 1): "week"
            case (.weeks, _): "weeks"
            case (.months, 1): "month"
            case (.months, _): "months"
            }
        return times == 1 && period == 1 && period_unit == .days ? "daily" : "\(times)x per \(each)\(unit)"
    }

    func check(_ field: String) throws(ContentError) {
        guard (1...48).contains(times), (1...90).contains(period) else {
            throw ContentError(field, "times must be 1 to 48 and period 1 to 90")
        }
    }

    /// A dose taken this often, per day, to three decimals.
    func daily(_ dose: Quantity) -> Quantity? {
        guard let number = dose.number, period > 0 else { return nil }
        let hours = period * period_unit.hours
        // Once a day is the rule, and a division of decimals takes longer than all else here.
        var exact = times * 24 == hours ? number : number * Decimal(times * 24) / Decimal(hours)
        var rounded = Decimal()
        NSDecimalRound(&rounded, &exact, 3, .plain)
        return Quantity(value: rounded.description, unit: "\(dose.unit)/d")
    }
}

/// A code of a terminology, with the text that people read.
public struct Code: Hashable, Codable, Sendable {
    /// Such as `RxNorm` or `LOINC`; `text` where there is no code.
    public let system: String
    /// The code.
    public let code: String?
    /// What it means.
    public let display: String

    /// A code; without one, `system` is `text`.
    public init(system: String, code: String?, display: String) {
        self.system = system
        self.code = code
        self.display = display
    }

    func check(_ field: String) throws(ContentError) {
        guard !system.isEmpty, !display.isEmpty else { throw ContentError(field, "needs a system and a display text") }
        guard system == "text" || code?.isEmpty == false else { throw ContentError(field, "needs a code of \(system)") }
    }
}
