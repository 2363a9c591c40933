/// What the open requests of a session are for: first asked, first answered, at a cost that does not grow with their number. A read, of which
/// there is one at most, is answered whenever storage has it.
struct PendingRequests: Hashable, Sendable {
    private var requests: [Session.Pending] = []
    private var start = 0

    private var isReading = false

    var count: Int { requests.count - start + (isReading ? 1 : 0) }

    mutating func append(_ more: [Session.Pending]) {
        for request in more {
            if request == .read { isReading = true } else { requests.append(request) }
        }
    }

    /// What an answer is for; nil where it was not asked for.
    mutating func take(for answer: StoreAnswer) -> Session.Pending? {
        guard case .read = answer else { return popFirst() }
        defer { isReading = false }
        return isReading ? .read : nil
    }

    private mutating func popFirst() -> Session.Pending? {
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
