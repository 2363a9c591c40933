import EventLog
import Foundation
import Testing

@testable import CareModel

/// The reference of the kinds says what the code does.
@Suite struct KindReferenceTests {
    @Test func everyKindTellsAllOfItsMembers() throws {
        for kind in Catalogue.kinds {
            let recorder = FieldRecorder()
            do {
                _ = try kind.init(from: recorder)
            } catch {
                Issue.record("\(kind.kind): the reading stopped after \(recorder.fields.map(\.name))")
            }
            #expect(Set(recorder.fields.map(\.name)).count == recorder.fields.count)
        }
        let dose = KindReference(DoseAdjusted.self)
        #expect(dose.fields.first { $0.name == "reason" }?.form.contains("`side-effect`") == true)
        #expect(dose.fields.filter(\.required).map(\.name) == ["from", "to", "reason", "effective_from"])
    }

    /// Make it anew with: duolog kinds --markdown >docs/EVENTS.md
    @Test func theDocumentIsCurrent() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        #expect(try String(contentsOf: root.appending(path: "docs/EVENTS.md"), encoding: .utf8) == KindReference.document)
    }

    /// Every kind of the vocabulary is one file, named after it.
    @Test func everyKindHasItsFile() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let folder = root.appending(path: "Sources/CareModel/Kinds").path
        let files = Set(try FileManager.default.contentsOfDirectory(atPath: folder))
        #expect(files == Set(Catalogue.kinds.map { "\($0).swift" }))
    }
}
