public import EventLog

/// What an event of one kind says. Each kind is one file in `Kinds`, and one line in ``Catalogue``.
public protocol EventBody: Codable, Sendable {
    /// The kind's name.
    static var kind: Kind { get }
    /// The version of the body that is written now.
    static var version: Int { get }
    /// Its counterpart in FHIR R4: resource and status.
    static var fhir: String { get }
    /// What happens when two people decided at once.
    static var rule: ConflictRule { get }
    /// Who may author it.
    static var authors: Authors { get }
    /// What its refs may name.
    static var targets: Targets { get }
    /// Checks what can be told from the body alone.
    func check() throws(ContentError)
    /// Checks what can be told from the body and its clinical time.
    func check(at when: ClinicalTime) throws(ContentError)
    /// What it says, in one line for people.
    var summary: String { get }
    /// The members as they stand in a body: sorted, without spaces.
    var members: [UInt8] { get }
}

extension EventBody {
    /// The first version.
    public static var version: Int { 1 }
    /// No refs.
    public static var targets: Targets { .none }
    /// Nothing to check beyond the types.
    public func check() throws(ContentError) {}

    /// Nothing to check against the clinical time.
    public func check(at when: ClinicalTime) throws(ContentError) {}

    /// A replica that does not know the kind must not show the chart as complete: decisions and safety hang on it.
    public static var critical: Bool { rule != .keepAll }

    /// Reads a body and checks what can be told from it alone. Members that the kind does not know are passed over.
    static func read(_ line: BodyLine) throws(ContentError) -> Self {
        let body: Self
        do {
            body = try LineDecoder.decode(Self.self, from: line)
        } catch let error as DecodingError {
            throw ContentError(error)
        } catch {
            throw ContentError("body", "cannot be read")
        }
        try body.checkAll(at: line.when)
        return body
    }

    /// Checks what can be told from the body alone, and the time at which it is said to have been.
    func checkAll(at when: ClinicalTime) throws(ContentError) {
        guard (1900...2199).contains(when.day.parts.year) else {
            throw ContentError("when", "the year must lie between 1900 and 2199")
        }
        try check()
        try check(at: when)
    }
}

/// What happens when two people decided at once without knowing of each other.
public enum ConflictRule: Hashable, Sendable {
    /// Different values stand side by side as a dispute until a person settles it.
    case hold(HoldRegister)
    /// The safe value counts until an event names what it lifts.
    case safe(SafeRegister)
    /// All of them are kept.
    case keepAll
}

/// Registers whose differing values are a dispute.
public enum HoldRegister: String, Hashable, Codable, Sendable {
    /// Dose, frequency, route, status and effective date of one medication lineage together.
    case medication
    /// A referral and what became of it.
    case referral
    /// An episode of care: open or closed.
    case episode
}

/// Registers that fall to the safe side.
public enum SafeRegister: String, Hashable, Codable, Sendable {
    /// An allergy: active.
    case allergy
    /// A consent: revoked.
    case consent
    /// The membership of a node: removed.
    case membership
    /// A safety concern: open.
    case concern
}

/// What the refs of a kind may name.
public enum Targets: Hashable, Sendable {
    /// Nothing.
    case none
    /// Any number of these, also none.
    case optional(TargetSet)
    /// At least one of these.
    case required(TargetSet)
    /// Exactly one of these.
    case one(TargetSet)

    /// Which events.
    public enum TargetSet: Hashable, Sendable {
        /// Events of these kinds.
        case kinds(Set<Kind>)
        /// Events that write this register, all in one lineage.
        case lineage(HoldRegister)
        /// Events that write any hold register, all in one lineage.
        case anyLineage
        /// Any event.
        case any
    }
}

/// An event that writes a hold register: it gives the register a whole value.
protocol HoldWriter: EventBody {
    /// The value that it gives, from the values of the events that it names. Empty for the root of a lineage.
    func value(replacing named: [RegisterValue]) throws(ContentError) -> RegisterValue
}
