import ArgumentParser
import CareModel
import DuologNode
import EventLog
import Foundation
import NodeAPI

extension AuditCommand {
    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Writes a chart into one file that can be checked without a node.",
            discussion: """
                The file holds clinical text in the clear: events, heads, receipts and keys, signed by this node. Give the one who checks \
                it the founder's key by another way, for --trust. The export stands in the journal.
                """)

        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var chart: ChartOption

        @Option(name: .long, help: ArgumentHelp("A file that does not exist yet.", valueName: "file"))
        var out: String

        private struct Written: Encodable {
            let chart: ChartID
            let events: Int
            let bytes: Int
            let file: String
            let notice: RedisclosureNotice?
        }

        func run() async throws {
            guard !FileManager.default.fileExists(atPath: out) else {
                throw NodeError(.usage, "\(out) exists already; name another file")
            }
            let written = try await node.connected { connection in
                let id = try await chart.resolve(connection)
                let notice = try await connection.send(TimedShowRequest<ConsentView>(chart: id)).content.notice
                let file = try NewFile(out)
                let events = try await ChartExport.pages(of: id, connection) { page, done in
                    try file.write(page.lines)
                    Terminal.progress("exported", done, of: page.cut.events)
                }
                Terminal.endProgress()
                return Written(chart: id, events: events, bytes: try file.finish(), file: out, notice: notice)
            }
            try output.print(written) {
                (written.notice?.lines ?? []).map { $0 + "\n" }.joined()
                    + "Wrote \(written.events) events of chart \(written.chart.short) to \(out), \(written.bytes) bytes. Check it with: duolog audit verify \(out)"
            }
        }
    }
}

/// Asks a node for an exported chart.
enum ChartExport {
    /// Hands over every part, with the number of events that have come; returns that number.
    static func pages(
        of chart: ChartID, _ connection: NodeClient.Connection, _ take: (ExportPage, Int) throws -> Void
    ) async throws -> Int {
        var page = try await connection.send(ExportRequest(chart: chart, cut: nil, from: 0))
        while true {
            try take(page, page.next ?? page.cut.events)
            guard let next = page.next else { return page.cut.events }
            page = try await connection.send(ExportRequest(chart: chart, cut: page.cut, from: next))
        }
    }

    /// The names of the events of a chart.
    static func events(of chart: ChartID, _ connection: NodeClient.Connection) async throws -> [EventHash] {
        var events: [EventHash] = []
        _ = try await pages(of: chart, connection) { page, _ in
            events += page.lines.filter { $0.hasPrefix("{\"t\":\"event\",") }.map { EventHash(of: Array($0.utf8)) }
        }
        return events
    }
}

/// A file that appears under its name only once it is whole.
final class NewFile {
    private let path: String
    private let handle: FileHandle
    private var bytes = 0

    init(_ path: String) throws {
        self.path = path
        let draft = path + ".part"
        guard FileManager.default.createFile(atPath: draft, contents: nil, attributes: [.posixPermissions: 0o600]),
            let handle = FileHandle(forWritingAtPath: draft)
        else { throw NodeError(.io, "cannot write \(draft)") }
        self.handle = handle
    }

    func write(_ lines: [String]) throws {
        let data = Data(lines.map { $0 + "\n" }.joined().utf8)
        do {
            try handle.write(contentsOf: data)
        } catch {
            throw failure(error)
        }
        bytes += data.count
    }

    /// Makes it durable and gives it its name; returns its size.
    func finish() throws -> Int {
        do {
            try handle.synchronize()
            try handle.close()
            try FileManager.default.moveItem(atPath: path + ".part", toPath: path)
        } catch {
            throw failure(error)
        }
        return bytes
    }

    private func failure(_ error: any Error) -> NodeError {
        try? FileManager.default.removeItem(atPath: path + ".part")
        return NodeError(.io, "cannot write \(path): \(error.localizedDescription); nothing was left there")
    }
}
