import Foundation

/// A ``NodeProcess``, or the floor where it is asked for single commits, as the benchmark sees it.
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

    convenience init(_ folder: String) throws { try self.init(CommandLine.arguments[0], ["node", folder]) }

    init(_ program: String, _ arguments: [String]) throws {
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        start = try answer()
        guard start.synchronous == 2 else { throw BenchError("synchronous is \(start.synchronous ?? -1), not 2 (FULL)") }
    }

    /// Tells it something, and does not wait.
    func tell(_ command: NodeProcess.Command, _ words: String...) throws { try tell([command.rawValue] + words) }

    private func tell(_ words: [String]) throws {
        try input.fileHandleForWriting.write(contentsOf: Data(words.joined(separator: " ").utf8 + [0x0A]))
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
        try tell([command.rawValue] + words)
        return try answer()
    }

    /// Asks the floor for one commit.
    func askCommit() throws -> NodeProcess.Answer {
        try tell(["commit"])
        return try answer()
    }

    /// Ends it, in order.
    func stop() throws {
        try input.fileHandleForWriting.close()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw BenchError("a node ended with \(process.terminationStatus)") }
    }
}
