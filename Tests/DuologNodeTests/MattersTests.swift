import CareModel
import EventLog
import LogStore
import TestSupport
import Testing

@testable import DuologNode

/// For whom something waits: the one whose decision it is, not everybody.
@Suite struct MattersTests {
    private var practices: Practices
    private let now = Timestamp(milliseconds: 1_925_000_000_000 + 3_600_000)

    init() throws {
        practices = try Practices([
            ("rx", [.prescribing], .psychiatrist), ("pc", [.prescribing], .physician), ("th", [.therapy], .psychologist),
        ])
        try practices.writers[1].write(MedicationPrescribed.kind, Bodies.prescribed(50))
        try practices.meet()
    }

    private func people(_ writer: Int, and others: [(AuthorID, Credential)] = []) -> [Practitioner] {
        ([(practices.writers[writer].author, practices.writers[writer].credential)] + others).enumerated().map {
            Practitioner(author: $1.0, uid: UInt32($0), name: "Somebody", credential: $1.1)
        }
    }

    private func matters(_ writer: Int, at time: Timestamp? = nil, and others: [(AuthorID, Credential)] = []) -> [Matter] {
        let node = practices.writers[writer].node
        return Matter.all(in: practices.writers[writer].record, at: node, people(writer, and: others), now: time ?? now)
    }

    private func named(_ matters: [Matter], _ what: Matter.What) -> Set<AuthorID> {
        Set(matters.filter { $0.what == what }.map(\.person))
    }

    /// The prescriber and the physician change the same dose at once.
    private mutating func disagree() throws {
        let root = try #require(practices.writers[1].events.last { $0.envelope.kind == MedicationPrescribed.kind })
        try practices.writers[1].write(DoseAdjusted.kind, Bodies.adjusted(50, 75), refs: [root.hash])
        try practices.writers[2].write(DoseAdjusted.kind, Bodies.adjusted(50, 25), refs: [root.hash])
        try practices.meet()
    }

    @Test mutating func aDisputeWaitsForThoseWhoDecidedAndElsewhereForThoseWhoMaySettleIt() throws {
        // A colleague who works in the same practice, and decided nothing.
        let colleague = AuthorID("colleague") ?? .node
        try practices.writers[1].write(
            PractitionerEnrolled.kind, #"{"credential":"psychiatrist","name":"colleague"}"#, author: colleague)
        try disagree()
        for writer in [1, 2] {
            let found = matters(writer, and: [(colleague, .psychiatrist)])
            #expect(named(found, .dispute) == [practices.writers[writer].author])
        }
        // The founder prescribes and decided nothing; a therapist may not settle a dose.
        #expect(named(matters(0), .dispute) == [practices.writers[0].author])
        #expect(matters(3).isEmpty)
    }

    @Test mutating func anotherDecisionMakesAnotherMatter() throws {
        try disagree()
        let before = try #require(matters(1).first { $0.what == .dispute })
        #expect(matters(1) == [before])
        let root = try #require(practices.writers[0].events.first { $0.envelope.kind == MedicationPrescribed.kind })
        try practices.writers[0].write(DoseAdjusted.kind, Bodies.adjusted(50, 100), refs: [root.hash])
        try practices.meet()
        let after = try #require(matters(1).first { $0.what == .dispute })
        #expect(after.event != before.event)
    }

    @Test mutating func aConcernWaitsForAllWhoTreatUntilItIsTakenUp() throws {
        let answer = try practices.writers[3].write(
            ScaleCompleted.kind, #"{"instrument":"PHQ-9","items":[0,0,0,0,0,0,0,0,1],"total":1}"#)
        try practices.meet()
        for writer in 0...3 { #expect(named(matters(writer), .safety) == [practices.writers[writer].author]) }
        #expect(matters(1).first { $0.what == .safety }?.event == answer.hash)
    }

    @Test mutating func anOverdueFollowUpWaitsForWhoSawThePatientLast() throws {
        let later = now.advanced(byMilliseconds: 90 * 86_400_000)
        #expect(named(matters(1, at: later), .overdue) == [practices.writers[1].author])
        #expect(named(matters(2, at: later), .overdue).isEmpty && named(matters(3, at: later), .overdue).isEmpty)
        #expect(matters(1).isEmpty, "not yet")
        // Another prescriber plans the next one: it is theirs.
        try practices.writers[2].write(FollowupPlanned.kind, #"{"mode":"video","next_days":14}"#)
        try practices.meet()
        #expect(named(matters(2, at: later), .overdue) == [practices.writers[2].author])
        #expect(named(matters(1, at: later), .overdue) == [practices.writers[1].author], "who held the last contact")
    }

    @Test mutating func whoeverWasRemovedIsToldOfNothing() throws {
        try disagree()
        #expect(!matters(2).isEmpty)
        let admission = try #require(
            practices.writers[0].events.first { event in
                event.envelope.kind == MemberAdmitted.kind && Self.text(event).contains("\"pc\"")
            })
        try practices.writers[0].write(
            MemberRemoved.kind, Bodies.withdrawn, refs: [admission.hash], author: .node)
        try practices.meet()
        #expect(matters(2).isEmpty && !matters(1).isEmpty)
    }

    private static func text(_ event: Event) -> String {
        guard case .present(let body) = event.body else { return "" }
        return String(decoding: body.line, as: UTF8.self)
    }

    /// What was opened before something arrived is no answer to it, whatever time its author gave it.
    @Test mutating func aMatterIsNoOlderThanItsArrival() throws {
        try disagree()
        let record = practices.writers[1].record
        let found = matters(1)
        let arrived = Timestamp(milliseconds: 2_000_000_000_000)
        let late = Array(repeating: arrived, count: record.graph.nodes.count)
        #expect(Matter.known(found, in: record, late).allSatisfy { $0.since == arrived })
        let early = Array(repeating: Timestamp(milliseconds: 0), count: record.graph.nodes.count)
        #expect(Matter.known(found, in: record, early).map(\.since) == found.map(\.since))
    }
}
