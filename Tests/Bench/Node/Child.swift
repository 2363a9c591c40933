import Foundation

/// A ``NodeProcess`` as the benchmark sees it.
final class Child {
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private var read = Data()
    /// What it said when it had started.
    private(set) var start = NodeProcess.Answer()
    var pid: Int32 { process.processIdentifier }
    var key: String { start.key ?? "" }
    var address: String { start.address ?? "" }

    init(_ folder: String) throws {
        process.executableURL = URL(filePath: CommandLine.arguments[0])
        process.arguments = ["node", folder]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        start = try answer()
        guard start.synchronous == 2 else { throw BenchError("synchronous is \(start.synchronous ?? -1), not 2 (FULL)") }
    }

    /// Tells it something, and does not wait.
    func tell(_ command: NodeProcess.Command, _ words: String...) throws {
        try input.fileHandleForWriting.write(contentsOf: Data(([command.rawValue] + words).joined(separator: " ").utf8 + [0x0A]))
    }

    /// Its answer to the oldest line that has none.
    func answer() throws -> NodeProcess.Answer {
        while true {
            if let end = read.firstIndex(of: 0x0A) {
                let line = Data(read[..<end])
                read = Data(read[read.index(after: end)...])
                let answer = try JSONDecoder().decode(NodeProcess.Answer.self, from: line)
                if let error = answer.error { throw BenchError(error) }
                return answer
            }
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else { throw BenchError("a node ended") }
            read += more
        }
    }

    @discardableResult
    func ask(_ command: NodeProcess.Command, _ words: String...) throws -> NodeProcess.Answer {
        try input.fileHandleForWriting.write(contentsOf: Data(([command.rawValue] + words).joined(separator: " ").utf8 + [0x0A]))
        return try answer()
    }

    /// Ends it, in order.
    func stop() throws {
        try input.fileHandleForWriting.close()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw BenchError("a node ended with \(process.terminationStatus)") }
    }
}
