import EventLog

/// What the row of a chart says of its events, beside their segments: worked out while those are still being stored.
struct ChartEnd {
    let digest: EventHash
    let tips: [UInt8]
    let forkedOrigins: [Origin]

    init(_ graph: ChartGraph, _ number: (Origin) throws -> Int64) throws {
        let heads = graph.heads
        digest = heads.digest
        tips = try TipList.bytes(of: heads.tips, number)
        forkedOrigins = graph.forkedOrigins
    }
}
