import Crypto
import CryptoExtras
import EventLog
import Foundation
import NodeAPI

/// To whom a backup is sealed.
public enum BackupRecipient: Sendable {
    /// Whoever knows this.
    case passphrase(String)
    /// Whoever has the private key of this X25519 public key: a machine can make backups without being able to read them.
    case key([UInt8])

    /// The words that stand for a public key in configuration and on the command line.
    static let prefix = "duolog-recipient-"

    /// The recipient whose key these words are; nil where they are none.
    public static func key(_ text: String) -> BackupRecipient? {
        guard text.hasPrefix(prefix), let bytes = Base64URL.decode(text.dropFirst(prefix.count).utf8), bytes.count == 32 else {
            return nil
        }
        return .key(bytes)
    }
}

/// Who opens a backup.
public enum BackupOpener: Sendable {
    /// Whoever knows this.
    case passphrase(String)
    /// The private key that the backup was sealed to.
    case identity(BackupIdentity)
}

/// The private key of a recipient. It belongs where backups are restored, not where they are made.
public struct BackupIdentity: Sendable {
    private static let prefix = "duolog-identity-"
    let key: Curve25519.KeyAgreement.PrivateKey

    /// A new one.
    public init() { key = Curve25519.KeyAgreement.PrivateKey() }

    /// The one that stands in a file.
    ///
    /// - Throws: ``NodeError`` where there is none.
    public init(file: String) throws {
        guard let data = FileManager.default.contents(atPath: file) else { throw NodeError(.usage, "cannot read \(file)") }
        let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        guard text.hasPrefix(Self.prefix), let bytes = Base64URL.decode(text.dropFirst(Self.prefix.count).utf8),
            let key = try? Curve25519.KeyAgreement.PrivateKey(rawRepresentation: bytes)
        else { throw NodeError(.usage, "\(file) holds no key that 'duolog backup keygen' made") }
        self.key = key
    }

    /// As it stands in its file.
    public var text: String { Self.prefix + Base64URL.encode(key.rawRepresentation) }

    /// What backups are sealed to; anybody may know it.
    public var recipient: String { BackupRecipient.prefix + Base64URL.encode(key.publicKey.rawRepresentation) }
}

/// The first lines of a backup: how the key that seals the rest can be had. In the clear.
struct BackupLock: Codable, Hashable {
    private static let suite = HPKE.Ciphersuite.Curve25519_SHA256_ChachaPoly
    private static let purpose = Data("duolog/backup/1".utf8)
    /// Half a second and 128 MiB for each guess of a passphrase, as for notebooks.
    static let cost = NotebookKey.cost

    /// The cipher of the rest.
    let cipher: String
    /// Bytes of text in each sealed piece but the last.
    let piece: Int
    /// For a passphrase: what the wrapping key is derived with.
    let salt: String?
    let cost: NotebookLock.Cost?
    /// For a recipient: whose key it was sealed to.
    let recipient: String?
    /// The key of this file, wrapped; for a recipient, behind the encapsulated key of HPKE.
    let wrapped_key: String

    /// A lock for a new file, and the key that it keeps.
    static func make(for recipient: BackupRecipient, cost: NotebookLock.Cost = Self.cost) throws -> (BackupLock, SymmetricKey) {
        let key = SymmetricKey(size: .bits256)
        let bytes = key.withUnsafeBytes { Data($0) }
        switch recipient {
        case .passphrase(let passphrase):
            guard passphrase.count >= NotebookKey.shortestPassphrase else {
                throw NodeError(
                    .usage,
                    "the passphrase is too short: at least \(NotebookKey.shortestPassphrase) characters, better several words")
            }
            let salt = SystemRandom.bytes(16)
            let wrapping = try wrappingKey(passphrase, salt, cost)
            guard let wrapped = try AES.GCM.seal(bytes, using: wrapping, authenticating: purpose).combined else {
                throw NodeError(.io, "the key of the backup could not be wrapped")
            }
            return (BackupLock(salt: Base64URL.encode(salt), cost: cost, recipient: nil, wrapped: wrapped), key)
        case .key(let recipient):
            let publicKey = try Curve25519.KeyAgreement.PublicKey(rawRepresentation: recipient)
            var sender = try HPKE.Sender(recipientKey: publicKey, ciphersuite: suite, info: purpose)
            let wrapped = sender.encapsulatedKey + (try sender.seal(bytes))
            return (
                BackupLock(
                    salt: nil, cost: nil, recipient: BackupRecipient.prefix + Base64URL.encode(recipient), wrapped: wrapped), key
            )
        }
    }

    private init(salt: String?, cost: NotebookLock.Cost?, recipient: String?, wrapped: Data) {
        cipher = BackupFormat.cipher
        piece = BackupFormat.piece
        self.salt = salt
        self.cost = cost
        self.recipient = recipient
        wrapped_key = Base64URL.encode(wrapped)
    }

    /// The key of the file.
    func key(for opener: BackupOpener) throws -> SymmetricKey {
        guard let wrapped = Base64URL.decode(wrapped_key.utf8) else {
            throw NodeError(.content, "the head of the backup is damaged: its key is not readable")
        }
        switch (opener, salt, cost) {
        case (.passphrase(let passphrase), let salt?, let cost?):
            guard let salt = Base64URL.decode(salt.utf8), cost.isReasonable, let box = try? AES.GCM.SealedBox(combined: wrapped)
            else {
                throw NodeError(.content, "the head of the backup is damaged: its lock is not readable")
            }
            guard
                let bytes = try? AES.GCM.open(
                    box, using: try Self.wrappingKey(passphrase, salt, cost), authenticating: Self.purpose)
            else { throw NodeError(.permission, "the passphrase does not open this backup, or the backup's head was altered") }
            return SymmetricKey(data: bytes)
        case (.identity(let identity), nil, nil):
            guard wrapped.count > 32,
                var opened = try? HPKE.Recipient(
                    privateKey: identity.key, ciphersuite: Self.suite, info: Self.purpose,
                    encapsulatedKey: Data(wrapped.prefix(32))),
                let bytes = try? opened.open(Data(wrapped.dropFirst(32)))
            else {
                throw NodeError(
                    .permission,
                    "this key does not open the backup: it is sealed to \(recipient ?? "another"), and the key is \(identity.recipient)"
                )
            }
            return SymmetricKey(data: bytes)
        case (.passphrase, _, _):
            throw NodeError(
                .usage, "the backup is sealed to a key: give the file with it by --identity FILE (\(recipient ?? "?"))")
        case (.identity, _, _): throw NodeError(.usage, "the backup is sealed with a passphrase, not to a key")
        }
    }

    private static func wrappingKey(_ passphrase: String, _ salt: [UInt8], _ cost: NotebookLock.Cost) throws -> SymmetricKey {
        // The same letters, however a keyboard composes them.
        let bytes = Array(passphrase.precomposedStringWithCanonicalMapping.utf8)
        return try KDF.Scrypt.deriveKey(
            from: bytes, salt: salt, outputByteCount: 32, rounds: cost.rounds, blockSize: cost.block_size,
            parallelism: cost.parallelism)
    }
}
