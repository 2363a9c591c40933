import Foundation

/// Runs the steps and the floor beside them, one after another, over the same events.
struct Bench {
    let folder: String
    let events: Int
    let tellsProgress: Bool

    init(events: Int, tellsProgress: Bool) throws {
        self.events = events
        self.tellsProgress = tellsProgress
        // Beside the build and not in /tmp, which often is memory: what is measured is a disk.
        folder = FileManager.default.currentDirectoryPath + "/.build/bench-\(ProcessInfo.processInfo.processIdentifier)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    }

    func remove() { try? FileManager.default.removeItem(atPath: folder) }

    /// Commits of one event each: a fiftieth of all, and enough for each of the writers.
    var few: Int { max(2 * Step.writers, events / 50) }

    func table() async throws -> Table {
        let thousand = try ours(.thousand, "thousand", events)
        let written = try ours(.export, "thousand", 0).events
        let lines = "\(folder)/thousand/lines"
        let floorThousand = try floor("append", lines, "\(folder)/floor", "1000")
        let one = try ours(.one, "one", few)
        let floorOne = try floor("append", lines, "\(folder)/floor-one", "1", "\(few)")
        var rows = [Table.Row("append, one a commit", one, floorOne, must: 0.75)]
        for (name, step) in [("append, 64 writers, one chart", Step.groupOnOne), ("append, 64 writers, 64 charts", .groupOnMany)]
        {
            rows.append(Table.Row(name, try ours(step, step.rawValue, 8 * few), one, against: "ours, one", must: 8))
        }
        rows.append(Table.Row("append, 1,000 a commit", thousand, floorThousand, must: 0.5))
        let (check, chain) = (try ours(.verifyAlone, "thousand", 0), try floor("chain", "\(folder)/floor"))
        rows.append(Table.Row("verify --quick, per core", check, chain, perCore: true, must: 0.4))
        rows.append(
            Table.Row(
                "verify --quick, all cores (an aim)", try ours(.verify, "thousand", 0), check, against: "ours, one core",
                must: 1.8))
        rows.append(Table.Row("rebuild", try ours(.rebuild, "thousand", 0), try floor("json", "\(folder)/floor"), must: 0.35))
        _ = try ours(.groupOnOne, "chart", 1024)
        _ = try ours(.export, "chart", 0)
        _ = try floor("append", "\(folder)/chart/lines", "\(folder)/floor-chart", "1000")
        rows.append(
            Table.Row(
                "replay of a chart, as seen", try ours(.replay, "chart", 0), try floor("chart", "\(folder)/floor-chart"),
                must: 0.05))
        rows += try twoNodes(commit: floorOne)
        return Table(
            events: written, rows: rows, bytesOfLines: try size(lines), bytesOnDisk: try size("\(folder)/thousand/log.sqlite"),
            floorBytesOnDisk: try size("\(folder)/floor"),
            parts: try LineParts(of: Data(contentsOf: URL(filePath: "\(folder)/shared/a/lines"))))
    }

    /// A history for an empty node, and what is recorded while nothing else goes on and while a third one fetches everything.
    private func twoNodes(commit: Measured) throws -> [Table.Row] {
        let meeting = try meet("shared", charts: max(2, events / Step.eventsPerChart))
        let second = try meeting.join("b")
        let caughtUp = try meeting.catchUp(second)
        let floor = try floor("catchup", "\(meeting.folder)/a/lines", "\(folder)/floor-catchup", "1000")
        guard floor.events == meeting.events else { throw BenchError("the floor received \(floor.events) events") }
        let samples = min(500, few)
        let idle = try meeting.live([second], samples)
        let loaded = try meeting.live([second], samples, beside: try meeting.join("c"))
        for child in [second, meeting.first] { try child.stop() }
        try check(meeting, "b")
        var own = commit
        own.seconds = Double(commit.events) * Double(max(1, idle.medians.commit)) / 1e6
        return [
            Table.Row("catch-up over TLS", caughtUp, floor, must: 0.5),
            Table.Row("live, idle", idle.measured, commit, against: "floor, one", must: 0.25),
            Table.Row("live, idle", idle.measured, own, against: "ours, one", must: 0.25),
            Table.Row("live, beside a catch-up", loaded.measured, commit, against: "floor, one", must: 0.25),
        ]
    }

    /// Four nodes or more, and the events of the first in a file of lines.
    func meet(_ name: String, events: Int? = nil, charts: Int, nodes: Int = 4) throws -> Meeting {
        let place = "\(folder)/\(name)"
        let written = try child(
            CommandLine.arguments[0],
            ["step", Step.shared.rawValue, place, "\(events ?? self.events)", "\(charts)", "\(max(4, nodes))"])
        _ = try ours(.export, name + "/a", 0)
        return try Meeting(place, events: written.events)
    }

    /// What a node received holds, and holds everything.
    func check(_ meeting: Meeting, _ name: String) throws {
        let disputed = meeting.events >= 10_000 ? 1 : 0
        let held = try child(
            CommandLine.arguments[0], ["step", Step.received.rawValue, "\(meeting.folder)/\(name)", "0", "\(disputed)"])
        guard held.events >= meeting.events else {
            throw BenchError("\(held.events) events were received of \(meeting.events)")
        }
    }

    /// Flips one byte in what the floor reads and one in the log, and sees both refused.
    func flip() async throws {
        let lines = "\(folder)/thousand/lines"
        try flipByte(of: lines, in: #""kind":"session.held""#)
        try expectRefusal("the floor took a line with a flipped byte") { try floor("append", lines, "\(folder)/flipped", "1000") }
        try flipByte(of: "\(folder)/thousand/log.sqlite", in: #""kind":"session.held""#)
        try expectRefusal("the check took a log with a flipped byte") { try ours(.verify, "thousand", 0) }
        print("a flipped byte stops the floor, and the check of the log")
    }

    private func flipByte(of path: String, in text: String) throws {
        let place = URL(filePath: path)
        var bytes = try Data(contentsOf: place)
        guard let found = bytes.range(of: Data(text.utf8)) else { throw BenchError("\(path) holds no \(text)") }
        bytes[found.upperBound - 2] ^= 1
        try bytes.write(to: place)
    }

    private func expectRefusal(_ otherwise: String, _ body: () throws -> Measured) throws {
        do { _ = try body() } catch is BenchError { return }
        throw BenchError(otherwise)
    }

    private func size(_ path: String) throws -> Int {
        (try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
    }

    private func ours(_ step: Step, _ name: String, _ events: Int) throws -> Measured {
        try child(CommandLine.arguments[0], ["step", step.rawValue, "\(folder)/\(name)", "\(events)"])
    }

    func floor(_ arguments: String...) throws -> Measured {
        let measured = try child(
            URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().path + "/bench-floor", arguments)
        guard measured.synchronous == 2 else { throw BenchError("the floor wrote with synchronous off") }
        return measured
    }

    func child(_ program: String, _ arguments: [String]) throws -> Measured {
        if tellsProgress { FileHandle.standardError.write(Data("… \(arguments.joined(separator: " "))\n".utf8)) }
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.standardOutput = output
        try process.run()
        let said = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw BenchError("\(arguments.joined(separator: " ")) ended with \(process.terminationStatus)")
        }
        return try JSONDecoder().decode(Measured.self, from: said)
    }
}
