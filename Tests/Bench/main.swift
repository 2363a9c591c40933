import CareModel
import Crypto
import EventLog
import Foundation
import LogStore
import TestSupport

// What an audit costs: bench fill FOLDER EVENTS, and bench verify FOLDER [--quick]. A hundred events a chart.
let arguments = Array(CommandLine.arguments.dropFirst())
let eventsPerChart = 100

/// One key for all that is sealed and signed here: nothing in it is anybody's.
func configuration(_ folder: String) -> LogStore.Configuration {
    LogStore.Configuration(
        path: folder + "/log.sqlite", key: Writer.key(from: Array(1...32)),
        sealer: Sealer(key: SymmetricKey(data: Array(1...32))),
        clock: { Timestamp(milliseconds: Int(Date().timeIntervalSince1970 * 1000)) }, random: { UInt64.random(in: .min ... .max) }
    )
}

func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: .min ... .max) } }

func fill(_ folder: String, events: Int) async throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    let configuration = configuration(folder)
    let log = try LogStore(configuration)
    let author = AuthorID(random: (1, 1))
    let when = ClinicalTime(instant: configuration.clock(), offsetMinutes: 0)
    for _ in 0..<events / eventsPerChart {
        let chart = try await log.openChart(name: "bench", nonce: bytes(16), when: when, salt: bytes(16))
        func draft(_ kind: Kind, _ members: String, _ author: AuthorID) -> Draft {
            Draft(
                chart: chart, author: author, kind: kind, members: Array(members.utf8), when: when, seeing: .everything,
                salt: bytes(16))
        }
        var drafts = [
            draft(
                MemberAdmitted.kind, #"{"name":"bench","node_key":"\#(log.publicKey)","scopes":["steward","therapy"]}"#, .node),
            draft(PractitionerEnrolled.kind, #"{"credential":"lcsw","name":"Nobody"}"#, author),
        ]
        while drafts.count < eventsPerChart - 1 { drafts.append(draft(SessionHeld.kind, Bodies.session, author)) }
        _ = try await log.author(drafts, request: nil)
    }
}

/// The most memory that this process has held, in MiB.
func peakMemory() -> Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return (line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0) / 1024
}

func verify(_ folder: String, isQuick: Bool) async throws {
    let start = ContinuousClock.now
    let report = try await LogVerifier.closed(configuration(folder)) { await $0.verify(isQuick: isQuick) }
    let seconds = Double((ContinuousClock.now - start) / .milliseconds(1)) / 1000
    print(
        "\(report.events) events, \(report.bytes) bytes, \(report.count) findings, \(seconds) s, \(Int(Double(report.events) / seconds)) events/s, \(Int(Double(report.bytes) / seconds / 1e6)) MB/s, peak RSS \(peakMemory()) MiB"
    )
}

guard arguments.count >= 2 else {
    print("bench fill FOLDER EVENTS | bench verify FOLDER [--quick]")
    exit(64)
}
switch arguments[0] {
case "fill": try await fill(arguments[1], events: arguments.count > 2 ? Int(arguments[2]) ?? 10_000 : 10_000)
default: try await verify(arguments[1], isQuick: arguments.contains("--quick"))
}
