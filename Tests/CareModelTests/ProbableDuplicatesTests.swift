import EventLog
import Foundation
import TestSupport
import Testing

@testable import CareModel

/// Probable duplicates, held against a comparison of every pair that reads bodies as plain JSON and knows nothing of any order.
@Suite struct ProbableDuplicatesTests {
    /// Of very many only the earliest are named, the same ones on every node, and the others are counted.
    @Test func ofVeryManyAFewAreNamedAndTheRestCounted() throws {
        var practices = try Practices([("t", [.therapy], .psychologist), ("p", [.therapy], .psychologist)], seed: 7)
        for number in 0..<60 {
            // Two long ones overlap all others, which begin a minute after each other and so overlap about thirty.
            let minutes = number % 30 == 0 ? 600 : 15
            let start = ClinicalTime(
                instant: Timestamp(milliseconds: 1_925_000_000_000 + number / 2 * 60_000), offsetMinutes: 0)
            try practices.writers[1 + number % 2].write(
                SessionHeld.kind, #"{"minutes":\#(minutes),"modality":"CBT","start":"\#(start)"}"#)
            try practices.writers[1 + number % 2].write(
                ScaleCompleted.kind, #"{"instrument":"GAD-7","items":[0,0,0,0,0,0,0],"total":0}"#)
        }
        try practices.meet()
        let views = practices.writers.map { TimelineView(Fold($0.record)) }
        #expect(views.allSatisfy { $0 == views[0] })
        let expected = AllPairs(practices.writers[0].events, views[0].entries).duplicates
        var bounded = 0
        for entry in views[0].entries {
            let all = expected[entry.label.event] ?? []
            #expect(entry.probable_duplicates.count == min(all.count, ProbableDuplicates.mostNamed))
            #expect(Set(entry.probable_duplicates).isSubset(of: all))
            #expect(entry.probable_duplicates.count + (entry.more_probable_duplicates ?? 0) == all.count)
            if entry.more_probable_duplicates != nil { bounded += 1 }
        }
        #expect(bounded > 100)
    }

    @Test func theyEqualThoseOfAllPairs() throws {
        var pairs: [Kind: Int] = [:]
        for seed in 1...30 as ClosedRange<UInt64> {
            let history = try BookedTwice(seed: seed, events: 60)
            let fold = Fold(history.practices.writers[0].record)
            let entries = TimelineView(fold).entries
            let expected = AllPairs(history.practices.writers[0].events, entries).duplicates
            for entry in entries {
                let found = entry.probable_duplicates
                #expect(found == (expected[entry.label.event] ?? []).sorted(), "seed \(seed), \(entry.label.kind)")
                pairs[entry.label.kind, default: 0] += found.count
            }
            // Whoever reads a part is told the same of each event.
            for skipping in stride(from: 0, to: entries.count, by: 7) {
                let page = TimelinePage(fold, group: nil, skipping: skipping, count: 7)
                for entry in page.entries {
                    #expect(entry.probable_duplicates == (expected[entry.label.event] ?? []).sorted(), "seed \(seed)")
                }
            }
            let now = Timestamp(milliseconds: 1_930_000_000_000)
            for referral in ReferralsView(fold, now: now).referrals {
                #expect(referral.duplicates == (expected[referral.requested.event] ?? []).sorted(), "seed \(seed)")
            }
        }
        // The histories must be worth something.
        for kind in [SessionHeld.kind, ScaleCompleted.kind, ReferralRequested.kind] {
            #expect(pairs[kind, default: 0] > 100, "\(kind): \(pairs[kind, default: 0])")
        }
    }
}

/// A chart in which things are recorded twice: at the same time, at the edges of what counts as the same, withdrawn and invalid ones.
private struct BookedTwice {
    var practices: Practices
    private var random: SplitMix64

    init(seed: UInt64, events: Int) throws {
        random = SplitMix64(seed: seed)
        practices = try Practices([("t", [.therapy], .psychologist)], seed: seed)
        for _ in 0..<events { try write() }
        try practices.meet()
    }

    private mutating func write() throws {
        let writer = 1
        switch Int.random(in: 0..<8, using: &random) {
        case 0..<3:
            // Starts a quarter of an hour apart, so that many end where another begins. No minute at all is not acceptable.
            let minutes = [0, 15, 30, 45, 720].randomElement(using: &random) ?? 15
            let start = moment(of: Int.random(in: 0..<1200, using: &random) * 900)
            try practices.writers[writer].write(
                SessionHeld.kind, #"{"minutes":\#(minutes),"modality":"CBT","start":"\#(start)"}"#)
        case 3..<6:
            let isPHQ = random.oneIn(2)
            let items = Array(repeating: "0", count: isPHQ ? 9 : 7).joined(separator: ",")
            // Half days apart, and now and then a second more or less: a day apart is not within a day.
            let second = [-1, 0, 0, 1].randomElement(using: &random) ?? 0
            let when = moment(of: Int.random(in: 0..<60, using: &random) * 43_200 + second)
            try practices.writers[writer].write(
                ScaleCompleted.kind, #"{"instrument":"\#(isPHQ ? "PHQ-9" : "GAD-7")","items":[\#(items)],"total":0}"#, when: when)
        case 6:
            let to = practices.writers[random.oneIn(2) ? 0 : 1].node
            let service = random.oneIn(2) ? "sleep study" : "dietician"
            try practices.writers[writer].write(
                ReferralRequested.kind, #"{"priority":"routine","service":"\#(service)","to":"\#(to)"}"#)
        default:
            let own = practices.writers[writer].events.filter {
                [SessionHeld.kind, ScaleCompleted.kind, ReferralRequested.kind].contains($0.envelope.kind)
            }
            guard let target = own.randomElement(using: &random) else { return }
            try practices.writers[writer].write(RecordWithdrawn.kind, Bodies.withdrawn, refs: [target.hash])
        }
    }

    /// So many seconds into the chart's time, as read in one place or another.
    private mutating func moment(of seconds: Int) -> String {
        let instant = Timestamp(milliseconds: 1_925_000_000_000 - 43_200_000 * 60 + seconds * 1000)
        return "\(ClinicalTime(instant: instant, offsetMinutes: random.oneIn(2) ? -300 : 60))"
    }
}

/// Every event held against every other.
private struct AllPairs {
    private struct Said {
        let kind: String
        let members: [String: Any]
        /// In seconds.
        let when, start, end: Double

        init?(_ event: Event) {
            guard case .present(let body) = event.body,
                let members = (try? JSONSerialization.jsonObject(with: Data(body.line))) as? [String: Any]
            else { return nil }
            func seconds(_ name: String) -> Double {
                (members[name] as? String).flatMap { ISO8601DateFormatter().date(from: $0)?.timeIntervalSince1970 } ?? .nan
            }
            (kind, self.members, when, start) = (event.envelope.kind.name, members, seconds("when"), seconds("start"))
            end = start + Double(members["minutes"] as? Int ?? 0) * 60
        }

        func isSame(as other: Said) -> Bool {
            func agrees(_ name: String) -> Bool { members[name] as? String == other.members[name] as? String }
            switch kind {
            case _ where kind != other.kind: return false
            case "session.held": return start < other.end && other.start < end
            case "scale.completed": return agrees("instrument") && abs(when - other.when) < 24 * 60 * 60
            case "referral.requested": return agrees("service") && agrees("to")
            default: return false
            }
        }
    }

    private(set) var duplicates: [EventHash: [EventHash]] = [:]

    init(_ events: [Event], _ entries: [TimelineView.Entry]) {
        let counted = Set(
            entries.filter { ![.withoutEffect, .withdrawn, .suspended].contains($0.standing) }.map(\.label.event))
        let said = events.filter { counted.contains($0.hash) }.compactMap { event in Said(event).map { (event.hash, $0) } }
        for (left, one) in said {
            for (right, other) in said where left != right && one.isSame(as: other) {
                duplicates[left, default: []].append(right)
            }
        }
    }
}
