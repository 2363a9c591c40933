import Testing

/// One import of a source file.
struct Import: Hashable {
    let module: String
    let line: Int

    /// The imports of a file. Attributes, access, the kind of a declaration and what follows the first dot do not matter.
    static func all(in file: SourceFile) -> [Import] {
        let kinds: Set<Substring> = [
            "struct", "class", "enum", "protocol", "typealias", "func", "let", "var", "actor", "macro",
        ]
        return MaskedSource(file.text).lines.flatMap { number, text in
            text.split(separator: ";").compactMap { statement in
                let words = statement.split { $0 == " " || $0 == "\t" }
                guard let start = words.firstIndex(of: "import"), words[..<start].allSatisfy(Self.mayPrecede) else { return nil }
                let named = words[(start + 1)...].drop { kinds.contains($0) }.first
                return named.map { Import(module: String($0.prefix { $0 != "." }), line: number) }
            }
        }
    }

    private static func mayPrecede(_ word: Substring) -> Bool {
        word.hasPrefix("@") || ["public", "package", "internal", "fileprivate", "private"].contains(word)
    }
}

/// Imports that the table of targets does not allow.
func wrongImports(in files: [SourceFile], _ rules: [TargetRules] = TargetRules.all) -> [Offence] {
    files.flatMap { file -> [Offence] in
        guard let target = file.target else { return [] }
        guard let row = rules.first(where: { $0.name == target }) else {
            return [Offence(path: file.path, line: 1, text: "\(target) has no row in the table of targets")]
        }
        let allowed = row.ours.union(row.others)
        return Import.all(in: file).filter { !allowed.contains($0.module) }.map { wrong in
            let isOurs = rules.contains { $0.name == wrong.module }
            let text = isOurs ? "an arrow that the design does not have" : "not a module that this target may use"
            return Offence(path: file.path, line: wrong.line, text: "\(target) imports \(wrong.module): \(text)")
        }
    }
}

@Suite("Arrows between targets")
struct DependencyTests {
    @Test func everyImportIsAnArrowOfTheDesign() throws {
        let files = try Repository.sources()
        #expect(files.count > 50)
        expectNone(wrongImports(in: files))
    }

    @Test func inputAndOutputTargetsNeverImportEachOther() {
        let names = Set(TargetRules.all.filter { $0.role == .inputOutput }.map(\.name))
        for row in TargetRules.all where row.role == .inputOutput || row.role == .pure {
            #expect(row.ours.isDisjoint(with: names), "\(row.name)")
        }
    }

    @Test func arrowsPointInward() {
        // Each row imports rows above it only, so there is no circle.
        var above: Set<String> = []
        for row in TargetRules.all {
            #expect(row.ours.isSubset(of: above), "\(row.name)")
            above.insert(row.name)
        }
        #expect(TargetRules.named("EventLog")?.ours == [])
    }

    @Test func aWrongArrowIsFound() {
        let planted = [
            SourceFile(path: "Sources/EventLog/A.swift", text: "import Crypto\npublic import CareModel\n"),
            SourceFile(path: "Sources/LogStore/B.swift", text: "  @preconcurrency import struct PeerNetwork.Dialer\n"),
            SourceFile(path: "Sources/duolog/C.swift", text: "import NodeAPI; import LogStore // import GRDB\n"),
            SourceFile(path: "Sources/Replication/D.swift", text: "// import NIOCore\nlet text = \"import NIOCore\"\n"),
            SourceFile(path: "Sources/Elsewhere/E.swift", text: ""),
        ]
        #expect(
            wrongImports(in: planted).map { "\($0.path):\($0.line)" }
                == [
                    "Sources/EventLog/A.swift:2", "Sources/LogStore/B.swift:1", "Sources/duolog/C.swift:1",
                    "Sources/Elsewhere/E.swift:1",
                ])
    }
}
