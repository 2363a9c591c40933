public import Crypto

/// An Ed25519 public key. From a node's first one comes its id: ``NodeID/init(of:)``.
public struct NodePublicKey: Hashable, Sendable {
    /// Bytes of a key.
    public static let byteCount = 32

    /// The 32 bytes of the key.
    public let bytes: [UInt8]
    /// The id of the node whose first key this is.
    let founded: NodeID

    /// A key by its 32 bytes; nil when they are no Ed25519 public key.
    public init?(bytes: some Sequence<UInt8>) {
        let array = [UInt8](bytes)
        guard (try? Curve25519.Signing.PublicKey(rawRepresentation: array)) != nil else { return nil }
        self.bytes = array
        founded = NodeID(hashing: array)
    }

    /// Reads the base64url form.
    public init?(_ text: String) {
        guard let bytes = Base64URL.decode(text.utf8) else { return nil }
        self.init(bytes: bytes)
    }

    /// True when `signature` is this key's over `payload`.
    public func verifies(_ signature: [UInt8], over payload: [UInt8]) -> Bool {
        guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: bytes) else { return false }
        return key.isValidSignature(signature, for: payload)
    }
}

extension NodePublicKey: CustomStringConvertible, Codable {
    /// The base64url form: the fingerprint that people compare when they pair.
    public var description: String { Base64URL.encode(bytes) }

    /// Reads the base64url form.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let key = NodePublicKey(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an Ed25519 public key")
        }
        self = key
    }

    /// Writes the base64url form.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// A node's key pair, and how it came to have it.
public struct NodeKey: Sendable {
    private let key: Curve25519.Signing.PrivateKey
    /// The public half.
    public let publicKey: NodePublicKey
    /// The keys that the node has had; this one is the last.
    public let keys: NodeKeys

    /// A new node's key; nil when the library cannot give its public half.
    public init?(_ key: Curve25519.Signing.PrivateKey) {
        guard let publicKey = NodePublicKey(bytes: key.publicKey.rawRepresentation) else { return nil }
        self.init(key, keys: NodeKeys(first: publicKey))
    }

    /// The key to which the keys before it lead; nil when they do not.
    public init?(_ key: Curve25519.Signing.PrivateKey, keys: NodeKeys) {
        guard let publicKey = NodePublicKey(bytes: key.publicKey.rawRepresentation), keys.current == [publicKey] else {
            return nil
        }
        self.key = key
        self.publicKey = publicKey
        self.keys = keys
    }

    /// The node whose key it is: its id stays what the first key made it.
    public var node: NodeID { keys.node }

    /// What people tell each other when they pair.
    public var fingerprint: NodeFingerprint { NodeFingerprint(node: node, key: publicKey) }

    /// The key that takes this one's place, with this one's word for it. Nil once a node has had as many as it may.
    public func succeeded(by next: Curve25519.Signing.PrivateKey, at: Timestamp) throws -> NodeKey? {
        guard let new = NodePublicKey(bytes: next.publicKey.rawRepresentation) else { return nil }
        let succession = try KeySuccession(of: node, signing: self, new: new, at: at)
        return NodeKey(next, keys: NodeKeys(first: keys.first, checked: keys.successions + [succession]))
    }

    /// The private key, for the certificate and for the key file.
    public var privateKey: Curve25519.Signing.PrivateKey { key }

    /// Signs `payload`.
    public func sign(_ payload: [UInt8]) throws -> [UInt8] { [UInt8](try key.signature(for: payload)) }
}

/// What a signature is for. The domain is the first line of what is signed, so no signature can be passed off as another kind of.
public enum SignatureDomain: String, Sendable {
    /// A ``SignedHead``.
    case head = "duolog/head/1"
    /// A ``Receipt``.
    case receipt = "duolog/receipt/1"
    /// A ``RemovalNotice``.
    case removed = "duolog/removed/1"
    /// A ``KeySuccession``.
    case succession = "duolog/succession/1"
    /// An exported chart.
    case export = "duolog/export/1"

    /// The bytes that are signed: the domain and the fields, each ended by a line feed.
    public func payload(_ fields: [String]) -> [UInt8] {
        ([rawValue] + fields).flatMap { Array($0.utf8) + [0x0A] }
    }

    /// The same of a claim on where a sequence stands, of which there is one for each chart and commit: in one piece, and not a text for each
    /// field.
    fileprivate func payload(
        _ before: [String] = [], chart: ChartID, dot: Dot, hash: EventHash, at: Timestamp
    ) -> [UInt8] {
        ByteWriter.write(atMost: 512) { output in
            for field in [rawValue] + before {
                output.put(text: field)
                output.put("\n")
            }
            chart.write(to: &output)
            output.put("\n")
            dot.origin.write(to: &output)
            output.put("\n")
            output.put(dot.seq)
            output.put("\n")
            hash.write(to: &output)
            output.put("\n")
            at.write(to: &output)
            output.put("\n")
        }
    }
}

/// An origin's signature that a chart's sequence stands at this event; it covers every event before it.
public struct SignedHead: Hashable, Sendable {
    /// The chart.
    public let chart: ChartID
    /// The last event that is covered.
    public let dot: Dot
    /// Its hash.
    public let hash: EventHash
    /// When it was signed, by the origin's wall clock.
    public let at: Timestamp
    /// Ed25519, 64 bytes.
    public let signature: [UInt8]

    /// A head as received or stored; the signature is not checked here.
    public init(chart: ChartID, dot: Dot, hash: EventHash, at: Timestamp, signature: [UInt8]) {
        self.chart = chart
        self.dot = dot
        self.hash = hash
        self.at = at
        self.signature = signature
    }

    /// Signs an event as the head of its origin.
    public init(signing event: Event, at: Timestamp, with key: NodeKey) throws {
        let payload = SignatureDomain.head.payload(
            chart: event.envelope.chart, dot: event.envelope.dot, hash: event.hash, at: at)
        self.init(
            chart: event.envelope.chart, dot: event.envelope.dot, hash: event.hash, at: at,
            signature: try key.sign(payload))
    }

    /// True when a key that is in force signed this head, and the keys are those of its origin's node.
    public func isValid(for keys: NodeKeys) -> Bool {
        let payload = SignatureDomain.head.payload(chart: chart, dot: dot, hash: hash, at: at)
        return keys.node == dot.origin.node && keys.current.contains { $0.verifies(signature, over: payload) }
    }
}

/// A node's signature that it has durably stored an origin's sequence up to a head.
public struct Receipt: Hashable, Sendable {
    /// Who stored it.
    public let receiver: NodeID
    /// Which life of that node: drawn anew when it is restored.
    public let instance: UInt64
    /// The chart.
    public let chart: ChartID
    /// The last event that was stored.
    public let dot: Dot
    /// Its hash.
    public let hash: EventHash
    /// When it was stored, by the receiver's wall clock.
    public let at: Timestamp
    /// Ed25519, 64 bytes.
    public let signature: [UInt8]

    /// A receipt as received or stored; the signature is not checked here.
    public init(
        receiver: NodeID, instance: UInt64, chart: ChartID, dot: Dot, hash: EventHash, at: Timestamp, signature: [UInt8]
    ) {
        self.receiver = receiver
        self.instance = instance
        self.chart = chart
        self.dot = dot
        self.hash = hash
        self.at = at
        self.signature = signature
    }

    /// Signs that this node holds the prefix that ends at `hash`.
    public init(
        signing key: NodeKey, instance: UInt64, chart: ChartID, dot: Dot, hash: EventHash, at: Timestamp
    ) throws {
        let unsigned = Receipt(
            receiver: key.node, instance: instance, chart: chart, dot: dot, hash: hash, at: at, signature: [])
        self.init(
            receiver: unsigned.receiver, instance: instance, chart: chart, dot: dot, hash: hash, at: at,
            signature: try key.sign(unsigned.payload))
    }

    /// True when one of these keys signed this receipt, and they are the receiver's: one that has been replaced since signed it in its time.
    public func isValid(for keys: NodeKeys) -> Bool {
        keys.node == receiver && keys.all.contains { $0.verifies(signature, over: payload) }
    }

    private var payload: [UInt8] {
        SignatureDomain.receipt.payload(
            [receiver.description, String(instance)], chart: chart, dot: dot, hash: hash, at: at)
    }
}

/// A node's signed word to a peer that the peer is no longer a member of a chart: nothing more of it will come.
public struct RemovalNotice: Hashable, Sendable {
    /// The chart.
    public let chart: ChartID
    /// Who was removed.
    public let removed: NodeID
    /// The removal that the notice goes by.
    public let removal: EventHash
    /// When the notice was signed.
    public let at: Timestamp
    /// Ed25519, 64 bytes.
    public let signature: [UInt8]

    /// A notice as received; the signature is not checked here.
    public init(chart: ChartID, removed: NodeID, removal: EventHash, at: Timestamp, signature: [UInt8]) {
        self.chart = chart
        self.removed = removed
        self.removal = removal
        self.at = at
        self.signature = signature
    }

    /// Signs a notice.
    public init(signing key: NodeKey, chart: ChartID, removed: NodeID, removal: EventHash, at: Timestamp) throws {
        let unsigned = RemovalNotice(chart: chart, removed: removed, removal: removal, at: at, signature: [])
        self.init(
            chart: chart, removed: removed, removal: removal, at: at, signature: try key.sign(unsigned.payload))
    }

    /// True when one of these keys signed this notice.
    public func isValid(for keys: [NodePublicKey]) -> Bool { keys.contains { $0.verifies(signature, over: payload) } }

    private var payload: [UInt8] {
        SignatureDomain.removed.payload([chart.description, removed.description, removal.description, at.description])
    }
}
