import CareModel
import EventLog
import LogStore
import NodeAPI
import RecordPage
import Replication
import Synchronization
import Testing

@testable import DuologNode

/// Who comes into the page, with a real log and real hashes; only the clock is the test's, and a guess costs next to nothing.
@Suite struct SignInDeskTests {
    /// A clock that moves when it is told to. Both of its times move together.
    private final class Hands: Sendable {
        let now = Mutex(Replication.Moment(wall: Timestamp(milliseconds: 1_925_000_000_000), monotonic: 1000))

        func pass(_ milliseconds: Int) {
            now.withLock {
                $0 = Replication.Moment(
                    wall: $0.wall.advanced(byMilliseconds: milliseconds), monotonic: $0.monotonic + milliseconds)
            }
        }
    }

    private let node: TestNode
    private let hands = Hands()
    private let robin = AuthorID(random: (1, 1))
    private let pat = AuthorID(random: (2, 2))
    private let passphrase = "several made-up words"

    init() async throws {
        node = try TestNode()
        for (author, uid, name) in [(robin, 1, "Robin Madeup"), (pat, 2, "Zoë Pretend")] as [(AuthorID, UInt32, String)] {
            _ = try await node.log.add(Practitioner(author: author, uid: uid, name: name, credential: .physician))
        }
    }

    private func desk(isFictional: Bool = false) -> SignInDesk {
        let cost = NotebookLock.Cost(rounds: 1 << 8, block_size: 8, parallelism: 1)
        return SignInDesk(log: node.log, isFictional: isFictional, cost: cost) { [hands] in hands.now.withLock { $0 } }
    }

    /// Somebody who has chosen the passphrase.
    private func enter(_ desk: SignInDesk, _ author: AuthorID) async throws {
        let token = try await desk.invite(author, administrator: false, hours: 1).token
        _ = try await desk.accept(token, passphrase: passphrase)
    }

    private func code(_ work: () async throws -> some Any) async -> NodeError.Code? {
        do {
            _ = try await work()
            return nil
        } catch let error as NodeError {
            return error.code
        } catch {
            return .io
        }
    }

    @Test func aLinkIsGoodOnceAndForItsHours() async throws {
        let desk = desk()
        let (token, until) = try await desk.invite(robin, administrator: true, hours: 2)
        #expect(until == Timestamp(milliseconds: 1_925_007_200_000))
        #expect(try await desk.invited(by: token)?.author == robin)
        #expect(try await desk.invited(by: token)?.isAdministrator == true)
        #expect(try await desk.invited(by: token + "x") == nil)
        hands.pass(7_199_999)
        #expect(try await desk.invited(by: token) != nil)
        hands.pass(1)
        #expect(try await desk.invited(by: token) == nil)
        #expect(await code { try await desk.accept(token, passphrase: passphrase) } == .notFound)
        // A new one takes its place, and is used up by whoever comes first.
        let second = try await desk.invite(robin, administrator: false, hours: 2).token
        #expect(try await desk.accept(second, passphrase: passphrase).author == robin)
        #expect(await code { try await desk.accept(second, passphrase: passphrase) } == .notFound)
        // The link itself is kept nowhere.
        let rows = try await node.log.signIns()
        #expect(!"\(rows)".contains(second) && !"\(rows)".contains(passphrase))
    }

    @Test func onlyAMadeUpNodeLetsAnybodyInWithoutAPassphrase() async throws {
        let token = try await desk().invite(robin, administrator: false, hours: 1).token
        #expect(await code { try await desk().accept(token, passphrase: nil) } == .permission)
        #expect(await code { try await desk().accept(token, passphrase: "too short") } == .content)
        // Neither has used it up.
        let visitor = try await desk(isFictional: true).accept(token, passphrase: nil)
        #expect(!visitor.hasPassphrase)
        #expect(await code { try await desk().signIn("Robin Madeup", passphrase: "") } == .permission)
    }

    @Test func aNameIsReadAsPeopleTypeIt() async throws {
        let desk = desk()
        try await enter(desk, pat)
        for name in ["Zoë Pretend", "  zoe\u{308} PRETEND ", pat.text] {
            #expect(try await desk.signIn(name, passphrase: passphrase).author == pat, "\(name)")
        }
        #expect(await code { try await desk.signIn("Zoe Pretend", passphrase: passphrase) } == .permission)
    }

    /// Of two people with one name each signs in with their id: a passphrase is never tried on somebody else.
    @Test func twoOfOneNameSignInByTheirIds() async throws {
        let namesake = AuthorID(random: (3, 3))
        _ = try await node.log.add(Practitioner(author: namesake, uid: 3, name: "Zoë Pretend", credential: .physician))
        let desk = desk()
        for author in [pat, namesake] { try await enter(desk, author) }
        #expect(await code { try await desk.signIn("Zoë Pretend", passphrase: passphrase) } == .permission)
        #expect(try await desk.signIn(namesake.text, passphrase: passphrase).author == namesake)
    }

    @Test func wrongPassphrasesLockTheirNameOutForAWhile() async throws {
        let desk = desk()
        for author in [robin, pat] { try await enter(desk, author) }
        for _ in 0..<SignInDesk.mostFailures {
            #expect(await code { try await desk.signIn("Robin Madeup", passphrase: "not the one at all") } == .permission)
        }
        #expect(await code { try await desk.signIn("Robin Madeup", passphrase: passphrase) } == .unavailable)
        #expect(await code { try await desk.signIn("ROBIN madeup", passphrase: passphrase) } == .unavailable)
        #expect(try await desk.signIn("Zoë Pretend", passphrase: passphrase).author == pat)
        hands.pass(SignInDesk.lockOut - 1)
        #expect(await code { try await desk.signIn("Robin Madeup", passphrase: passphrase) } == .unavailable)
        hands.pass(1)
        #expect(try await desk.signIn("Robin Madeup", passphrase: passphrase).author == robin)
    }

    @Test func aNewLinkEndsALockOutAndTheOldPassphraseIsGoodUntilThen() async throws {
        let desk = desk()
        try await enter(desk, robin)
        let token = try await desk.invite(robin, administrator: false, hours: 1).token
        #expect(try await desk.signIn("Robin Madeup", passphrase: passphrase).author == robin)
        for _ in 0..<SignInDesk.mostFailures {
            _ = await code { try await desk.signIn("Robin Madeup", passphrase: "not the one at all") }
        }
        _ = try await desk.accept(token, passphrase: "several other words")
        #expect(try await desk.signIn("Robin Madeup", passphrase: "several other words").author == robin)
        #expect(await code { try await desk.signIn("Robin Madeup", passphrase: passphrase) } == .permission)
    }

    /// Rights are those of the moment, not those of when somebody signed in.
    @Test func whoWasRemovedIsNobodyAtTheirNextClick() async throws {
        let desk = desk(isFictional: true)
        let token = try await desk.invite(robin, administrator: true, hours: 1).token
        let visitor = try await desk.accept(token, passphrase: nil)
        #expect(try await desk.caller(visitor, isAttended: true).isAdministrator)
        _ = try await desk.invite(robin, administrator: false, hours: 1)
        #expect(try await !desk.caller(visitor, isAttended: true).isAdministrator)
        #expect(try await node.log.removePractitioner(robin))
        #expect(await code { try await desk.caller(visitor, isAttended: true) } == .permission)
    }
}
