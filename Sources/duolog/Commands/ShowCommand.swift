import ArgumentParser
import CareModel
import DuologNode
import EventLog
import NodeAPI

struct ShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Prints what is known of a chart, with a view token to decide from.",
        subcommands: [
            Timeline.self, Regimen.self, Trend.self, Followup.self, Safety.self, Referrals.self, Coverage.self, Alerts.self,
            Membership.self, Course.self, Goals.self,
        ])

    struct Timeline: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Everything, by clinical time, with corrections beside what they correct.")

        @OptionGroup var options: Options

        func run() async throws { try await options.show(TimelineView.self, Render.timeline) }
    }

    struct Regimen: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "What is prescribed, how it came to be, and what is actually taken.")

        @OptionGroup var options: Options

        func run() async throws { try await options.show(RegimenView.self, Render.regimen) }
    }

    struct Trend: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "PHQ-9, GAD-7, sleep, mood and energy over time, and whether the dose can be judged yet.")

        @OptionGroup var options: Options

        func run() async throws { try await options.show(TrendView.self, Render.trend) }
    }

    struct Followup: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "When the medication is to be looked at next, and why then.")

        @OptionGroup var options: Options

        func run() async throws { try await options.show(FollowupView.self, Render.followup) }
    }

    struct Safety: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Concerns, who took them up, and the last screening.")

        @OptionGroup var options: Options

        func run() async throws { try await options.show(SafetyView.self, Render.safety) }
    }

    struct Referrals: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Who was asked for what, and what became of it.")

        @OptionGroup var options: Options

        func run() async throws { try await options.show(ReferralsView.self, Render.referrals) }
    }

    struct Coverage: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Whether therapy and medication have begun.")

        @OptionGroup var options: Options

        func run() async throws { try await options.show(CoverageView.self, Render.coverage) }
    }

    struct Course: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The course of treatment in tables: what the picture of the web page shows.")

        @OptionGroup var options: Options

        func run() async throws { try await options.show(CourseView.self, Render.course) }
    }

    struct Goals: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "What is to be reached, and the safety plan.")

        @OptionGroup var options: Options

        func run() async throws { try await options.show(GoalsView.self, Render.goals) }
    }

    struct Alerts: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "What the rules point at: intervals, two medicines of a kind, allergies, reports that were not seen.")

        @OptionGroup var options: Options

        func run() async throws { try await options.show(AlertsView.self, Render.alerts) }
    }

    struct Membership: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Who belongs to the chart, and whom the patient allows it to be sent to.")

        @OptionGroup var options: Options

        func run() async throws { try await options.show(MembershipView.self, Render.membership) }
    }

    struct Options: ParsableArguments {
        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var chart: ChartOption

        @Option(
            name: .long,
            help: ArgumentHelp("Count only what happened up to here; the node's clock by default.", valueName: "time"))
        var now: TimeArgument?

        func show<Content: TimedProjection>(_ type: Content.Type, _ text: (Content) -> String) async throws {
            let now = now
            let shown = try await node.connected { connection in
                try await connection.send(TimedShowRequest<Content>(chart: try await chart.resolve(connection), now: now?.time))
            }
            try output.print(shown) { Render.framed(shown, text(shown.content)) }
        }

        func show<Content: Projection>(_ type: Content.Type, _ text: (Content) -> String) async throws {
            let now = now
            let shown = try await node.connected { connection in
                try await connection.send(ShowRequest<Content>(chart: try await chart.resolve(connection), now: now?.time))
            }
            try output.print(shown) { Render.framed(shown, text(shown.content)) }
        }
    }
}

struct TodayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "today", abstract: "What needs a person now, across all charts: the most urgent first, then the oldest.")

    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    @Option(
        name: .long,
        help: ArgumentHelp("Count only what happened up to here; the node's clock by default.", valueName: "time"))
    var now: TimeArgument?

    func run() async throws {
        let answer = try await node.ask(TodayRequest(now: now?.time))
        try output.print(answer) { Render.today(answer) }
    }
}
