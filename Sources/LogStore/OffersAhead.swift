import CareModel
import EventLog
import GRDB

extension Transaction {
    /// What the peers that are connected may have of the charts of a small commit, as of its end. To read it again behind the commit takes five times
    /// as long, and each of them waits for it.
    ///
    /// - Returns: none where they are left to be read.
    func offersAhead(_ charts: Set<ChartID>) throws -> [NodeID: [ChartID: EventHash?]] {
        let peers = store.ahead.connected
        guard charts.count <= LogStore.chartsAtAGlance, peers.count * charts.count <= Self.mostOffers else { return [:] }
        let day = ClinicalTime(instant: store.configuration.clock(), offsetMinutes: 0).day
        return try peers.reduce(into: [:]) { $0[$1] = try LogStore.offered(charts, to: $1, on: day, db) }
    }

    /// A few microseconds each, which all writers wait for.
    private static let mostOffers = 8
}
