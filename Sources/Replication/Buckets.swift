/// One of something for each bucket that charts are divided into, in groups: a copy of all of them costs a few references, and a change in
/// the copy those of one group. A session is copied for each step that it takes ahead.
struct Buckets<Content: Sendable>: Sendable {
    private static var groupSize: Int { 32 }
    private var groups: [[Content]]

    /// The same for each.
    init(_ content: Content) {
        groups = Array(
            repeating: Array(repeating: content, count: Self.groupSize), count: ReplicationLimits.buckets / Self.groupSize)
    }

    /// All of them, in the order of their buckets.
    var all: some Sequence<Content> { groups.joined() }

    subscript(bucket: Int) -> Content {
        get { groups[bucket / Self.groupSize][bucket % Self.groupSize] }
        _modify { yield &groups[bucket / Self.groupSize][bucket % Self.groupSize] }
    }
}
