import Crypto
import EventLog
import Foundation
import NIOSSL
import SwiftASN1
import X509

/// The certificate of a node: self-signed, and nothing but a wrapper of its key, with the word of the keys before it. Whom it belongs to is
/// decided by pairing.
struct NodeCertificate {
    let certificate: NIOSSLCertificate
    let privateKey: NIOSSLPrivateKey
    /// A name of the subject that begins like this holds its keys: base64url of their JSON.
    private static let keysName = "urn:duolog:keys:"

    init(_ key: NodeKey) throws {
        let name = try DistinguishedName { CommonName("\(key.node)") }
        let signing = Certificate.PrivateKey(key.privateKey)
        let certificate = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(1), publicKey: signing.publicKey,
            notValidBefore: Date(timeIntervalSince1970: 1_577_836_800),
            notValidAfter: Date(timeIntervalSince1970: 253_370_764_800),
            issuer: name, subject: name, signatureAlgorithm: .ed25519,
            extensions: try Self.extensions(key.keys),
            issuerPrivateKey: signing)
        var serializer = DER.Serializer()
        try serializer.serialize(certificate)
        self.certificate = try NIOSSLCertificate(bytes: serializer.serializedBytes, format: .der)
        privateKey = try NIOSSLPrivateKey(bytes: try signing.serializeAsPEM().derBytes, format: .der)
    }

    private static func extensions(_ keys: NodeKeys) throws -> Certificate.Extensions {
        let basic = try Certificate.Extensions { Critical(BasicConstraints.notCertificateAuthority) }
        guard !keys.successions.isEmpty else { return basic }
        let name = keysName + Base64URL.encode([UInt8](try JSONEncoder().encode(keys)))
        return try Certificate.Extensions {
            Critical(BasicConstraints.notCertificateAuthority)
            SubjectAlternativeNames([.uniformResourceIdentifier(name)])
        }
    }

    /// The keys that lead to the key of a certificate: that key alone, or those that the certificate names. Nil where those do not lead to
    /// it.
    static func keys(of certificate: NIOSSLCertificate, with key: NodePublicKey) -> NodeKeys? {
        guard let read = try? Certificate(derEncoded: certificate.toDERBytes()) else { return nil }
        let names = (try? read.extensions.subjectAlternativeNames).flatMap { $0 } ?? SubjectAlternativeNames()
        for case .uniformResourceIdentifier(let name) in names where name.hasPrefix(keysName) {
            guard let json = Base64URL.decode(name.dropFirst(keysName.count).utf8),
                let keys = try? JSONDecoder().decode(NodeKeys.self, from: Data(json)), keys.current == [key]
            else { return nil }
            return keys
        }
        return NodeKeys(first: key)
    }

    /// The Ed25519 key of a peer's certificate; nil for a certificate of another kind.
    static func key(of certificate: NIOSSLCertificate) -> NodePublicKey? {
        // RFC 8410: the fixed head of an Ed25519 SubjectPublicKeyInfo, then the 32 bytes of the key.
        let head: [UInt8] = [0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00]
        guard let info = try? certificate.extractPublicKey().toSPKIBytes(), info.count == head.count + 32, info.starts(with: head)
        else { return nil }
        return NodePublicKey(bytes: info.dropFirst(head.count))
    }
}
