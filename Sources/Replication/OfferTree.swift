import Crypto
public import EventLog

/// What a node may send one peer, in short: a hash for each chart and its heads, in 1,024 buckets, in groups of 32, under one root.
///
/// Two equal roots mean the same charts with the same heads. A change costs the hashes of one bucket, one group and the root, and only
/// when somebody asks for the root.
public struct OfferTree: Sendable {
    /// Charts and digests, ascending by chart: what the bucket's hash is over, as it is hashed.
    private struct Bucket: Sendable {
        static let entryBytes = 2 * EventHash.byteCount
        var charts: [ChartID] = []
        var bytes: [UInt8] = []

        /// Where a chart is, or would be.
        func place(of chart: ChartID) -> (index: Int, isHere: Bool) {
            var (low, high) = (0, charts.count)
            while low < high {
                let middle = (low + high) / 2
                if charts[middle] < chart { low = middle + 1 } else { high = middle }
            }
            return (low, low < charts.count && charts[low] == chart)
        }

        func range(_ index: Int) -> Range<Int> { index * Self.entryBytes..<(index + 1) * Self.entryBytes }

        var word: UInt64 {
            guard !charts.isEmpty else { return 0 }
            return SHA256.hash(data: bytes).withUnsafeBytes { UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self)) }
        }
    }

    private static let groupSize = 32
    /// By group, so that a change in a copy of the tree copies the buckets of one of them.
    private var contents = Array(
        repeating: Array(repeating: Bucket(), count: groupSize), count: ReplicationLimits.buckets / groupSize)
    private var words: [UInt64] = Array(repeating: 0, count: ReplicationLimits.buckets)
    private var groups: [SHA256.Digest]
    private var stale: Set<Int> = []

    /// A tree without charts.
    public init() {
        let empty = Self.group(ArraySlice(repeating: 0, count: Self.groupSize))
        groups = Array(repeating: empty, count: ReplicationLimits.buckets / Self.groupSize)
    }

    /// True when the chart is in the offer.
    public func contains(_ chart: ChartID) -> Bool { self[chart.bucket].place(of: chart).isHere }

    /// Charts in the offer.
    public var count: Int { contents.joined().reduce(0) { $0 + $1.charts.count } }

    /// The charts of a bucket, ascending.
    public func charts(inBucket bucket: Int) -> [ChartID] { self[bucket].charts }

    private subscript(bucket: Int) -> Bucket {
        get { contents[bucket / Self.groupSize][bucket % Self.groupSize] }
        _modify { yield &contents[bucket / Self.groupSize][bucket % Self.groupSize] }
    }

    /// Puts a chart in with the digest of its heads, or takes it out. Returns true when the tree changed.
    @discardableResult
    public mutating func set(_ chart: ChartID, _ digest: EventHash?) -> Bool {
        let bucket = chart.bucket
        let (index, isHere) = self[bucket].place(of: chart)
        let range = self[bucket].range(index)
        if let digest {
            let entry = chart.bytes + digest.bytes
            if isHere {
                guard !self[bucket].bytes[range].elementsEqual(entry) else { return false }
                self[bucket].bytes.replaceSubrange(range, with: entry)
            } else {
                self[bucket].charts.insert(chart, at: index)
                self[bucket].bytes.insert(contentsOf: entry, at: range.lowerBound)
            }
        } else {
            guard isHere else { return false }
            self[bucket].charts.remove(at: index)
            self[bucket].bytes.removeSubrange(range)
        }
        stale.insert(bucket)
        return true
    }

    /// The hash of every bucket, 8 bytes each; 0 for one without charts.
    public mutating func buckets() -> [UInt64] {
        refresh()
        return words
    }

    /// The hash of all buckets.
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
        for bucket in stale { words[bucket] = self[bucket].word }
        for index in Set(stale.map { $0 / Self.groupSize }) {
            groups[index] = Self.group(words[index * Self.groupSize..<(index + 1) * Self.groupSize])
        }
        stale = []
    }

    private static func group(_ words: ArraySlice<UInt64>) -> SHA256.Digest {
        words.map { $0.bigEndian }.withUnsafeBytes { SHA256.hash(bytes: $0) }
    }

    private static func root(ofGroups groups: [SHA256.Digest]) -> EventHash {
        var hasher = SHA256()
        hasher.update(data: Array("duolog/root/1\n".utf8))
        for group in groups { group.withUnsafeBytes { hasher.update(bufferPointer: $0) } }
        return EventHash(hasher.finalize())
    }
}

extension SHA256 {
    fileprivate static func hash(bytes: UnsafeRawBufferPointer) -> SHA256.Digest {
        var hasher = SHA256()
        hasher.update(bufferPointer: bytes)
        return hasher.finalize()
    }
}
