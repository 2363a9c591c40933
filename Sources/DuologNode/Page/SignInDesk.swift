import CareModel
import EventLog
import Foundation
import LogStore
import NodeAPI
import RecordPage
import Replication

/// Knows who may come into the page, and with what.
actor SignInDesk {
    /// Wrong passphrases in a row, for one name, before it is locked out;
    static let mostFailures = 5
    /// for so many milliseconds.
    static let lockOut = 15 * 60_000
    /// Passphrases that may wait to be tried; each takes half a second.
    static let mostWaiting = 8
    /// Names whose failures are remembered: anybody can make names up.
    private static let mostNames = 1000

    private struct Failures {
        var count = 0
        var last = 0
    }

    private let log: LogStore
    private let moment: @Sendable () -> Replication.Moment
    private let isFictional: Bool
    private let cost: NotebookLock.Cost
    private var failures: [String: Failures] = [:]
    private var waiting = 0

    /// - Parameters:
    ///   - cost: of a guess at a passphrase.
    ///   - moment: the time, and a count that never goes back: a lock-out does not end because somebody sets the clock.
    init(
        log: LogStore, isFictional: Bool, cost: NotebookLock.Cost = StoredPassphrase.cost,
        moment: @escaping @Sendable () -> Replication.Moment
    ) {
        self.log = log
        self.moment = moment
        self.isFictional = isFictional
        self.cost = cost
    }

    /// What the link says, which nothing but its hash is kept of.
    func invite(_ author: AuthorID, administrator: Bool, hours: Int) async throws -> (token: String, until: Timestamp) {
        let token = Base64URL.encode(SystemRandom.bytes(32))
        let until = moment().wall.advanced(byMilliseconds: hours * 3_600_000)
        try await log.invite(author, administrator: administrator, by: Self.hash(token), until: until)
        return (token, until)
    }

    func invited(by token: String) async throws -> Visitor? {
        guard let entry = try await log.signIn(invitedBy: Self.hash(token)), let until = entry.invitedUntil, moment().wall < until
        else { return nil }
        return Visitor(entry, hasPassphrase: true)
    }

    func accept(_ token: String, passphrase: String?) async throws -> Visitor {
        guard passphrase != nil || isFictional else {
            throw NodeError(.permission, "this node has real patients: nobody comes in without a passphrase")
        }
        guard var visitor = try await invited(by: token) else { throw Self.usedUp }
        let stored: String? = try await queued { [cost] in
            guard let passphrase else { return nil }
            return try await StoredPassphrase.hashing(passphrase, cost: cost).text
        }
        guard try await log.acceptInvitation(Self.hash(token), passphrase: stored) else { throw Self.usedUp }
        failures[Self.plain(visitor.name)] = nil
        failures[Self.plain(visitor.author.text)] = nil
        visitor.hasPassphrase = stored != nil
        return visitor
    }

    func signIn(_ name: String, passphrase: String) async throws -> Visitor {
        let name = Self.plain(name)
        let now = moment().monotonic
        if let known = failures[name], known.count >= Self.mostFailures, now - known.last < Self.lockOut {
            let minutes = (Self.lockOut - (now - known.last)) / 60_000 + 1
            throw NodeError(
                .unavailable,
                "too many wrong passphrases for this name; wait \(minutes) min, or ask the administrator for a new link")
        }
        let entries = try await log.signIns().filter {
            $0.passphrase != nil && (Self.plain($0.person.name) == name || Self.plain($0.person.author.text) == name)
        }
        // Of two people with one name, each signs in with the id that `duolog practitioner list` prints.
        let entry = entries.count == 1 ? entries[0] : nil
        let stored = entry?.passphrase.flatMap { StoredPassphrase(text: $0) } ?? .nobodys(cost: cost)
        let isRight = try await queued { try await stored.isOpened(by: passphrase) }
        guard isRight, let entry else {
            note(name, now)
            throw NodeError(.permission, "name and passphrase do not belong together")
        }
        failures[name] = nil
        return Visitor(entry, hasPassphrase: true)
    }

    /// The rights of somebody who is signed in, as they are now.
    func caller(_ visitor: Visitor, isAttended: Bool) async throws -> Caller {
        guard let entry = try await log.signIns().first(where: { $0.person.author == visitor.author }) else {
            throw NodeError(.permission, "you are no practitioner of this node any more")
        }
        return Caller(signedIn: visitor.author, isAdministrator: entry.isAdministrator, isAttended: isAttended)
    }

    private func note(_ name: String, _ now: Int) {
        if failures.count >= Self.mostNames, failures[name] == nil,
            let oldest = failures.min(by: { $0.value.last < $1.value.last })?.key
        {
            failures[oldest] = nil
        }
        // After a pause the count begins anew.
        if let known = failures[name], now - known.last >= Self.lockOut { failures[name] = nil }
        failures[name, default: Failures()].count += 1
        failures[name]?.last = now
    }

    private func queued<Value: Sendable>(_ work: @Sendable () async throws -> Value) async throws -> Value {
        guard waiting < Self.mostWaiting else { throw NodeError(.unavailable, "too many are signing in; try again in a moment") }
        waiting += 1
        defer { waiting -= 1 }
        return try await work()
    }

    private static let usedUp = NodeError(.notFound, "this invitation was used already, or has expired")

    private static func hash(_ token: String) -> EventHash { EventHash(of: Array("duolog/invitation/1 \(token)".utf8)) }

    private static func plain(_ name: String) -> String {
        name.precomposedStringWithCanonicalMapping.trimmingCharacters(in: .whitespacesAndNewlines).lowercased()
    }
}

extension Visitor {
    fileprivate init(_ entry: SignInEntry, hasPassphrase: Bool) {
        self.init(
            author: entry.person.author, name: entry.person.name, credential: entry.person.credential,
            isAdministrator: entry.isAdministrator, hasPassphrase: hasPassphrase)
    }
}
