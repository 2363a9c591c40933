import Logging
import Synchronization
import Testing

/// Wakes who waits for something, whenever something has happened: tests wait for events and never sleep.
final class Watch: Sendable {
    private struct State {
        var lines: [Line] = []
        var waiting: [CheckedContinuation<Void, Never>] = []
        var happened = 0
    }

    struct Line: Sendable {
        let level: Logger.Level
        let text: String
    }

    private let state = Mutex(State())

    var lines: [Line] { state.withLock { $0.lines } }

    func contains(_ level: Logger.Level? = nil, _ words: String...) -> Bool {
        lines.contains { line in (level == nil || line.level == level) && words.allSatisfy { line.text.contains($0) } }
    }

    /// Something happened.
    func poke() { wake { $0.happened += 1 } }

    func record(_ line: Line) {
        wake {
            $0.lines.append(line)
            $0.happened += 1
        }
    }

    private func wake(_ change: (inout State) -> Void) {
        let waiting = state.withLock { state in
            change(&state)
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Returns once the condition holds; it is looked at again whenever something has happened.
    func until(_ condition: () async -> Bool) async {
        while true {
            let before = state.withLock { $0.happened }
            if await condition() { return }
            if Task.isCancelled {
                Issue.record("waited in vain; the log: \(lines.suffix(40).map { "\n[\($0.level)] \($0.text)" }.joined())")
                return
            }
            await withTaskCancellationHandler {
                await next(after: before)
            } onCancel: {
                poke()
            }
        }
    }

    private func next(after before: Int) async {
        await withCheckedContinuation { continuation in
            let isStale = state.withLock { state in
                if state.happened != before { return true }
                state.waiting.append(continuation)
                return false
            }
            if isStale { continuation.resume() }
        }
    }
}

/// A log that a test can read.
struct WatchedLog: LogHandler {
    let watch: Watch
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    init(_ watch: Watch) { self.watch = watch }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let fields = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
        watch.record(Watch.Line(level: event.level, text: "\(event.message)\(fields)"))
    }
}
