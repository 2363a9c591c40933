import Glibc
import Logging
import NIOCore
import NodeAPI
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
    private let address: PageAddress
    private let running = Mutex<Task<Void, any Error>?>(nil)

    /// - Throws: ``PageFailure`` where its certificate cannot be read, or where it would be reached from elsewhere without one.
    init(_ settings: NodeSettings, _ backend: any PageBackend, _ logger: Logger) throws {
        address = settings.pageAddress
        // Its library tells of its own doings at every start.
        var quiet = logger
        quiet.logLevel = .warning
        guard address.tls != nil || PageAddress.isLoopback(address.host) else {
            throw PageFailure(
                address: "\(address.host):\(address.port)",
                reason: "other machines would reach it without encryption; set page.certificate and page.private_key")
        }
        do {
            server = try PageServer(address, settings.pageTiming, backend, logger: quiet)
        } catch {
            throw PageFailure(
                address: "\(address.host):\(address.port)", reason: "its certificate or key cannot be read: \(error)")
        }
    }

    /// Begins to serve. Returns where.
    ///
    /// - Throws: ``PageFailure`` where it cannot listen.
    func start() async throws -> String {
        let task = Task { [server] in try await server.run() }
        running.withLock { $0 = task }
        guard let bound = await server.port else {
            let result = await task.result
            var reason = "it ended at once; is another program listening there?"
            if case .failure(let error) = result {
                reason = (error as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "\(error)"
                reason += "; is another program listening there?"
            }
            throw PageFailure(address: "\(address.host):\(address.port)", reason: reason)
        }
        return address.url(port: bound)
    }

    func stop() { running.withLock { $0?.cancel() } }
}

extension NodeSettings {
    var pageAddress: PageAddress {
        func given(_ text: String) -> String? { text == Self.none ? nil : text }
        let tls: PageAddress.TLS? =
            if let certificate = given(pageCertificate), let key = given(pageKey) {
                PageAddress.TLS(certificate: inState(certificate), key: inState(key))
            } else { nil }
        return PageAddress(host: pageHost, port: pagePort, name: given(pageName), tls: tls)
    }

    var pageTiming: PageTiming { PageTiming(idle: pageIdleMinutes * 60_000, longest: pageSessionHours * 3_600_000) }
}
