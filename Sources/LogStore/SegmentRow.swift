import CareModel
import EventLog
import Foundation
import GRDB

/// A segment as its row has it. Anything may stand there: what is nil could not be read.
struct SegmentRow {
    /// What ``init(_:into:)`` reads, in this order.
    static let columns = """
        segment.id, segment.count, segment.chart, segment.origin, segment.seq, segment.source, segment.batch, segment.form, \
        segment.verdict, segment.signed, segment.signature, segment.names, segment.envelopes, segment.bodies, segment.before
        """
    /// How many these are.
    static let width: Int32 = 15

    /// The arrival number of its last event.
    let id: Int64
    /// The segment before it in its chart; 0 for none.
    let before: Int64?
    /// Its events.
    let count: Int?
    let chart: Int64?
    /// The number of the origin of its events, and the place of the first in that sequence.
    let origin: Int64?
    let seq: Int64?
    /// The row of the peer that it came from; 0 for this node.
    let source: Int64?
    /// The commit that stored it.
    let batch: Int64?
    /// How the link of that commit is made.
    let form: ArrivalChain.Form?
    /// Of all its events; nil where what stands there is no verdict.
    let verdict: Verdict?
    let hasBodies: Bool
    let hasHead: Bool
    private let signed: (at: Int64?, signature: Range<Int>?)
    private let names: Range<Int>?
    private let envelopes: Range<Int>?
    private let sealed: Range<Int>?
    /// What the ranges are of: one piece of memory for all rows that were read together.
    private(set) var bytes: [UInt8] = []

    /// The row at which a statement stands that selects ``columns``.
    init(_ row: RawStatement) {
        var bytes: [UInt8] = []
        self.init(row, into: &bytes)
        self.bytes = bytes
    }

    /// - Parameter bytes: what the row says is appended to it; ``with(_:)`` gives it back for reading.
    init(_ row: RawStatement, into bytes: inout [UInt8]) {
        id = row.number(0) ?? 0
        before = row.number(14)
        count = row.number(1).flatMap { Int($0) }
        chart = row.number(2)
        origin = row.number(3)
        seq = row.number(4)
        source = row.number(5)
        batch = row.number(6)
        form = row.number(7).flatMap { ArrivalChain.Form(rawValue: Int($0)) }
        verdict =
            row.isNull(8)
            ? .permitted : row.text(8).flatMap { try? LineDecoder.decode(Verdict.self, from: Array($0.utf8)) }
        hasHead = !row.isNull(9) || !row.isNull(10)
        signed = (row.number(9), row.append(10, to: &bytes))
        names = row.append(11, to: &bytes)
        envelopes = row.append(12, to: &bytes)
        hasBodies = !row.isNull(13)
        sealed = row.append(13, to: &bytes)
    }

    func with(_ bytes: [UInt8]) -> SegmentRow {
        var row = self
        row.bytes = bytes
        return row
    }

    /// The arrival number of its first event, as far as that is known.
    var first: Int64 { id - Int64(names.map { $0.count / EventHash.byteCount } ?? 1) + 1 }

    /// The names of its events in their order; nil where there are not as many as it says.
    func eventNames() -> [EventHash]? {
        guard let names, let count, count > 0, count <= names.count, names.count == count * EventHash.byteCount else {
            return nil
        }
        return bytes.withUnsafeBufferPointer { NameList(bytes: UnsafeBufferPointer(rebasing: $0[names])).compactMap { $0 } }
    }

    /// When its last event was signed, and the signature; nil where there is none that can be read.
    var head: (at: Timestamp, signature: [UInt8])? {
        guard let at = signed.at, let signature = signed.signature else { return nil }
        return (Timestamp(milliseconds: Int(at)), [UInt8](bytes[signature]))
    }

    /// An event of it: its two lines, and the name under which it was stored.
    struct Lines {
        enum Body {
            case present([UInt8])
            case absent
            /// Its seal does not open.
            case unreadable
        }

        /// The arrival number.
        let place: Int64
        let name: EventHash
        let envelope: [UInt8]
        let body: Body
        /// True for the last one of its segment: the one that has the head.
        let isLast: Bool
    }

    /// Hands over its events in their order, opening the seal of their bodies.
    ///
    /// - Returns: false where its row cannot be read: nothing was handed over.
    func forEach(_ sealer: Sealer, _ body: (Lines) throws -> Void) rethrows -> Bool {
        guard let names = eventNames(), let last = names.last, let envelopes,
            let lines = JoinedLines.split(envelopes, of: bytes, into: names.count)
        else { return false }
        let opened = sealed.flatMap { try? sealer.open(bytes[$0], as: last) }
        let bodies = opened.flatMap { JoinedLines.split($0.indices, of: $0, into: names.count) }
        for index in names.indices {
            let second: Lines.Body
            if !hasBodies {
                second = .absent
            } else if let opened, let range = bodies?[index] {
                second = range.isEmpty ? .absent : .present(names.count == 1 ? opened : [UInt8](opened[range]))
            } else {
                second = .unreadable
            }
            try body(
                Lines(
                    place: id - Int64(names.count - 1 - index), name: names[index],
                    envelope: [UInt8](bytes[lines[index]]), body: second, isLast: index == names.count - 1))
        }
        return true
    }
}
