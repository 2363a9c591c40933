import Crypto
import EventLog
import Foundation
import TestSupport
import Testing

@testable import CareModel

/// What a rotated key means in a chart: which key vouches for what, and what the old one can still do.
struct KeyRotationTests {
    private func statement(_ old: NodeKey, _ seed: UInt8) throws -> (key: NodeKey, members: String) {
        let next = Writer.key(from: [UInt8](repeating: seed, count: 32)).privateKey
        let key = try #require(try old.succeeded(by: next, at: Timestamp(milliseconds: 1_930_000_000_000)))
        let last = try #require(key.keys.successions.last)
        return (key, String(decoding: KeyRotated(last).members, as: UTF8.self))
    }

    private func practices() throws -> Practices {
        try Practices([("one", [.prescribing], .psychiatrist), ("two", [.therapy], .lcsw)])
    }

    @Test func theNewKeyVouchesForWhatComesAfterIt() throws {
        var all = try practices()
        let old = all.writers[1].key
        let before = try all.writers[1].write(SessionHeld.kind, Bodies.session)
        let (new, members) = try statement(old, 77)
        let rotation = try all.writers[1].write(KeyRotated.kind, members, author: .node)
        let after = try all.writers[1].write(SessionHeld.kind, Bodies.session)
        let record = all.writers[1].record
        func keys(_ event: Event) throws -> NodeKeys? {
            record.authority.keys(for: try #require(record.graph.position(of: event.hash)), in: record.graph)
        }
        #expect(try keys(before)?.current == [old.publicKey])
        #expect(try keys(rotation)?.current == [new.publicKey] && keys(after)?.current == [new.publicKey])
        let at = Timestamp(milliseconds: 1_930_000_000_001)
        #expect(try SignedHead(signing: after, at: at, with: new).isValid(for: try #require(try keys(after))))
        #expect(!(try SignedHead(signing: after, at: at, with: old).isValid(for: try #require(try keys(after)))))
        #expect(record.unsaid(of: new).isEmpty && all.writers[0].record.unsaid(of: new).count == 1)
        #expect(new.node == old.node)
    }

    @Test func whatTheOldKeyWritesMeanwhileReplacesNothing() throws {
        var all = try practices()
        let root = try all.writers[0].write(MedicationPrescribed.kind, Bodies.prescribed())
        try all.meet()
        var thief = all.writers[1]
        let (_, members) = try statement(all.writers[1].key, 77)
        try all.writers[1].write(KeyRotated.kind, members, author: .node)
        thief.epoch += 1
        let forged = try thief.write(DoseAdjusted.kind, Bodies.adjusted(50, 100), refs: [root.hash])
        try all.meet()
        try all.writers[0].receive(forged)
        let record = all.writers[0].record
        let fold = Fold(record)
        let effect = fold.effect(of: try #require(record.graph.position(of: forged.hash)))
        #expect(effect.0 == .suspended && effect.1?.rule == "concurrent-rotation", "\(effect)")
        let medication = try #require(fold.registers.first { $0.register == .medication })
        #expect(medication.current.map { record.graph.nodes[$0].hash } == [root.hash])
    }

    /// A node states its rotation, goes on, loses its disk, comes back from an older backup, and states it again before it has read its own
    /// events back. What it wrote in the life that it lost was written with the key that is in force.
    @Test func whatWasWrittenSinceTheRotationStandsAfterARestore() throws {
        var all = try practices()
        let root = try all.writers[0].write(MedicationPrescribed.kind, Bodies.prescribed())
        try all.meet()
        var restored = all.writers[1]
        let (_, members) = try statement(all.writers[1].key, 77)
        try all.writers[1].write(KeyRotated.kind, members, author: .node)
        let written = try all.writers[1].write(DoseAdjusted.kind, Bodies.adjusted(50, 100), refs: [root.hash])
        restored.epoch += 1
        let again = try restored.write(KeyRotated.kind, members, author: .node)
        try all.writers[1].receive(again)
        let record = all.writers[1].record
        let fold = Fold(record)
        #expect(fold.effect(of: try #require(record.graph.position(of: written.hash))).0 == .inEffect)
        #expect(!Fold.membership(of: record).scopes(of: restored.node).isEmpty)
    }

    @Test func twoSuccessorsOfOneKeyEndWhatTheNodeMayDo() throws {
        var all = try practices()
        var thief = all.writers[1]
        let (_, mine) = try statement(all.writers[1].key, 77)
        let (_, theirs) = try statement(all.writers[1].key, 78)
        try all.writers[1].write(KeyRotated.kind, mine, author: .node)
        thief.epoch += 1
        try all.writers[1].receive(try thief.write(KeyRotated.kind, theirs, author: .node))
        let later = try all.writers[1].write(SessionHeld.kind, Bodies.session)
        let record = all.writers[1].record
        let position = try #require(record.graph.position(of: later.hash))
        #expect(record.verdict(on: position) == .withoutEffect(.keyContested, decidedBy: nil))
        #expect(record.authority.keys(of: all.writers[1].node)?.current.count == 2)
    }

    @Test func aKeyThatWasReplacedNamesNoOther() throws {
        var all = try practices()
        let old = all.writers[1].key
        try all.writers[1].write(KeyRotated.kind, try statement(old, 77).members, author: .node)
        // By somebody who has the old key, and the chart.
        let (stolen, late) = try statement(old, 78)
        let event = try all.writers[1].write(KeyRotated.kind, late, author: .node)
        // And by somebody who has none of the node's keys.
        let (_, foreign) = try statement(all.writers[2].key, 79)
        let other = try all.writers[1].write(KeyRotated.kind, foreign, author: .node)
        let record = all.writers[1].record
        for event in [event, other] {
            let position = try #require(record.graph.position(of: event.hash))
            #expect(record.verdict(on: position) == .withoutEffect(.keyMismatch, decidedBy: nil))
            #expect(record.authority.keys(for: position, in: record.graph)?.all.contains(stolen.publicKey) == false)
        }
    }

    @Test func aPracticeWithARotatedKeyFoundsAndJoins() throws {
        let (new, _) = try statement(Writer.key(from: [UInt8](repeating: 5, count: 32)), 77)
        let admitted = MemberAdmitted(keys: new.keys, name: "one", scopes: [.therapy])
        #expect(admitted.keys == new.keys && admitted.keys.node == new.node)
        try admitted.check()
        let broken = try JSONDecoder().decode(
            MemberAdmitted.self,
            from: Data(
                String(decoding: admitted.members, as: UTF8.self)
                    .replacing(new.keys.successions[0].at.description, with: "2031-01-01T00:00:00.000Z").utf8))
        #expect(throws: ContentError.self) { try broken.check() }
    }
}
