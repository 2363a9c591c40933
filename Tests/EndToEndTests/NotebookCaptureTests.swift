import CareModel
import Crypto
import DemoCase
import EventLog
import Foundation
import LogStore
import NodeAPI
import Replication
import Testing

@testable import DuologNode

/// Nothing of a notebook leaves its node: the whole case, every byte between the daemons, and every file of the other two.
@Suite(.serialized) struct NotebookCaptureTests {
    private static let withNotes = Task { try await PlayedCase.play(notes: true) }
    private static let withoutNotes = Task { try await PlayedCase.play(notes: false) }

    /// The therapist's notebook.
    private func notebook(in played: PlayedCase) throws -> StateFolder {
        let root = try played.state(of: .therapist).path + "/notebooks"
        return StateFolder(path: root + "/" + (try #require(try FileManager.default.contentsOfDirectory(atPath: root).first)))
    }

    /// All that could tell of it: names, hashes, keys, texts, in the clear and sealed.
    private func secrets(of played: PlayedCase) async throws -> Needles {
        let folder = try notebook(in: played)
        let log = try played.log(in: folder)
        var needles = Needles()
        for step in try CombinedCareCase().steps where step.kind == ProcessNoteWritten.kind.name {
            needles.add(try JSONDecoder().decode(NoteText.self, from: Data(step.body.utf8)).text, "the text of a note")
        }
        let lock = try #require(try LockFile(folder: folder.path).read())
        for key in [lock.public_key, lock.wrapped_key, lock.salt] {
            needles.add(try #require(Base64URL.decode(key.utf8)), "a key of the notebook")
        }
        let own = try folder.nodeKey()
        needles.add(own.publicKey.bytes, "the key of the notebook's log")
        needles.add(own.privateKey.rawRepresentation.map { $0 }, "the private key of the notebook's log")
        needles.add(Array(try #require(FileManager.default.contents(atPath: folder.path + "/store.key"))), "the store key")
        let rows = try await log.rows(from: 0)
        #expect(rows.count == 3, "the genesis and two notes")
        for (event, _) in rows {
            let envelope = event.envelope
            needles.add(envelope.chart.bytes, "the id of the notebook")
            needles.add("\(envelope.origin.node)", "the writer of the notebook")
            // The node's id is the beginning of its key's hash, and the epoch a number: both also stand in binary.
            needles.add(Array(SHA256.hash(data: own.publicKey.bytes).prefix(10)), "the writer of the notebook")
            needles.add("\(envelope.origin)".split(separator: ".").last.map(String.init) ?? "", "the epoch of the notebook")
            for epoch in [envelope.origin.epoch.bigEndian, envelope.origin.epoch.littleEndian] {
                needles.add(withUnsafeBytes(of: epoch) { Array($0) }, "the epoch of the notebook")
            }
            needles.add(event.hash.bytes, "the hash of an event of the notebook")
            needles.add(envelope.body.bytes, "the hash of a body of the notebook")
            let body = try #require(event.bodyLine)
            guard envelope.kind == ProcessNoteWritten.kind else { continue }
            let note = try JSONDecoder().decode(ProcessNoteWritten.self, from: Data(body.line))
            needles.add(try #require(Base64URL.decode(note.sealed.utf8)), "a sealed note")
        }
        return needles
    }

    /// Every file of a node, and every line that its store key opens.
    private func holdings(of practice: CombinedCareCase.Practice, in played: PlayedCase) async throws -> [(String, [UInt8])] {
        var all = try played.files(of: practice).map { ($0.name, $0.bytes) }
        for (event, _) in try await played.log(in: try played.state(of: practice)).rows(from: 0) {
            all.append(("event \(event.hash.short)", event.line))
            if let body = event.bodyLine { all.append(("body of \(event.hash.short)", body.line)) }
        }
        return all
    }

    @Test func noNameHashKeyOrTextOfItLeavesTheNode() async throws {
        let played = try await Self.withNotes.value
        let needles = try await secrets(of: played)
        var shared = Needles()
        shared.add(try #require(played.events[12]).bytes, "an event that is shared")
        #expect(Set(played.streams.map { "\($0.from) \($0.to)" }).count == 6, "every practice talked with every other")
        var seen: Set<String> = []
        for stream in played.streams {
            #expect(needles.found(in: stream.bytes) == [], "from \(stream.from) to \(stream.to)")
            if stream.isPlain { seen.formUnion(shared.found(in: stream.bytes)) }
        }
        #expect(seen == ["an event that is shared"], "what does leave is found in what was kept")
        for practice in [CombinedCareCase.Practice.primaryCare, .prescriber] {
            var held: Set<String> = []
            for (name, bytes) in try await holdings(of: practice, in: played) {
                #expect(needles.found(in: bytes) == [], "\(name) of \(practice.name)")
                if name.hasPrefix("state/") { held.formUnion(shared.found(in: bytes)) }
            }
            #expect(held == ["an event that is shared"], "what is shared is found in the files of \(practice.name)")
        }
    }

    /// What is looked for is what is there: it is all found where it may stand.
    @Test func allOfItIsFoundInTheNotebookItself() async throws {
        let played = try await Self.withNotes.value
        let needles = try await secrets(of: played)
        let folder = try notebook(in: played)
        var found: Set<String> = []
        for (name, bytes) in try played.files(of: .therapist) where name.hasPrefix("state/notebooks/") {
            found.formUnion(needles.found(in: bytes))
        }
        for (event, _) in try await played.log(in: folder).rows(from: 0) {
            for line in [event.line, try #require(event.bodyLine).line] { found.formUnion(needles.found(in: line)) }
        }
        let expected: Set<String> = [
            "a key of the notebook", "the private key of the notebook's log", "the store key", "the id of the notebook",
            "the writer of the notebook", "the epoch of the notebook", "the hash of an event of the notebook",
            "the hash of a body of the notebook", "a sealed note",
        ]
        #expect(found.isSuperset(of: expected), "missing: \(expected.subtracting(found))")
        // Planted in what was kept, a note would be found: as it is, and as a part of something longer.
        let stream = try #require(played.streams.first { $0.isPlain })
        let text = Array("(stays in the notebook)".utf8)
        for planted in [text, Array(Base64URL.encode([1] + text + [2]).utf8), Array(Base64URL.encode([1, 2] + text).utf8)] {
            #expect(needles.found(in: stream.bytes + planted + stream.bytes) == ["the text of a note"])
        }
    }

    /// Every number, root and bucket on the wire is that of the one chart that is shared.
    @Test func nothingOnTheWireCountsIt() async throws {
        let played = try await Self.withNotes.value
        for practice in CombinedCareCase.Practice.allCases {
            let log = try played.log(in: try played.state(of: practice))
            var account = Account(chart: played.chart, log: try await log.rows(from: 0).map(\.event))
            for stream in played.streams where stream.isPlain && stream.from == practice.rawValue { try account.check(stream) }
            #expect(account.roots > 0 && account.events > 0, "\(practice.name) stated roots and sent events")
        }
    }

    /// The events that leave are the same, place by place, whether the therapist writes notes or not.
    @Test func theCaseWithoutNotesSendsTheSameEvents() async throws {
        let (with, without) = (try await Self.withNotes.value, try await Self.withoutNotes.value)
        let (first, second) = (try places(in: with), try places(in: without))
        #expect(first.count > 70 && first == second)
        for (writer, numbers) in try numbers(in: with) {
            #expect(numbers.sorted() == Array(1...numbers.count), "the numbers of \(writer) have a gap")
        }
    }

    private func envelopes(in played: PlayedCase) throws -> [Envelope] {
        let lines = Set(
            played.streams.filter(\.isPlain).flatMap(\.lines).filter { $0.starts(with: Array(#"{"t":"event""#.utf8)) })
        return try lines.map { try Envelope(line: $0) }
    }

    private func numbers(in played: PlayedCase) throws -> [Origin: [Int]] {
        Dictionary(grouping: try envelopes(in: played), by: \.origin).mapValues { $0.map(\.seq) }
    }

    /// Each event that was sent, in words in which no key, hash, name or time stands: two plays differ in those.
    private func places(in played: PlayedCase) throws -> [String] {
        let envelopes = try envelopes(in: played)
        let names = Dictionary(
            uniqueKeysWithValues: try Set(envelopes.map(\.origin)).map { ($0, try played.name(of: $0.node)) })
        let dots = Dictionary(
            uniqueKeysWithValues: envelopes.map {
                (EventHash(of: $0.line), "\(names[$0.origin] ?? "?") \($0.seq)")
            })
        return envelopes.map { envelope in
            let seen = envelope.seen.entries.map { "\(names[$0.origin] ?? "?") \($0.seq)" }.sorted()
            func named(_ hashes: [EventHash]) -> [String] { hashes.map { dots[$0] ?? "?" }.sorted() }
            return """
                \(names[envelope.origin] ?? "?") \(envelope.seq) \(envelope.kind) \(envelope.version) \(envelope.critical) \
                seen \(seen) after \(named(envelope.after)) refs \(named(envelope.refs))
                """
        }.sorted()
    }
}

/// Holds what one node said against its own log of the one chart that it shares.
private struct Account {
    private let chart: ChartID
    private let count: Int
    /// The root of every state that the chart was in, and that of no chart.
    private var possible: Set<EventHash> = []
    private(set) var roots = 0
    private(set) var events = 0

    init(chart: ChartID, log: [Event]) {
        self.chart = chart
        let shared = log.filter { $0.envelope.chart == chart }
        count = shared.count
        var (tree, tips) = (OfferTree(), [Origin: Tip]())
        possible.insert(tree.root())
        for event in shared {
            let envelope = event.envelope
            tips[envelope.origin] = Tip(origin: envelope.origin, seq: envelope.seq, hash: event.hash)
            tree.set(chart, ChartHeads(chart: chart, tips: Array(tips.values)).digest)
            possible.insert(tree.root())
        }
    }

    mutating func check(_ stream: Interceptor.Stream) throws {
        var (sent, piece, mark) = (0, 0, 0)
        for line in stream.lines {
            switch try MessageCodec.decode(line) {
            case .envelope(let line):
                #expect(try Envelope(line: line).chart == chart)
                (sent, events) = (sent + 1, events + 1)
            case .body: continue
            case .message(let message):
                checkNames(message)
                switch message {
                case .commit(let commit):
                    #expect(commit.events == sent)
                    sent = 0
                case .heads(let heads):
                    piece += 1
                    #expect(heads.part == piece)
                case .mark(let number):
                    mark += 1
                    #expect(number == mark)
                default: continue
                }
            }
        }
    }

    private mutating func checkNames(_ message: Message) {
        switch message {
        case .root(let root): check(root)
        case .buckets(let words): #expect(words.indices.allSatisfy { words[$0] == 0 || $0 == chart.bucket })
        case .open(let buckets): #expect(buckets.allSatisfy { $0 == chart.bucket })
        case .heads(let heads): #expect(heads.charts.allSatisfy { $0.chart == chart })
        case .want(let want): #expect(want.charts.allSatisfy { $0.chart == chart })
        case .total(let total): #expect(total.charts <= 1 && total.events <= count)
        case .head(let head): #expect(head.chart == chart)
        case .commit(let commit):
            if let root = commit.root { check(root) }
            #expect(commit.buckets.allSatisfy { $0.index == chart.bucket })
        case .receipt(let receipt): #expect(receipt.chart == chart)
        case .removed(let notice): #expect(notice.chart == chart)
        case .refused(let refused): #expect(refused.chart == chart)
        // The prescriber's week off the network, and the end.
        case .error(let error): #expect(error.code == .stopping && error.text == "the node goes off the network")
        case .absent: Issue.record("nothing was erased: \(message)")
        // Nothing in these is of a chart: who is there, and how many bytes or answers are awaited in this session.
        case .hello, .same, .differs, .credit, .mark, .noted, .ping, .pong: return
        }
    }

    private mutating func check(_ root: EventHash) {
        roots += 1
        #expect(possible.contains(root), "a root of something else than the shared chart")
    }
}
