import CareModel
import DemoCase
import EventLog
import Foundation
import LogStore
import NodeAPI
import Testing

@testable import DuologNode

/// The whole case as it was played on three daemons, with every byte between them; the daemons are stopped.
struct PlayedCase: Sendable {
    typealias Practice = CombinedCareCase.Practice

    let streams: [Interceptor.Stream]
    let chart: ChartID
    let events: [Int: EventHash]
    private let nodes: [Practice: DemoNode]

    /// Plays it, with or without the therapist's process notes.
    static func play(notes: Bool) async throws -> PlayedCase {
        let folder = Daemons.folder()
        var nodes: [Practice: DemoNode] = [:]
        for practice in Practice.allCases {
            let node = try Daemons.make(practice.rawValue, in: folder)
            try await node.start()
            nodes[practice] = node
        }
        let interceptor = Interceptor()
        let made = nodes
        let player = CasePlayer(
            nodes: nodes,
            route: { dialer, listener, address in
                let ends = try [(dialer, ""), (listener, address)].map { practice, address in
                    Interceptor.End(
                        name: practice.rawValue, key: try Self.state(of: try #require(made[practice])).nodeKey(), address: address
                    )
                }
                return try await interceptor.listen(between: ends[0], and: ends[1])
            })
        let steps = try CombinedCareCase().steps.filter { notes || $0.kind != ProcessNoteWritten.kind.name }
        try await player.prepare(try #require(steps.first))
        for step in steps { try await player.play(step) }
        for node in nodes.values { node.stop() }
        return PlayedCase(
            streams: interceptor.streams, chart: try #require(await player.chart), events: await player.events, nodes: nodes)
    }

    static func state(of node: DemoNode) -> StateFolder { StateFolder(path: node.folder + "/state") }

    func state(of practice: Practice) throws -> StateFolder { Self.state(of: try #require(nodes[practice])) }

    /// The log of a node, of its journal too, or of a notebook.
    func log(in folder: StateFolder) throws -> LogStore {
        try LogStore(
            LogStore.Configuration(
                path: folder.log, key: try folder.nodeKey(), sealer: try StateFolder.sealer(folder.path + "/store.key"),
                clock: { Timestamp(milliseconds: 0) }, random: { 1 }))
    }

    /// Every file of a node: its state folder, its configuration, what it logged.
    func files(of practice: Practice) throws -> [(name: String, bytes: [UInt8])] {
        let folder = try #require(nodes[practice]).folder
        return try #require(FileManager.default.enumerator(atPath: folder)).compactMap { $0 as? String }.compactMap { name in
            FileManager.default.contents(atPath: folder + "/" + name).map { (name, [UInt8]($0)) }
        }
    }

    func name(of node: NodeID) throws -> String {
        for practice in Practice.allCases where try state(of: practice).nodeKey().node == node {
            return practice.rawValue
        }
        throw DemoFailure("\(node) is none of the three nodes")
    }
}
