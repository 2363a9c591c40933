import CareModel
import EventLog
import Foundation
import LogStore

/// What two practices have when they meet: charts with years of sessions, and in each some decisions that were made without knowing of each other.
extension Workload {
    /// Sessions that are written into a chart at a time, before it is another's turn: charts grow side by side.
    private static let atOnce = 50
    /// Medicines of a chart on whose dose two people decided at the same time.
    static let disputes = 2

    /// Writes `events` in all, those that opened the charts and the disputes included as far as they fit in.
    func history(_ log: LogStore, _ events: Int) async throws {
        let opened = try await log.charts()
        let written = opened.reduce(0) { $0 + $1.events }
        let disputed = charts.count * Self.disputes * 3
        let sessions = max(0, events - written - (events >= written + disputed ? disputed : 0))
        for first in stride(from: 0, to: sessions, by: Self.atOnce * charts.count) {
            for (index, chart) in charts.enumerated() {
                let numbers = (0..<Self.atOnce).map { first + $0 * charts.count + index }.filter { $0 < sessions }
                guard !numbers.isEmpty else { continue }
                _ = try await log.author(numbers.map { Self.session($0 / charts.count, in: chart) }, request: nil)
            }
        }
        guard events >= written + disputed else { return }
        for chart in charts { try await dispute(in: chart, log) }
    }

    /// Two people change one dose, and neither has seen what the other did.
    private func dispute(in chart: ChartID, _ log: LogStore) async throws {
        for number in 0..<Self.disputes {
            let drug = #"{"code":"31294\#(number)","display":"a made-up medicine","system":"RxNorm"}"#
            let often = #"{"period":1,"period_unit":"d","times":1}"#
            let day = Self.begin.day
            let prescription =
                #"{"dose":{"unit":"mg","value":"50"},"drug":\#(drug),"effective_from":"\#(day)","frequency":\#(often),"route":"oral"}"#
            let request = "dispute \(chart) \(number)"
            _ = try await log.author(request: request, by: Self.prescriber) { write in
                let root = try write(
                    Self.draft(chart, MedicationPrescribed.kind, prescription, by: Self.prescriber, seeing: .everything))
                for dose in ["25", "75"] {
                    let change =
                        #"{"effective_from":"\#(day)","from":{"unit":"mg","value":"50"},"reason":"titration","to":{"unit":"mg","value":"\#(dose)"}}"#
                    var draft = Self.draft(
                        chart, DoseAdjusted.kind, change, by: Self.prescriber,
                        seeing: .exactly(View(chart: chart, events: [root.event])))
                    draft.refs = .events([root.event])
                    _ = try write(draft)
                }
            }
        }
    }

    private static func draft(
        _ chart: ChartID, _ kind: Kind, _ members: String, by author: AuthorID, seeing: Draft.Seeing
    ) -> Draft {
        Draft(
            chart: chart, author: author, kind: kind, members: Array(members.utf8), when: begin, seeing: seeing, salt: bytes())
    }

    /// One more session in a chart of a log that ``history(_:_:)`` wrote; or one that was held when there was little in the chart, and is
    /// written now.
    static func another(in log: LogStore, _ number: Int, of chart: ChartID, isLate: Bool) async throws -> Draft {
        // Days before the first of the history: two sessions of one day would be taken for duplicates of each other.
        var draft = session(-number, in: chart)
        guard isLate else { return draft }
        guard let record = try await log.record(of: chart) else { throw BenchError("no such chart") }
        let founding = record.graph.nodes.prefix(8).last { $0.envelope.kind == PractitionerEnrolled.kind }
        guard let founding else { throw BenchError("a chart without a practitioner") }
        draft.seeing = .exactly(View(chart: chart, events: [founding.hash]))
        return draft
    }
}
