import Hummingbird
import HummingbirdCore
import HummingbirdTLS
public import Logging
import NIOCore
import NIOSSL
import ServiceLifecycle
import Synchronization

/// The node's own web server. It stands on loopback unless the configuration says otherwise.
public struct PageServer: Sendable {
    private let address: PageAddress
    private let place: PagePlace
    private let backend: any PageBackend
    private let responder: RouterResponder<PageContext>
    private let builder: HTTPServerBuilder
    private let logger: Logger
    private let bound: AsyncStream<Int>
    private let listening: AsyncStream<Int>.Continuation

    /// A server that does not listen yet.
    ///
    /// - Throws: `NIOSSLError` and the like where the certificate or its key cannot be read.
    public init(_ address: PageAddress, _ timing: PageTiming, _ backend: any PageBackend, logger: Logger) throws {
        self.address = address
        self.backend = backend
        self.logger = logger
        place = PagePlace(address)
        let router = Router(context: PageContext.self)
        HealthPages(backend).add(to: router)
        try Site(place, timing, backend, logger).add(to: router)
        responder = router.buildResponder()
        (bound, listening) = AsyncStream<Int>.makeStream()
        builder = try address.tls.map { try HTTPServerBuilder.tls(tlsConfiguration: try Self.configuration($0)) } ?? .http1()
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
        // Put together here, and not as the library's application: that wakes up each second, to have the date of the next response ready.
        let server = try builder.buildServer(
            configuration: ServerConfiguration(address: .hostname(address.host, port: address.port)),
            eventLoopGroup: EventLoopGroupProvider.singleton.eventLoopGroup, logger: logger
        ) { [responder, backend, logger] (request: Request, writer: consuming ResponseWriter, channel: any Channel) in
            let context = PageContext(source: ApplicationRequestContextSource(channel: channel, logger: logger))
            var response = try await responder.respond(to: request, context: context)
            response.headers[.date] = HTTPDate.text(await backend.face().now)
            try await writer.write(response: response.head, body: response.body)
        } onServerRunning: { [address, place, listening] (channel: any Channel) in
            let port = channel.localAddress?.port ?? address.port
            place.isBound(to: port)
            listening.yield(port)
            listening.finish()
        }
        try await server.run()
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
