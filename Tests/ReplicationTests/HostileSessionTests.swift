import EventLog
import TestSupport
import Testing

@testable import Replication

/// A peer that is paired and means ill: every limit ends the session with its name, and what is no fault leaves no trace.
@Suite struct HostileSessionTests {
    // MARK: Credit and batches

    @Test func eventBytesBeyondCreditAreALimit() {
        var talk = Talk()
        for _ in 0..<ReplicationLimits.creditBytes / ReplicationLimits.batchBytes { talk.sayFullBatch() }
        #expect(talk.code == nil)
        // All the credit is under way, and storage has answered nothing.
        talk.say(Talk.envelope())
        #expect(talk.ending == Message.WireError(.limit, "more event bytes than credit was given for"))
    }

    @Test func creditComesBackOnceStorageHasAnswered() {
        var talk = Talk()
        talk.sayFullBatch()
        talk.sayFullBatch()
        talk.answer(.pendingStatements([], [], upTo: 0))
        talk.answer(.admitted(StoreAnswer.Admission(refused: [], newEvents: 8)))
        #expect(talk.sent.last == .credit(ReplicationLimits.batchBytes))
        talk.sayFullBatch()
        #expect(talk.code == nil)
        talk.say(Talk.envelope())
        #expect(talk.code == .limit)
    }

    @Test func aBatchHasLimits() {
        var bytes = Talk()
        for _ in 0..<8 {
            bytes.say(Talk.envelope(bytes: Limits.lineBytes))
            bytes.say(Talk.body(bytes: Limits.lineBytes))
        }
        bytes.say(Talk.envelope())
        #expect(bytes.ending == Message.WireError(.limit, "more than 4194304 bytes in a batch"))

        var line = Talk()
        line.say(Talk.envelope(bytes: Limits.lineBytes + 1))
        #expect(line.ending == Message.WireError(.limit, "an event line of 262145 bytes"))

        var events = Talk()
        for _ in 0...ReplicationLimits.batchEvents {
            events.say(Talk.envelope())
            events.say(Talk.body())
        }
        #expect(events.ending == Message.WireError(.limit, "more than 1024 events in a batch"))

        var heads = Talk()
        heads.say(Talk.envelope())
        heads.say(Talk.body())
        for _ in 0...ReplicationLimits.headsPerBatch { heads.say(Talk.head()) }
        #expect(heads.ending == Message.WireError(.limit, "more than 4096 heads in a batch"))
    }

    @Test(arguments: ["-1", "8388609", "999999999999999999", "-999999999999999999"])
    func creditOfAnAbsurdSizeIsALimit(_ bytes: String) {
        var talk = Talk()
        talk.say(#"{"bytes":\#(bytes),"t":"credit"}"#)
        #expect(talk.ending == Message.WireError(.limit, "credit of \(bytes) bytes"))
    }

    @Test(arguments: ["1.5", "1e300", "9223372036854775808", "\"1\"", "null"])
    func creditThatIsNoNumberIsMalformed(_ bytes: String) {
        var talk = Talk()
        talk.say(#"{"bytes":\#(bytes),"t":"credit"}"#)
        #expect(talk.code == .malformed)
    }

    @Test func aHelloOfNoSenseIsRefused() {
        #expect(Talk(hello: Talk.hello(credit: "-1")).ending == Message.WireError(.limit, "credit of -1 bytes"))
        #expect(Talk(hello: Talk.hello(credit: "999999999999999999")).code == nil)
        for instance in ["", "x", "-1", "18446744073709551616", String(repeating: "1", count: 100_000)] {
            #expect(Talk(hello: Talk.hello(instance: instance)).code == .malformed)
        }
        #expect(Talk(hello: Talk.hello(instance: "18446744073709551615")).code == nil)
    }

    // MARK: Out of place

    @Test(arguments: ["0", "2", "-1", "999999999999999999"])
    func aCommitThatMiscountsIsUnexpected(_ count: String) {
        var talk = Talk()
        talk.say(Talk.envelope())
        talk.say(Talk.body())
        talk.say(#"{"buckets":[],"events":\#(count),"t":"commit"}"#)
        #expect(talk.ending == Message.WireError(.unexpected, "commit counts \(count) events where 1 came"))
        #expect(talk.batches.isEmpty)
    }

    @Test func aCommitBeforeTheBodyIsUnexpected() {
        var talk = Talk()
        talk.say(Talk.envelope())
        talk.say(#"{"buckets":[],"events":1,"t":"commit"}"#)
        #expect(talk.code == .unexpected)
    }

    @Test(arguments: [
        #"{"index":1024,"hash":"AAAAAAAAAAE"}"#, #"{"index":-1,"hash":"AAAAAAAAAAE"}"#, #"{"index":1,"hash":"AAAA"}"#,
    ])
    func aCommitOfNoBucketIsMalformed(_ bucket: String) {
        var talk = Talk()
        talk.say(#"{"buckets":[\#(bucket)],"events":0,"root":"\#(Talk.hash)","t":"commit"}"#)
        #expect(talk.ending == Message.WireError(.malformed, "field buckets: not a bucket"))
    }

    @Test func aChartTwiceInABatchIsUnexpected() {
        var talk = Talk()
        for chart in [Talk.hash, EventHash(of: [2]), Talk.hash] {
            talk.say(Talk.envelope(chart))
            talk.say(Talk.body())
        }
        #expect(talk.ending == Message.WireError(.unexpected, "a chart twice in a batch"))
    }

    @Test func anAbsentBodyBelongsToTheEnvelopeBefore() {
        let absent = #"{"absent":"\#(Talk.hash)","t":"body"}"#
        var alone = Talk()
        alone.say(absent)
        #expect(alone.code == .unexpected)
        var other = Talk()
        other.say(Talk.envelope(body: EventHash(of: [9])))
        other.say(absent)
        #expect(other.code == .unexpected)
        var twice = Talk()
        twice.say(Talk.envelope())
        twice.say(absent, absent)
        #expect(twice.code == .unexpected)
        var right = Talk()
        right.say(Talk.envelope())
        right.say(absent)
        #expect(right.code == nil)
    }

    @Test func aHeadBelongsToAChartOfTheBatch() {
        var talk = Talk()
        talk.say(Talk.envelope())
        talk.say(Talk.body())
        talk.say(Talk.head(EventHash(of: [2])))
        #expect(talk.ending == Message.WireError(.unexpected, "a head of a chart that is not in the batch"))
    }

    // MARK: What was never offered

    @Test func refusalsOfChartsThatWereNeverOfferedLeaveNothing() {
        var talk = Talk()
        for number in 0..<1000 {
            let chart = EventHash(of: Array("\(number)".utf8))
            for code in ["inadmissible", "not-a-member", "not-shared"] {
                talk.say(#"{"chart":"\#(chart)","code":"\#(code)","t":"refused"}"#)
            }
        }
        #expect(talk.code == nil)
        #expect(talk.session.status.refusedCharts == 0)
        #expect(!talk.notes.contains { if case .refused = $0 { true } else { false } })
    }

    @Test func aRefusalOfWhatIsOfferedIsTakenOnce() {
        var talk = Talk(offer: Offer(charts: [Talk.hash: Talk.hash], arrival: 1))
        for _ in 0..<100 { talk.say(#"{"chart":"\#(Talk.hash)","code":"inadmissible","t":"refused"}"#) }
        #expect(talk.session.status.refusedCharts == 1)
        #expect(talk.notes.filter { $0 == .refused(Talk.hash, .inadmissible) }.count == 1)
    }
}
