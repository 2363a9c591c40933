import CareModel
import EventLog
import Foundation
import NodeAPI

/// What a form shows of the chart that it is for.
struct ChartForForm: Sendable {
    let chart: ChartID
    let timeline: Viewed<TimelineView>
    let regimen: RegimenView
    let membership: MembershipView
    /// Of this practice.
    let scopes: Set<Scope>

    /// - Note: The timeline comes first. Its view is the form's: what arrives between the questions counts as not seen.
    init(_ chart: ChartID, _ visit: Visit) async throws {
        self.chart = chart
        timeline = try await visit.ask(ShowRequest<TimelineView>(chart: chart))
        regimen = try await visit.ask(ShowRequest<RegimenView>(chart: chart)).content
        membership = try await visit.ask(ShowRequest<MembershipView>(chart: chart)).content
        let node = try await visit.ask(StatusRequest()).node
        scopes = Set(membership.members.first { $0.node == node && !$0.removed }?.scopes ?? [])
    }

    /// An event in one line.
    static func line(_ entry: TimelineView.Entry) -> String {
        "\(entry.label.when.day) \(entry.label.author): \(entry.summary)"
    }

    private var standing: [TimelineView.Entry] {
        timeline.content.entries.reversed().filter { $0.standing != .withdrawn && $0.standing != .withoutEffect }
    }

    /// What the members of a body may name.
    func named(unit: String) -> Named {
        Named(
            events: standing.prefix(200).map { Option(value: "\($0.label.event)", label: Self.line($0), isChosen: false) },
            nodes: membership.members.filter { !$0.removed }.map {
                Option(value: "\($0.node)", label: $0.name, isChosen: false)
            }, unit: unit)
    }

    /// What an event of this kind may be about, for its author to choose from.
    func picker(_ type: any EventBody.Type, _ form: Form, _ visitor: Visitor, fault: String?) -> Picker? {
        switch type.targets {
        case .none: nil
        case .optional(let set): Picker(options(set, type.kind, visitor), form, needs: 0, isOne: false, set, fault)
        case .required(let set): Picker(options(set, type.kind, visitor), form, needs: 1, isOne: false, set, fault)
        case .one(let set): Picker(options(set, type.kind, visitor), form, needs: 1, isOne: true, set, fault)
        }
    }

    private func options(_ set: Targets.TargetSet, _ kind: Kind, _ visitor: Visitor) -> [(String, String)] {
        switch set {
        case .lineage(.medication): medications.map { ("\($0.root)", "\($0.drug?.display ?? "[erased]"): \($0.headline)") }
        case .lineage(let register): roots(register == .referral ? "referral.requested" : "episode.opened")
        case .anyLineage:
            medications.filter { $0.state == .disputed }.map {
                ("\($0.root)", "\($0.drug?.display ?? "[erased]"): \($0.headline)")
            }
                + roots("referral.requested") + roots("episode.opened")
        case .kinds(let kinds): standing.filter { kinds.contains($0.label.kind) && $0.standing != .replaced }.map(Self.option)
        case .any:
            // Only their author corrects or withdraws them.
            standing.filter { kind == "change.requested" || $0.label.author == visitor.name }.prefix(200).map(Self.option)
        }
    }

    private var medications: [RegimenView.Lineage] { regimen.medications.filter { $0.state != .void } }

    private func roots(_ kind: Kind) -> [(String, String)] { standing.filter { $0.label.kind == kind }.map(Self.option) }

    private static func option(_ entry: TimelineView.Entry) -> (String, String) { ("\(entry.label.event)", line(entry)) }
}

/// The events that an event names, as a form asks for them.
struct Picker: Sendable {
    let label: String
    let fault: String?
    /// One of a list that opens, or any number of a list to tick.
    var choice: One?
    var ticks: Many?

    struct One: Sendable { let one: [Option] }
    struct Many: Sendable { let many: [Option] }

    /// True where the chart has nothing to choose from, and something must be.
    let isEmpty: Bool

    init(
        _ options: [(String, String)], _ form: Form, needs: Int, isOne: Bool, _ set: Targets.TargetSet, _ fault: String?
    ) {
        self.fault = fault
        isEmpty = options.isEmpty && needs > 0
        let isLineage =
            switch set {
            case .lineage, .anyLineage: true
            case .kinds, .any: false
            }
        if isOne || isLineage {
            label = isLineage ? "Which" : "Which event"
            let only = needs > 0 && options.count == 1
            choice = One(
                one: (only ? [] : [Option(value: "", label: needs > 0 ? "choose" : "none in particular", isChosen: false)])
                    + options.map { Option(value: $0.0, label: $0.1, isChosen: form["about"] == $0.0) })
        } else {
            label = needs > 0 ? "Which of these" : "Is it about one of these?"
            ticks =
                options.isEmpty
                ? nil
                : Many(
                    many: options.prefix(40).map { option in
                        let isOnly = needs > 0 && options.count == 1 && form["request"].isEmpty
                        return Option(value: option.0, label: option.1, isChosen: form["refs-\(option.0)"] == "yes" || isOnly)
                    })
        }
    }

    /// What was chosen: the whole register of an event, or the events themselves.
    static func chosen(_ type: any EventBody.Type, _ form: Form) -> (refs: [EventHash], about: EventHash?) {
        let ticked = form.fields.keys.filter { $0.hasPrefix("refs-") && form[$0] == "yes" }
            .compactMap { EventHash($0.dropFirst(5).description) }.sorted()
        let one = EventHash(form["about"])
        return switch type.targets {
        case .none: ([], nil)
        case .one: (one.map { [$0] } ?? [], nil)
        case .optional(.lineage), .optional(.anyLineage), .required(.lineage), .required(.anyLineage): ([], one)
        case .optional, .required: (ticked, nil)
        }
    }
}
