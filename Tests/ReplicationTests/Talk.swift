import EventLog
import Replication
import TestSupport

/// A session of ours in virtual time, with a peer that says whatever a test makes it say. Storage answers when the test says so.
struct Talk {
    static let me = Writer.key(from: [UInt8](repeating: 1, count: 32)).node
    static let peer = Writer.key(from: [UInt8](repeating: 2, count: 32)).node
    static let hash = EventHash(of: [1])
    static let time = "2031-01-06T14:00:00.000Z"
    static let signature = Base64URL.encode([UInt8](repeating: 7, count: 64))

    private(set) var session: Session
    /// Requests that storage has not answered.
    private(set) var requests: [StoreRequest] = []
    private(set) var sent: [Message] = []
    private(set) var notes: [Session.Note] = []
    /// Why it ended; nil while it goes on.
    private(set) var ending: Message.WireError?

    /// Hello is said on both sides, unless the peer's is to say something else.
    init(offer: Offer = Offer(charts: [:], arrival: 0), hello: String? = nil) {
        session = Session(Session.Configuration(me: Self.me, instance: 1, peer: Self.peer), offer: offer)
        take(.opened)
        say(hello ?? Self.hello())
    }

    static func hello(credit: String = "8388608", instance: String = "2") -> String {
        #"{"at":"\#(time)","credit":\#(credit),"features":[],"instance":"\#(instance)","node":"\#(peer)","t":"hello","versions":[1,1]}"#
    }

    var code: Message.WireError.Code? { ending?.code }

    mutating func say(_ lines: String...) { for line in lines { say(Array(line.utf8)) } }

    mutating func say(_ line: [UInt8]) { take(.line(line)) }

    /// Storage answers the oldest request.
    mutating func answer(_ answer: StoreAnswer) {
        requests.removeFirst()
        take(.answered(answer))
    }

    /// The batches that storage was handed and has not answered.
    var batches: [StoreRequest.Batch] {
        requests.compactMap { if case .admit(let batch) = $0 { batch } else { nil } }
    }

    private mutating func take(_ input: Session.Input) {
        for directive in session.handle(input, now: Moment(wall: Timestamp(milliseconds: 0), monotonic: 0)) {
            switch directive {
            case .send(let line): if case .message(let message)? = try? MessageCodec.decode(line) { sent.append(message) }
            case .store(let request): requests.append(request)
            case .note(let note): notes.append(note)
            case .close(let reason): ending = reason
            }
        }
    }

    /// A first line of an event, padded to so many bytes. A session reads only the chart, and the body that it names.
    static func envelope(_ chart: ChartID = hash, body: EventHash = hash, bytes: Int = 0) -> [UInt8] {
        let (start, end) = (#"{"t":"event","chart":"\#(chart)","x":""#, #"","body":"\#(body)"}"#)
        return padded(start, end, bytes)
    }

    static func body(bytes: Int = 0) -> [UInt8] { padded(#"{"salt":""#, #""}"#, bytes) }

    private static func padded(_ start: String, _ end: String, _ bytes: Int) -> [UInt8] {
        Array(start.utf8) + [UInt8](repeating: 0x78, count: max(0, bytes - start.utf8.count - end.utf8.count)) + Array(end.utf8)
    }

    /// A batch of the most bytes that one may have.
    mutating func sayFullBatch() {
        let pairs = ReplicationLimits.batchBytes / (2 * Limits.lineBytes)
        for _ in 0..<pairs {
            say(Self.envelope(bytes: Limits.lineBytes))
            say(Self.body(bytes: Limits.lineBytes))
        }
        say(#"{"buckets":[],"events":\#(pairs),"t":"commit"}"#)
    }

    static func origin(_ number: Int) -> Origin { Origin(node: peer, epoch: UInt64(number)) }

    static func head(_ chart: ChartID = hash, seq: String = "1") -> String {
        #"{"at":"\#(time)","chart":"\#(chart)","hash":"\#(hash)","origin":"\#(origin(1))","seq":\#(seq),"sig":"\#(signature)","t":"head"}"#
    }

    static func receipt(seq: String = "1") -> String {
        #"{"at":"\#(time)","chart":"\#(hash)","hash":"\#(hash)","instance":"7","origin":"\#(origin(1))","receiver":"\#(peer)","seq":\#(seq),"sig":"\#(signature)","t":"receipt"}"#
    }

    static func removed(_ chart: ChartID = hash) -> String {
        #"{"at":"\#(time)","chart":"\#(chart)","removal":"\#(hash)","removed":"\#(me)","sig":"\#(signature)","t":"removed"}"#
    }

    static func heads(_ tips: [(Origin, String)]) -> String {
        let tips = tips.map { #"{"hash":"\#(hash)","origin":"\#($0)","seq":\#($1)}"# }.joined(separator: ",")
        return #"{"charts":[{"chart":"\#(hash)","tips":[\#(tips)]}],"part":1,"t":"heads"}"#
    }

    static func want(_ after: [(Origin, String)], part: Int = 0) -> String {
        let after = after.map { #""\#($0)":\#($1)"# }.joined(separator: ",")
        return #"{"charts":[{"after":{\#(after)},"chart":"\#(hash)"}],"part":\#(part),"t":"want"}"#
    }
}
