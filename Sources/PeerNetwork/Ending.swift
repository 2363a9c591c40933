import Glibc
import Logging
import NIOCore
import NIOSSL
import Replication

/// Why a connection ended, for the log and for the status of the peer.
struct Ending: Hashable, Sendable {
    let text: String
    let level: Logger.Level
    /// True when the next connection is likely to end the same way: dialing again at once would be a tight loop.
    let isFault: Bool

    private init(_ text: String, _ level: Logger.Level, isFault: Bool) {
        self.text = text
        self.level = level
        self.isFault = isFault
    }

    /// This side closes, and says why.
    static func byThisNode(_ error: Message.WireError) -> Ending { ending(error, "this node closed the connection") }

    /// The peer said that it closes, and why.
    static func byPeer(_ error: Message.WireError) -> Ending { ending(error, "the peer closed the connection") }

    /// The connection broke, or never came to be a session.
    static func broken(_ text: String, _ level: Logger.Level = .info) -> Ending { Ending(text, level, isFault: false) }

    private static func ending(_ error: Message.WireError, _ who: String) -> Ending {
        let (level, isFault): (Logger.Level, Bool) =
            switch error.code {
            case .stopping, .replaced: (.info, false)
            case .timeout: (.notice, false)
            case .malformed, .unexpected, .limit, .version, .identity, .storage: (.warning, true)
            }
        return Ending("\(who): \(error.code.rawValue): \(printable(error.text))", level, isFault: isFault)
    }

    /// Words that a peer sent, fit for a log: one line, of a length that people read.
    static func printable(_ text: String) -> String {
        let safe = text.unicodeScalars.prefix(200).map { $0.properties.generalCategory == .control ? " " : Character($0) }
        return String(safe)
    }

    /// An error of a socket or of TLS in words. `talked` is true when the peer had said hello.
    static func words(for error: any Error, talked: Bool, key: String) -> String {
        if case .uncleanShutdown? = error as? NIOSSLError { return "the peer went away without a word" }
        if let error = error as? IOError { return String(cString: strerror(error.errnoCode)) }
        guard error is NIOSSLError || error is BoringSSLError else { return "\(error)" }
        let detail = "TLS failed (\(error))"
        return talked
            ? detail
            : "\(detail): the other side speaks no TLS 1.3, or has not paired this node; there: duolog peer add --key \(key)"
    }
}
