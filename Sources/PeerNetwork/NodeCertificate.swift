import Crypto
import EventLog
import Foundation
import NIOSSL
import SwiftASN1
import X509

/// The certificate of a node: self-signed, and nothing but a wrapper of its key. Whom it belongs to is decided by pairing.
struct NodeCertificate {
    let certificate: NIOSSLCertificate
    let privateKey: NIOSSLPrivateKey

    init(_ key: NodeKey) throws {
        let name = try DistinguishedName { CommonName("\(key.publicKey.node)") }
        let signing = Certificate.PrivateKey(key.privateKey)
        let certificate = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(1), publicKey: signing.publicKey,
            notValidBefore: Date(timeIntervalSince1970: 1_577_836_800),
            notValidAfter: Date(timeIntervalSince1970: 253_370_764_800),
            issuer: name, subject: name, signatureAlgorithm: .ed25519,
            extensions: try Certificate.Extensions { Critical(BasicConstraints.notCertificateAuthority) },
            issuerPrivateKey: signing)
        var serializer = DER.Serializer()
        try serializer.serialize(certificate)
        self.certificate = try NIOSSLCertificate(bytes: serializer.serializedBytes, format: .der)
        privateKey = try NIOSSLPrivateKey(bytes: try signing.serializeAsPEM().derBytes, format: .der)
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
