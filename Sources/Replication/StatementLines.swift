import EventLog

/// Signed statements as lines and from lines: they go with every event. Members stand in the order of their names, as in every message.
extension SignedHead {
    var line: [UInt8] {
        ByteWriter.write(atMost: room(for: signature)) { line in
            begin(at, chart, hash, to: &line)
            line.put("\",\"origin\":\"")
            dot.origin.write(to: &line)
            end(dot, signature, to: &line)
            line.put("\",\"t\":\"head\"}")
        }
    }

    init?(_ fields: LineFields) {
        guard let chart = fields.hash("chart"), let dot = Dot(fields), let hash = fields.hash("hash"),
            let at = fields.timestamp("at"), let signature = fields.signature
        else { return nil }
        self.init(chart: chart, dot: dot, hash: hash, at: at, signature: signature)
    }
}

extension Receipt {
    var line: [UInt8] {
        ByteWriter.write(atMost: room(for: signature)) { line in
            begin(at, chart, hash, to: &line)
            line.put("\",\"instance\":\"")
            line.put(text: String(instance))
            line.put("\",\"origin\":\"")
            dot.origin.write(to: &line)
            line.put("\",\"receiver\":\"")
            receiver.write(to: &line)
            end(dot, signature, to: &line)
            line.put("\",\"t\":\"receipt\"}")
        }
    }

    init?(_ fields: LineFields) {
        guard let receiver = fields.node("receiver"), let instance = fields.string("instance").flatMap({ UInt64($0) }),
            let chart = fields.hash("chart"), let dot = Dot(fields), let hash = fields.hash("hash"),
            let at = fields.timestamp("at"), let signature = fields.signature
        else { return nil }
        self.init(
            receiver: receiver, instance: instance, chart: chart, dot: dot, hash: hash, at: at, signature: signature)
    }
}

extension RemovalNotice {
    init?(_ fields: LineFields) {
        guard let chart = fields.hash("chart"), let removed = fields.node("removed"), let removal = fields.hash("removal"),
            let at = fields.timestamp("at"), let signature = fields.signature
        else { return nil }
        self.init(chart: chart, removed: removed, removal: removal, at: at, signature: signature)
    }
}

extension Message.Commit {
    init?(_ fields: LineFields) {
        guard let events = fields.int("events"), let objects = fields.objects("buckets") else { return nil }
        let buckets = objects.compactMap { bucket in
            bucket.int("index").flatMap { index in bucket.string("hash").map { Message.Bucket(index: index, hash: $0) } }
        }
        let root = fields.hash("root")
        guard buckets.count == objects.count, root != nil || fields.isNull("root") else { return nil }
        self.init(events: events, root: root, buckets: buckets)
    }
}

extension Dot {
    fileprivate init?(_ fields: LineFields) {
        guard let origin = fields.origin("origin"), let seq = fields.int("seq"), (1...Limits.sequence).contains(seq) else {
            return nil
        }
        self.init(origin: origin, seq: seq)
    }
}

extension LineFields {
    /// 64 bytes.
    fileprivate var signature: [UInt8]? { base64URL("sig").flatMap { $0.count == 64 ? $0 : nil } }
}

/// All members of a statement, with the longest values that they have.
private func room(for signature: [UInt8]) -> Int { 384 + 2 * signature.count }

private func begin(_ at: Timestamp, _ chart: ChartID, _ hash: EventHash, to line: inout ByteWriter) {
    line.put("{\"at\":\"")
    at.write(to: &line)
    line.put("\",\"chart\":\"")
    chart.write(to: &line)
    line.put("\",\"hash\":\"")
    hash.write(to: &line)
}

private func end(_ dot: Dot, _ signature: [UInt8], to line: inout ByteWriter) {
    line.put("\",\"seq\":")
    line.put(dot.seq)
    line.put(",\"sig\":\"")
    Base64URL.write(signature, to: &line)
}
