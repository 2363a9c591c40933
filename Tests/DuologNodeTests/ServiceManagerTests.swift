import Foundation
import Glibc
import Synchronization
import Testing

@testable import DuologNode

/// What a service manager is told, over a real datagram socket.
@Suite struct ServiceManagerTests {
    /// The manager's end.
    private final class Listener {
        let path: String
        private let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)

        init(_ path: String, nameLength: Int) throws {
            self.path = path
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            let bytes = Array(path.utf8).enumerated().map { $0.offset == 0 && $0.element == 0x40 ? 0 : $0.element }
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
            let bound = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, socklen_t(2 + nameLength)) }
            }
            try #require(bound == 0)
        }

        deinit { close(descriptor) }

        func next() -> String {
            var bytes = [UInt8](repeating: 0, count: 4096)
            let count = recv(descriptor, &bytes, bytes.count, 0)
            return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        }
    }

    @Test(arguments: [false, true]) func whatIsSaidArrives(_ isAbstract: Bool) throws {
        let path = (isAbstract ? "@" : "/tmp/") + "dn-\(UUID().uuidString.prefix(8))"
        let listener = try Listener(path, nameLength: path.utf8.count)
        defer { unlink(path) }
        let manager = ServiceManager(["NOTIFY_SOCKET": path])
        #expect(manager.tell(.ready, .status("two\nlines")))
        #expect(listener.next() == "READY=1\nSTATUS=two lines")
        manager.tell(.reloading(microseconds: 17))
        #expect(listener.next() == "RELOADING=1\nMONOTONIC_USEC=17")
        manager.tell(.extendTimeout(microseconds: 5))
        #expect(listener.next() == "EXTEND_TIMEOUT_USEC=5")
        manager.tell(.watchdog)
        #expect(listener.next() == "WATCHDOG=1")
        manager.tell(.stopping)
        #expect(listener.next() == "STOPPING=1")
    }

    @Test func nobodyIsToldWhereNobodyListens() {
        #expect(ServiceManager([:]).tell(.ready))
        #expect(!ServiceManager(["NOTIFY_SOCKET": "/nowhere/at/all"]).tell(.ready))
        #expect(!ServiceManager(["NOTIFY_SOCKET": "/" + String(repeating: "x", count: 200)]).tell(.ready))
    }

    @Test func socketsAreTakenByName() throws {
        let own = ["LISTEN_PID": "77", "LISTEN_FDS": "3", "LISTEN_FDNAMES": "people:other:peers"]
        let sockets = try InheritedSockets(own, process: 77)
        #expect(sockets.people == 3 && sockets.peers == 5)
        #expect(try InheritedSockets(own, process: 78) == InheritedSockets(), "they were meant for another process")
        #expect(try InheritedSockets([:], process: 77) == InheritedSockets())
        let twice = ["LISTEN_PID": "77", "LISTEN_FDS": "2", "LISTEN_FDNAMES": "peers:peers"]
        #expect(throws: ConfigurationError.self) { try InheritedSockets(twice, process: 77) }
    }

    @Test func theWatchdogIsFedOnlyWhileEverythingAnswers() async throws {
        #expect(Watchdog([:], process: 1) == nil)
        #expect(Watchdog(["WATCHDOG_USEC": "1000", "WATCHDOG_PID": "2"], process: 1) == nil)
        let watchdog = try #require(Watchdog(["WATCHDOG_USEC": "4000", "WATCHDOG_PID": "1"], process: 1))
        #expect(watchdog.interval == .milliseconds(2))
        let answers = Mutex<[[String]]>([[], ["the writer of the log"], ["the writer of the log"], []])
        let (told, heard) = AsyncStream<[String]>.makeStream()
        let task = Task {
            await watchdog.run(
                silent: { _ in answers.withLock { $0.isEmpty ? [] : $0.removeFirst() } }, tell: { heard.yield($0) })
        }
        var seen: [[String]] = []
        for await silent in told {
            seen.append(silent)
            if seen.count == 4 { break }
        }
        task.cancel()
        #expect(seen == [[], ["the writer of the log"], ["the writer of the log"], []])
    }
}
