import EventLog

/// Receipts and removal notices of a session: never held back by credit, repeated until the peer has noted them.
struct Statements: Sendable {
    private var receipts: [Receipt] = []
    private var notices: [RemovalNotice] = []
    private var removedFrom: Set<ChartID> = []
    private var fetching = false
    private var fetchAgain = false
    private var sentUpTo = 0
    private var nextMark = 1
    /// What storage calls the statements up to a mark; these numbers never leave the node.
    private var marks: [Int: Int] = [:]

    mutating func changed(_ step: inout Step) {
        guard !fetching else {
            fetchAgain = true
            return
        }
        fetching = true
        fetchAgain = false
        step.store(.pendingStatements(after: sentUpTo), .pendingStatements)
    }

    mutating func send(_ receipts: [Receipt], _ notices: [RemovalNotice], upTo: Int, _ step: inout Step) {
        fetching = false
        if !receipts.isEmpty || !notices.isEmpty {
            for receipt in receipts { step.send(.receipt(receipt)) }
            for notice in notices { step.send(.removed(notice)) }
            sentUpTo = max(sentUpTo, upTo)
            marks[nextMark] = upTo
            step.send(.mark(nextMark))
            nextMark += 1
        }
        if fetchAgain || receipts.count + notices.count >= ReplicationLimits.statementsAtOnce { changed(&step) }
    }

    mutating func noted(_ number: Int, _ step: inout Step) throws(Message.WireError) {
        guard let upTo = marks.removeValue(forKey: number) else {
            throw Message.WireError(.unexpected, "noted \(number), which was not asked for")
        }
        step.store(.statementsNoted(upTo: upTo), .statementsNoted)
    }

    mutating func receive(_ receipt: Receipt) throws(Message.WireError) {
        guard receipts.count < ReplicationLimits.headsPerBatch else {
            throw Message.WireError(.limit, "more than \(ReplicationLimits.headsPerBatch) receipts without a mark")
        }
        receipts.append(receipt)
    }

    /// Returns true for the first notice of a chart: what a peer says again is not told again.
    mutating func receive(_ notice: RemovalNotice) throws(Message.WireError) -> Bool {
        guard notices.count < ReplicationLimits.headsPerBatch else {
            throw Message.WireError(.limit, "more than \(ReplicationLimits.headsPerBatch) notices without a mark")
        }
        notices.append(notice)
        guard removedFrom.insert(notice.chart).inserted else { return false }
        guard removedFrom.count <= ReplicationLimits.refusedCharts else {
            throw Message.WireError(.limit, "removed from more than \(ReplicationLimits.refusedCharts) charts")
        }
        return true
    }

    mutating func mark(_ number: Int, _ step: inout Step) {
        step.store(.statements(receipts, notices), .statements(thenNote: number))
        (receipts, notices) = ([], [])
    }
}
