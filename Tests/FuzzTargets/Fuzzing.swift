import EventLog
import Replication
import TestSupport

/// What a fuzzer is given: bytes of any kind. Each answers what is wrong, in words, or nil; it never traps.
public enum Fuzzing: String, CaseIterable, Sendable {
    /// Bytes into lines, and lines into messages.
    case lines
    /// Envelopes and bodies.
    case events
    /// A session that hears the bytes, line by line, from a peer.
    case session

    /// Tries some bytes.
    public func findFault(in bytes: [UInt8]) -> String? {
        switch self {
        case .lines: Self.lines(bytes)
        case .events: Self.events(bytes)
        case .session: Self.session(bytes)
        }
    }

    // MARK: Lines

    private static func lines(_ bytes: [UInt8]) -> String? {
        var whole = LineSplitter(limit: 4096)
        let expected = try? whole.feed(bytes)
        // However the bytes are cut, the lines are the same.
        for size in [1, 7, 64] {
            var splitter = LineSplitter(limit: 4096)
            var found: [[UInt8]]? = []
            for start in stride(from: 0, to: bytes.count, by: size) {
                guard let some = try? splitter.feed(bytes[start..<min(start + size, bytes.count)]) else {
                    found = nil
                    break
                }
                found?.append(contentsOf: some)
            }
            if found != expected { return "pieces of \(size) bytes give other lines" }
        }
        for line in expected ?? [] {
            if let fault = message(line) { return fault }
        }
        return nil
    }

    /// A message that is read means what its own line means.
    private static func message(_ line: [UInt8]) -> String? {
        guard case .message(let message)? = try? MessageCodec.decode(line) else { return nil }
        let written = MessageCodec.encode(message)
        guard case .message(let again)? = try? MessageCodec.decode(written) else { return "a message that cannot be read back" }
        return again == message ? nil : "a message that reads back as another one"
    }

    // MARK: Events

    private static func events(_ bytes: [UInt8]) -> String? {
        let parts = bytes.split(separator: 0x0A, maxSplits: 1, omittingEmptySubsequences: false).map { [UInt8]($0) }
        let (first, second) = (parts[0], parts.count > 1 ? parts[1] : nil)
        if let event = try? Event(line: first, body: second) {
            if event.line != first { return "an event that is not stored as it came" }
            if event.hash != EventHash(of: first) { return "a name that is not the hash of the line" }
            if event.envelope.line != first { return "an envelope that is admitted in a second form" }
            if let second, event.envelope.body != EventHash(of: second) { return "a body that is not the one named" }
        }
        if let second, let body = try? BodyLine(line: second), body.line != second { return "a body that is not kept as it came" }
        return nil
    }

    // MARK: Session

    /// The first byte says how the session stands; the lines that follow are what the peer says. Storage answers as an empty log does.
    private static func session(_ bytes: [UInt8]) -> String? {
        var bytes = bytes[...]
        let mode = bytes.popFirst() ?? 0
        let (me, peer) = (NodeID(of: key(1)), NodeID(of: key(2)))
        let chart = EventHash(of: [3])
        let offer = Offer(charts: mode & 1 == 0 ? [:] : [chart: EventHash(of: [4])], arrival: 9)
        var session = Session(Session.Configuration(me: me, instance: 1, peer: peer), offer: offer)
        var state = State()
        state.take(session.handle(.opened, now: at(0)))
        if mode & 2 == 0 {
            let hello =
                #"{"at":"2031-01-06T14:00:00.000Z","credit":8388608,"features":[],"instance":"2","node":"\#(peer)","t":"hello","versions":[1,1]}"#
            state.take(session.handle(.line(Array(hello.utf8)), now: at(0)))
        }
        for (index, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated().prefix(400) {
            state.take(session.handle(.line([UInt8](line)), now: at(index)))
            // Now and then storage is slow: several requests are open.
            while !state.requests.isEmpty, mode & 4 == 0 || state.requests.count > 3 {
                state.take(session.handle(.answered(answer(state.requests.removeFirst(), chart)), now: at(index)))
            }
            if let fault = state.fault { return fault }
        }
        state.take(session.handle(.tick, now: at(100_000)))
        return state.fault
    }

    private struct State {
        var requests: [StoreRequest] = []
        var isClosed = false
        var fault: String?

        mutating func take(_ directives: [Session.Directive]) {
            if isClosed, !directives.isEmpty { fault = "a closed session goes on" }
            for directive in directives {
                switch directive {
                case .send(let line):
                    if line.isEmpty || line.contains(0x0A) { fault = "a line that is none" }
                    if line.count > ReplicationLimits.lineBytes { fault = "a line that is too long" }
                    if (try? MessageCodec.decode(line)) == nil { fault = "a line that nobody can read" }
                case .store(let request): requests.append(request)
                case .note: break
                case .close:
                    if isClosed { fault = "closed twice" }
                    isClosed = true
                }
            }
        }
    }

    private static func at(_ milliseconds: Int) -> Moment {
        Moment(wall: Timestamp(milliseconds: milliseconds), monotonic: milliseconds)
    }

    private static func key(_ byte: UInt8) -> NodePublicKey { Writer.key(from: Array(repeating: byte, count: 32)).publicKey }

    private static func answer(_ request: StoreRequest, _ chart: ChartID) -> StoreAnswer {
        switch request {
        case .completedRoot: .completedRoot(nil)
        case .completedBuckets: .completedBuckets(Array(repeating: 0, count: ReplicationLimits.buckets))
        case .heads(let charts):
            .heads(
                charts.map {
                    ChartHeads(
                        chart: $0,
                        tips: [Tip(origin: Origin(node: NodeID(of: key(1)), epoch: 1), seq: 1, hash: EventHash(of: [4]))])
                })
        case .compare(let offered):
            .compared(
                StoreAnswer.Comparison(
                    wants: offered.map { Message.ChartWant(chart: $0.chart, after: VectorClock()) }, peerKnowsMoreOfMe: false))
        case .read(let request):
            .read(
                request.charts.map {
                    StoreAnswer.ReadAnswer(run: ChartRun(chart: $0.chart, events: [], heads: []), next: $0.upTo, state: .atEnd)
                })
        case .admit(let batch):
            .admitted(
                StoreAnswer.Admission(
                    refused: batch.runs.map {
                        StoreAnswer.Refusal(
                            chart: $0.chart, code: .inadmissible, isGap: $0.events.count.isMultiple(of: 2), text: "of the fuzzer")
                    }, newEvents: 0))
        case .statements: .statementsStored
        case .pendingStatements: .pendingStatements([], [], upTo: 0)
        case .statementsNoted: .noted
        }
    }
}
