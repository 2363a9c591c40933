public import EventLog

/// The kinds that this version knows. A new kind is one file in `Kinds` and one line here.
public enum Catalogue {
    /// All of them, in the order of the vocabulary.
    public static let kinds: [any EventBody.Type] = [
        ChartOpened.self,
        PatientIdentified.self,
        MemberAdmitted.self,
        MemberRemoved.self,
        KeyRotated.self,
        PractitionerEnrolled.self,
        ConsentGranted.self,
        ConsentRevoked.self,
        EpisodeOpened.self,
        EpisodeClosed.self,
        TherapyPlanned.self,
        ReferralRequested.self,
        ReferralAccepted.self,
        ReferralRejected.self,
        ReferralCompleted.self,
        ReferralFailed.self,
        ReferralCancelled.self,
        AssessmentRecorded.self, ConditionRecorded.self,
        SessionHeld.self,
        SessionCancelled.self,
        SessionMissed.self,
        ProgressSummaryShared.self,
        ProcessNoteWritten.self,
        MedicationPrescribed.self,
        DoseAdjusted.self,
        MedicationHeld.self,
        MedicationResumed.self,
        MedicationStopped.self,
        ChangeRequested.self,
        IntakeReported.self,
        ScaleCompleted.self,
        ScreeningCompleted.self,
        SymptomObserved.self,
        SideEffectReported.self,
        AllergyRecorded.self,
        AllergyRefuted.self,
        SafetyConcernRaised.self,
        SafetyAcknowledged.self,
        SafetyPlanUpdated.self,
        GoalSet.self,
        GoalUpdated.self,
        GoalMet.self,
        FollowupPlanned.self,
        FollowupHeld.self,
        FollowupMissed.self,
        LabResulted.self,
        RecordAmended.self,
        RecordWithdrawn.self,
        ConflictResolved.self,
        ConflictAcknowledged.self,
        EventErased.self,
        BranchAdopted.self,
        NodeChanged.self,
        ChartAccepted.self,
        AccessRecorded.self,
        DisclosureRecorded.self, DisclosureReceived.self, ImportRecorded.self, ImportQuarantined.self,
    ]

    /// A kind, and what is asked of it for every event that is admitted: each of the answers is worked out once.
    struct Entry: Sendable {
        let type: any EventBody.Type
        let version: Int
        let isCritical: Bool
        let authors: Authors
        /// True where it writes no register, and need not name anything.
        let mayStandAlone: Bool
        /// True where its body is read when it arrives: a rule of the fold needs it.
        let isReadAtOnce: Bool
        /// True where it is one of the events that say who may do what.
        let isOfAuthority: Bool
        /// True where the members in an event's past and its author decide whether it is permitted, and nothing else of it does.
        let isDecidedByMembers: Bool
        let isErasure: Bool
        let isAmendment: Bool

        init(_ type: any EventBody.Type) {
            self.type = type
            version = type.version
            isCritical = type.critical
            switch type.targets {
            case .none, .optional: mayStandAlone = type.rule == .keepAll
            case .required, .one: mayStandAlone = false
            }
            authors = type.authors
            isReadAtOnce = isCritical || Fold.reads.contains(type.kind)
            isOfAuthority = Authority.kinds.contains(type.kind)
            switch authors {
            case .member, .steward, .scopes: isDecidedByMembers = !isOfAuthority
            default: isDecidedByMembers = false
            }
            isErasure = type.kind == EventErased.kind
            isAmendment = type.kind == RecordAmended.kind
        }
    }

    private static let byName = Dictionary(uniqueKeysWithValues: kinds.map { ($0.kind, Entry($0)) })

    /// The kind of that name; nil when this version does not know it.
    public static func kind(_ name: Kind) -> (any EventBody.Type)? { byName[name]?.type }

    static func entry(_ name: Kind) -> Entry? { byName[name] }

    static let holdWriters: [HoldRegister: Set<Kind>] = {
        var writers: [HoldRegister: Set<Kind>] = [:]
        for type in kinds {
            if case .hold(let register) = type.rule, type.kind != ConflictResolved.kind {
                writers[register, default: []].insert(type.kind)
            }
        }
        return writers
    }()

    /// Kinds whose bodies decide who held what: never erased, and an event of them without its body is not taken in.
    public static let neverErased: Set<Kind> = [
        ChartOpened.kind, MemberAdmitted.kind, MemberRemoved.kind, ConsentGranted.kind, ConsentRevoked.kind,
        EventErased.kind, KeyRotated.kind,
    ]

    /// Kinds that name nothing and write no register, and yet change what is kept of a chart: who it is about, who writes in it, by which key.
    public static let standing: Set<Kind> = [PatientIdentified.kind, PractitionerEnrolled.kind, KeyRotated.kind]

    /// Kinds that cannot be withdrawn: they are lifted by an event that names them, or stand for ever.
    static let neverWithdrawn = neverErased.union([RecordWithdrawn.kind, BranchAdopted.kind, ConflictAcknowledged.kind])

    /// True where what an event of this kind says can be corrected. What holds in a register is not: a new decision is made there.
    static func isAmendable(_ kind: Kind) -> Bool {
        guard case .keepAll? = self.kind(kind)?.rule else { return false }
        return !neverWithdrawn.contains(kind) && kind != RecordAmended.kind
    }

    /// True where an event of this kind can be taken back as entered in error.
    static func isWithdrawable(_ kind: Kind) -> Bool { !neverWithdrawn.contains(kind) }

    /// True where what an event of this kind says can be erased.
    static func isErasable(_ kind: Kind) -> Bool { !neverErased.contains(kind) }

    /// The register of a kind that opens or changes one; a resolution belongs to the register that it settles.
    static func register(of kind: Kind) -> HoldRegister? {
        holdWriters.first { $0.value.contains(kind) }?.key
    }
}
