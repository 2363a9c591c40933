import EventLog
import Synchronization

/// Segments on their way to the disk, in their order. Whoever has time signs the next head that is wanted; one thread at a time stores what
/// needs none, or has it.
final class SegmentLine: Sendable {
    /// What is worth waking a thread up for: so many events, or as many signatures as take as long.
    private static let worthWaking = 64
    /// Events that are stored in the time that a signature takes.
    private static let signing = 8
    /// Segments that are stored together, at the most and where others could still be signed.
    private static let (most, few) = (64, 8)

    /// What the thread that stores does next.
    enum Turn {
        case store([Segment])
        case sign(Int, Segment)
        case write([ChartRow])
        /// There is nothing, or others sign what comes next.
        case rest
    }

    private struct State {
        var segments: [Segment] = []
        var isReady: [Bool] = []
        /// Rows of charts, which wait for nothing.
        var rows: [ChartRow] = []
        /// Somebody signs or has signed all before this one, and all before that one are stored.
        var claimed = 0
        var stored = 0
        var isStoring = false
        var isStopped = false
        var work = 0

        mutating func claim() -> (Int, Segment)? {
            guard !isStopped else { return nil }
            while claimed < segments.count, isReady[claimed] { claimed += 1 }
            guard claimed < segments.count else { return nil }
            defer { claimed += 1 }
            return (claimed, segments[claimed])
        }
    }

    private let state = Mutex(State())

    /// Adds a segment that does not grow any more. Returns true where the thread that stores is to be woken up.
    func append(_ segment: Segment) -> Bool {
        state.withLock { state in
            state.segments.append(segment)
            state.isReady.append(!segment.mustSign)
            state.work += segment.rows.count + (segment.mustSign ? Self.signing : 0)
            guard !state.isStoring, state.work >= Self.worthWaking else { return false }
            state.isStoring = true
            return true
        }
    }

    /// Adds rows of charts. Returns true where the thread that stores is to be woken up.
    func append(_ rows: [ChartRow]) -> Bool {
        state.withLock { state in
            state.rows += rows
            defer { state.isStoring = true }
            return !state.isStoring
        }
    }

    /// Heads that nobody has begun to sign.
    var unclaimed: Int { state.withLock { state in state.isReady[state.claimed...].count { !$0 } } }

    /// A segment whose head is to be signed; nil where there is none.
    func claim() -> (Int, Segment)? { state.withLock { $0.claim() } }

    /// Notes that a claimed segment has its head.
    func noteSigned(_ index: Int) { state.withLock { if $0.isReady.indices.contains(index) { $0.isReady[index] = true } } }

    /// What to do next, for the thread that stores.
    func turn() -> Turn {
        state.withLock { state in
            guard !state.isStopped else { return .rest }
            let ready = state.isReady[state.stored...].prefix(Self.most).prefix { $0 }.count
            // Others can sign, and cannot write.
            if ready < Self.few, !state.rows.isEmpty {
                defer { state.rows = [] }
                return .write(state.rows)
            }
            if ready < Self.few, let (index, segment) = state.claim() { return .sign(index, segment) }
            guard ready > 0 else {
                (state.isStoring, state.work) = (false, 0)
                return .rest
            }
            defer { state.stored += ready }
            return .store(Array(state.segments[state.stored..<state.stored + ready]))
        }
    }

    /// Nothing is begun any more, until ``clear()``.
    func stop() { state.withLock { $0.isStopped = true } }

    /// Forgets all; nobody may be at work.
    func clear() { state.withLock { $0 = State() } }
}
