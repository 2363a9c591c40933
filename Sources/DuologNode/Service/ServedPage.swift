import Glibc
import Logging
import NIOCore
import RecordPage
import Synchronization

/// The page ended by itself, or never listened.
struct PageFailure: Error {
    let address: String
    let reason: String
}

/// The web server of a node, for as long as the node runs.
final class ServedPage: Sendable {
    private let server: PageServer
    private let host: String
    private let port: Int
    private let running = Mutex<Task<Void, any Error>?>(nil)

    init(_ settings: NodeSettings, _ node: RunningNode, _ logger: Logger) {
        (host, port) = (settings.pageHost, settings.pagePort)
        // Its library tells of its own doings at every start.
        var quiet = logger
        quiet.logLevel = .warning
        server = PageServer(
            host: host, port: port, PageBackend(health: { await node.health() }, metrics: { try await node.metrics() }),
            logger: quiet)
    }

    /// Begins to serve. Returns where.
    ///
    /// - Throws: ``PageFailure`` where it cannot listen.
    func start() async throws -> String {
        let task = Task { [server] in try await server.run() }
        running.withLock { $0 = task }
        guard let bound = await server.port else {
            let result = await task.result
            var reason = "it ended at once"
            if case .failure(let error) = result {
                reason = (error as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "\(error)"
            }
            throw PageFailure(address: "\(host):\(port)", reason: reason)
        }
        return "http://\(host.contains(":") ? "[\(host)]" : host):\(bound)"
    }

    func stop() { running.withLock { $0?.cancel() } }
}
