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
    func clientHandler(_ identity: PeerIdentity, to address: String, expected: NodeID) throws -> NIOSSLClientHandler {
        try NIOSSLClientHandler(
            context: client, serverHostname: nil,
            customVerificationCallback: { verify($0, $1, identity, address, expected: expected) },
            configuration: .init())
    }

    private func verify(
        _ certificates: [NIOSSLCertificate], _ answer: EventLoopPromise<NIOSSLVerificationResult>,
        _ identity: PeerIdentity, _ address: String, expected: NodeID?
    ) {
        guard let certificate = certificates.first, let key = NodeCertificate.key(of: certificate) else {
            refuse("its certificate carries no Ed25519 key")
            return
        }
        guard let shown = NodeCertificate.keys(of: certificate, with: key) else {
            refuse("its certificate does not show how it came to have the key \(key)")
            return
        }
        if let expected, shown.node != expected {
            refuse("it is node \(shown.node) with the key \(key), but the peer that is dialed there was paired as \(expected)")
            return
        }
        switch pairings.judge(key, shown) {
        case .peer(let peer):
            identity.set(peer)
            answer.succeed(.certificateVerified)
        case .successor(let peer): Task { await follow(peer, key, shown) }
        case .contested(let node):
            refuse(Pairings.contest(of: node, key))
            Task { [pairings] in await pairings.changes.contest(node, key) }
        case .refused(let why): refuse(why)
        }

        // The old key's word is enough, whoever brings it; that the new key is there is what the rest of the handshake shows.
        @Sendable func follow(_ peer: PairedPeer, _ key: NodePublicKey, _ shown: NodeKeys) async {
            guard await pairings.changes.follow(peer.node, peer.keys ?? shown) else {
                return refuse("its new key \(key) cannot be stored now")
            }
            identity.set(peer)
            answer.succeed(.certificateVerified)
        }

        @Sendable func refuse(_ why: String) {
            identity.refuse(why)
            logger.warning("refused a peer at \(address): \(why)")
            answer.succeed(.failed)
        }
    }
}
