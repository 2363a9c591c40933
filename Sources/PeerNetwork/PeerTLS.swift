import EventLog
import Logging
import NIOCore
import NIOSSL

/// Mutual TLS 1.3 with pinned keys. Who is not paired is refused during the handshake, before a word about charts.
struct PeerTLS: Sendable {
    /// The name of the TLS handler in a pipeline.
    static let handlerName = "tls"

    private let server: NIOSSLContext
    private let client: NIOSSLContext
    private let pairings: Pairings
    private let logger: Logger

    init(_ key: NodeKey, pairings: Pairings, logger: Logger) throws {
        let own = try NodeCertificate(key)
        func configured(_ base: TLSConfiguration) -> TLSConfiguration {
            var settings = base
            settings.minimumTLSVersion = .tlsv13
            // Both sides must show a certificate; whose it is, is asked of the pairings alone: no authority vouches for a node.
            settings.certificateVerification = .noHostnameVerification
            settings.trustRoots = .certificates([])
            settings.signingSignatureAlgorithms = [.ed25519]
            settings.verifySignatureAlgorithms = [.ed25519]
            return settings
        }
        var client = configured(.makeClientConfiguration())
        client.certificateChain = [.certificate(own.certificate)]
        client.privateKey = .privateKey(own.privateKey)
        let server = configured(
            .makeServerConfiguration(certificateChain: [.certificate(own.certificate)], privateKey: .privateKey(own.privateKey)))
        self.server = try NIOSSLContext(configuration: server)
        self.client = try NIOSSLContext(configuration: client)
        self.pairings = pairings
        self.logger = logger
    }

    /// For a connection that a peer opened.
    func serverHandler(_ identity: PeerIdentity, from address: String) -> NIOSSLServerHandler {
        NIOSSLServerHandler(
            context: server,
            customVerificationCallback: { verify($0, $1, identity, address, expected: nil) },
            configuration: .init())
    }

    /// For a connection that this node opened.
    func clientHandler(_ identity: PeerIdentity, to address: String, expected: NodePublicKey) throws -> NIOSSLClientHandler {
        try NIOSSLClientHandler(
            context: client, serverHostname: nil,
            customVerificationCallback: { verify($0, $1, identity, address, expected: expected) },
            configuration: .init())
    }

    private func verify(
        _ certificates: [NIOSSLCertificate], _ answer: EventLoopPromise<NIOSSLVerificationResult>,
        _ identity: PeerIdentity, _ address: String, expected: NodePublicKey?
    ) {
        guard let key = certificates.first.flatMap({ NodeCertificate.key(of: $0) }) else {
            refuse("its certificate carries no Ed25519 key")
            return
        }
        if let expected, key != expected {
            refuse("it has the key \(key), but the peer that is dialed there was paired as \(expected)")
            return
        }
        if let at = pairings.revocation(of: key) {
            refuse("the key \(key) was revoked at \(at): somebody connects from the machine that was lost, or with its key")
            return
        }
        guard let peer = pairings[key] else {
            refuse("the key \(key) is not paired with this node; if it should be: duolog peer add --key \(key)")
            return
        }
        identity.set(peer)
        answer.succeed(.certificateVerified)

        func refuse(_ why: String) {
            identity.refuse(why)
            logger.warning("refused a peer at \(address): \(why)")
            answer.succeed(.failed)
        }
    }
}
