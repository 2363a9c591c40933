import Crypto
public import EventLog

/// What a node may send one peer, in short: a hash for each chart and its heads, in 1,024 buckets, under one root.
///
/// Two equal roots mean the same charts with the same heads. A change costs the hash of one bucket and of the root, and only when
/// somebody asks for the root.
public struct OfferTree: Sendable {
    private var charts: [[ChartID: EventHash]] = Array(repeating: [:], count: ReplicationLimits.buckets)
    private var words: [UInt64] = Array(repeating: 0, count: ReplicationLimits.buckets)
    private var groups: [SHA256.Digest]
    private var stale: Set<Int> = []
    private static let groupSize = 32

    /// A tree without charts.
    public init() {
        let empty = Self.group(ArraySlice(repeating: 0, count: Self.groupSize))
        groups = Array(repeating: empty, count: ReplicationLimits.buckets / Self.groupSize)
    }

    /// The hash of a chart's heads: what a bucket is made of.
    public static func digest(_ heads: ChartHeads) -> EventHash { heads.digest }

    /// True when the chart is in the offer.
    public func contains(_ chart: ChartID) -> Bool { charts[chart.bucket][chart] != nil }

    /// Charts in the offer.
    public var count: Int { charts.reduce(0) { $0 + $1.count } }

    /// The charts of a bucket, ascending.
    public func charts(inBucket bucket: Int) -> [ChartID] { charts[bucket].keys.sorted() }

    /// Puts a chart in with the digest of its heads, or takes it out. Returns true when the tree changed.
    @discardableResult
    public mutating func set(_ chart: ChartID, _ digest: EventHash?) -> Bool {
        guard charts[chart.bucket][chart] != digest else { return false }
        charts[chart.bucket][chart] = digest
        stale.insert(chart.bucket)
        return true
    }

    /// The hash of every bucket, 8 bytes each; 0 for one without charts.
    public mutating func buckets() -> [UInt64] {
        refresh()
        return words
    }

    /// The hash of all buckets, over groups of 32: a change costs one group, not all of them.
    public mutating func root() -> EventHash {
        refresh()
        return Self.root(ofGroups: groups)
    }

    /// The hash of 1,024 bucket hashes.
    public static func root(of words: [UInt64]) -> EventHash {
        root(
            ofGroups: stride(from: 0, to: words.count, by: groupSize).map { group(words[$0..<min($0 + groupSize, words.count)]) })
    }

    private mutating func refresh() {
        for bucket in stale { words[bucket] = word(ofBucket: bucket) }
        for index in Set(stale.map { $0 / Self.groupSize }) {
            groups[index] = Self.group(words[index * Self.groupSize..<(index + 1) * Self.groupSize])
        }
        stale = []
    }

    private func word(ofBucket bucket: Int) -> UInt64 {
        guard !charts[bucket].isEmpty else { return 0 }
        var hasher = SHA256()
        for chart in charts(inBucket: bucket) {
            hasher.update(data: chart.bytes)
            hasher.update(data: charts[bucket][chart]?.bytes ?? [])
        }
        return hasher.finalize().withUnsafeBytes { UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self)) }
    }

    private static func group(_ words: ArraySlice<UInt64>) -> SHA256.Digest {
        var hasher = SHA256()
        for word in words { withUnsafeBytes(of: word.bigEndian) { hasher.update(bufferPointer: $0) } }
        return hasher.finalize()
    }

    private static func root(ofGroups groups: [SHA256.Digest]) -> EventHash {
        var hasher = SHA256()
        hasher.update(data: Array("duolog/root/1\n".utf8))
        for group in groups { group.withUnsafeBytes { hasher.update(bufferPointer: $0) } }
        return EventHash(hasher.finalize())
    }
}
