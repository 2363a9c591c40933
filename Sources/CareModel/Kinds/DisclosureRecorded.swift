public import EventLog

/// Events of a chart were sent to a peer; in the node's journal only (FHIR AuditEvent; the accounting of disclosures that a patient can
/// ask for, 45 CFR 164.528 and 42 CFR 2.25). That it was is durable before the first byte leaves.
public struct DisclosureRecorded: EventBody {
    /// A part of a sequence.
    public struct Range: Codable, Hashable, Sendable {
        /// The sequence.
        public let origin: Origin
        /// The first number.
        public let from: Int
        /// The last number.
        public let to: Int

        /// A part of a sequence.
        public init(origin: Origin, from: Int, to: Int) {
            self.origin = origin
            self.from = from
            self.to = to
        }
    }

    public static let kind: Kind = "disclosure.recorded"
    public static let fhir = "AuditEvent (BALP)"
    public static let rule = ConflictRule.keepAll
    public static let authors = Authors.journal
    /// Who received it.
    public let peer: NodeID
    /// Which chart.
    public let chart: ChartID
    /// Which events.
    public let ranges: [Range]
    /// The consent that was relied on.
    public let consent: EventHash?
    /// Events in all.
    public let events: Int

    /// Says what is sent to whom.
    public init(peer: NodeID, chart: ChartID, ranges: [Range], consent: EventHash?, events: Int) {
        self.peer = peer
        self.chart = chart
        self.ranges = ranges
        self.consent = consent
        self.events = events
    }

    public var summary: String { "\(events) events of \(chart.short) to \(peer)" }

    /// By hand, as the encoder writes them: it is part of the commit of every event that peers are sent at once.
    public var members: [UInt8] {
        ByteWriter.write(atMost: 256 + ranges.count * (Origin.textCount + 80)) { output in
            output.put("{\"chart\":\"")
            chart.write(to: &output)
            if let consent {
                output.put("\",\"consent\":\"")
                consent.write(to: &output)
            }
            output.put("\",\"events\":")
            output.put(events)
            output.put(",\"peer\":\"")
            peer.write(to: &output)
            output.put("\",\"ranges\":[")
            for (index, range) in ranges.enumerated() {
                output.put(index == 0 ? "{\"from\":" : ",{\"from\":")
                output.put(range.from)
                output.put(",\"origin\":\"")
                range.origin.write(to: &output)
                output.put("\",\"to\":")
                output.put(range.to)
                output.put("}")
            }
            output.put("]}")
        }
    }
}
