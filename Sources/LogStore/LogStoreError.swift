import GRDB

/// Why the log cannot be opened or written. The text names what, where and what to do; it holds no patient data.
public struct LogStoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of failure.
    public enum Code: Hashable, Sendable {
        /// Another process has the state folder open.
        case locked
        /// The schema is of a newer version.
        case newerSchema
        /// Reading or writing failed: the process must stop, and never retry blindly.
        case io
        /// Something that was stored does not verify.
        case damaged
        /// The store key does not open what is stored.
        case wrongKey
        /// Something that was asked for is not here.
        case notFound
        /// A key is not trusted any more.
        case revoked
        /// An event cannot be written, for a reason that the caller can mend.
        case refused
    }

    /// What kind of failure.
    public let code: Code
    /// What, where, and what to do.
    public let text: String

    /// A failure and its words.
    public init(_ code: Code, _ text: String) {
        self.code = code
        self.text = text
    }

    /// The words.
    public var description: String { text }
}

extension DatabaseError {
    /// The disk or the file failed: nothing can be relied on, unlike a constraint that a job ran into.
    var isDiskFailure: Bool {
        [.SQLITE_IOERR, .SQLITE_FULL, .SQLITE_CORRUPT, .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_NOTADB, .SQLITE_PROTOCOL]
            .contains(resultCode.primaryResultCode)
    }
}
