public import EventLog

/// The practice has taken a chart up as one of its own patient's, under its own number; in the node's journal only (FHIR Patient.link,
/// identifier). A later one for the same chart corrects the number.
public struct ChartAccepted: EventBody {
    public static let kind: Kind = "chart.accepted"
    public static let fhir = "Patient.identifier"
    public static let rule = ConflictRule.keepAll
    public static let authors = Authors.journal
    /// Which chart.
    public let chart: ChartID
    /// The patient's number in this practice; it never leaves the node.
    public let patient_number: String
    /// The practitioner who accepted it.
    public let who: String

    /// Accepts.
    public init(chart: ChartID, patient_number: String, who: String) {
        self.chart = chart
        self.patient_number = patient_number
        self.who = who
    }

    public func check() throws(ContentError) {
        try requireText(patient_number, "patient_number")
        guard patient_number.unicodeScalars.count <= 64 else {
            throw ContentError("patient_number", "is longer than 64 characters")
        }
        guard !patient_number.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            throw ContentError("patient_number", "must be one line of text")
        }
    }

    public var summary: String { "chart \(chart.short) accepted" }
}
