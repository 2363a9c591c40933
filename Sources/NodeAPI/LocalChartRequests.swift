public import CareModel
public import EventLog

/// What a practice keeps of a chart for itself: it stands in the node's journal, and no other node ever learns of it.
public struct LocalChart: Codable, Hashable, Sendable {
    /// Which chart.
    public var chart: ChartID
    /// True for a chart of another practice that nobody here has accepted.
    public var incoming: Bool
    /// The patient's number in this practice.
    public var patient_number: String?
    /// Other charts of the same patient.
    public var linked: [ChartID]
    /// Charts that are probably of the same person.
    public var probable_second: [SecondCharts.Second]

    /// A chart.
    public init(
        chart: ChartID, incoming: Bool, patient_number: String?, linked: [ChartID], probable_second: [SecondCharts.Second]
    ) {
        self.chart = chart
        self.incoming = incoming
        self.patient_number = patient_number
        self.linked = linked
        self.probable_second = probable_second
    }
}

/// Asks what the practice keeps of a chart for itself.
public struct LocalChartRequest: NodeRequest {
    public typealias Answer = LocalChart
    public static let name = "chart.local"
    /// Which chart.
    public var chart: ChartID

    /// Asks.
    public init(chart: ChartID) { self.chart = chart }
}

/// Takes a chart up as one of the practice's own patient's.
public struct AcceptChartRequest: NodeRequest {
    public typealias Answer = LocalChart
    public static let name = "chart.accept"
    /// Which chart.
    public var chart: ChartID
    /// The patient's number in this practice.
    public var patientNumber: String
    /// Repeating it writes nothing twice.
    public var request: String

    /// Accepts.
    public init(chart: ChartID, patientNumber: String, request: String) {
        self.chart = chart
        self.patientNumber = patientNumber
        self.request = request
    }
}

/// Says that two charts are of one patient, or that they are not.
public struct LinkChartsRequest: NodeRequest {
    public typealias Answer = LocalChart
    public static let name = "chart.link"
    /// One chart.
    public var chart: ChartID
    /// The other.
    public var other: ChartID
    /// Whether they are of one patient.
    public var same: Bool
    /// Repeating it writes nothing twice.
    public var request: String

    /// Links, or unlinks.
    public init(chart: ChartID, other: ChartID, same: Bool, request: String) {
        self.chart = chart
        self.other = other
        self.same = same
        self.request = request
    }
}
