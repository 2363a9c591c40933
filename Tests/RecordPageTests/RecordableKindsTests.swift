import CareModel
import EventLog
import Testing

@testable import RecordPage

@Suite struct RecordableKindsTests {
    /// Kinds that are recorded on a page of their own, and where that is.
    private static let elsewhere: [Kind: String] = [
        ChartOpened.kind: "caseload/new", MemberAdmitted.kind: "sharing", MemberRemoved.kind: "sharing and leave",
        ConsentGranted.kind: "sharing", ConsentRevoked.kind: "sharing", ConflictResolved.kind: "dispute",
        EventErased.kind: "erase",
        BranchAdopted.kind: "integrity", ProcessNoteWritten.kind: "notes",
    ]
    /// What nobody writes by hand: the node says it of itself and of its people.
    private static let byTheNode: Set<Kind> = [KeyRotated.kind, PractitionerEnrolled.kind]

    private static var offered: Set<Kind> {
        var offered: Set<Kind> = []
        for group in RecordableKinds.groups { offered.formUnion(group.entries.map(\.kind)) }
        return offered
    }

    @Test func everyKindThatAPersonRecordsHasAForm() {
        let written = KindReference.all.filter { $0.authors != "the node, in its journal" && !Self.byTheNode.contains($0.kind) }
        let offered = Self.offered
        let without = written.map(\.kind).filter { !offered.contains($0) && Self.elsewhere[$0] == nil }
        #expect(written.count > 40 && without.isEmpty, "\(without)")
        #expect(offered.isDisjoint(with: Self.elsewhere.keys))
    }

    /// No field of a form is left to somebody who knows how a body is written.
    @Test func everyFieldIsAskedForInAShapeOfItsOwn() {
        let handmade: [Kind: Set<String>] = [ScreeningCompleted.kind: ["answers"], RecordAmended.kind: ["fields"]]
        for kind in Self.offered {
            let reference = KindReference.all.first { $0.kind == kind }
            let unknown = Set((reference?.fields ?? []).filter { $0.shape == .other }.map(\.name))
            #expect(reference != nil && unknown == handmade[kind, default: []], "\(kind): \(unknown)")
        }
    }
}
