import LogStore
import NIOCore
import NIOPosix
import Synchronization

/// Whether the parts that everything waits for really answer: the one that writes the log, and the event loops of the connections.
actor Liveness {
    private enum Part: Hashable, Sendable {
        case writer
        case loop(Int)

        var name: String {
            switch self {
            case .writer: "the writer of the log"
            case .loop(let number): "event loop \(number)"
            }
        }
    }

    private let log: LogStore
    private let loops: [any EventLoop]
    /// Parts that were asked and have not answered.
    private var waiting: Set<Part> = []

    init(log: LogStore, group: any EventLoopGroup) {
        self.log = log
        var loops: [any EventLoop] = []
        var iterator = group.makeIterator()
        while let loop = iterator.next() { loops.append(loop) }
        self.loops = loops
    }

    /// Asks each part for a sign of life. Returns the names of those that gave none within this time, now or to an earlier call.
    func silent(within limit: Duration) async -> [String] {
        ask(.writer) { [log] in try await log.answer() }
        for (number, loop) in loops.enumerated() { ask(.loop(number)) { try await loop.submit {}.get() } }
        let deadline = ContinuousClock.now + limit
        var pause = Duration.milliseconds(1)
        while !waiting.isEmpty, ContinuousClock.now < deadline, !Task.isCancelled {
            // What a part that hangs is asked cannot be given up: it is looked at again, ever more rarely.
            try? await Task.sleep(for: min(pause, deadline - ContinuousClock.now))
            pause *= 2
        }
        return waiting.map(\.name).sorted()
    }

    /// A part that still owes an answer is not asked a second time.
    private func ask(_ part: Part, _ question: @escaping @Sendable () async throws -> Void) {
        guard waiting.insert(part).inserted else { return }
        Task {
            // One that fails has answered; what becomes of the failure is decided where it happened.
            try? await question()
            self.answered(part)
        }
    }

    private func answered(_ part: Part) { waiting.remove(part) }
}

/// Tells the service manager that the node is well, as long as it is.
struct Watchdog: Sendable {
    /// Between two signs of life: half of what the manager waits.
    let interval: Duration

    /// Nil where the manager asks for no signs of life from this process.
    init?(_ environment: [String: String], process: Int32) {
        guard let microseconds = environment["WATCHDOG_USEC"].flatMap({ Int64($0) }), microseconds > 0 else { return nil }
        if let meant = environment["WATCHDOG_PID"], Int32(meant) != process { return nil }
        interval = .microseconds(microseconds / 2)
    }

    /// Runs until it is cancelled.
    ///
    /// - Parameters:
    ///   - silent: the names of the parts that do not answer within a time.
    ///   - tell: called with those names; the manager is told only where there are none.
    func run(
        silent: @Sendable (Duration) async -> [String], tell: @Sendable ([String]) -> Void
    ) async {
        while !Task.isCancelled {
            tell(await silent(interval / 2))
            try? await Task.sleep(for: interval / 2)
        }
    }
}
