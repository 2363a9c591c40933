import EventLog

/// Who wrote an event: the member and, where one did, the practitioner.
struct Author {
    let member: Membership.Member
    let practitioner: Membership.Practitioner?
    let isNode: Bool

    init(_ envelope: Envelope, member: Membership.Member, practitioner: Membership.Practitioner?) {
        self.member = member
        self.practitioner = practitioner
        isNode = envelope.author == .node
    }

    func needs(_ scopes: Set<Scope>) -> Verdict {
        let usable = member.scopes.intersection(scopes)
        guard !usable.isEmpty else {
            return .withoutEffect(scopes == [.steward] ? .notSteward : .wrongScope, decidedBy: member.admissions.first?.event)
        }
        // A steward's node may act by itself; clinical facts are a person's.
        if isNode, usable.contains(.steward) { return .permitted }
        guard let practitioner else { return .withoutEffect(.notEnrolled, decidedBy: nil) }
        return usable.contains { practitioner.credential.mayAct(as: $0) }
            ? .permitted : .withoutEffect(.credential, decidedBy: nil)
    }
}
