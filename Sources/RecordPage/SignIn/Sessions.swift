import EventLog
import NodeAPI
import Synchronization

/// How long a session lasts.
public struct PageTiming: Hashable, Sendable {
    /// Without anything done for so long, the page asks for the passphrase again; in milliseconds.
    public var idle: Int
    /// After so long it ends, whatever was done; in milliseconds.
    public var longest: Int

    /// Both in milliseconds.
    public init(idle: Int, longest: Int) {
        self.idle = idle
        self.longest = longest
    }
}

/// Somebody's time at the page, from sign-in to sign-out.
struct Session: Sendable {
    /// What the cookie says: nobody can guess it.
    let id: String
    let visitor: Visitor
    /// Every form of the session carries it.
    let token: String
    let began: Int
    fileprivate(set) var lastSeen: Int
    /// True when the passphrase is wanted before anything else is shown.
    fileprivate(set) var isLocked = false
}

/// The sessions of a node. They live in memory: a daemon that starts again knows none, and everybody signs in anew.
final class Sessions: Sendable {
    /// Beyond so many, the ones that were not used for longest end.
    static let most = 256

    private let timing: PageTiming
    private let open = Mutex<[String: Session]>([:])

    init(_ timing: PageTiming) { self.timing = timing }

    /// 256 random bits as text.
    static func secret() -> String { Base64URL.encode((0..<32).map { _ in UInt8.random(in: .min ... .max) }) }

    func begin(_ visitor: Visitor, now: Int) -> Session {
        let session = Session(id: Self.secret(), visitor: visitor, token: Self.secret(), began: now, lastSeen: now)
        open.withLock { open in
            open = open.filter { now - $0.value.began < timing.longest }
            if open.count >= Self.most, let oldest = open.values.min(by: { $0.lastSeen < $1.lastSeen }) {
                open[oldest.id] = nil
            }
            open[session.id] = session
        }
        return session
    }

    /// The session of a cookie, locked when it was idle for too long; nil when there is none, or when it has ended.
    ///
    /// - Parameter isPerson: false for what a page asks for by itself, which keeps nothing awake.
    func session(_ id: String, now: Int, isPerson: Bool) -> Session? {
        open.withLock { open in
            guard var session = open[id] else { return nil }
            guard now - session.began < timing.longest else {
                open[id] = nil
                return nil
            }
            if session.visitor.hasPassphrase, now - session.lastSeen >= timing.idle { session.isLocked = true }
            if isPerson, !session.isLocked { session.lastSeen = now }
            open[id] = session
            return session
        }
    }

    func unlock(_ id: String, now: Int) -> Session? {
        open.withLock { open in
            open[id]?.isLocked = false
            open[id]?.lastSeen = now
            return open[id]
        }
    }

    func lock(_ id: String) { open.withLock { $0[id]?.isLocked = true } }

    func end(_ id: String) { open.withLock { $0[id] = nil } }
}

/// How often somebody may try, by where they are.
final class AttemptLimit: Sendable {
    private let most: Int
    private let span: Int
    private let attempts = Mutex<[String: [Int]]>([:])

    /// At most `most` attempts in `span` milliseconds.
    init(most: Int, within span: Int) {
        self.most = most
        self.span = span
    }

    /// True where one more is allowed; it counts from then on.
    func take(_ address: String, now: Int) -> Bool {
        attempts.withLock { attempts in
            attempts = attempts.compactMapValues { times in
                let recent = times.filter { now - $0 < span }
                return recent.isEmpty ? nil : recent
            }
            guard attempts[address, default: []].count < most else { return false }
            attempts[address, default: []].append(now)
            return true
        }
    }
}
