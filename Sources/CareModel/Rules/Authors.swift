/// What a member's node may do in a chart, as its admission says.
public enum Scope: String, Hashable, Codable, Sendable, CaseIterable {
    /// Admits and removes members.
    case steward
    /// Sessions, plans and what belongs to therapy.
    case therapy
    /// Medication.
    case prescribing
    /// Primary care.
    case primaryCare = "primary-care"
    /// Reads, and corrects demographics.
    case read
}

/// A practitioner's qualification, as their enrolment says.
public enum Credential: String, Hashable, Codable, Sendable, CaseIterable {
    /// Psychologist.
    case psychologist
    /// Licensed clinical social worker.
    case lcsw
    /// Counselor.
    case counselor
    /// Psychiatrist.
    case psychiatrist
    /// Nurse practitioner.
    case nursePractitioner = "nurse-practitioner"
    /// Physician.
    case physician
    /// Anybody else who works with the record.
    case other

    /// A scope says what a practice does in a chart; a credential can only narrow it. Medication is prescribed by psychiatrists, nurse
    /// practitioners and physicians (the guide "Finding Your Balance": psychiatrist, NP, MD).
    public func mayAct(as scope: Scope) -> Bool {
        switch scope {
        case .steward, .read: true
        case .therapy, .primaryCare: self != .other
        case .prescribing: [.psychiatrist, .nursePractitioner, .physician].contains(self)
        }
    }
}

/// Who may author a kind.
public enum Authors: Hashable, Sendable {
    /// The founder, once: the genesis.
    case founder
    /// Any member's node, with or without a practitioner.
    case member
    /// A member with one of these scopes, and a credential that may act in it.
    case scopes(Set<Scope>)
    /// A steward.
    case steward
    /// A steward, or the member whom the event is about.
    case stewardOrSubject
    /// The author of the event that is named.
    case authorOfTarget
    /// The author of the events that are named, or a steward.
    case authorOfTargetOrSteward
    /// Whoever may author the register that is named.
    case authorsOfRegister
    /// The node itself, in its own journal.
    case journal

    /// Anybody who treats the patient.
    public static let clinician: Authors = .scopes([.therapy, .prescribing, .primaryCare])
}
