import EventLog
import Foundation
import Replication
import Synchronization

/// The one clock of the daemon. Everything that needs the time is given this; a fictional node's can be set.
final class NodeClock: Sendable {
    /// Added to the machine's wall clock, in milliseconds; nil where the clock was never set.
    private let offset = Mutex<Int>(0)
    private let start = ContinuousClock.now

    private static var machine: Int { Int((Date().timeIntervalSince1970 * 1000).rounded(.down)) }

    /// The wall clock.
    var now: Timestamp { Timestamp(milliseconds: Self.machine + offset.withLock { $0 }) }

    /// The wall clock, with a count that never goes back.
    var moment: Moment {
        let elapsed = ContinuousClock.now - start
        return Moment(wall: now, monotonic: Int(elapsed / .milliseconds(1)))
    }

    /// Today, by UTC.
    var today: CalendarDay { ClinicalTime(instant: now, offsetMinutes: 0).day }

    /// Sets a fictional node's wall clock; it goes on from there.
    func set(_ time: Timestamp) { offset.withLock { $0 = time.milliseconds - Self.machine } }
}

/// Randomness of the operating system, in the sizes that are needed.
enum SystemRandom {
    static func word() -> UInt64 { UInt64.random(in: .min ... .max) }

    /// The kernel is asked for eight at a time.
    static func bytes(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        while bytes.count < count { withUnsafeBytes(of: word()) { bytes.append(contentsOf: $0.prefix(count - bytes.count)) } }
        return bytes
    }
}
