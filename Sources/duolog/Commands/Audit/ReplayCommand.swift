import ArgumentParser
import CareModel
import DuologNode
import EventLog
import Foundation
import NodeAPI

extension AuditCommand {
    struct Replay: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Shows the record as it was at a moment: as of, as known, at a clock, or as seen by the author of a decision.",
            discussion: """
                Three questions that are not the same. --as-of: what had happened by then, with all that is known now. --as-known-at: what \
                a node held then. --as-seen-by: what the author of an event had before them when they decided. --at-clock names a state \
                that every node can show alike. Exactly one of them; with --diff two, or one that is compared with now.
                """)

        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var chart: ChartOption

        @Option(name: .long, help: ArgumentHelp("By clinical time.", valueName: "time"))
        var asOf: [TimeArgument] = []

        @Option(
            name: .long,
            help: ArgumentHelp("By the clock of this node, or of the one that --node names.", valueName: "time"))
        var asKnownAt: [TimeArgument] = []

        @Option(
            name: .long,
            help: ArgumentHelp("A clock as JSON, such as {\"<origin>\":12}, or a view token.", valueName: "clock"))
        var atClock: [ClockArgument] = []

        @Option(
            name: .long,
            help: ArgumentHelp("An event, or the first letters of its name.", valueName: "event"))
        var asSeenBy: [NameArgument] = []

        @Option(
            name: .customLong("node"),
            help: ArgumentHelp("With --as-known-at: another node, as far as what it signed allows an answer.", valueName: "id"))
        var other: NodeID?

        @Option(
            name: .long, parsing: .unconditional,
            help: ArgumentHelp(
                "With --as-known-at: how far this node's clock was ahead then, where you know it.", valueName: "minutes"))
        var clockAhead: Int?

        @Flag(name: .long, help: "Compare two moments, or one with now.")
        var diff = false

        func validate() throws {
            let count = asOf.count + asKnownAt.count + atClock.count + asSeenBy.count
            guard diff ? (1...2).contains(count) : count == 1 else {
                throw ValidationError(
                    diff
                        ? "--diff compares one moment with now, or two moments"
                        : "say which moment: exactly one of --as-of, --as-known-at, --at-clock, --as-seen-by")
            }
            if asKnownAt.isEmpty, other != nil || clockAhead != nil {
                throw ValidationError("--node and --clock-ahead belong to --as-known-at")
            }
        }

        func run() async throws {
            let answer = try await node.connected { connection in
                let id = try await chart.resolve(connection)
                return try await connection.send(ReplayRequest(chart: id, moments: try await moments(connection)))
            }
            try output.print(answer) { Render.replay(answer) }
        }

        private func moments(_ connection: NodeClient.Connection) async throws -> [MomentQuestion] {
            func question(_ fill: (inout MomentQuestion) -> Void) -> MomentQuestion {
                var question = MomentQuestion()
                fill(&question)
                return question
            }
            var moments = asOf.map { time in question { $0.as_of = time.time } }
            moments += asKnownAt.map { time in
                question {
                    $0.as_known_at = time.time
                    $0.node = other
                    $0.clock_ahead = clockAhead
                }
            }
            moments += atClock.map { clock in
                question {
                    $0.at_clock = clock.clock
                    $0.at_view = clock.view
                }
            }
            for name in asSeenBy {
                let event = try await EventName.resolve(name, connection).event
                moments.append(question { $0.as_seen_by = event })
            }
            if diff, moments.count == 1 { moments.append(MomentQuestion()) }
            return moments
        }
    }
}

/// A clock as JSON, or a view token.
struct ClockArgument: ExpressibleByArgument, Sendable {
    var clock: VectorClock?
    var view: String?

    init?(argument: String) {
        if View(token: argument) != nil {
            view = argument
        } else if let clock = try? JSONDecoder().decode(VectorClock.self, from: Data(argument.utf8)) {
            self.clock = clock
        } else {
            return nil
        }
    }
}

/// A time as people write it: with or without seconds, with an offset or Z; a day alone is its end by UTC.
struct TimeArgument: ExpressibleByArgument, Sendable {
    let time: Timestamp

    init?(argument: String) {
        let forms = [argument, argument + "T23:59:59.999Z", argument.replacing("Z", with: "+00:00")]
        let minutes = argument.count >= 22 ? argument.prefix(16) + ":00" + argument.dropFirst(16) : ""
        if let time = forms.lazy.compactMap({ Timestamp($0) ?? ClinicalTime($0)?.instant }).first {
            self.time = time
        } else if let time = ClinicalTime(String(minutes))?.instant {
            self.time = time
        } else {
            return nil
        }
    }
}

/// An event by its name, or by the first letters of it.
enum EventName {
    static func resolve(_ argument: NameArgument, _ connection: NodeClient.Connection) async throws -> FoundEvent {
        let name = argument.text
        guard name.count >= 8 else {
            throw NodeError(.usage, "'\(name)' is too short; write at least eight letters of the event's name")
        }
        let found = try await connection.send(FindEventRequest(prefix: name))
        guard let event = found.first else {
            throw NodeError(.notFound, "no event begins with '\(name)'; see: duolog show timeline")
        }
        guard found.count == 1 else { throw NodeError(.usage, "'\(name)' fits several events; write more of it") }
        return event
    }
}
