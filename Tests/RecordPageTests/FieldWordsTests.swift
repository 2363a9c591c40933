import CareModel
import EventLog
import Testing

@testable import RecordPage

/// What stands beside a field says what is asked for in this form, not in another.
@Suite struct FieldWordsTests {
    private let kinds = Set(RecordableKinds.groups.flatMap(\.entries).map(\.kind)).compactMap { Catalogue.kind($0) }

    private func fields(_ kind: any EventBody.Type) -> [String] { KindReference(kind).fields.map(\.name) }

    @Test func everyFieldOfAFormHasALabelOfItsOwn() {
        for kind in kinds {
            let labels = fields(kind).map { FieldWords.label($0, in: kind.kind) }
            #expect(labels.allSatisfy { $0.count > 1 && !$0.contains("_") && $0 != "For" }, "\(kind.kind): \(labels)")
            #expect(Set(labels).count == labels.count, "\(kind.kind): \(labels)")
        }
    }

    /// Words for what no form asks would be words for something else.
    @Test func noLabelIsForAFieldThatIsNotThere() {
        for (kind, labels) in FieldWords.special {
            let known = Catalogue.kind(kind).map(fields) ?? []
            #expect(labels.keys.allSatisfy { known.contains($0) }, "\(kind): \(labels.keys)")
        }
        for name in FieldWords.labels.keys {
            #expect(kinds.contains { fields($0).contains(name) && FieldWords.special[$0.kind]?[name] == nil }, "\(name)")
        }
    }

    /// A name that stands in several kinds, and means another thing in some of them, has no label that holds for all.
    @Test(arguments: ["to", "text", "code", "value", "by", "start", "due"]) func whatDependsOnTheKindHasNoCommonLabel(
        name: String
    ) {
        #expect(FieldWords.labels[name] == nil)
        for kind in kinds where fields(kind).contains(name) {
            #expect(FieldWords.special[kind.kind]?[name] != nil, "\(kind.kind)")
        }
    }
}
