import Dispatch
import Scheduling

/// Work on whole histories: what a practice catches up on, or what is read for one that does. It gives way to what somebody has just recorded,
/// and waits to see on the other side: on the same processors it would take three times as long to get there.
enum Bulk {
    /// Threads that are scheduled behind all others.
    static let queue = DispatchQueue(label: "duolog.bulk", qos: .background, attributes: .concurrent)

    /// Carries it out there.
    static func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.begin { continuation.resume(with: Result { try body() }) }
        }
    }
}

extension DispatchQueue {
    /// Carries it out on a thread of this queue. Those for bulk take long turns, so that whoever wakes up takes the processor from them at once.
    func begin(_ body: @escaping @Sendable () -> Void) {
        let isBulk = qos == .background
        async {
            if isBulk { duolog_take_long_turns() }
            body()
        }
    }
}
