import Crypto
import CryptoExtras
public import EventLog
import Foundation
public import NodeAPI

/// What a note says, before it is sealed and after it was opened.
public struct NoteText: Codable, Hashable, Sendable {
    /// The note.
    public var text: String
    /// The session that it belongs to.
    public var session: EventHash?

    /// A note.
    public init(text: String, session: EventHash? = nil) {
        self.text = text
        self.session = session
    }
}

/// The private key of a notebook. It exists where its author types the passphrase, and nowhere else: the daemon only keeps it wrapped.
public struct NotebookKey: Sendable {
    /// A passphrase has at least so many characters: the wrapped key can be attacked by whoever has a copy of it.
    public static let shortestPassphrase = 12
    /// 128 MiB and about half a second for each guess.
    public static let cost = NotebookLock.Cost(rounds: 1 << 17, block_size: 8, parallelism: 1)

    fileprivate static let suite = HPKE.Ciphersuite.Curve25519_SHA256_ChachaPoly
    fileprivate static let purpose = Data("duolog/note/1".utf8)
    private let key: Curve25519.KeyAgreement.PrivateKey

    /// The key of a new notebook.
    public init() { key = Curve25519.KeyAgreement.PrivateKey() }

    /// The key in a lock.
    public init(in lock: NotebookLock, passphrase: String) throws {
        guard lock.isWellFormed, let wrapped = Base64URL.decode(lock.wrapped_key.utf8),
            let salt = Base64URL.decode(lock.salt.utf8)
        else { throw NodeError(.io, "the notebook's lock is damaged; put lock.json back from a backup") }
        let wrapping = try Self.wrappingKey(passphrase, salt, lock.cost)
        guard let box = try? AES.GCM.SealedBox(combined: wrapped),
            let bytes = try? AES.GCM.open(box, using: wrapping, authenticating: Self.label(lock.public_key)),
            let key = try? Curve25519.KeyAgreement.PrivateKey(rawRepresentation: bytes),
            Base64URL.encode(key.publicKey.rawRepresentation) == lock.public_key
        else { throw NodeError(.permission, "the passphrase is wrong: it does not open this notebook") }
        self.key = key
    }

    /// The lock that this passphrase opens.
    public func locked(passphrase: String, cost: NotebookLock.Cost = Self.cost) throws -> NotebookLock {
        guard passphrase.count >= Self.shortestPassphrase else {
            throw NodeError(
                .usage, "the passphrase is too short: at least \(Self.shortestPassphrase) characters, better several words")
        }
        let publicKey = Base64URL.encode(key.publicKey.rawRepresentation)
        let salt = SystemRandom.bytes(16)
        let wrapping = try Self.wrappingKey(passphrase, salt, cost)
        guard
            let wrapped = try AES.GCM.seal(
                key.rawRepresentation, using: wrapping, authenticating: Self.label(publicKey)
            ).combined
        else { throw NodeError(.io, "the notebook's key could not be wrapped") }
        return NotebookLock(
            public_key: publicKey, wrapped_key: Base64URL.encode(wrapped), salt: Base64URL.encode(salt), cost: cost)
    }

    /// What a sealed note says.
    public func open(_ sealed: String) throws -> NoteText {
        guard let bytes = Base64URL.decode(sealed.utf8), bytes.count > 32,
            var recipient = try? HPKE.Recipient(
                privateKey: key, ciphersuite: Self.suite, info: Self.purpose, encapsulatedKey: Data(bytes.prefix(32))),
            let opened = try? recipient.open(Data(bytes.dropFirst(32)))
        else { throw NodeError(.io, "a note does not open: it was altered, or sealed to another key") }
        return try JSONDecoder().decode(NoteText.self, from: opened)
    }

    private static func label(_ publicKey: String) -> Data { Data("duolog/notebook/1 \(publicKey)".utf8) }

    private static func wrappingKey(_ passphrase: String, _ salt: [UInt8], _ cost: NotebookLock.Cost) throws -> SymmetricKey {
        // The same letters, however a keyboard composes them.
        let bytes = Array(passphrase.precomposedStringWithCanonicalMapping.utf8)
        return try KDF.Scrypt.deriveKey(
            from: bytes, salt: salt, outputByteCount: 32, rounds: cost.rounds, blockSize: cost.block_size,
            parallelism: cost.parallelism)
    }
}

extension NotebookLock {
    /// Seals a note, for which no passphrase is needed. Its length is hidden up to a multiple of 256 bytes.
    public func seal(_ note: NoteText) throws -> String {
        guard note.text.contains(where: { !$0.isWhitespace }) else { throw NodeError(.content, "text: must not be empty") }
        guard let bytes = Base64URL.decode(public_key.utf8),
            let key = try? Curve25519.KeyAgreement.PublicKey(rawRepresentation: bytes)
        else { throw NodeError(.io, "the notebook's lock is damaged; put lock.json back from a backup") }
        var text = try JSONEncoder().encode(note)
        text.append(Data(repeating: UInt8(ascii: " "), count: 255 - (text.count + 255) % 256))
        var sender = try HPKE.Sender(recipientKey: key, ciphersuite: NotebookKey.suite, info: NotebookKey.purpose)
        return Base64URL.encode(sender.encapsulatedKey + (try sender.seal(text)))
    }
}
