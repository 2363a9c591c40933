import CareModel
public import EventLog
import Synchronization

/// What peers will be sent of the commit that is on its way to the disk.
///
/// To read it again behind the commit, and to put together what is sent, takes half as long as the disk does, and there is nothing else to do
/// meanwhile. Nothing of it leaves before ``LogStore/isDue(_:)`` says that it is durable.
final class Forthcoming: Sendable {
    /// Events of one chart, for one peer.
    struct Part {
        /// The arrival number of the chart's last event before them,
        let after: Int64
        /// and of the last of them.
        let last: Int64
        let byteCount: Int
        let disclosure: DisclosureRecorded
        let excerpt: LogStore.Excerpt
    }

    private struct State {
        var parts: [Part] = []
        /// The commit that they are of,
        var number = 0
        /// and the last that is durable.
        var durable = 0
    }

    private let state = Mutex(State())

    let observers = Observers()

    /// What the next commit brings.
    func put(_ parts: [Part]) {
        state.withLock { state in
            state.parts = parts
            state.number = state.durable + 1
        }
    }

    /// A commit is durable. What those before it brought is not kept: it may have erased a body.
    func noteCommit() {
        state.withLock { state in
            state.durable += 1
            if state.durable > state.number { state.parts = [] }
        }
    }

    /// What there is of it for a peer, and the number of the commit.
    func part(of chart: ChartID, for peer: NodeID) -> (part: Part, commit: Int)? {
        state.withLock { state in
            let part = state.parts.first { $0.disclosure.chart == chart && $0.disclosure.peer == peer }
            return part.map { ($0, state.number) }
        }
    }

    /// True where that commit is durable, and none after it.
    func isLast(_ commit: Int) -> Bool { state.withLock { $0.durable == commit } }
}

extension LogStore {
    /// Called before a commit is written to the disk of which peers will be sent something at once, with what these may have of it. It may never
    /// become durable. The handler is called inside of the transaction: it must be brief, and would wait for itself if it asked the log for anything else
    /// than ``readAhead(_:maxEvents:maxBytes:for:)``.
    public func anticipate(_ handler: @escaping @Sendable (Change) -> Void) { forthcoming.observers.add(handler) }

    /// What will be read of a chart once the commit that is on its way to the disk is durable.
    public struct ExcerptAhead: Sendable {
        /// The events and their heads, as they will be read.
        public let excerpt: Excerpt
        fileprivate let disclosure: DisclosureRecorded
        fileprivate let commit: Int
    }

    /// What ``read(_:maxEvents:maxBytes:for:on:)`` will find of a chart once the commit is durable that ``anticipate(_:)`` was told of; nil where that is
    /// not known.
    public func readAhead(_ range: ReadRange, maxEvents: Int, maxBytes: Int, for peer: NodeID) -> ExcerptAhead? {
        guard let (part, commit) = forthcoming.part(of: range.chart, for: peer), range.after.isEmpty, range.skipsOwn,
            part.after <= range.from, range.from < part.last, part.last <= range.upTo,
            part.excerpt.events.count <= maxEvents, part.byteCount <= maxBytes
        else { return nil }
        var excerpt = part.excerpt
        excerpt.next = range.upTo
        return ExcerptAhead(excerpt: excerpt, disclosure: part.disclosure, commit: commit)
    }

    /// True where what was read ahead may be sent: it is durable, no commit has followed that may have changed who may have it, and it is written down
    /// that it is sent. It counts as sent then.
    public func isDue(_ ahead: ExcerptAhead) -> Bool {
        forthcoming.isLast(ahead.commit) && takeAccount(of: ahead.disclosure)
    }
}

extension Transaction {
    /// Tells what peers will be sent of a small commit; once it is closed.
    func tellAhead() {
        // A body that came and was erased at once is not sent.
        guard var change, !change.offers.isEmpty, change.erased.isEmpty else { return }
        let parts = parts
        let peers = Set(parts.map(\.disclosure.peer))
        change.offers = change.offers.filter { peers.contains($0.key) }
        guard !change.offers.isEmpty else { return }
        store.forthcoming.put(parts)
        store.forthcoming.observers.tell(change)
    }

    /// Of a chart in which there is more than one segment, nothing: it is read.
    private var parts: [Forthcoming.Part] {
        accounted.compactMap { disclosure in
            guard let segment = state.chartIDs[disclosure.chart].flatMap(segments.onlySegment),
                segment.rows.count == disclosure.events, let head = segment.head
            else { return nil }
            var excerpt = LogStore.Excerpt(next: Int(segment.id))
            excerpt.events = segment.rows.map { ($0.event.line, $0.event.bodyLine?.line) }
            excerpt.heads = [head]
            (excerpt.ranges, excerpt.consent) = (disclosure.ranges, disclosure.consent)
            return Forthcoming.Part(
                after: segment.before, last: segment.id, byteCount: segment.rows.reduce(0) { $0 + $1.byteCount },
                disclosure: disclosure, excerpt: excerpt)
        }
    }
}
