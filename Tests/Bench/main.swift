import Foundation

// What Duolog costs beside the floor. Each step runs in a process of its own: bench step NAME FOLDER EVENTS; the parent puts them together.
let arguments = Array(CommandLine.arguments.dropFirst())
let usage = """
    bench [--events N] [--rounds N] [--json] [--smoke] [--keep]
      --events N  events of the large cases (default 100000); the cases of one commit an event write a fiftieth of it
      --rounds N  how often each case is measured in turn with what it is held against (default 5; catch-ups, and live beside
                  one, 3 at most): the middle one counts
      --json      one JSON object instead of the table
      --smoke     the smallest run that touches everything, and a flipped byte in what is read, which must stop it
      --keep      leave the logs that were written, and say where
    bench growth [--events N] [--json]   how the cost grows with events and with charts, up to N (default 100000)
    bench star [--events N] [--charts N] [--nodes N] [--json]  how 2 to N nodes (default 8, at most 8) fetch N events from one of them
    bench idle [--charts N] [--seconds S]  what a node with N charts (default 10000) and three peers costs while nobody says anything
    """

do {
    if arguments.first == "step", (4...6).contains(arguments.count), let step = Step(rawValue: arguments[1]),
        let events = Int(arguments[3])
    {
        let measured = try await step.run(
            in: arguments[2], events: events, charts: arguments.count > 4 ? Int(arguments[4]) : nil,
            nodes: arguments.count > 5 ? Int(arguments[5]) : nil)
        print(String(decoding: try JSONEncoder().encode(measured), as: UTF8.self))
    } else if arguments.first == "node", arguments.count == 2 {
        var node = try await NodeProcess(arguments[1])
        try await node.run()
    } else {
        var rest = arguments[...]
        let mode = ["growth", "idle", "star"].first { rest.first == $0 }
        if mode != nil { rest = rest.dropFirst() }
        var (events, rounds, charts, seconds, nodes) = (100_000, 5, Int?.none, 60, Star.most)
        var flags: Set<String> = []
        while let argument = rest.popFirst() {
            switch argument {
            case "--events":
                guard let number = rest.popFirst().flatMap({ Int($0) }), number >= 1000 else {
                    throw BenchError("--events wants a number from 1000 on\n\(usage)")
                }
                events = number
            case "--charts", "--seconds", "--nodes", "--rounds":
                guard let number = rest.popFirst().flatMap({ Int($0) }), number >= 1 else {
                    throw BenchError("\(argument) wants a number from 1 on\n\(usage)")
                }
                switch argument {
                case "--charts": charts = number
                case "--seconds": seconds = number
                case "--rounds": rounds = number
                default: nodes = min(max(number, 2), Star.most)
                }
            case "--json", "--smoke", "--keep": flags.insert(argument)
            default: throw BenchError(usage)
            }
        }
        let isSmoke = flags.contains("--smoke")
        let bench = try Bench(
            events: isSmoke ? 1000 : events, rounds: isSmoke ? 1 : rounds, tellsProgress: !flags.contains("--json"))
        defer { if flags.contains("--keep") { print("kept: \(bench.folder)") } else { bench.remove() } }
        switch mode {
        case "growth": print(try bench.growth(Growth.sizes(upTo: events)).printed(asJSON: flags.contains("--json")))
        case "idle": print(try bench.idle(charts: charts ?? 10_000, seconds: seconds).printed(asJSON: flags.contains("--json")))
        case "star": print(try bench.star(2...nodes, charts: charts).printed(asJSON: flags.contains("--json")))
        default:
            let table = try await bench.table()
            print(flags.contains("--json") ? try table.printedAsJSON() : table.text())
            guard isSmoke else { break }
            _ = try bench.growth(([Growth.Size(events: 1000, charts: 2)], []))
            _ = try bench.idle(charts: 2, seconds: 1)
            _ = try bench.star([3])
            try await bench.flip()
        }
    }
} catch {
    FileHandle.standardError.write(Data("bench: \(error)\n".utf8))
    exit(1)
}
