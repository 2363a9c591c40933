public import Crypto
import EventLog
import Foundation
import Glibc

/// Seals bodies and projections at rest: a stolen state folder without the store key shows no text.
public struct Sealer: Sendable {
    private let key: SymmetricKey

    /// Seals with a 256-bit store key.
    public init(key: SymmetricKey) { self.key = key }

    /// AES-GCM under a random nonce. `label` says what the bytes are, so that no row can be passed off as another.
    func seal(_ bytes: [UInt8], as label: [UInt8]) throws -> Data { try seal(bytes, as: label, under: AES.GCM.Nonce()) }

    /// Seals bodies that the name of the last event of their segment is bound to.
    func seal(_ bodies: [UInt8], as last: EventHash) throws -> Data { try seal(bodies, of: last, under: AES.GCM.Nonce()) }

    /// The same under a nonce of ``nonces(_:)``.
    func seal(_ bodies: [UInt8], of last: EventHash, under nonce: AES.GCM.Nonce) throws -> Data {
        try last.withBytes { try seal(bodies, as: $0, under: nonce) }
    }

    private func seal(_ bytes: [UInt8], as label: some DataProtocol, under nonce: AES.GCM.Nonce) throws -> Data {
        guard let combined = try AES.GCM.seal(bytes, using: key, nonce: nonce, authenticating: label).combined else {
            throw LogStoreError(.io, "sealing failed")
        }
        return combined
    }

    /// Random nonces for what is sealed right now: one by one, the kernel is asked twice for each. Never kept for later: a machine that is
    /// resumed from a snapshot twice would use them twice.
    func nonces(_ count: Int) throws -> [AES.GCM.Nonce] {
        let size = 12
        // It gives no more than 256 bytes at once.
        let atOnce = 256 / size
        var nonces: [AES.GCM.Nonce] = []
        nonces.reserveCapacity(count)
        while nonces.count < count {
            var bytes = [UInt8](repeating: 0, count: min(atOnce, count - nonces.count) * size)
            guard getentropy(&bytes, bytes.count) == 0 else { throw LogStoreError(.io, "the kernel gives no random bytes") }
            for start in stride(from: 0, to: bytes.count, by: size) {
                nonces.append(try AES.GCM.Nonce(data: bytes[start..<start + size]))
            }
        }
        return nonces
    }

    /// Opens bodies that the name of the last event of their segment is bound to.
    func open(_ sealed: some DataProtocol, as last: EventHash) throws -> [UInt8] {
        try last.withBytes { try open(sealed, as: $0) }
    }

    func open(_ sealed: some DataProtocol, as label: some DataProtocol) throws -> [UInt8] {
        do {
            return try AES.GCM.open(AES.GCM.SealedBox(combined: sealed), using: key, authenticating: label)
                .withUnsafeBytes { [UInt8]($0) }
        } catch {
            throw LogStoreError(.wrongKey, "a sealed row does not open: the store key is another, or the row was altered")
        }
    }
}
