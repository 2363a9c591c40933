import Crypto
public import EventLog
import Foundation
import NodeAPI

/// What the bytes of a backup mean; docs/BACKUP.md says it for those who write a second reader.
enum BackupFormat {
    static let firstLine = "duolog-backup 1"
    static let cipher = "AES-256-GCM"
    /// Bytes of text in each sealed piece but the last.
    static let piece = 65_536
    static let tag = 16
    /// A head is a line of text; a longer one is no backup.
    static let longestHead = 4096

    /// The nonce of a piece: its number, and whether it is the last. Cut, doubled or exchanged pieces do not open.
    static func nonce(_ number: UInt64, isLast: Bool) throws -> AES.GCM.Nonce {
        let bytes = [UInt8](repeating: 0, count: 3) + withUnsafeBytes(of: number.bigEndian) { Array($0) } + [isLast ? 1 : 0]
        return try AES.GCM.Nonce(data: bytes)
    }
}

/// What a backup holds. Sealed like everything but the head.
public struct BackupManifest: Codable, Hashable, Sendable {
    /// One file of the state folder.
    public struct File: Codable, Hashable, Sendable {
        /// Its path inside of the folder.
        public var name: String
        /// Its size.
        public var bytes: Int
        /// Its SHA-256, base64url.
        public var sha256: EventHash
    }

    /// When the log was copied, by the node's clock.
    public var made: Timestamp
    /// The program that made it.
    public var version: String
    /// Whose it is.
    public var node: NodeID
    /// The node's epoch then, as it stands in origins.
    public var origin: Origin
    /// The log's schema.
    public var schema: String
    /// Events in the log.
    public var events: Int
    /// Charts in the log, the journal among them.
    public var charts: Int
    /// Commits in the log.
    public var commits: Int
    /// The files, in the order in which they follow.
    public var files: [File]
}

/// Seals what is written to it, piece by piece: memory does not grow with the file.
struct BackupSealer {
    private let file: FileHandle
    /// The key of this file, for whoever reads at once what was written.
    let key: SymmetricKey
    private let head: [UInt8]
    private var number: UInt64 = 0
    private var waiting: [UInt8] = []
    private(set) var written = 0

    init(_ file: FileHandle, for recipient: BackupRecipient, cost: NotebookLock.Cost = BackupLock.cost) throws {
        self.file = file
        let (lock, key) = try BackupLock.make(for: recipient, cost: cost)
        self.key = key
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let lines = Array("\(BackupFormat.firstLine)\n".utf8) + [UInt8](try encoder.encode(lock)) + [0x0A]
        head = Array(EventHash(of: lines).bytes)
        try file.write(contentsOf: Data(lines))
        written = lines.count
    }

    mutating func write(_ bytes: some Sequence<UInt8>) throws {
        waiting.append(contentsOf: bytes)
        // One piece is kept back: the last one is sealed as such.
        while waiting.count > BackupFormat.piece {
            try seal(Array(waiting.prefix(BackupFormat.piece)), isLast: false)
            waiting.removeFirst(BackupFormat.piece)
        }
    }

    mutating func finish() throws {
        try seal(waiting, isLast: true)
        waiting = []
    }

    private mutating func seal(_ bytes: [UInt8], isLast: Bool) throws {
        let box = try AES.GCM.seal(
            bytes, using: key, nonce: BackupFormat.nonce(number, isLast: isLast), authenticating: head)
        try file.write(contentsOf: box.ciphertext + box.tag)
        written += box.ciphertext.count + box.tag.count
        number += 1
    }
}

/// Opens a backup from its beginning, piece by piece.
struct BackupReader {
    private let file: FileHandle
    private let path: String
    private let key: SymmetricKey
    private let head: [UInt8]
    private var number: UInt64 = 0
    private var position: Int
    private var ahead: Data
    private var text: [UInt8] = []
    private var start = 0
    private var isAtEnd = false

    /// Reads the head, for somebody who has a way to open it.
    ///
    /// - Throws: ``NodeError`` where it is no backup, or does not open.
    init(_ path: String, _ opener: BackupOpener) throws { try self.init(path) { try $0.key(for: opener) } }

    /// Reads the head.
    init(_ path: String, key find: (BackupLock) throws -> SymmetricKey) throws {
        guard let file = FileHandle(forReadingAtPath: path) else { throw NodeError(.usage, "cannot read \(path)") }
        self.file = file
        self.path = path
        let begin = try file.read(upToCount: BackupFormat.longestHead) ?? Data()
        let lines = begin.split(separator: 0x0A, maxSplits: 2, omittingEmptySubsequences: false)
        guard lines.count == 3, lines[0].starts(with: Array("duolog-backup ".utf8)) else {
            throw NodeError(.content, "\(path) is no backup of Duolog")
        }
        guard lines[0].elementsEqual(BackupFormat.firstLine.utf8) else {
            throw NodeError(.content, "\(path) is a backup in a format that this version does not know; use a newer Duolog")
        }
        guard let lock = try? JSONDecoder().decode(BackupLock.self, from: Data(lines[1])), lock.cipher == BackupFormat.cipher,
            lock.piece == BackupFormat.piece
        else { throw NodeError(.content, "\(path): the head of the backup is damaged (byte \(lines[0].count + 1))") }
        position = lines[0].count + lines[1].count + 2
        head = Array(EventHash(of: Array(begin.prefix(position))).bytes)
        key = try find(lock)
        try file.seek(toOffset: UInt64(position))
        ahead = try file.read(upToCount: BackupFormat.piece + BackupFormat.tag) ?? Data()
    }

    /// So many bytes of what was sealed; fewer at the end.
    mutating func read(_ count: Int) throws -> [UInt8] {
        while text.count - start < count, !isAtEnd { try open() }
        let end = min(text.count, start + count)
        defer {
            start = end
            if start > 1 << 20 || start == text.count {
                text.removeFirst(start)
                start = 0
            }
        }
        return Array(text[start..<end])
    }

    /// One line of what was sealed, without its end.
    mutating func line() throws -> [UInt8] {
        while true {
            if let end = text[start...].firstIndex(of: 0x0A) {
                defer { start = end + 1 }
                return Array(text[start..<end])
            }
            guard !isAtEnd else { throw NodeError(.content, "\(path) ends within its manifest") }
            try open()
        }
    }

    private mutating func open() throws {
        let sealed = ahead
        ahead = try file.read(upToCount: BackupFormat.piece + BackupFormat.tag) ?? Data()
        let isLast = ahead.isEmpty
        guard sealed.count >= BackupFormat.tag,
            let box = try? AES.GCM.SealedBox(
                nonce: BackupFormat.nonce(number, isLast: isLast), ciphertext: sealed.dropLast(BackupFormat.tag),
                tag: sealed.suffix(BackupFormat.tag)),
            let opened = try? AES.GCM.open(box, using: key, authenticating: head)
        else {
            let what = isLast ? "the file was cut off there, or a byte of its last piece was altered" : "a byte there was altered"
            throw NodeError(
                .content,
                "\(path) is damaged: piece \(number), bytes \(position) to \(position + sealed.count), does not open: \(what). Use another backup"
            )
        }
        text.append(contentsOf: opened)
        number += 1
        position += sealed.count
        isAtEnd = isLast
    }
}
