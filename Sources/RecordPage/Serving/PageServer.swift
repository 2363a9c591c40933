import Hummingbird
import HummingbirdTLS
public import Logging
import NIOSSL
import Synchronization

/// The node's own web server. It stands on loopback unless the configuration says otherwise.
public struct PageServer: Sendable {
    private let application: Application<RouterResponder<PageContext>>
    private let bound: AsyncStream<Int>
    private let listening: AsyncStream<Int>.Continuation

    /// A server that does not listen yet.
    ///
    /// - Throws: `NIOSSLError` and the like where the certificate or its key cannot be read.
    public init(_ address: PageAddress, _ timing: PageTiming, _ backend: any PageBackend, logger: Logger) throws {
        let place = PagePlace(address)
        let router = Router(context: PageContext.self)
        HealthPages(backend).add(to: router)
        try Site(place, timing, backend, logger).add(to: router)
        let (bound, listening) = AsyncStream<Int>.makeStream()
        self.bound = bound
        self.listening = listening
        let tls = try address.tls.map(Self.configuration)
        application = Application(
            router: router, server: try tls.map { try .tls(tlsConfiguration: $0) } ?? .http1(),
            configuration: ApplicationConfiguration(
                address: .hostname(address.host, port: address.port), serverName: nil),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? address.port
                place.isBound(to: port)
                listening.yield(port)
                listening.finish()
            }, logger: logger)
    }

    private static func configuration(_ tls: PageAddress.TLS) throws -> TLSConfiguration {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(tls.certificate).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: tls.key, format: .pem)))
        configuration.minimumTLSVersion = .tlsv12
        return configuration
    }

    /// Serves until the task is cancelled or the service shuts down.
    ///
    /// - Throws: what the system says where it cannot listen there.
    public func run() async throws {
        defer { listening.finish() }
        try await application.run()
    }

    /// The port on which it listens, once it does; nil where it never will.
    public var port: Int? {
        get async {
            for await port in bound { return port }
            return nil
        }
    }
}

/// The address of the page once it listens: a port that the system chose is known only then.
final class PagePlace: Sendable {
    private let address: PageAddress
    private let port: Mutex<Int>

    init(_ address: PageAddress) {
        self.address = address
        port = Mutex(address.port)
    }

    func isBound(to port: Int) { self.port.withLock { $0 = port } }

    var isSecure: Bool { address.tls != nil }
    var hosts: Set<String> { address.hosts(port: port.withLock { $0 }) }
    /// What the Origin header of a form of this page says.
    var origins: Set<String> { Set(hosts.map { "\(address.scheme)://\($0)" }) }

    /// The name of a cookie. Cookies know no ports, and several nodes may stand on one machine.
    func cookie(_ what: String) -> String {
        isSecure ? "__Host-duolog-\(what)" : "duolog-\(what)-\(port.withLock { $0 })"
    }
}
