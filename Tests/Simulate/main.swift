import Foundation
import SyncSimulation
import TestSupport

// Runs histories: simulate --seeds N --start S [--actions A] [--first]. A violation ends it with the seed to run again, and exit code 1.
let arguments = Array(CommandLine.arguments.dropFirst())
func number(after name: String, else fallback: Int) -> Int {
    arguments.firstIndex(of: name).flatMap { $0 + 1 < arguments.count ? Int(arguments[$0 + 1]) : nil } ?? fallback
}
// simulate scale prints what reconciliation costs.
// Lines are wanted as they come, also in a file.
@Sendable func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

if arguments.first == "scale" {
    ScaleReport.lines().forEach(say)
    exit(0)
}

let outcome = await Campaign(
    start: number(after: "--start", else: 1), count: number(after: "--seeds", else: 1),
    actions: number(after: "--actions", else: 200), mostViolations: arguments.contains("--first") ? 1 : 10
).run(progress: say)
say(outcome.report)
if !outcome.violations.isEmpty { exit(1) }
