public import Crypto
import EventLog
import Foundation

/// Seals bodies and projections at rest: a stolen state folder without the store key shows no text.
public struct Sealer: Sendable {
    private let key: SymmetricKey

    /// Seals with a 256-bit store key.
    public init(key: SymmetricKey) { self.key = key }

    /// AES-GCM under a random nonce. `label` says what the bytes are, so that no row can be passed off as another.
    func seal(_ bytes: [UInt8], as label: [UInt8]) throws -> Data {
        guard let combined = try AES.GCM.seal(bytes, using: key, authenticating: label).combined else {
            throw LogStoreError(.io, "sealing failed")
        }
        return combined
    }

    /// Opens the body of an event, which its name is bound to.
    func open(_ sealed: UnsafeBufferPointer<UInt8>, as event: EventHash) throws -> [UInt8] {
        try open(Data(buffer: sealed), as: event.bytes)
    }

    func open(_ sealed: Data, as label: [UInt8]) throws -> [UInt8] {
        do {
            return [UInt8](try AES.GCM.open(AES.GCM.SealedBox(combined: sealed), using: key, authenticating: label))
        } catch {
            throw LogStoreError(.wrongKey, "a sealed row does not open: the store key is another, or the row was altered")
        }
    }
}
