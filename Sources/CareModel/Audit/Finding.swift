public import EventLog

/// Something that does not hold: what, and the first place at which it shows.
public struct Finding: Codable, Hashable, Sendable, Error {
    /// What kind of damage.
    public enum Kind: String, Codable, Hashable, Sendable, CaseIterable {
        /// The envelope's line is not one, or not the one that was stored.
        case envelope
        /// The body's line is not one, or not the one that the envelope names; or its seal does not open.
        case body
        /// The body is not here, and no erasure says why.
        case bodyMissing = "body-missing"
        /// The body was erased, and is here nevertheless.
        case bodyNotErased = "body-not-erased"
        /// An event that others name is not here.
        case missing
        /// The event is here twice.
        case duplicate
        /// Chain, clock or names do not fit together.
        case structure
        /// Events do not stand in the order that they claim.
        case order
        /// What was decided on an event is not what its past says.
        case verdict
        /// A signed head does not hold.
        case head
        /// Nobody vouches for the end of a chain.
        case unsigned
        /// A receipt does not hold.
        case receipt
        /// The arrival log is not what it was.
        case arrival
        /// What is kept beside the events is not what they say.
        case derived
        /// A key is not vouched for.
        case key
        /// The file is not as its format says, or not as it was signed.
        case file
        /// The database itself is damaged.
        case database
    }

    /// What kind.
    public let kind: Kind
    /// What does not hold, in words.
    public let text: String
    /// The chart.
    public var chart: ChartID?
    /// The sequence.
    public var origin: Origin?
    /// The number in it.
    public var seq: Int?
    /// The arrival number, or the line of a file, from 1.
    public var place: Int?
    /// The byte in that line, from 0, where it can be named.
    public var byte: Int?

    /// A finding.
    public init(
        _ kind: Kind, _ text: String, chart: ChartID? = nil, dot: Dot? = nil, place: Int? = nil, byte: Int? = nil
    ) {
        self.kind = kind
        self.text = text
        self.chart = chart
        origin = dot?.origin
        seq = dot?.seq
        self.place = place
        self.byte = byte
    }
}

/// What a check of one chart found.
public struct ChartFindings: Codable, Hashable, Sendable {
    /// The chart.
    public let chart: ChartID
    /// What it is called where it is not a shared chart: journal, notebook.
    public var name: String?
    /// Events that were read.
    public var events = 0
    /// Signed heads that hold.
    public var heads = 0
    /// Receipts that hold.
    public var receipts = 0
    /// Events whose bodies were erased.
    public var erased = 0
    /// Events that could not be checked, since something before them is damaged.
    public var unchecked = 0
    /// Bytes of both lines of all events.
    public var bytes = 0
    /// The first findings of each kind.
    public var findings: [Finding] = []
    /// Findings in all.
    public var count = 0

    /// Nothing checked yet.
    public init(chart: ChartID, name: String? = nil) {
        self.chart = chart
        self.name = name
    }

    /// Counts a finding; the first few of its kind are kept: what follows from a damage often shows before the damage itself.
    public mutating func add(_ finding: Finding) {
        count += 1
        if findings.count(where: { $0.kind == finding.kind }) < 4 { findings.append(finding) }
    }
}
