import EventLog

/// Events that probably record the same thing twice: sessions that overlap, the same questionnaire twice within 24 hours, requests for the
/// same service of the same practice. All are kept; people are only pointed at them.
///
/// What can be a duplicate is put in order once, and each question looks at its neighbours only: a chart is read with each look at its
/// page, and pairs grow with the square of it.
struct ProbableDuplicates {
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

    /// Positions by a time in milliseconds.
    private typealias Line = [(time: Int, position: Int)]

    private static let kinds: Set<Kind> = [SessionHeld.kind, ScaleCompleted.kind, ReferralRequested.kind]
    private static let day = 86_400_000

    private var subjects: [Int: Subject] = [:]
    /// By their beginning.
    private var sessions: Line = []
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
        sessions.sort { $0 < $1 }
        scales = scales.mapValues { line in line.sorted { $0 < $1 } }
    }

    private mutating func add(_ position: Int, _ subject: Subject) {
        subjects[position] = subject
        switch subject {
        case .session(let span):
            sessions.append((span.lowerBound, position))
            longestSession = max(longestSession, span.count)
        case .scale(let instrument, let time): scales[instrument, default: []].append((time, position))
        case .referral(let asked): referrals[asked, default: []].append(position)
        }
    }

    /// The others that probably record what this event does, in no particular order.
    func of(_ position: Int) -> [Int] {
        let same: [Int]
        switch subjects[position] {
        case .session(let span)?:
            let near = Self.part(of: sessions, from: span.lowerBound - longestSession + 1, to: span.upperBound)
            same = near.filter { other in
                if case .session(let its)? = subjects[other] { span.overlaps(its) } else { false }
            }
        case .scale(let instrument, let time)?:
            same = Self.part(of: scales[instrument] ?? [], from: time - Self.day + 1, to: time + Self.day)
        case .referral(let asked)?: same = referrals[asked] ?? []
        case nil: same = []
        }
        return same.filter { $0 != position }
    }

    /// The positions of a line from one time up to, and without, another.
    private static func part(of line: Line, from: Int, to: Int) -> [Int] {
        let first = line.partition(before: from)
        return line[first...].prefix { $0.time < to }.map(\.position)
    }
}

extension [(time: Int, position: Int)] {
    /// The index of the first that is not before a time, by halving.
    fileprivate func partition(before time: Int) -> Int {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = low + (high - low) / 2
            if self[middle].time < time { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
