import Foundation

/// Runs the steps and the floor beside them, in turn, over the same events.
struct Bench {
    let folder: String
    let events: Int
    /// How often each case is measured, each time right beside what it is held against: the machine and its disk are others from one minute to
    /// the next, and most cases take less than a second.
    let rounds: Int
    let tellsProgress: Bool

    init(events: Int, rounds: Int, tellsProgress: Bool) throws {
        self.events = events
        self.rounds = rounds
        self.tellsProgress = tellsProgress
        // Beside the build and not in /tmp, which often is memory: what is measured is a disk.
        folder = FileManager.default.currentDirectoryPath + "/.build/bench-\(ProcessInfo.processInfo.processIdentifier)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    }

    /// Of the catch-ups, and of those beside which something is recorded: each wants a node of its own.
    private static let mostCatchUps = 3

    func remove() { try? FileManager.default.removeItem(atPath: folder) }

    /// Commits of one event each: a fiftieth of all, and enough for each of the writers.
    var few: Int { max(2 * Step.writers, events / 50) }

    func table() async throws -> Table {
        // The log and the lines that the other cases read.
        _ = try ours(.thousand, "thousand", events)
        let written = try ours(.export, "thousand", 0).events
        let lines = "\(folder)/thousand/lines"
        _ = try floor("append", lines, "\(folder)/floor", "1000")
        let appends = try appends(of: lines)
        let rows = try appends + reading() + twoNodes(lines)
        return Table(
            events: written, rows: rows, bytesOfLines: try size(lines), bytesOnDisk: try size("\(folder)/thousand/log.sqlite"),
            floorBytesOnDisk: try size("\(folder)/floor"),
            parts: try LineParts(of: Data(contentsOf: URL(filePath: "\(folder)/shared/a/lines"))))
    }

    /// Into new logs each time.
    private func appends(of lines: String) throws -> [Table.Row] {
        var (one, onOne, onMany, batches): (Rounds, Rounds, Rounds, Rounds) = ([], [], [], [])
        for _ in 0..<rounds {
            let place = "\(folder)/round"
            try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: false)
            let alone = try ours(.one, "round/one", few)
            one.append((alone, try floor("append", lines, "\(place)/floor-one", "1", "\(few)")))
            onOne.append((try ours(.groupOnOne, "round/group-1", 8 * few), alone))
            onMany.append((try ours(.groupOnMany, "round/group-64", 8 * few), alone))
            batches.append((try ours(.thousand, "round/thousand", events), try floor("append", lines, "\(place)/floor", "1000")))
            try FileManager.default.removeItem(atPath: place)
        }
        return [
            Table.Row("append, one a commit", one, must: 0.75),
            Table.Row("append, 64 writers, one chart", onOne, against: "ours, one", must: 8),
            Table.Row("append, 64 writers, 64 charts", onMany, against: "ours, one", must: 8),
            Table.Row("append, 1,000 a commit", batches, must: 0.5),
        ]
    }

    private func reading() throws -> [Table.Row] {
        _ = try ours(.groupOnOne, "chart", 1024)
        _ = try ours(.export, "chart", 0)
        _ = try floor("append", "\(folder)/chart/lines", "\(folder)/floor-chart", "1000")
        var (check, both, rebuild, replay): (Rounds, Rounds, Rounds, Rounds) = ([], [], [], [])
        for _ in 0..<rounds {
            let alone = try ours(.verifyAlone, "thousand", 0)
            check.append((alone, try floor("chain", "\(folder)/floor")))
            both.append((try ours(.verify, "thousand", 0), alone))
            rebuild.append((try ours(.rebuild, "thousand", 0), try floor("json", "\(folder)/floor")))
            replay.append((try ours(.replay, "chart", 0), try floor("chart", "\(folder)/floor-chart")))
        }
        return [
            Table.Row("verify --quick, per core", check, perCore: true, must: 0.4),
            Table.Row("verify --quick, all cores (an aim)", both, against: "ours, one core", must: 1.8),
            Table.Row("rebuild", rebuild, must: 0.35),
            Table.Row("replay of a chart, as seen", replay, must: 0.05),
        ]
    }

    /// A history for nodes that are empty, one after another; and what is recorded while nothing else goes on, and while another one fetches
    /// everything. The floor is measured while no node has anything to do.
    private func twoNodes(_ lines: String) throws -> [Table.Row] {
        let count = min(rounds, Self.mostCatchUps)
        let others = Array(Step.practices(2 * count + 1).dropFirst())
        let meeting = try meet("shared", charts: max(2, events / Step.eventsPerChart), nodes: others.count + 1)
        var caughtUp: Rounds = []
        for other in others.prefix(count) {
            let child = try meeting.join(other)
            let fetched = try meeting.catchUp(child)
            try child.ask(.step, meeting.first.key)
            try child.stop()
            let path = "\(folder)/floor-catchup"
            let floor = try floor("catchup", "\(meeting.folder)/a/lines", path, "1000")
            guard floor.events == meeting.events else { throw BenchError("the floor received \(floor.events) events") }
            caughtUp.append((fetched, floor))
            try FileManager.default.removeItem(atPath: path)
            try check(meeting, other)
        }
        // All in one chart, which is to stay of a usual size.
        let samples = min(200, few)
        let second = try meeting.join(others[0])
        let floor = try Child(Self.floor, ["asked", lines, "\(folder)/floor-asked"])
        let idle = try (0..<rounds).map { _ in try meeting.live([second], samples / 2, floor: floor) }
        var loaded: [Meeting.Live] = []
        for other in others.suffix(count) {
            let third = try meeting.join(other)
            loaded.append(try meeting.live([second], samples, floor: floor, beside: third))
            try third.stop()
        }
        for child in [floor, second, meeting.first] { try child.stop() }
        return [Table.Row("catch-up over TLS", caughtUp, must: 0.5)]
            + Self.rows("live, idle", idle) + Self.rows("live, beside a catch-up", loaded)
    }

    /// Against one durable commit of the floor's, and one of ours: each in the same process throughout, woken up for it, in the same second.
    private static func rows(_ name: String, _ live: [Meeting.Live]) -> [Table.Row] {
        [
            Table.Row(name, live.map { ($0.measured, $0.floorCommit) }, against: "floor, woken", must: 0.25),
            Table.Row(name, live.map { ($0.measured, $0.ownCommit) }, against: "ours, woken", must: 0.25),
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

    private static let floor = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().path + "/bench-floor"

    func floor(_ arguments: String...) throws -> Measured {
        let measured = try child(Self.floor, arguments)
        guard measured.synchronous == 2 else { throw BenchError("the floor wrote with synchronous off") }
        return measured
    }

    /// Lets the disk write down what earlier steps left to it: none of it is to be waited for by what is measured next.
    static func restDisk() { sync() }

    func child(_ program: String, _ arguments: [String]) throws -> Measured {
        if tellsProgress { FileHandle.standardError.write(Data("… \(arguments.joined(separator: " "))\n".utf8)) }
        Self.restDisk()
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
