import EventLog

/// Events that probably record the same thing twice: sessions that overlap, the same questionnaire twice within 24 hours, requests for the
/// same service of the same practice. All are kept; people are only pointed at them.
///
/// What can be a duplicate is put in order once, and each question looks at its neighbours only: a chart is read with each look at its
/// page, and pairs grow with the square of it. For the same reason only so many of the others are named, and the rest counted.
struct ProbableDuplicates {
    /// The others that probably record what an event does.
    struct Others {
        /// The earliest of them; at the same time, in the order of the fold.
        var named: [Int] = []
        /// Those beyond.
        var more: Int?
    }

    /// So many are named. Nobody reads more names than that, and a thousand sessions at one time would name a million.
    static let mostNamed = 20

    /// What an event says, as far as others can say the same.
    private enum Subject: Hashable {
        case session(Range<Int>)
        case scale(ScaleCompleted.Instrument, at: Int)
        case referral(Asked)
    }

    private struct Asked: Hashable {
        let service: String
        let to: NodeID
    }

    /// Positions by a time in milliseconds. At the same time they stand in the order of the fold, which is the same on every node.
    private struct Line {
        private var places: [(time: Int, rank: Int, position: Int)] = []

        mutating func add(_ position: Int, at time: Int) { places.append((time, places.count, position)) }

        mutating func sort() { places.sort { $0 < $1 } }

        /// How many stand before a time, by halving.
        func count(before time: Int) -> Int {
            var (low, high) = (0, places.count)
            while low < high {
                let middle = (low + high) / 2
                if places[middle].time < time { low = middle + 1 } else { high = middle }
            }
            return low
        }

        /// The positions from one time up to, and without, another.
        func part(from: Int, to: Int) -> some Sequence<Int> {
            places[count(before: from)...].lazy.prefix { $0.time < to }.map(\.position)
        }
    }

    private static let kinds: Set<Kind> = [SessionHeld.kind, ScaleCompleted.kind, ReferralRequested.kind]
    private static let day = 86_400_000

    private var subjects: [Int: Subject] = [:]
    /// By their beginning, and by their end.
    private var (sessions, endings) = (Line(), Line())
    private var longestSession = 0
    private var scales: [ScaleCompleted.Instrument: Line] = [:]
    private var referrals: [Asked: [Int]] = [:]

    /// Reads what can be a duplicate. Bodies are read when they are looked at: only those of `kinds` are.
    ///
    /// - Parameter contents: what was read of bodies before, by position.
    init(_ fold: Fold, _ kinds: Set<Kind>, _ contents: [Int: Fold.Content?] = [:]) {
        for position in fold.counted(Self.kinds.intersection(kinds)) {
            switch try? (contents[position] ?? fold.content(position))?.get() {
            case let held as SessionHeld:
                let start = held.start.instant.milliseconds
                add(position, .session(start..<start + held.minutes * 60_000))
            case let scale as ScaleCompleted:
                add(position, .scale(scale.instrument, at: fold.record.when(position).instant.milliseconds))
            case let referral as ReferralRequested:
                add(position, .referral(Asked(service: referral.service, to: referral.to)))
            default: continue
            }
        }
        sessions.sort()
        endings.sort()
        for instrument in scales.keys { scales[instrument]?.sort() }
    }

    private mutating func add(_ position: Int, _ subject: Subject) {
        subjects[position] = subject
        switch subject {
        case .session(let span):
            sessions.add(position, at: span.lowerBound)
            endings.add(position, at: span.upperBound)
            longestSession = max(longestSession, span.count)
        case .scale(let instrument, let time): scales[instrument, default: Line()].add(position, at: time)
        case .referral(let asked): referrals[asked, default: []].append(position)
        }
    }

    /// The others that probably record what this event does.
    func of(_ position: Int) -> Others {
        switch subjects[position] {
        case .session(let span)?:
            let near = sessions.part(from: span.lowerBound - longestSession + 1, to: span.upperBound)
            let same = near.lazy.filter { other in
                if case .session(let its)? = subjects[other] { span.overlaps(its) } else { false }
            }
            // Those that have begun before this one ends, without those that had ended when it began.
            return others(same, sessions.count(before: span.upperBound) - endings.count(before: span.lowerBound + 1), position)
        case .scale(let instrument, let time)?:
            let (line, from, to) = (scales[instrument] ?? Line(), time - Self.day + 1, time + Self.day)
            return others(line.part(from: from, to: to), line.count(before: to) - line.count(before: from), position)
        case .referral(let asked)?: return others(referrals[asked] ?? [], referrals[asked]?.count ?? 0, position)
        case nil: return Others()
        }
    }

    /// - Parameter count: how many there are of the same, the event itself among them.
    private func others(_ same: some Sequence<Int>, _ count: Int, _ position: Int) -> Others {
        let named = Array(same.lazy.filter { $0 != position }.prefix(Self.mostNamed))
        let more = count - 1 - named.count
        return Others(named: named, more: more > 0 ? more : nil)
    }
}
