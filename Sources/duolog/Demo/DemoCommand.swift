import ArgumentParser
import CareModel
import DemoCase
import EventLog
import Foundation
import NodeAPI

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Plays 26 weeks of a made-up patient on three real daemons, with a disagreement about a dose.",
        discussion: """
            Starts a primary care practice, a therapist and a prescriber on loopback in a temporary folder, pairs them, and records the case \
            through the same requests that people make. Exits with 1 when anything differs from what the case says.
            """)

    @Flag(name: .long, help: "Leave the three daemons running, and say how to look at them.")
    var keep = false

    @Flag(
        name: .long,
        help: "Stop while two doses stand side by side, and leave it to you to settle them on the page; implies --keep.")
    var untilDispute = false

    @Flag(name: .long, help: "Do not print every event as it is recorded.")
    var quiet = false

    func run() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "duolog-demo-\(UUID().uuidString.prefix(8))").path
        let stage = Stage(quiet: quiet)
        print("FICTIONAL: every patient, practice and person in this demo is made up.")
        stage.say("starting three daemons in \(folder)")
        let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        var nodes: [CombinedCareCase.Practice: DemoNode] = [:]
        for practice in CombinedCareCase.Practice.allCases {
            let node = try DemoNode(program: program, folder: "\(folder)/\(practice.rawValue)", name: practice.name)
            nodes[practice] = node
            try await node.start()
        }
        let players = nodes
        let player = CasePlayer(nodes: players) { stage.detail($0) }
        do {
            try await play(player, stage)
        } catch {
            for node in nodes.values { node.stop() }
            print("The folder was kept for you to look at: \(folder)")
            throw error
        }
        if keep || untilDispute {
            for node in nodes.values { node.release() }
            print("\nThe daemons run on. Look at the case in a browser, as each of the three; every link is good once:")
            for practice in CombinedCareCase.Practice.allCases {
                guard let node = nodes[practice] else { continue }
                print("  \(practice.practitioner), \(practice.name):\n    \(try await Self.link(node))")
            }
            print("Or ask them as any practice would, for example:")
            for practice in CombinedCareCase.Practice.allCases {
                guard let node = nodes[practice] else { continue }
                print("  duolog chart list --config \(node.configuration)")
            }
            print("The therapist's notebook (duolog note list) opens with: \(CombinedCareCase.passphrase)")
            print("Stop them with: pkill -f \(folder)")
        } else {
            for node in nodes.values { node.stop() }
            try? FileManager.default.removeItem(atPath: folder)
            print("\nLook next: 'make demo ARGS=--keep' leaves the daemons running; README.md sets two nodes up by hand.")
        }
    }

    /// A link to the node's page, for its one practitioner.
    private static func link(_ node: DemoNode) async throws -> String {
        guard let author = try await node.ask(ListPractitionersRequest()).first?.author else {
            throw DemoFailure("\(node.name) has no practitioner")
        }
        return try await node.ask(InvitePractitionerRequest(author: author, administrator: true, hours: 24)).link
    }

    private func play(_ player: CasePlayer, _ stage: Stage) async throws {
        let steps = try CombinedCareCase().steps
        guard let first = steps.first else { throw DemoFailure("the case is empty") }
        stage.say("pairing the practices by hand, on both sides; opening the chart")
        try await player.prepare(first)
        let report = DemoReport(player: player)
        for step in steps {
            if untilDispute, step.kind == "conflict.resolved" {
                stage.say("two doses stand side by side: settle them")
                return
            }
            try await player.play(step)
            if step.kind == "SIM.link_up" {
                stage.say("the link is back: what each practice now shows")
                try await report.expectDispute()
            }
            if step.kind == "conflict.resolved" {
                stage.say("the prescriber settles it")
                try await report.expectSettled()
            }
        }
        stage.say("each practice's record")
        try await report.printRecords()
        stage.say("checking what the case says")
        try await report.expectEnd()
    }
}

/// Says where the demo is, with the seconds since it began.
private struct Stage: Sendable {
    let quiet: Bool
    private let start = ContinuousClock.now

    init(quiet: Bool) { self.quiet = quiet }

    func say(_ text: String) {
        let tenths = Int((ContinuousClock.now - start) / .milliseconds(100))
        print("\n[\(tenths / 10).\(tenths % 10) s] \(text)")
        fflush(nil)
    }

    func detail(_ text: String) {
        guard !quiet else { return }
        print("    \(text)")
        fflush(nil)
    }
}
