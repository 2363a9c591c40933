/// What the open requests of a session are for: first asked, first answered, at a cost that does not grow with their number.
struct PendingRequests: Hashable, Sendable {
    private var requests: [Session.Pending] = []
    private var start = 0

    var count: Int { requests.count - start }

    mutating func append(_ more: [Session.Pending]) { requests.append(contentsOf: more) }

    mutating func popFirst() -> Session.Pending? {
        guard start < requests.count else { return nil }
        defer {
            start += 1
            if start > 64, start * 2 > requests.count {
                requests.removeFirst(start)
                start = 0
            }
        }
        return requests[start]
    }
}
