import Foundation

// What Duolog costs beside the floor. Each step runs in a process of its own: bench step NAME FOLDER EVENTS; the parent puts them together.
let arguments = Array(CommandLine.arguments.dropFirst())
let usage = """
    bench [--events N] [--json] [--smoke] [--keep]
      --events N  events of the large cases (default 100000); the cases of one commit an event write a fiftieth of it
      --json      one JSON object instead of the table
      --smoke     the smallest run that touches everything, and a flipped byte in what is read, which must stop it
      --keep      leave the logs that were written, and say where
    """

do {
    if arguments.first == "step", arguments.count == 4, let step = Step(rawValue: arguments[1]), let events = Int(arguments[3]) {
        let measured = try await step.run(in: arguments[2], events: events)
        print(String(decoding: try JSONEncoder().encode(measured), as: UTF8.self))
    } else {
        var rest = arguments[...]
        var events = 100_000
        var flags: Set<String> = []
        while let argument = rest.popFirst() {
            switch argument {
            case "--events":
                guard let number = rest.popFirst().flatMap({ Int($0) }), number >= 1000 else {
                    throw BenchError("--events wants a number from 1000 on\n\(usage)")
                }
                events = number
            case "--json", "--smoke", "--keep": flags.insert(argument)
            default: throw BenchError(usage)
            }
        }
        let bench = try Bench(events: flags.contains("--smoke") ? 1000 : events, tellsProgress: !flags.contains("--json"))
        defer { if flags.contains("--keep") { print("kept: \(bench.folder)") } else { bench.remove() } }
        let table = try await bench.table()
        print(flags.contains("--json") ? try table.json() : table.text())
        if flags.contains("--smoke") { try await bench.flip() }
    }
} catch {
    FileHandle.standardError.write(Data("bench: \(error)\n".utf8))
    exit(1)
}
