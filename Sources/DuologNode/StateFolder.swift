import Crypto
public import EventLog
import Foundation
import Glibc
import LogStore

/// The folder in which a node keeps everything: log, keys, notebooks.
public struct StateFolder: Sendable {
    /// The folder.
    public let path: String

    /// Names a folder; nothing is created.
    public init(path: String) { self.path = path }

    /// The log.
    var log: String { path + "/log.sqlite" }
    /// The command line's socket.
    public var socket: String { path + "/duolog.sock" }
    private var nodeKeyFile: String { path + "/node.key" }
    private var fictionalMark: String { path + "/FICTIONAL" }

    /// Creates the folder with new keys. Refuses a folder that already holds a node.
    ///
    /// - Parameters:
    ///   - storeKeyFile: where a new store key goes; a key that is there already is kept.
    ///   - fictional: patients are made up, and the clock can be set over the socket.
    public func create(storeKeyFile: String, fictional: Bool) throws -> NodePublicKey {
        guard !FileManager.default.fileExists(atPath: nodeKeyFile) else {
            throw StateFolderError("\(path) already holds a node; choose another folder, or remove it by hand if you are sure")
        }
        let owner = (try? FileManager.default.attributesOfItem(atPath: path))?[.ownerAccountID] as? NSNumber
        if let owner, owner.uint32Value != geteuid() {
            let name = getpwuid(owner.uint32Value).map { String(cString: $0.pointee.pw_name) } ?? "\(owner)"
            throw StateFolderError(
                "\(path) belongs to \(name), who cannot read what another user puts there; run: runuser -u \(name) -- duolog init"
            )
        }
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            let key = Curve25519.Signing.PrivateKey()
            let storeKey = SymmetricKey(size: .bits256).withUnsafeBytes { Base64URL.encode($0) }
            if !FileManager.default.fileExists(atPath: storeKeyFile) { try write(Data((storeKey + "\n").utf8), to: storeKeyFile) }
            try write(Data((Base64URL.encode(key.rawRepresentation) + "\n").utf8), to: nodeKeyFile)
            if fictional { try write(Data("All patients of this node are made up.\n".utf8), to: fictionalMark) }
            guard let node = NodeKey(key) else { throw StateFolderError("the new key is not usable") }
            return node.publicKey
        } catch let error as StateFolderError {
            throw error
        } catch {
            throw StateFolderError("cannot create \(path): \(error.localizedDescription)")
        }
    }

    private func write(_ data: Data, to file: String) throws {
        guard FileManager.default.createFile(atPath: file, contents: data, attributes: [.posixPermissions: 0o600]) else {
            throw StateFolderError("cannot write \(file)")
        }
    }

    /// The writers of the notebooks that are here.
    var notebooks: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: path + "/notebooks")) ?? []).sorted()
    }

    /// True when patients are made up.
    public var isFictional: Bool { FileManager.default.fileExists(atPath: fictionalMark) }

    /// The node's key: the private key on the first line, and, once it was rotated, the keys that lead to it on the second.
    func nodeKey() throws -> NodeKey {
        let lines = String(decoding: try Self.read(nodeKeyFile), as: UTF8.self).split(separator: "\n")
        let damaged = StateFolderError("\(nodeKeyFile) does not hold a node key; restore it from a backup")
        guard let first = lines.first, let bytes = Base64URL.decode(first.utf8),
            let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: bytes)
        else { throw damaged }
        let keys = lines.count > 1 ? try? JSONDecoder().decode(NodeKeys.self, from: Data(lines[1].utf8)) : nil
        guard let node = lines.count == 1 ? NodeKey(key) : keys.flatMap({ NodeKey(key, keys: $0) }) else { throw damaged }
        return node
    }

    /// Puts a key that follows the present one in its place, durably: after a crash the node has the one or the other.
    func replaceNodeKey(_ next: NodeKey) throws {
        let present = try nodeKey()
        guard next.keys.all.contains(present.publicKey), next.node == present.node else {
            throw StateFolderError("\(nodeKeyFile) holds another key than the one that is replaced; nothing was done")
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let line = Base64URL.encode([UInt8](next.privateKey.rawRepresentation)) + "\n"
        try DurableFile.replace(nodeKeyFile, with: Array(line.utf8) + [UInt8](try encoder.encode(next.keys)) + [0x0A])
    }

    /// The key that seals the log.
    static func sealer(_ file: String) throws -> Sealer {
        try requirePrivate(file)
        return Sealer(key: SymmetricKey(data: try keyBytes(file)))
    }

    private static func requirePrivate(_ file: String) throws {
        guard FileManager.default.fileExists(atPath: file) else {
            throw StateFolderError(
                "\(file) is not there. Where systemd hands the store key to the service, start the service, or name the key with store_key_file"
            )
        }
        let attributes = try? FileManager.default.attributesOfItem(atPath: file)
        // A credential of systemd belongs to root, and an access list lets this user read it: its mode shows the list's mask.
        let open = (attributes?[.ownerAccountID] as? NSNumber)?.intValue == 0 && geteuid() != 0 ? 0o007 : 0o077
        guard let mode = (attributes?[.posixPermissions] as? NSNumber)?.intValue, mode & open == 0 else {
            throw StateFolderError("\(file) can be read by others; run: chmod 600 \(file)")
        }
    }

    private static func keyBytes(_ file: String) throws -> [UInt8] {
        let text = String(decoding: try read(file), as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        guard let bytes = Base64URL.decode(text.utf8), bytes.count == 32 else {
            throw StateFolderError("\(file) does not hold a key (32 bytes, base64url)")
        }
        return bytes
    }

    private static func read(_ file: String) throws -> Data {
        guard let data = FileManager.default.contents(atPath: file) else {
            throw StateFolderError("cannot read \(file); has this node been set up with 'duolog init'?")
        }
        return data
    }
}

/// The state folder is not as it must be. The text says what and where.
public struct StateFolderError: Error, CustomStringConvertible, Sendable {
    /// What and where.
    public let description: String

    init(_ description: String) { self.description = description }
}
