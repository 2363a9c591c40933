import Foundation

extension Encodable {
    /// As JSON that people read too.
    func printedAsJSON() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}

/// A case and what it is held against, measured in turn, some times.
typealias Rounds = [(ours: Measured, other: Measured)]

/// What a run came to.
struct Table: Codable {
    /// One case, and what it is held against.
    struct Row: Codable {
        var name: String
        /// Both sides in the round whose ratio is in the middle; the lower one of two.
        var ours: Measured
        var other: Measured
        var against: String
        /// Ours to the other, as events a second; per core where both say how long they had one. The middle one of all rounds.
        var ratio: Double
        /// Of each round, in their order.
        var ratios: [Double]
        var must: Double

        /// - Parameter rounds: one at least.
        init(_ name: String, _ rounds: Rounds, against: String = "floor", perCore: Bool = false, must: Double) {
            func ratio(_ round: Rounds.Element) -> Double {
                perCore ? round.ours.ratePerCore / round.other.ratePerCore : round.ours.rate / round.other.rate
            }
            let middle = rounds.sorted { ratio($0) < ratio($1) }[(rounds.count - 1) / 2]
            self.name = name
            (ours, other) = middle
            self.against = against
            self.ratio = ratio(middle)
            ratios = rounds.map(ratio)
            self.must = must
        }
    }

    /// Events in the large log.
    var events: Int
    var rows: [Row]
    /// Of both lines of all of them.
    var bytesOfLines: Int
    var bytesOnDisk: Int
    var floorBytesOnDisk: Int
    /// What the lines of a shared history are made of.
    var parts: LineParts

    func text() -> String {
        var cells = [
            [
                "case", "ours ev/s", "other ev/s", "against", "ratio", "must", "rounds", "p50 us", "p99 us", "peak MiB", "cpu s",
                "other cpu s", "sender cpu s", "sender MiB", "wire B/ev",
            ]
        ]
        for row in rows {
            cells.append([
                row.name, "\(Int(row.ours.rate))", "\(Int(row.other.rate))", row.against, Self.decimal(row.ratio, 3),
                Self.decimal(row.must, 2), row.spread, row.ours.median.map { "\($0)" } ?? "-",
                row.ours.percentile99.map { "\($0)" } ?? "-", "\(row.ours.peakKiB / 1024)", Self.decimal(row.ours.cpu, 2),
                Self.decimal(row.other.cpu, 2),
                Self.both(row) { $0.senderCpu.map { Self.decimal($0, 2) } },
                Self.both(row) { $0.senderPeakKiB.map { "\($0 / 1024)" } },
                Self.both(row) { side in side.wireBytes.map { "\($0 / max(1, side.events))" } },
            ])
        }
        return
            (Self.aligned(cells) + [
                "\(events) events: \(bytesOfLines / events) bytes of lines each, on disk \(bytesOnDisk / events), the floor's \(floorBytesOnDisk / events)",
                "synchronous, read back (2 is FULL): ours \(synchronous(\.ours)), the floor's \(synchronous(\.other))",
                parts.text(),
            ]).joined(separator: "\n")
    }

    /// Rows of cells, each column as wide as its widest.
    static func aligned(_ cells: [[String]]) -> [String] {
        let widths = cells[0].indices.map { column in cells.map { $0[column].count }.max() ?? 0 }
        return cells.map { row in
            zip(row, widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }.joined(separator: "  ")
        }
    }

    /// Ours and the other's, where both say.
    private static func both(_ row: Row, _ value: (Measured) -> String?) -> String {
        guard let ours = value(row.ours), let other = value(row.other) else { return "-" }
        return "\(ours) / \(other)"
    }

    /// As each connection that wrote said.
    private func synchronous(_ side: KeyPath<Row, Measured>) -> String {
        Set(rows.compactMap { $0[keyPath: side].synchronous }).sorted().map { "\($0)" }.joined(separator: ", ")
    }

    fileprivate static func decimal(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
}

extension Table.Row {
    /// The least and the most of all rounds.
    fileprivate var spread: String {
        guard ratios.count > 1, let least = ratios.min(), let most = ratios.max() else { return "-" }
        return "\(Table.decimal(least, 2))-\(Table.decimal(most, 2))"
    }
}
