import Foundation

/// Twenty-six weeks of a made-up patient in the care of three practices, as a table: what is recorded where and when.
public struct CombinedCareCase: Sendable {
    /// One of the three practices.
    public enum Practice: String, CaseIterable, Sendable {
        /// Primary care: opens the chart.
        case primaryCare = "PC"
        /// The therapist.
        case therapist = "TH"
        /// The prescriber.
        case prescriber = "RX"

        /// What it does in the chart.
        public var scope: String {
            switch self {
            case .primaryCare: "primary-care"
            case .therapist: "therapy"
            case .prescriber: "prescribing"
            }
        }

        /// The credential of its one practitioner.
        public var credential: String {
            switch self {
            case .primaryCare: "physician"
            case .therapist: "lcsw"
            case .prescriber: "nurse-practitioner"
            }
        }

        /// The made-up practice.
        public var name: String {
            switch self {
            case .primaryCare: "Imaginary Family Practice"
            case .therapist: "Invented Therapy Rooms"
            case .prescriber: "Fictional Psychiatry"
            }
        }

        /// The made-up practitioner.
        public var practitioner: String {
            switch self {
            case .primaryCare: "Dr. Pat Pretend"
            case .therapist: "Theo Fable, LCSW"
            case .prescriber: "Robin Madeup, NP"
            }
        }
    }

    /// A row of the table.
    public struct Step: Sendable {
        /// The row's label; others refer to it.
        public let label: Int
        /// Days since the beginning.
        public let day: Int
        /// Clinical time, with its offset.
        public let when: String
        /// Where.
        public let practice: Practice
        /// The kind of the event, or `SIM.…` for something that happens to the network.
        public let kind: String
        /// Labels of the rows that it names.
        public let refs: [Int]
        /// The members of the body as JSON. Labels and practices stand in it for hashes and node ids.
        public let body: String
    }

    /// The patient, as members of `patient.identified`.
    public static let patient = #"{"name":"Sample Q. Fictional","birth_date":"1994-02-28"}"#

    /// What the made-up therapist's notebook opens with.
    public static let passphrase = "nobody can read these notes"

    /// The rows in the order of time.
    public let steps: [Step]

    /// Reads the table that the program carries.
    public init() throws {
        let table = String(decoding: PackageResources.combined_care_26w_tsv, as: UTF8.self)
        steps = try table.split(separator: "\n").dropFirst().map { try Self.step($0) }
    }

    private static func step(_ row: Substring) throws -> Step {
        let cells = row.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        guard cells.count == 8, let label = Int(cells[0]), let day = Int(cells[1]), let practice = Practice(rawValue: cells[3])
        else { throw CaseError(row: String(row.prefix(40))) }
        return Step(
            label: label, day: day, when: cells[2], practice: practice, kind: cells[5],
            refs: cells[6].split(separator: ",").compactMap { Int($0) }, body: cells[7])
    }
}

/// A row that cannot be read.
public struct CaseError: Error, CustomStringConvertible {
    let row: String

    /// The row's beginning.
    public var description: String { "the case has a row that cannot be read: \(row)" }
}
