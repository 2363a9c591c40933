import Crypto

/// A node's word that another key takes the place of one of its own, signed with the old one. The new one proves itself by what it signs.
public struct KeySuccession: Hashable, Sendable {
    /// The key that is replaced.
    public let old: NodePublicKey
    /// The one that takes its place.
    public let new: NodePublicKey
    /// When, by the node's wall clock.
    public let at: Timestamp
    /// Ed25519 by the old key, 64 bytes.
    public let signature: [UInt8]

    /// Signs that `new` takes the place of a key of `node`.
    public init(of node: NodeID, signing old: NodeKey, new: NodePublicKey, at: Timestamp) throws {
        self.old = old.publicKey
        self.new = new
        self.at = at
        signature = try old.sign(Self.payload(node, old.publicKey, new, at))
    }

    /// True when the old key signed it, for this node.
    public func isValid(for node: NodeID) -> Bool { old.verifies(signature, over: Self.payload(node, old, new, at)) }

    private static func payload(_ node: NodeID, _ old: NodePublicKey, _ new: NodePublicKey, _ at: Timestamp) -> [UInt8] {
        SignatureDomain.succession.payload([node.description, old.description, new.description, at.description])
    }
}

extension KeySuccession: Codable {
    private enum CodingKeys: String, CodingKey { case old, new, at, sig }

    /// Reads the four members; the signature is not checked here.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        old = try container.decode(NodePublicKey.self, forKey: .old)
        new = try container.decode(NodePublicKey.self, forKey: .new)
        at = try container.decode(Timestamp.self, forKey: .at)
        guard let bytes = Base64URL.decode(try container.decode(String.self, forKey: .sig).utf8), bytes.count == 64 else {
            throw DecodingError.dataCorruptedError(
                forKey: .sig, in: container, debugDescription: "not a signature (64 bytes, base64url)")
        }
        signature = bytes
    }

    /// Writes the four members.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(old, forKey: .old)
        try container.encode(new, forKey: .new)
        try container.encode(at, forKey: .at)
        try container.encode(Base64URL.encode(signature), forKey: .sig)
    }
}

/// The keys that a node has had: the first, from which its id comes for good, and those that followed, each by the word of the one before.
public struct NodeKeys: Hashable, Sendable {
    /// The most successions of one node.
    public static let limit = 64

    /// The key that the id is derived from.
    public let first: NodePublicKey
    /// What followed, each after the one whose key it replaces.
    public private(set) var successions: [KeySuccession] = []

    /// A node that has its first key, or the one to which valid successions lead; what does not hold or does not connect is left out.
    public init(first: NodePublicKey, _ said: some Sequence<KeySuccession> = []) {
        let node = NodeID(of: first)
        self.init(first: first, checked: said.filter { $0.isValid(for: node) })
    }

    /// The same, of successions whose signatures were checked before.
    public init(first: NodePublicKey, checked said: some Sequence<KeySuccession>) {
        self.first = first
        // In one order, whatever order they came in: all replicas derive the same.
        var open = said.sorted { Self.order($0).lexicographicallyPrecedes(Self.order($1)) }
        while successions.count < Self.limit,
            let next = open.firstIndex(where: { all.contains($0.old) && !all.contains($0.new) })
        {
            successions.append(open.remove(at: next))
        }
    }

    private static func order(_ succession: KeySuccession) -> [UInt8] {
        succession.old.bytes + succession.new.bytes + succession.signature
    }

    /// The node's id.
    public var node: NodeID { NodeID(of: first) }

    /// Every key that it has had, the first one first.
    public var all: [NodePublicKey] { [first] + successions.map(\.new) }

    /// The keys that nothing replaces. More than one: somebody made an old key name two successors, and only people can tell who it was.
    public var current: [NodePublicKey] {
        successions.isEmpty ? [first] : all.filter { key in !successions.contains { $0.old == key } }
    }

    /// The one key that is in force; where several claim to be, the last that they have in common is as near as it gets.
    public var present: NodePublicKey {
        let current = current
        guard current.count > 1 else { return current.first ?? first }
        return all.last { key in successions.count { $0.old == key } > 1 } ?? first
    }

    /// The succession that replaced a key; nil for one that is in force, or is none of the node's.
    public func replacement(of key: NodePublicKey) -> KeySuccession? { successions.first { $0.old == key } }

    /// The successions that lead from the first key to this one.
    public func path(to key: NodePublicKey) -> [KeySuccession] {
        guard let last = successions.first(where: { $0.new == key }) else { return [] }
        return path(to: last.old) + [last]
    }

    /// These and others of the same node.
    public func merging(_ others: NodeKeys) -> NodeKeys {
        others.first == first ? NodeKeys(first: first, checked: successions + others.successions) : self
    }
}

extension NodeKeys: Codable {
    private enum CodingKeys: String, CodingKey { case first, successions }

    /// Reads them, and refuses what does not hold.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let said = try container.decode([KeySuccession].self, forKey: .successions)
        guard said.count <= Self.limit else {
            throw DecodingError.dataCorruptedError(
                forKey: .successions, in: container, debugDescription: "more than \(Self.limit) successions")
        }
        self.init(first: try container.decode(NodePublicKey.self, forKey: .first), said)
        guard successions.count == said.count else {
            throw DecodingError.dataCorruptedError(
                forKey: .successions, in: container, debugDescription: "a succession that does not hold")
        }
    }
}

/// What people tell each other when they pair: a node and the key that it has now. The key alone as long as it is the node's first.
public struct NodeFingerprint: Hashable, Sendable, CustomStringConvertible {
    /// The node.
    public let node: NodeID
    /// Its present key.
    public let key: NodePublicKey

    /// A node and its key.
    public init(node: NodeID, key: NodePublicKey) {
        self.node = node
        self.key = key
    }

    /// Reads `<key>`, or `<node>.<key>` of a node whose key was rotated.
    public init?(_ text: String) {
        guard let dot = text.firstIndex(of: ".") else {
            guard let key = NodePublicKey(text) else { return nil }
            self.init(node: NodeID(of: key), key: key)
            return
        }
        guard let node = NodeID(String(text[..<dot])), let key = NodePublicKey(String(text[text.index(after: dot)...])) else {
            return nil
        }
        self.init(node: node, key: key)
    }

    /// The form that ``init(_:)`` reads.
    public var description: String { NodeID(of: key) == node ? "\(key)" : "\(node).\(key)" }
}

extension NodeFingerprint: Codable {
    /// Reads the text form.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let fingerprint = NodeFingerprint(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "not a key; it is what 'duolog key show' prints on the other side")
        }
        self = fingerprint
    }

    /// Writes the text form.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
