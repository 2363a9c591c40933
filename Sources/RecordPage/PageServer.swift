import Hummingbird
public import Logging
public import NodeAPI

/// What the page asks of its node.
public struct PageBackend: Sendable {
    let health: @Sendable () async -> NodeHealth
    let metrics: @Sendable () async throws -> [Metric]

    /// The two questions that need no person.
    public init(
        health: @escaping @Sendable () async -> NodeHealth, metrics: @escaping @Sendable () async throws -> [Metric]
    ) {
        self.health = health
        self.metrics = metrics
    }
}

/// The node's own web server. It stands on loopback unless the configuration says otherwise.
public struct PageServer: Sendable {
    private let application: Application<RouterResponder<BasicRequestContext>>
    private let bound: AsyncStream<Int>
    private let listening: AsyncStream<Int>.Continuation

    /// A server that does not listen yet.
    public init(host: String, port: Int, _ backend: PageBackend, logger: Logger) {
        let router = Router(context: BasicRequestContext.self)
        HealthPages(backend).add(to: router)
        let (bound, listening) = AsyncStream<Int>.makeStream()
        self.bound = bound
        self.listening = listening
        application = Application(
            router: router, configuration: ApplicationConfiguration(address: .hostname(host, port: port), serverName: nil),
            onServerRunning: { channel in
                listening.yield(channel.localAddress?.port ?? port)
                listening.finish()
            }, logger: logger)
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
