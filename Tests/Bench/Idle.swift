import Foundation

/// What a node costs that has nothing to do.
struct Idle: Codable {
    var charts: Int
    var peers: Int
    var seconds: Double
    /// Of one core, in per cent.
    var share: Double
    /// Times a second that a thread was woken, by the thread's name.
    var wakeUps: [String: Double]
    var residentKiB: Int

    func printed(asJSON: Bool) throws -> String {
        if asJSON { return try printedAsJSON() }
        let all = wakeUps.values.reduce(0, +)
        let threads = wakeUps.filter { $0.value > 0 }.sorted { $0.key < $1.key }
            .map { "\($0.key) \(String(format: "%.2f", $0.value))" }.joined(separator: ", ")
        return
            "\(charts) charts, \(peers) peers, \(Int(seconds)) s: \(String(format: "%.4f", share)) % of a core, \(String(format: "%.2f", all)) wake-ups a second (\(threads)), \(residentKiB / 1024) MiB"
    }
}

/// What the kernel says of a thread.
private struct ThreadUse {
    let name: String
    /// Nanoseconds on a processor.
    let busy: Int
    /// Times that it gave up its processor of its own accord: it waited for something, and was woken by it.
    let waits: Int

    static func all(of pid: Int32) throws -> [String: ThreadUse] {
        let folder = "/proc/\(pid)/task"
        return try FileManager.default.contentsOfDirectory(atPath: folder).reduce(into: [:]) { threads, thread in
            func read(_ name: String) -> String {
                (try? String(contentsOfFile: "\(folder)/\(thread)/\(name)", encoding: .utf8)) ?? ""
            }
            let line = read("status").split(separator: "\n").first { $0.hasPrefix("voluntary_ctxt_switches:") }
            threads[thread] = ThreadUse(
                name: read("comm").trimmingCharacters(in: .whitespacesAndNewlines),
                busy: read("schedstat").split(separator: " ").first.flatMap { Int($0) } ?? 0,
                waits: line?.split(whereSeparator: \.isWhitespace).last.flatMap { Int($0) } ?? 0)
        }
    }
}

extension Bench {
    /// A node with so many charts that it shares with three peers, all of which have everything.
    func idle(charts: Int, seconds: Int) throws -> Idle {
        let meeting = try meet("idle", events: 0, charts: charts)
        let peers = try Step.practices().dropFirst().map { name in
            let child = try meeting.join(name)
            _ = try meeting.catchUp(child)
            return child
        }
        for peer in peers { try peer.ask(.step, meeting.first.key) }
        // Receipts and roots are told within seconds; what is measured begins after that.
        Thread.sleep(forTimeInterval: min(5, Double(seconds)))
        let (began, before) = (ContinuousClock.now, try ThreadUse.all(of: meeting.first.pid))
        Thread.sleep(forTimeInterval: Double(seconds))
        let (after, took) = (try ThreadUse.all(of: meeting.first.pid), (ContinuousClock.now - began) / .seconds(1))
        let memory = try meeting.first.ask(.usage).peakKiB ?? 0
        for child in peers + [meeting.first] { try child.stop() }
        try FileManager.default.removeItem(atPath: meeting.folder)
        // A thread that has come since began at nothing; one that has gone took what it used with it, which is next to nothing in an idle node.
        var (busy, wakeUps) = (0, [String: Double]())
        for (thread, use) in after {
            busy += use.busy - (before[thread]?.busy ?? 0)
            wakeUps[use.name, default: 0] += Double(use.waits - (before[thread]?.waits ?? 0)) / took
        }
        return Idle(
            charts: charts, peers: peers.count, seconds: took, share: Double(busy) / 1e7 / took, wakeUps: wakeUps,
            residentKiB: memory)
    }
}
