/// How far each origin had been seen. An origin that is missing stands at 0.
public struct VectorClock: Hashable, Sendable {
    /// One origin and the last sequence number seen of it, at least 1.
    public struct Entry: Hashable, Sendable {
        /// The sequence.
        public let origin: Origin
        /// The last number seen.
        public let seq: Int
    }

    /// The entries, by ascending origin.
    public private(set) var entries: [Entry]

    /// A clock that has seen nothing.
    public init() { entries = [] }

    /// A clock from pairs in any order; zeros are left out, of two entries for one origin the higher counts.
    public init(_ pairs: some Sequence<(Origin, Int)>) {
        self.init()
        for (origin, seq) in pairs { advance(origin, to: seq) }
    }

    /// Entries that are known to be ascending.
    init(ascending entries: [Entry]) { self.entries = entries }

    /// The last number seen of `origin`, 0 when none was.
    public subscript(origin: Origin) -> Int {
        let index = position(of: origin)
        return index < entries.count && entries[index].origin == origin ? entries[index].seq : 0
    }

    /// True when nothing was seen.
    public var isEmpty: Bool { entries.isEmpty }

    /// The sum of all entries: it grows along every causal path.
    public var sum: Int { entries.reduce(0) { $0 + $1.seq } }

    /// True when this clock has seen `dot`.
    public func covers(_ dot: Dot) -> Bool { self[dot.origin] >= dot.seq }

    /// Raises one origin to `seq`; never lowers it.
    public mutating func advance(_ origin: Origin, to seq: Int) {
        guard seq > 0 else { return }
        let index = position(of: origin)
        if index < entries.count, entries[index].origin == origin {
            if entries[index].seq < seq { entries[index] = Entry(origin: origin, seq: seq) }
        } else {
            entries.insert(Entry(origin: origin, seq: seq), at: index)
        }
    }

    /// Raises every origin to what `other` has seen.
    public mutating func merge(_ other: VectorClock) {
        guard !other.isEmpty, entries != other.entries else { return }
        var merged: [Entry] = []
        merged.reserveCapacity(max(entries.count, other.entries.count))
        var (left, right) = (0, 0)
        while left < entries.count, right < other.entries.count {
            let (mine, theirs) = (entries[left], other.entries[right])
            if mine.origin == theirs.origin {
                merged.append(mine.seq >= theirs.seq ? mine : theirs)
                left += 1
                right += 1
            } else if mine.origin < theirs.origin {
                merged.append(mine)
                left += 1
            } else {
                merged.append(theirs)
                right += 1
            }
        }
        merged.append(contentsOf: entries[left...])
        merged.append(contentsOf: other.entries[right...])
        entries = merged
    }

    /// True when this clock is `earlier` with one origin raised to `seq`. Tells it without making that clock.
    func isAdvance(of earlier: VectorClock, _ origin: Origin, to seq: Int) -> Bool {
        let index = position(of: origin)
        guard index < entries.count, entries[index] == Entry(origin: origin, seq: seq) else { return false }
        let isNew = earlier.entries.count < entries.count
        guard earlier.entries.count == (isNew ? entries.count - 1 : entries.count) else { return false }
        for (place, entry) in earlier.entries.enumerated() {
            if !isNew, place == index {
                guard entry.origin == origin, entry.seq <= seq else { return false }
            } else {
                guard entry == entries[isNew && place >= index ? place + 1 : place] else { return false }
            }
        }
        return true
    }

    /// How two clocks stand to each other.
    public enum Relation: Sendable { case equal, before, after, concurrent }

    /// Compares entry by entry; what is missing is 0, so `{A:1}` is before `{A:1,B:1}`.
    public func compare(_ other: VectorClock) -> Relation {
        let (mine, theirs) = (isAtMost(other), other.isAtMost(self))
        switch (mine, theirs) {
        case (true, true): return .equal
        case (true, false): return .before
        case (false, true): return .after
        case (false, false): return .concurrent
        }
    }

    /// True when `other` has seen all that this clock has.
    public func isAtMost(_ other: VectorClock) -> Bool { entries.allSatisfy { other[$0.origin] >= $0.seq } }

    private func position(of origin: Origin) -> Int {
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].origin < origin { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension VectorClock: CustomStringConvertible, Codable {
    /// `{<origin>:<seq>,…}`.
    public var description: String {
        "{" + entries.map { "\($0.origin):\($0.seq)" }.joined(separator: ",") + "}"
    }

    /// Reads an object from origin to number.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let object = try container.decode([String: Int].self)
        let entries = object.compactMap { text, seq in
            Origin(text).flatMap { (1...Limits.sequence).contains(seq) ? Entry(origin: $0, seq: seq) : nil }
        }
        guard entries.count == object.count else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a clock")
        }
        // Sorted once: a peer may name thousands, and one by one each would move those behind it.
        self.init(ascending: entries.sorted { $0.origin < $1.origin })
    }

    /// Writes an object from origin to number.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(Dictionary(uniqueKeysWithValues: entries.map { ($0.origin.description, $0.seq) }))
    }
}
