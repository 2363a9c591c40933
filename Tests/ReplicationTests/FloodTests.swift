import EventLog
import TestSupport
import Testing

@testable import Replication

/// Lines without end, lists without end, numbers at the edge.
@Suite struct FloodTests {
    // MARK: The same again and again

    @Test func aRootIsToldOnce() {
        var talk = Talk()
        let root = #"{"root":"\#(Talk.hash)","t":"root"}"#
        talk.say(root)
        talk.say(root)
        #expect(talk.ending == Message.WireError(.unexpected, "root out of turn"))
    }

    @Test func bucketsAreToldOnceAndWhenTheyWereAskedFor() {
        let root = #"{"root":"\#(Talk.hash)","t":"root"}"#
        let buckets = String(decoding: MessageCodec.encode(.buckets([UInt64](repeating: 0, count: 1024))), as: UTF8.self)
        let nothing = [UInt64](repeating: 0, count: ReplicationLimits.buckets)
        var unasked = Talk()
        unasked.say(buckets)
        #expect(unasked.ending == Message.WireError(.unexpected, "buckets out of turn"))

        var same = Talk()
        same.answer(.pendingStatements([], [], upTo: 0))
        same.say(root)
        same.answer(.completedRoot(Talk.hash))
        #expect(same.sent.last == .same)
        same.say(buckets)
        #expect(same.code == .unexpected)

        var differs = Talk()
        differs.answer(.pendingStatements([], [], upTo: 0))
        differs.say(root)
        differs.answer(.completedRoot(nil))
        #expect(differs.sent.last == .differs)
        differs.say(buckets)
        differs.answer(.completedBuckets(nothing))
        #expect(differs.code == nil)
        differs.say(buckets)
        #expect(differs.code == .unexpected)
    }

    @Test func pingsAreAnsweredAndCostNothing() {
        var talk = Talk()
        let open = talk.requests.count
        for _ in 0..<1000 { talk.say(#"{"t":"ping"}"#) }
        #expect(talk.sent.filter { $0 == .pong }.count == 1000)
        #expect(talk.requests.count == open && talk.code == nil)
    }

    @Test func openRequestsAreLimited() {
        var talk = Talk()
        while talk.requests.count < ReplicationLimits.openRequests { talk.say(#"{"n":1,"t":"mark"}"#) }
        #expect(talk.code == nil)
        talk.say(#"{"n":1,"t":"mark"}"#)
        #expect(talk.ending == Message.WireError(.limit, "more than 32768 requests that storage has not answered"))
    }

    @Test func requestsAreAnsweredInTheirOrder() {
        var talk = Talk()
        talk.answer(.pendingStatements([], [], upTo: 0))
        // In and out of step, so that the queue grows, shrinks and is cut.
        var (asked, noted) = (0, 0)
        for round in 1...40 {
            for _ in 0..<round * 10 {
                asked += 1
                talk.say(#"{"n":\#(asked),"t":"mark"}"#)
            }
            for _ in 0..<round * 9 {
                noted += 1
                talk.answer(.statementsStored)
                #expect(talk.sent.last == .noted(noted))
            }
        }
        #expect(talk.requests.count == asked - noted)
    }

    @Test func receiptsWithoutAMarkAreLimited() {
        var talk = Talk()
        for _ in 0..<ReplicationLimits.headsPerBatch { talk.say(Talk.receipt()) }
        #expect(talk.code == nil)
        talk.say(Talk.receipt())
        #expect(talk.ending == Message.WireError(.limit, "more than 4096 receipts without a mark"))
    }

    @Test func noticesWithoutAMarkAreLimited() {
        var talk = Talk()
        for _ in 0..<ReplicationLimits.headsPerBatch { talk.say(Talk.removed()) }
        #expect(talk.code == nil)
        // Said 4,096 times, told once.
        #expect(talk.notes.filter { $0 == .removedFrom(Talk.hash) }.count == 1)
        talk.say(Talk.removed())
        #expect(talk.ending == Message.WireError(.limit, "more than 4096 notices without a mark"))
    }

    @Test func noticesOfMoreAndMoreChartsAreLimited() throws {
        let hashes = (0...ReplicationLimits.refusedCharts).map { EventHash(of: [UInt8($0 & 255), UInt8($0 >> 8)]) }
        var (statements, step) = (Statements(), Step(now: Moment(wall: Timestamp(milliseconds: 0), monotonic: 0)))
        func notice(_ chart: ChartID) -> RemovalNotice {
            RemovalNotice(chart: chart, removed: Talk.me, removal: Talk.hash, at: Timestamp(milliseconds: 0), signature: [])
        }
        for (number, chart) in hashes.dropLast().enumerated() {
            #expect(try statements.receive(notice(chart)))
            if number % 1000 == 999 { statements.mark(1, &step) }
        }
        let error = #expect(throws: Message.WireError.self) { _ = try statements.receive(notice(hashes[hashes.count - 1])) }
        #expect(error?.code == .limit)
    }

    // MARK: Long lists

    @Test func aMillionTinyChartsAreTheEnd() throws {
        var (receiving, step) = (Receiving(), Step(now: Moment(wall: Timestamp(milliseconds: 0), monotonic: 0)))
        let charts = (0..<ReplicationLimits.chartsPerHeads).map { ChartHeads(chart: EventHash(of: [UInt8($0)]), tips: []) }
        for part in 1...ReplicationLimits.chartsPerSession / charts.count {
            try receiving.heads(Message.Heads(part: part, charts: charts), &step)
        }
        let error = #expect(throws: Message.WireError.self) {
            try receiving.heads(Message.Heads(part: 1, charts: charts), &step)
        }
        #expect(error == Message.WireError(.limit, "too many charts in heads"))
    }

    @Test func headsHaveLimits() {
        var charts = Talk()
        let empty = (0...ReplicationLimits.chartsPerHeads).map { #"{"chart":"\#(EventHash(of: [UInt8($0)]))","tips":[]}"# }
        charts.say(#"{"charts":[\#(empty.joined(separator: ","))],"part":1,"t":"heads"}"#)
        #expect(charts.code == .limit)
        var tips = Talk()
        tips.say(Talk.heads((0...ReplicationLimits.tipsPerHeads).map { (Talk.origin($0), "1") }))
        #expect(tips.code == .limit)
        var unanswered = Talk()
        let most = Talk.heads((0..<ReplicationLimits.tipsPerHeads).map { (Talk.origin($0), "1") })
        for _ in 0..<ReplicationLimits.tipsUnderWay / ReplicationLimits.tipsPerHeads { unanswered.say(most) }
        #expect(unanswered.code == nil)
        unanswered.say(Talk.heads([]))
        #expect(unanswered.code == .limit)
    }

    @Test func aClockOfTenThousandOriginsIsALimit() {
        var talk = Talk()
        talk.say(Talk.want((0..<10_000).map { (Talk.origin($0), "1") }))
        #expect(talk.ending == Message.WireError(.limit, "too many charts or origins in want"))
        var most = Talk()
        most.say(Talk.want((0..<ReplicationLimits.tipsPerHeads).map { (Talk.origin($0), "1") }))
        #expect(most.sent.last == .refused(Message.Refused(chart: Talk.hash, code: .notShared)))
        var charts = Talk()
        let wants = [String](repeating: #"{"after":{},"chart":"\#(Talk.hash)"}"#, count: ReplicationLimits.chartsPerHeads + 1)
        charts.say(#"{"charts":[\#(wants.joined(separator: ","))],"part":0,"t":"want"}"#)
        #expect(charts.code == .limit)
    }

    @Test func anEnvelopeHasAnEndToItsClockAndItsNumbers() throws {
        func refusal(seq: Int = 2, seen: [(Origin, Int)]) -> FormatError? {
            let seen = seen.map { #""\#($0)":\#($1)"# }.joined(separator: ",")
            let line =
                #"{"t":"event","chart":"\#(Talk.hash)","origin":"\#(Talk.origin(0))","seq":\#(seq),"prev":"\#(Talk.hash)","seen":{\#(seen)},"after":[],"refs":[],"at":"\#(Talk.time)","author":"node","kind":"session.held","kv":1,"crit":false,"body":"\#(Talk.hash)"}"#
            do throws(FormatError) {
                _ = try Envelope(line: Array(line.utf8))
                return nil
            } catch {
                return error
            }
        }
        func origins(_ count: Int) -> [(Origin, Int)] { (1...count).map { (Talk.origin($0), Limits.sequence) } }
        #expect(refusal(seen: origins(Limits.clockEntries)) == nil)
        for count in [Limits.clockEntries + 1, 5000] {
            let error = try #require(refusal(seen: origins(count)))
            #expect(error.field == "seen" && error.reason == .tooMany)
        }
        // Longer than a line before it is too long a clock.
        #expect(refusal(seen: origins(10_000))?.reason == .lineTooLong)
        #expect(refusal(seq: Limits.sequence, seen: []) == nil)
        for number in [Limits.sequence + 1, .max] {
            #expect(refusal(seq: number, seen: [])?.reason == .numberOutOfRange)
            #expect(refusal(seen: [(Talk.origin(1), number)])?.field == "seen")
        }
    }

    // MARK: Numbers at the edge

    @Test(arguments: ["281474976710657", "999999999999999999", "0", "-1"])
    func numbersThatNoEventHasAreMalformed(_ seq: String) {
        let first = Talk.origin(1)
        for line in [Talk.heads([(first, seq)]), Talk.want([(first, seq)]), Talk.receipt(seq: seq), Talk.head(seq: seq)] {
            var talk = Talk()
            talk.say(line)
            #expect(talk.code == .malformed, "\(line)")
        }
    }

    @Test func theHighestNumberIsTaken() {
        let (highest, first) = ("\(Limits.sequence)", Talk.origin(1))
        var talk = Talk(offer: Offer(charts: [Talk.hash: Talk.hash], arrival: 1))
        talk.say(#"{"t":"same"}"#, Talk.heads([(first, highest)]), Talk.want([(first, highest)]), Talk.receipt(seq: highest))
        talk.say(Talk.envelope())
        talk.say(Talk.body())
        talk.say(Talk.head(seq: highest))
        #expect(talk.code == nil)
    }

    @Test(arguments: ["999999999999999999", "-999999999999999999", "281474976710657"])
    func totalsDoNotRunOver(_ number: String) {
        var talk = Talk()
        for _ in 0..<100 { talk.say(#"{"charts":\#(number),"events":\#(number),"t":"total"}"#) }
        #expect(talk.code == nil)
        #expect((0...2 * Limits.sequence).contains(talk.session.status.toReceive))
    }

    @Test(arguments: ["999999999999999999", "-999999999999999999", "0"])
    func partsMarksAndBucketsTakeAnyNumber(_ number: String) {
        var talk = Talk()
        talk.say(#"{"charts":[],"part":\#(number),"t":"heads"}"#, #"{"n":\#(number),"t":"mark"}"#)
        #expect(talk.code == nil)
        talk.say(#"{"n":\#(number),"t":"noted"}"#)
        #expect(talk.code == .unexpected)
    }
}
