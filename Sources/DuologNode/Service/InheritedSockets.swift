import Glibc

/// Sockets that the service manager has bound and hands over (sd_listen_fds(3)): callers wait while the daemon restarts, instead of
/// being refused.
struct InheritedSockets: Hashable, Sendable {
    /// On which peers are awaited.
    var peers: Int32?
    /// On which the command line is answered.
    var people: Int32?

    /// The names that a socket unit gives them.
    private enum Name {
        static let peers = "peers"
        static let people = "people"
    }

    /// None.
    init() {}

    /// The sockets that were handed to this process, by their names; those of other names are left alone.
    init(_ environment: [String: String], process: Int32) throws(ConfigurationError) {
        // Without the number of this process they were meant for a parent.
        guard environment["LISTEN_PID"].flatMap({ Int32($0) }) == process,
            let count = environment["LISTEN_FDS"].flatMap({ Int32($0) }), (1...64).contains(count)
        else { return }
        let names = (environment["LISTEN_FDNAMES"] ?? "").split(separator: ":", omittingEmptySubsequences: false)
        for (index, name) in names.prefix(Int(count)).enumerated() {
            // The first comes after standard input, output and error.
            let descriptor = Int32(3 + index)
            switch name {
            case Name.peers: peers = try Self.once(peers, descriptor, name)
            case Name.people: people = try Self.once(people, descriptor, name)
            default: continue
            }
        }
    }

    private static func once(_ earlier: Int32?, _ descriptor: Int32, _ name: Substring) throws(ConfigurationError) -> Int32 {
        guard earlier == nil else {
            throw ConfigurationError(["the socket unit hands over two sockets named \(name); Duolog takes one of each name"])
        }
        // A program that this one starts has no business with it.
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        return descriptor
    }
}
