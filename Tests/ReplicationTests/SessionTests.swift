import EventLog
import Replication
import TestSupport
import Testing

/// The session alone, in virtual time: what it refuses, and how it ends.
@Suite struct SessionTests {
    private let me = Writer.key(from: [UInt8](repeating: 1, count: 32)).node
    private let peer = Writer.key(from: [UInt8](repeating: 2, count: 32)).node

    private func session() -> Session {
        Session(Session.Configuration(me: me, instance: 1, peer: peer), offer: Offer(charts: [:], arrival: 0))
    }

    private func hello(_ node: NodeID? = nil, versions: [Int] = [1, 1]) -> Session.Input {
        .line(
            Array(
                #"{"at":"2031-01-06T14:00:00.000Z","credit":8388608,"features":[],"instance":"2","node":"\#(node ?? peer)","t":"hello","versions":\#(versions)}"#
                    .utf8))
    }

    private func moment(_ seconds: Int = 0) -> Moment { Moment(wall: Timestamp(milliseconds: 0), monotonic: seconds * 1000) }

    /// The code of the error that a session ends with; nil while it goes on.
    private func ending(_ directives: [Session.Directive]) -> Message.WireError.Code? {
        for case .close(let reason) in directives { return reason?.code }
        return nil
    }

    private func talking() -> Session {
        var session = session()
        _ = session.handle(.opened, now: moment())
        _ = session.handle(hello(), now: moment())
        return session
    }

    private func line(_ text: String) -> Session.Input { .line(Array(text.utf8)) }

    @Test func theFirstLineIsAHelloOfTheRightNodeAndVersion() {
        var first = session()
        _ = first.handle(.opened, now: moment())
        #expect(ending(first.handle(line(#"{"t":"ping"}"#), now: moment())) == .unexpected)
        var second = session()
        _ = second.handle(.opened, now: moment())
        #expect(ending(second.handle(hello(me), now: moment())) == .identity)
        var third = session()
        _ = third.handle(.opened, now: moment())
        #expect(ending(third.handle(hello(versions: [2, 3]), now: moment())) == .version)
        var fourth = talking()
        #expect(ending(fourth.handle(hello(), now: moment())) == .unexpected)
    }

    /// What there is is sent after the handshake; nothing of it goes out before.
    @Test func nothingIsSaidBeforeTheHandshake() {
        var early = session()
        _ = early.handle(.opened, now: moment())
        #expect(early.handle(.statementsChanged, now: moment()).isEmpty)
        #expect(
            early.handle(.offerChanged(Offer(charts: [EventHash(of: [1]): EventHash(of: [2])], arrival: 1)), now: moment())
                .isEmpty)
        #expect(early.handle(hello(), now: moment()).contains(.store(.pendingStatements(after: 0))))
    }

    @Test func silenceEndsIt() {
        var late = session()
        _ = late.handle(.opened, now: moment())
        #expect(ending(late.handle(.tick, now: moment(9))) == nil)
        #expect(ending(late.handle(.tick, now: moment(11))) == .timeout)
        var quiet = talking()
        let pings = quiet.handle(.tick, now: moment(31)) + quiet.handle(.tick, now: moment(32))
        #expect(pings.filter { $0 == .send(MessageCodec.encode(.ping)) }.count == 1)
        _ = quiet.handle(line(#"{"t":"pong"}"#), now: moment(33))
        #expect(ending(quiet.handle(.tick, now: moment(100))) == nil)
        #expect(ending(quiet.handle(.tick, now: moment(124))) == .timeout)
    }

    /// A session that has nothing to say asks for time only as often as it must ping.
    @Test func itSaysWhenItWantsToBeToldTheTime() {
        var early = session()
        #expect(early.nextTick == nil)
        _ = early.handle(.opened, now: moment())
        #expect(early.nextTick == moment(10).monotonic)
        var quiet = talking()
        #expect(quiet.nextTick == moment(30).monotonic)
        _ = quiet.handle(line(#"{"t":"pong"}"#), now: moment(5))
        #expect(quiet.nextTick == moment(35).monotonic)
        _ = quiet.handle(.tick, now: moment(35))
        #expect(quiet.nextTick == moment(95).monotonic)
        _ = quiet.handle(.tick, now: moment(95))
        #expect(quiet.nextTick == nil)
    }

    @Test(arguments: [
        #"{"t":"same"}"# + "\n" + #"{"t":"same"}"#, #"{"t":"open","buckets":[]}"#, #"{"t":"want","part":5,"charts":[]}"#,
        #"{"t":"noted","n":1}"#, #"{"t":"commit","events":1,"buckets":[]}"#, #"{"salt":"x"}"#,
    ])
    func aLineOutOfPlaceEndsIt(_ lines: String) {
        var session = talking()
        var code: Message.WireError.Code?
        for text in lines.split(separator: "\n") { code = code ?? ending(session.handle(line(String(text)), now: moment())) }
        #expect(code == .unexpected)
        // After that it says nothing more.
        #expect(session.handle(.tick, now: moment(500)).isEmpty)
    }

    /// A paired peer once stopped the daemon with this: the sum ran over.
    @Test func boundlessCreditIsNotBelieved() {
        var session = session()
        _ = session.handle(.opened, now: moment())
        let greedy =
            #"{"at":"2031-01-06T14:00:00.000Z","credit":999999999999999999,"features":[],"instance":"2","node":"\#(peer)","t":"hello","versions":[1,1]}"#
        _ = session.handle(line(greedy), now: moment())
        #expect(ending(session.handle(line(#"{"t":"credit","bytes":1}"#), now: moment())) == nil)
    }

    @Test func anErrorInPlaceOfAHelloIsTakenAsOne() {
        var session = session()
        _ = session.handle(.opened, now: moment())
        #expect(ending(session.handle(line(#"{"t":"error","code":"stopping","text":"gone"}"#), now: moment())) == .stopping)
    }

    @Test func limitsHold() {
        var session = talking()
        #expect(ending(session.handle(line(#"{"t":"credit","bytes":999999999999}"#), now: moment())) == .limit)
        var flooded = talking()
        let chart = EventHash(of: [1])
        let envelope = Array(#"{"t":"event","chart":"\#(chart)","#.utf8) + [UInt8](repeating: 0x20, count: 200_000)
        var code: Message.WireError.Code?
        for _ in 0..<100 where code == nil {
            code = ending(flooded.handle(.line(envelope), now: moment()))
            code = code ?? ending(flooded.handle(line(#"{"salt":"x"}"#), now: moment()))
        }
        #expect(code == .limit)
    }

    @Test func aChartThatIsNotSharedIsNotSent() {
        var session = talking()
        _ = session.handle(line(#"{"t":"same"}"#), now: moment())
        let chart = EventHash(of: [3])
        let directives = session.handle(
            line(#"{"t":"want","part":0,"charts":[{"chart":"\#(chart)","after":{}}]}"#), now: moment())
        #expect(directives == [.send(MessageCodec.encode(.refused(Message.Refused(chart: chart, code: .notShared))))])
    }
}
