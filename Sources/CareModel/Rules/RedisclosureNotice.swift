import EventLog

/// What goes with each disclosure made with a consent under 42 CFR Part 2: that passing the records on is prohibited, and what the consent
/// allows (42 CFR 2.32(a) and (b), as revised in 2024). The consent is an event of the chart and never erased, so whoever is sent the chart
/// is sent what this is made from. The wording is our own; no lawyer has reviewed it.
public struct RedisclosureNotice: Codable, Hashable, Sendable {
    /// The prohibition.
    public let text: String
    /// The scope of each consent.
    public let consents: [String]

    private static let prohibition = """
        NOTICE: this chart holds records of treatment for substance use disorder, which 42 CFR Part 2 protects. They were disclosed with the \
        patient's consent. They may be used and passed on only as that consent or Part 2 permits, and not against the patient in any civil, \
        criminal, administrative or legislative proceeding unless the patient consents to that or a court orders it under Part 2 (42 CFR \
        2.12, 2.32, 2.33). A general permission to release medical information is not enough.
        """

    /// The notice that a chart needs; nil where no consent says that it is one under Part 2. What was disclosed under such a consent stays
    /// protected after it has ended or was revoked.
    init?(_ grants: [ConsentView.Grant]) {
        let protected = grants.filter(\.part2)
        guard !protected.isEmpty else { return nil }
        text = Self.prohibition
        consents = protected.map { grant in
            let until = grant.until.map { "until \($0)" } ?? "without an end"
            return
                "consent of \(grant.label.when.day), for \(grant.purpose), to \(grant.recipients.map(\.name).joined(separator: ", ")), \(until): the whole chart; signed document \(grant.document)"
        }
    }

    /// Lines for people.
    public var lines: [String] { [text] + consents.map { "  \($0)" } }
}
