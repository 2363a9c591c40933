import SyncSimulation
import TestSupport

#if canImport(Glibc)
    import Glibc
#endif

// Runs histories: simulate --seeds N --start S. A violation ends it with the seed to run again, and exit code 1.
let arguments = Array(CommandLine.arguments.dropFirst())
func number(after name: String, else fallback: Int) -> Int {
    arguments.firstIndex(of: name).flatMap { $0 + 1 < arguments.count ? Int(arguments[$0 + 1]) : nil } ?? fallback
}
let start = number(after: "--start", else: 1)
let count = number(after: "--seeds", else: 1)
let actions = number(after: "--actions", else: 200)
let outcome = await Campaign(start: start, count: count, actions: actions).run { print($0) }
print(outcome.report)
if !outcome.violations.isEmpty { exit(1) }
