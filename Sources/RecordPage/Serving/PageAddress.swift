/// Where the page stands, and under which names people reach it.
public struct PageAddress: Hashable, Sendable {
    /// The certificate and key of a page that is reached from elsewhere, as PEM files.
    public struct TLS: Hashable, Sendable {
        /// The certificate, with what it was signed by after it.
        public var certificate: String
        /// Its private key.
        public var key: String

        /// A certificate.
        public init(certificate: String, key: String) {
            self.certificate = certificate
            self.key = key
        }
    }

    /// What is bound.
    public var host: String
    /// The TCP port; 0 for any free one.
    public var port: Int
    /// The name by which browsers reach it, where that is another than `host`.
    public var name: String?
    /// Nil on loopback.
    public var tls: TLS?

    /// An address.
    public init(host: String, port: Int, name: String?, tls: TLS?) {
        self.host = host
        self.port = port
        self.name = name
        self.tls = tls
    }

    /// True where only this machine reaches it.
    public static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || host == "::1" || host.hasPrefix("127.")
    }

    /// `http` or `https`.
    var scheme: String { tls == nil ? "http" : "https" }

    /// The values of a Host header that are this page and no other: a name that somebody else points at this machine is not among them.
    func hosts(port: Int) -> Set<String> {
        let names = [name, host] + (Self.isLoopback(host) ? ["127.0.0.1", "localhost", "::1"] : [])
        let standard = tls == nil ? 80 : 443
        return Set(
            names.compactMap { $0 }.map { $0.contains(":") ? "[\($0)]" : $0.lowercased() }
                .flatMap { port == standard ? [$0, "\($0):\(port)"] : ["\($0):\(port)"] })
    }

    /// Where a browser finds it.
    public func url(port: Int) -> String {
        let host = name ?? host
        return "\(scheme)://\(host.contains(":") ? "[\(host)]" : host):\(port)"
    }
}
