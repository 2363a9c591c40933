public import CareModel
public import EventLog

/// The forks of one chart or of all: numbers that name two events.
public struct ListIntegrityRequest: NodeRequest {
    public typealias Answer = [IntegrityReport]
    public static let name = "integrity.list"
    /// Which chart; nil for all.
    public var chart: ChartID?

    /// Asks.
    public init(chart: ChartID?) { self.chart = chart }
}

/// The forks of a chart, with the evidence.
public struct IntegrityReport: Codable, Sendable {
    /// The forks, and the view that they were seen in.
    public var viewed: Viewed<IntegrityView>
    /// The signed heads of the branches' last events: the writer vouched for each of them.
    public var evidence: [Evidence]

    /// A signed head, and whether the signature holds.
    public struct Evidence: Codable, Hashable, Sendable {
        /// The event that it names.
        public var event: EventHash
        /// Its origin.
        public var origin: Origin
        /// Its number.
        public var seq: Int
        /// When it was signed, by the writer's clock.
        public var at: Timestamp
        /// Ed25519, base64url.
        public var signature: String
        /// True when it verifies under the key that the chart pins the writer to.
        public var valid: Bool

        /// A signed head.
        public init(event: EventHash, origin: Origin, seq: Int, at: Timestamp, signature: String, valid: Bool) {
            self.event = event
            self.origin = origin
            self.seq = seq
            self.at = at
            self.signature = signature
            self.valid = valid
        }
    }

    /// Forks and evidence.
    public init(viewed: Viewed<IntegrityView>, evidence: [Evidence]) {
        self.viewed = viewed
        self.evidence = evidence
    }
}
