public import EventLog

/// What one practice hands to another so that they can pair: a key, a name, and where to call. It is no secret, and lets nobody in:
/// each side accepts the other's code by hand.
public struct PairingCode: Hashable, Sendable {
    /// The node and its present public key.
    public var key: NodeFingerprint
    /// What the node calls itself.
    public var name: String
    /// Where it awaits calls; nil where it calls by itself.
    public var address: String?

    private static let prefix = "duolog-pair-"
    /// Bytes of a hash at the end: a code that was not copied whole is noticed.
    private static let checkBytes = 4
    /// The key, and the node's id after it: after a rotation the one does not follow from the other.
    private static let keyBytes = NodePublicKey.byteCount + NodeID.textCount

    /// The code of a node.
    ///
    /// - Parameter address: where it awaits calls, where that is another than what it says of itself.
    public init(_ status: StatusRequest.Answer, address: String? = nil) {
        self.init(
            key: NodeFingerprint(node: status.node, key: status.key), name: status.name,
            address: address ?? status.listening.flatMap(Self.reachable))
    }

    /// A code.
    public init(key: NodeFingerprint, name: String, address: String?) {
        self.key = key
        self.name = name
        self.address = address
    }

    /// Everywhere on the machine is no address for anybody else.
    private static func reachable(_ listening: String) -> String? {
        listening.hasPrefix("0.0.0.0:") || listening.hasPrefix("[::]:") ? nil : listening
    }

    /// The code as it is handed over.
    public var text: String {
        var bytes = key.key.bytes
        bytes += key.node.description.utf8
        let name = shownName.utf8
        bytes.append(UInt8(clamping: name.count))
        bytes += name
        bytes += (address ?? "").utf8
        return Self.prefix + Base64URL.encode(bytes + EventHash(of: bytes).bytes.prefix(Self.checkBytes))
    }

    /// The name as far as its length fits into a byte, cut between letters.
    private var shownName: String {
        var shown = name
        while shown.utf8.count > 255 { shown.removeLast() }
        return shown
    }

    /// Reads a code, whatever white space a message put into it.
    ///
    /// - Throws: `NodeError` that says what is wrong with it.
    public init(text: String) throws {
        let plain = String(text.filter { !$0.isWhitespace })
        guard plain.hasPrefix(Self.prefix) else {
            throw NodeError(.usage, "this is no pairing code: one begins with \(Self.prefix)", field: "code")
        }
        guard let all = Base64URL.decode(plain.dropFirst(Self.prefix.count).utf8),
            all.count > Self.keyBytes + Self.checkBytes,
            EventHash(of: Array(all.dropLast(Self.checkBytes))).bytes.prefix(Self.checkBytes) == all.suffix(Self.checkBytes)
        else { throw NodeError(.usage, "the code was not copied whole; copy it again", field: "code") }
        let bytes = all.dropLast(Self.checkBytes)
        let after = bytes.dropFirst(Self.keyBytes)
        guard let key = NodePublicKey(bytes: bytes.prefix(NodePublicKey.byteCount)), let length = after.first,
            let node = NodeID(text: bytes.dropFirst(NodePublicKey.byteCount).prefix(NodeID.textCount)),
            let name = String(validating: after.dropFirst().prefix(Int(length)), as: UTF8.self),
            let address = String(validating: after.dropFirst(1 + Int(length)), as: UTF8.self)
        else { throw NodeError(.usage, "the code does not hold what a code holds; is it of a newer Duolog?", field: "code") }
        self.init(key: NodeFingerprint(node: node, key: key), name: name, address: address.isEmpty ? nil : address)
    }

    /// The present key's short form in groups, to be compared by phone; before a rotation it is the node's id.
    public var fingerprint: String {
        let id = Array("\(NodeID(of: key.key))")
        return stride(from: 0, to: id.count, by: 4).map { String(id[$0..<min($0 + 4, id.count)]) }.joined(separator: " ")
    }
}
