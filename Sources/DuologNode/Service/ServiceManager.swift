import Dispatch
import Foundation
import Glibc

/// The service manager that started this process, told how it is by the protocol of sd_notify(3): a datagram of a few lines. Where no
/// manager listens, nothing is said.
struct ServiceManager: Sendable {
    /// One thing to say.
    enum Word: Hashable, Sendable {
        /// The log is open and the sockets are bound.
        case ready
        /// The configuration is being read again, since this moment of the monotonic clock.
        case reloading(microseconds: UInt64)
        /// The process goes down.
        case stopping
        /// For people: what goes on, in one line.
        case status(String)
        /// The process is well.
        case watchdog
        /// Starting takes longer: give up so much later than now.
        case extendTimeout(microseconds: UInt64)

        var lines: String {
            switch self {
            case .ready: "READY=1"
            case .reloading(let microseconds): "RELOADING=1\nMONOTONIC_USEC=\(microseconds)"
            case .stopping: "STOPPING=1"
            case .status(let text): "STATUS=" + text.replacing("\n", with: " ")
            case .watchdog: "WATCHDOG=1"
            case .extendTimeout(let microseconds): "EXTEND_TIMEOUT_USEC=\(microseconds)"
            }
        }
    }

    private let path: String?

    /// - Parameter environment: of the process; names the manager's socket, if there is one.
    init(_ environment: [String: String]) {
        path = environment["NOTIFY_SOCKET"].flatMap { $0.hasPrefix("/") || $0.hasPrefix("@") ? $0 : nil }
    }

    /// Says these words in one datagram. False when there is a manager that could not be told.
    @discardableResult
    func tell(_ words: Word...) -> Bool {
        guard let path else { return true }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // A path that begins with @ is a name of the abstract namespace, whose first byte is 0.
        let name = Array(path.utf8).enumerated().map { $0.offset == 0 && $0.element == UInt8(ascii: "@") ? 0 : $0.element }
        guard name.count < MemoryLayout.size(ofValue: address.sun_path) else { return false }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let length = socklen_t(MemoryLayout<sockaddr_un>.offset(of: \.sun_path).map { $0 + name.count } ?? 0)
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        let text = Array(words.map(\.lines).joined(separator: "\n").utf8)
        let sent = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                sendto(descriptor, text, text.count, Int32(MSG_NOSIGNAL), address, length)
            }
        }
        return sent == text.count
    }

    /// Microseconds of the monotonic clock, as systemd counts them.
    static var monotonicMicroseconds: UInt64 {
        DispatchTime.now().uptimeNanoseconds / 1000
    }
}
