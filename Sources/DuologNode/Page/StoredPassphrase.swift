import CryptoExtras
import Dispatch
import EventLog
import Foundation
import NodeAPI
import RecordPage

/// A passphrase as it is kept: what it was hashed to, by a function that costs memory, and how.
struct StoredPassphrase: Codable, Hashable, Sendable {
    /// 128 MiB and about half a second for each guess.
    static let cost = NotebookKey.cost

    let salt: String
    let hash: String
    let cost: NotebookLock.Cost

    /// Hashes a passphrase. One at a time: each takes its memory.
    static func hashing(_ passphrase: String, cost: NotebookLock.Cost = Self.cost) async throws -> StoredPassphrase {
        guard passphrase.count >= SignInRules.shortestPassphrase else {
            throw NodeError(
                .content,
                "the passphrase is too short: at least \(SignInRules.shortestPassphrase) characters, better several words")
        }
        let salt = SystemRandom.bytes(16)
        let hash = try await derive(passphrase, salt, cost)
        return StoredPassphrase(salt: Base64URL.encode(salt), hash: Base64URL.encode(hash), cost: cost)
    }

    init(salt: String, hash: String, cost: NotebookLock.Cost) {
        self.salt = salt
        self.hash = hash
        self.cost = cost
    }

    /// Reads what was kept; nil where it is damaged.
    init?(text: String) {
        guard let read = try? JSONDecoder().decode(Self.self, from: Data(text.utf8)) else { return nil }
        self = read
    }

    var text: String { String(decoding: (try? JSONEncoder().encode(self)) ?? Data(), as: UTF8.self) }

    /// Stands in where nobody has such a name, so that this takes as long as a wrong passphrase.
    static func nobodys(cost: NotebookLock.Cost) -> StoredPassphrase {
        StoredPassphrase(
            salt: Base64URL.encode([UInt8](repeating: 0, count: 16)), hash: Base64URL.encode([UInt8](repeating: 0, count: 32)),
            cost: cost)
    }

    func isOpened(by passphrase: String) async throws -> Bool {
        guard let salt = Base64URL.decode(salt.utf8), let hash = Base64URL.decode(hash.utf8), hash.count == 32 else {
            return false
        }
        let derived = try await Self.derive(passphrase, salt, cost)
        // In a time that says nothing of where they differ.
        return zip(derived, hash).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    private static let queue = DispatchQueue(label: "duolog.passphrase")

    private static func derive(_ passphrase: String, _ salt: [UInt8], _ cost: NotebookLock.Cost) async throws -> [UInt8] {
        // The same letters, however a keyboard composes them.
        let bytes = Array(passphrase.precomposedStringWithCanonicalMapping.utf8)
        return try await withCheckedThrowingContinuation { continuation in
            queue.async {
                continuation.resume(
                    with: Result {
                        try KDF.Scrypt.deriveKey(
                            from: bytes, salt: salt, outputByteCount: 32, rounds: cost.rounds, blockSize: cost.block_size,
                            parallelism: cost.parallelism
                        ).withUnsafeBytes { Array($0) }
                    })
            }
        }
    }
}
