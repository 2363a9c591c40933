/// Why an event cannot take its place in a chart. Structure only: what an event says never keeps it out.
public enum AdmissionError: Error, Equatable, Sendable {
    /// A line is not of the permitted form.
    case format(FormatError)
    /// The event belongs to another chart.
    case otherChart
    /// The event that `prev` names has not been admitted: there is a gap.
    case missingPrev(Dot, EventHash)
    /// An event that `after` names has not been admitted: there is a gap.
    case missingAfter(Dot, EventHash)
    /// `prev` names an event of another origin, or not the number before this one.
    case brokenChain(Dot)
    /// `seen` is not the closure of `after` and `prev`.
    case seenIsNotClosure(Dot)
    /// `after` names an event that another one, or `prev`, covers.
    case afterIsNotMaximal(Dot, EventHash)
    /// `refs` names an event outside of the event's own past.
    case refOutsideOfPast(Dot, EventHash)
    /// An event without a past that is not a genesis, or a genesis that has one.
    case notTheGenesis(Dot)
    /// The chart's id is not the hash of the founder's key and nonce, or the founder is another node.
    case foreignFounder(Dot)
    /// No event in its past admits the node that wrote it, so there is no key to check it by.
    case unknownWriter(Dot)
    /// No valid signed head of its origin covers the event.
    case unsigned(Dot)
    /// The body of an event that can never be erased is not there.
    case missingBody(Dot)

    /// True when events that may still come can cure it.
    public var isGap: Bool {
        switch self {
        case .missingPrev, .missingAfter, .missingBody: true
        default: false
        }
    }
}

extension AdmissionError: CustomStringConvertible {
    /// The error in words: what and where.
    public var description: String {
        switch self {
        case .format(let error): "malformed line: \(error)"
        case .otherChart: "field chart: the event belongs to another chart"
        case .missingPrev(let dot, let hash): "\(dot), field prev: \(hash.short) is missing"
        case .missingAfter(let dot, let hash): "\(dot), field after: \(hash.short) is missing"
        case .brokenChain(let dot): "\(dot), field prev: not the event before it in its origin"
        case .seenIsNotClosure(let dot): "\(dot), field seen: not the closure of after and prev"
        case .afterIsNotMaximal(let dot, let hash): "\(dot), field after: \(hash.short) is covered by another"
        case .refOutsideOfPast(let dot, let hash): "\(dot), field refs: \(hash.short) is not in the event's past"
        case .notTheGenesis(let dot): "\(dot), field seen: only the genesis has no past, and it has none"
        case .foreignFounder(let dot): "\(dot): the chart's id does not belong to this founder"
        case .unknownWriter(let dot): "\(dot), field origin: nothing in its past admits this node"
        case .missingBody(let dot): "\(dot), field body: the body of an event that is never erased is missing"
        case .unsigned(let dot): "\(dot): no valid signed head covers it"
        }
    }
}
