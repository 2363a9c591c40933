import EventLog

/// A text that a clinician must give.
func requireText(_ text: String, _ field: String) throws(ContentError) {
    // Letters of ASCII are told at once; what else there is has to be looked up.
    guard text.utf8.contains(where: { (0x21...0x7E).contains($0) }) || text.contains(where: { !$0.isWhitespace }) else {
        throw ContentError(field, "must not be empty")
    }
}

/// Successions that lead from a first key to one key, each signed by the one before.
func requireSuccession(_ said: [KeySuccession]?, _ keys: NodeKeys) throws(ContentError) {
    guard keys.successions.count == said?.count ?? 0, keys.current.count == 1 else {
        throw ContentError("succession", "does not lead from the first key to the present one")
    }
}

/// A day that can be one of a living person's care.
func requireYear(_ day: CalendarDay, _ field: String) throws(ContentError) {
    guard (1900...2199).contains(day.parts.year) else {
        throw ContentError(field, "the year must lie between 1900 and 2199, not \(day.parts.year)")
    }
}

extension MedicationValue {
    /// The one value that all the named events give. Several that differ are a dispute, which only a resolution settles.
    static func common(of named: [RegisterValue]) throws(ContentError) -> MedicationValue {
        var values: [MedicationValue] = []
        for value in named {
            if case .medication(let medication) = value { values.append(medication) }
        }
        guard let first = values.first else {
            return MedicationValue(dose: nil, frequency: nil, route: nil, status: .active, effective_from: nil)
        }
        guard values.allSatisfy({ $0 == first }) else {
            throw ContentError("refs", "names values that differ: only conflict.resolved settles them")
        }
        return first
    }
}

/// A follow-up does not come before the contact at which it is planned.
func requireDue(_ due: CalendarDay?, after when: ClinicalTime) throws(ContentError) {
    guard let due else { return }
    try requireYear(due, "due")
    guard due >= when.day else { throw ContentError("due", "\(due) lies before the contact on \(when.day)") }
}
