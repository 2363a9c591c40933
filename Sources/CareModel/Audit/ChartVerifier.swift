public import EventLog

/// Checks one chart from its lines: envelopes, bodies, chains, closures, verdicts, signed heads, receipts. It takes nothing for granted
/// that was stored beside them, and goes on after damage as far as what is left can be checked.
public struct ChartVerifier: Sendable {
    /// An event as it was read, unchecked.
    public struct RawEvent: Sendable {
        /// The second line.
        public enum Body: Sendable {
            /// The line.
            case present([UInt8])
            /// Not here.
            case absent
            /// Here, and it cannot be read.
            case unreadable(String)
        }

        /// The arrival number, or the line of a file.
        public var place: Int
        /// The first line.
        public var envelope: [UInt8]
        /// The name under which it was stored; nil where there is none.
        public var name: EventHash?
        /// The second line.
        public var body: Body
        /// What was decided on it; nil where that was not stored.
        public var verdict: Verdict?

        /// An event as it was read.
        public init(place: Int, envelope: [UInt8], name: EventHash?, body: Body, verdict: Verdict?) {
            self.place = place
            self.envelope = envelope
            self.name = name
            self.body = body
            self.verdict = verdict
        }
    }

    /// What was found so far.
    public private(set) var found: ChartFindings
    /// The events that hold.
    public private(set) var record: ChartRecord
    private var places: [Int] = []
    /// Events that are here, and could not be taken in.
    private var damaged: Set<EventHash> = []
    private var witnessed: Set<Int> = []
    /// Events whose bodies are named as damaged.
    private var badBodies: Set<EventHash> = []

    /// A chart of which nothing was read yet.
    ///
    /// - Parameter count: how many events there are going to be, as far as that is known.
    public init(chart: ChartID, isLocal: Bool = false, name: String? = nil, expecting count: Int = 0) {
        found = ChartFindings(chart: chart, name: name)
        record = ChartRecord(chart: chart, isLocal: isLocal, expecting: count)
        places.reserveCapacity(count)
    }

    /// Notes a finding that somebody else made in this chart.
    public mutating func add(_ finding: Finding) {
        var finding = finding
        finding.chart = found.chart
        found.add(finding)
    }

    /// The place at which an event was read.
    public func place(of position: Int) -> Int { places[position] }

    // MARK: Events

    /// Checks an event against all before it. They come in the order in which they were stored.
    ///
    /// - Returns: where its envelope says that it stands, where that can be read at all.
    @discardableResult
    public mutating func take(_ raw: RawEvent) -> (chart: ChartID, dot: Dot)? {
        found.events += 1
        found.bytes += raw.envelope.count
        let envelope: Envelope
        do throws(FormatError) {
            envelope = try Envelope(line: raw.envelope)
        } catch {
            if let name = raw.name { damaged.insert(name) }
            add(Finding(.envelope, "the line cannot be read: \(error)", place: raw.place, byte: error.byte))
            return nil
        }
        let place = (envelope.chart, envelope.dot)
        take(raw, envelope)
        return place
    }

    private mutating func take(_ raw: RawEvent, _ envelope: consuming Envelope) {
        let hash = EventHash(of: raw.envelope)
        if let name = raw.name, name != hash {
            damaged.insert(name)
            return add(
                Finding(.envelope, "the line is not the one that was stored as \(name)", dot: envelope.dot, place: raw.place))
        }
        guard record.graph.position(of: hash) == nil, !damaged.contains(hash) else {
            return add(Finding(.duplicate, "event \(hash) is here twice", dot: envelope.dot, place: raw.place))
        }
        let before = found.count
        let body = readBody(raw, envelope)
        if found.count > before { badBodies.insert(hash) }
        admit(Event(envelope: envelope, line: raw.envelope, hash: hash, checked: body), raw)
    }

    /// The body where it is the one that the envelope names.
    private mutating func readBody(_ raw: RawEvent, _ envelope: Envelope) -> BodyLine? {
        switch raw.body {
        case .absent: return nil
        case .unreadable(let text):
            add(Finding(.body, text, dot: envelope.dot, place: raw.place))
            return nil
        case .present(let line):
            found.bytes += line.count
            do throws(FormatError) {
                let body = try BodyLine(line: line)
                guard body.hash == envelope.body else {
                    add(
                        Finding(.body, "the body is not the one that the envelope names", dot: envelope.dot, place: raw.place))
                    return nil
                }
                return body
            } catch {
                add(
                    Finding(
                        .body, "the body cannot be read: \(error)", dot: envelope.dot, place: raw.place, byte: error.byte))
                return nil
            }
        }
    }

    private mutating func admit(_ event: Event, _ raw: RawEvent) {
        let dot = event.envelope.dot
        let position: Int
        do throws(AdmissionError) {
            position = try record.admit(new: event)
        } catch {
            damaged.insert(event.hash)
            if badBodies.contains(event.hash) { return }
            return refuse(event, error, raw.place)
        }
        places.append(raw.place)
        if let verdict = raw.verdict, verdict != record.verdict(on: position) {
            add(Finding(.verdict, "what was decided on it is not what its past says", dot: dot, place: raw.place))
        }
    }

    /// An event whose past is damaged cannot be checked; the damage itself is what is named.
    private mutating func refuse(_ event: Event, _ error: AdmissionError, _ place: Int) {
        let dot = event.envelope.dot
        switch error {
        case .missingPrev(_, let hash):
            guard !damaged.contains(hash) else { return found.unchecked += 1 }
            let before = Dot(origin: dot.origin, seq: dot.seq - 1)
            add(Finding(.missing, "\(before) (\(hash)) is missing: the event after it names it", dot: before, place: place))
        case .missingAfter(_, let hash), .refOutsideOfPast(_, let hash):
            guard !damaged.contains(hash), record.graph.position(of: hash) == nil else {
                if damaged.contains(hash) { return found.unchecked += 1 }
                return add(Finding(.structure, "\(error)", dot: dot, place: place))
            }
            // Its own clock tells which numbers it had seen.
            let lacking = event.envelope.seen.entries.filter { record.graph.clock[$0.origin] < $0.seq }
                .map { "\(Dot(origin: $0.origin, seq: $0.seq))" }
            let which = lacking.isEmpty ? "" : ", up to \(lacking.joined(separator: ", "))"
            add(Finding(.missing, "event \(hash)\(which) is missing: \(dot) names it", dot: dot, place: place))
        default: add(Finding(.structure, "\(error)", dot: dot, place: place))
        }
    }

    // MARK: Signatures

    /// Checks a signed head.
    ///
    /// - Parameter isBelieved: whether something else vouches for its bytes. Then its signature is checked only where it ends a chain: what it
    ///   says of the events before it, the end says too.
    public mutating func take(_ head: SignedHead, place: Int?, isBelieved: Bool = false) {
        guard head.chart == found.chart else {
            return add(Finding(.head, "a head of another chart", dot: head.dot, place: place))
        }
        guard let position = record.graph.position(of: head.hash) else {
            guard !damaged.contains(head.hash) else { return found.unchecked += 1 }
            return add(
                Finding(
                    .missing, "\(head.dot) (\(head.hash)) is missing: its writer signed it as a head", dot: head.dot, place: place
                ))
        }
        let isChecked = !isBelieved || record.graph.tips(of: head.dot.origin).contains(position)
        guard record.graph.nodes[position].envelope.dot == head.dot,
            let keys = record.authority.keys(for: position, in: record.graph), !isChecked || head.isValid(for: keys)
        else { return add(Finding(.head, "the signature of the head does not hold", dot: head.dot, place: place)) }
        found.heads += 1
        witnessed.insert(position)
    }

    /// Checks a receipt. One for an event that is not here tells that the end of a chain was cut off.
    ///
    /// - Parameter members: the chart's members, as ``members`` says.
    public mutating func take(_ receipt: Receipt, members: Membership, place: Int?) {
        guard receipt.chart == found.chart, let keys = members.members[receipt.receiver]?.keys else {
            return add(
                Finding(.receipt, "a receipt of \(receipt.receiver), which no event admits", dot: receipt.dot, place: place))
        }
        guard receipt.isValid(for: keys) else {
            return add(
                Finding(.receipt, "the signature of \(receipt.receiver)'s receipt does not hold", dot: receipt.dot, place: place))
        }
        guard let position = record.graph.position(of: receipt.hash) else {
            guard !damaged.contains(receipt.hash) else { return found.unchecked += 1 }
            return add(Finding(.missing, missing(receipt), dot: receipt.dot, place: place))
        }
        guard record.graph.nodes[position].envelope.dot == receipt.dot else {
            return add(Finding(.receipt, "a receipt that numbers its event otherwise", dot: receipt.dot, place: place))
        }
        found.receipts += 1
    }

    private func missing(_ receipt: Receipt) -> String {
        let held = record.graph.tips(of: receipt.dot.origin).map { record.graph.nodes[$0].envelope.seq }.max() ?? 0
        let range = held + 1 < receipt.dot.seq ? "numbers \(held + 1) to \(receipt.dot.seq)" : "number \(receipt.dot.seq)"
        return
            "\(range) of \(receipt.dot.origin) missing: \(receipt.receiver) signed at \(receipt.at) that it holds up to \(receipt.dot.seq) (\(receipt.hash))"
    }

    /// The members, as the events that hold tell them.
    public var members: Membership { Fold.membership(of: record) }

    /// What can be told only once everything was read.
    ///
    /// - Parameter isErasedHere: whether a body was erased on this node by an order that has not come back yet.
    public mutating func finish(isErasedHere: (EventHash) -> Bool = { _ in false }) {
        let graph = record.graph
        for position in graph.nodes.indices {
            if record.erasure(of: position) != nil { found.erased += 1 }
            guard record.isBodyMissing(position), !isErasedHere(graph.nodes[position].hash) else { continue }
            guard !badBodies.contains(graph.nodes[position].hash) else { continue }
            let dot = graph.nodes[position].envelope.dot
            add(Finding(.bodyMissing, "the body is not here, and no erasure names it", dot: dot, place: places[position]))
        }
        for origin in graph.origins {
            for tip in graph.tips(of: origin) where !witnessed.contains(tip) {
                let dot = graph.nodes[tip].envelope.dot
                add(Finding(.unsigned, "no signed head covers the end of this chain", dot: dot, place: places[tip]))
            }
        }
    }
}
