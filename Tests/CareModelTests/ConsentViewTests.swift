import CareModel
import EventLog
import TestSupport
import Testing

/// Consent as people read it, and the notice that goes with it.
@Suite struct ConsentViewTests {
    private var practices: Practices
    private let document = EventHash(of: [2])

    init() throws { practices = try Practices([("rx", [.prescribing], .psychiatrist), ("th", [.therapy], .lcsw)]) }

    private func view(_ now: String = "2031-06-20T12:00:00+00:00") throws -> ConsentView {
        let now = try #require(ClinicalTime(now)).instant
        return ConsentView(Fold(practices.writers[0].record, .init(now: now)), now: now)
    }

    @discardableResult
    private mutating func grant(_ more: String, refs: [EventHash] = []) throws -> EventHash {
        let body =
            #"{"purpose":"TREAT","recipients":["\#(practices.writers[1].node)"],"signed_document_hash":"\#(document)"\#(more)}"#
        return try practices.writers[0].write(ConsentGranted.kind, body, refs: refs).hash
    }

    private func covered(_ view: ConsentView) -> ConsentView.Coverage? {
        view.members.first { $0.member.node == practices.writers[1].node }
    }

    private mutating func endAll() throws {
        let grants = try view().grants.map(\.label.event)
        let all = practices.writers.map { "\"\($0.node)\"" }.joined(separator: ",")
        try practices.writers[0].write(ConsentRevoked.kind, #"{"recipients":[\#(all)],"reason":"asked"}"#, refs: grants)
    }

    @Test mutating func theLastDayIsCoveredAndTheNextIsNot() throws {
        try endAll()
        let revocation = try #require(try view().revocations.first).label.event
        try grant(#","until":"2031-06-25""#, refs: [revocation])
        #expect(try covered(view())?.days_left == 5)
        #expect(try covered(view("2031-06-25T23:59:00+00:00"))?.covered == true)
        let after = try #require(covered(try view("2031-06-26T00:00:00+00:00")))
        #expect(!after.covered && after.days_left == -1)
        #expect(try view().grants.map(\.stands_for) == [[], [practices.writers[1].node]])
    }

    @Test mutating func whatWasTakenBackStandsForNobody() throws {
        #expect(try view().grants.first?.stands_for.count == 3)
        try endAll()
        #expect(try view().grants.first?.stands_for == [])
        #expect(try view().revocations.first?.reason == "asked")
        #expect(try view().members.allSatisfy { !$0.covered })
    }

    @Test mutating func theNoticeSaysTheScopeAndStaysAfterARevocation() throws {
        #expect(try view().notice == nil)
        try grant(#","part2":true,"until":"2031-06-25""#)
        let notice = try #require(try view().notice)
        #expect(notice.text.contains("42 CFR 2.12, 2.32, 2.33"))
        #expect(notice.consents.count == 1)
        for words in ["rx", "TREAT", "until 2031-06-25", "\(document)"] { #expect(notice.consents[0].contains(words)) }
        try endAll()
        #expect(try view().notice == notice, "what was disclosed stays protected")
    }

    @Test(arguments: [1, 2] as [UInt64]) mutating func whateverCameFirst(_ seed: UInt64) throws {
        try grant(#","part2":true,"until":"2031-06-25""#)
        try endAll()
        let expected = try view()
        let now = try #require(ClinicalTime("2031-06-20T12:00:00+00:00")).instant
        var random = SplitMix64(seed: seed)
        for _ in 0..<50 {
            let record = try Delivery.random(practices.writers[0].events, &random)
            #expect(ConsentView(Fold(record, .init(now: now)), now: now) == expected)
        }
    }
}
