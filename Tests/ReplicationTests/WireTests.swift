import CareModel
import EventLog
import Foundation
import TestSupport
import Testing

@testable import Replication

/// Lines, messages, and the offer in short.
@Suite struct WireTests {
    @Test func anySplittingGivesTheSameLines() throws {
        for seed in 1...100 as ClosedRange<UInt64> {
            var random = SplitMix64(seed: seed)
            let lines = (0..<8).map { _ in
                (0..<Int.random(in: 0...40, using: &random)).map { _ in UInt8.random(in: 0x20...0x7E, using: &random) }
            }
            let bytes = Array(lines.joined(separator: [0x0A])) + [0x0A]
            var splitter = LineSplitter(limit: 64)
            var found: [[UInt8]] = []
            var rest = bytes[...]
            while !rest.isEmpty {
                let piece = rest.prefix(Int.random(in: 1...30, using: &random))
                found += try splitter.feed(piece)
                rest = rest.dropFirst(piece.count)
            }
            #expect(found == lines, "seed \(seed)")
        }
    }

    @Test func aLineWithoutAnEndIsCutOff() throws {
        var splitter = LineSplitter(limit: 100)
        #expect(try splitter.feed([UInt8](repeating: 0x41, count: 100)).isEmpty)
        #expect(throws: FormatError.self) { try splitter.feed([0x41]) }
    }

    @Test func everyMessageIsReadAsItWasWritten() throws {
        let key = Writer.key(from: [UInt8](repeating: 4, count: 32))
        let (node, hash) = (key.node, EventHash(of: [1]))
        let (origin, at) = (Origin(node: node, epoch: 9), Timestamp(milliseconds: 5))
        let signature = [UInt8](repeating: 7, count: 64)
        let heads = ChartHeads(chart: hash, tips: [Tip(origin: origin, seq: 3, hash: hash)])
        let messages: [Message] = [
            .root(hash), .same, .differs, .buckets((0..<1024).map { UInt64($0) << 40 }), .open([0, 1023]),
            .absent(hash), .credit(1), .mark(2), .noted(2), .ping, .pong, .error(Message.WireError(.limit, "too much")),
            .head(SignedHead(chart: hash, dot: Dot(origin: origin, seq: 3), hash: hash, at: at, signature: signature)),
            .receipt(
                Receipt(
                    receiver: node, instance: .max, chart: hash, dot: Dot(origin: origin, seq: 3), hash: hash, at: at,
                    signature: signature)),
            .removed(RemovalNotice(chart: hash, removed: node, removal: hash, at: at, signature: signature)),
            .commit(Message.Commit(events: 3, root: nil, buckets: [])),
            .commit(
                Message.Commit(
                    events: 0, root: hash, buckets: [Message.Bucket(index: 7, word: 1), Message.Bucket(index: 8, word: 2)])),
            .heads(1, [heads]),
            .want(Message.Want(part: 2, charts: [Message.ChartWant(chart: hash, after: VectorClock([(origin, 4)]))])),
            .total(Message.Total(events: 5, charts: 6)),
            .refused(Message.Refused(chart: hash, code: .notShared)),
        ]
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        for message in messages {
            let line = MessageCodec.encode(message)
            #expect(try MessageCodec.decode(line) == .message(message))
            #expect(!line.contains(0x0A))
            // Members in the order of their names, and no space.
            let members = try JSONDecoder().decode([String: JSONValue].self, from: Data(line))
            #expect(try [UInt8](encoder.encode(members)) == line)
        }
        #expect(heads.digest != ChartHeads(chart: hash, tips: []).digest)
    }

    @Test(arguments: [
        "", "{}", "[]", #"{"t":"nonsense"}"#, #"{"t":"root","root":"short"}"#, #"{"t":"credit","bytes":"1"}"#, "GET / HTTP/1.1",
        // Of the grammar of a body: no number of more digits, no float, no key twice, no control character, nothing behind it.
        #"{"t":"credit","bytes":1000000000000000000}"#, #"{"t":"ping","else":1.5}"#, #"{"t":"ping","t":"ping"}"#,
        "{\"t\":\"ping\u{1}\"}", #"{"t":"ping"}{"t":"ping"}"#,
        #"{"t":"commit","events":1,"buckets":[],"root":"short"}"#, #"{"t":"commit","events":1,"buckets":[1]}"#,
        #"{"t":"commit","events":1}"#, #"{"t":"commit","buckets":[],"events":null}"#,
    ])
    func whatIsNoLineIsMalformed(_ line: String) {
        let error = #expect(throws: Message.WireError.self) { try MessageCodec.decode(Array(line.utf8)) }
        #expect(error?.code == .malformed)
    }

    /// Each of its members is needed, and in the form that it has.
    @Test func aStatementThatLacksAMemberIsMalformed() throws {
        let key = Writer.key(from: [UInt8](repeating: 4, count: 32))
        let (node, hash, at) = (key.node, EventHash(of: [1]), Timestamp(milliseconds: 5))
        let dot = Dot(origin: Origin(node: node, epoch: 9), seq: 3)
        let signature = [UInt8](repeating: 7, count: 64)
        let statements: [Message] = [
            .head(SignedHead(chart: hash, dot: dot, hash: hash, at: at, signature: signature)),
            .receipt(
                Receipt(receiver: node, instance: 1, chart: hash, dot: dot, hash: hash, at: at, signature: signature)),
            .removed(RemovalNotice(chart: hash, removed: node, removal: hash, at: at, signature: signature)),
        ]
        var refused = 0
        for statement in statements {
            let line = MessageCodec.encode(statement)
            let members = try JSONDecoder().decode([String: JSONValue].self, from: Data(line))
            for name in members.keys {
                for other: JSONValue? in [nil, .null, .string("other"), .int(0)] {
                    var changed = members
                    changed[name] = other
                    let line = [UInt8](try JSONEncoder().encode(changed))
                    #expect(throws: Message.WireError.self, "\(name)") { try MessageCodec.decode(line) }
                    refused += 1
                }
            }
        }
        #expect(refused == 4 * (7 + 9 + 6))
    }

    /// Members may stand in any order, with space between them and others among them.
    @Test(arguments: [
        #"{"t":"credit","bytes":7}"#, #"{"bytes":7,"t":"credit"}"#,
        #" { "bytes" : 7 , "new" : [ { "a" : null } ] , "t" : "credit" } "#, #"{"byte\u0073":7,"t":"cr\u0065dit"}"#,
    ])
    func messagesAreReadInAnyForm(_ line: String) throws {
        #expect(try MessageCodec.decode(Array(line.utf8)) == .message(.credit(7)))
    }

    @Test func aRootTellsWhatIsInItAndNothingOfItsHistory() {
        let charts = (0..<200).map { EventHash(of: [UInt8($0)]) }
        var (forward, backward) = (OfferTree(), OfferTree())
        for chart in charts { forward.set(chart, EventHash(of: chart.bytes)) }
        for chart in charts.reversed() { backward.set(chart, EventHash(of: chart.bytes)) }
        let root = forward.root()
        #expect(root == backward.root())
        backward.set(charts[7], EventHash(of: [1]))
        #expect(backward.root() != root)
        let differing = zip(forward.buckets(), backward.buckets()).enumerated().filter { $0.element.0 != $0.element.1 }.map(
            \.offset)
        #expect(differing == [charts[7].bucket])
        backward.set(charts[7], EventHash(of: charts[7].bytes))
        #expect(backward.root() == root)
        backward.set(charts[7], nil)
        #expect(backward.root() != root)
    }

    /// Lines are what they say, and a batch has what its lines are.
    @Test func aBatchHasWhatItsLinesAre() throws {
        var lines = try PlainChart(1).run().events[0]
        let event = try lines.event.get()
        #expect(event.line == lines.envelope && event.bodyLine?.line == lines.body)
        let batch = StoreRequest.Batch(
            runs: [ChartRun(chart: event.envelope.chart, events: [lines, lines], heads: [])], completes: nil)
        #expect(batch.eventBytes == 2 * lines.byteCount)
        #expect(try batch.events.map { try $0.map { try $0.get().hash } } == [[event.hash, event.hash]])
        let same = lines
        lines.body = nil
        #expect(try lines.event.get().bodyLine == nil)
        #expect(lines != same)
        lines.envelope.removeLast()
        #expect(throws: FormatError.self) { try lines.event.get() }
    }
}
