import Foundation
import Testing

@testable import DuologNode

@Suite("config/duolog.yaml says what the table says")
struct ConfigurationFileTests {
    private static let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "config/duolog.yaml").path()

    @Test func itHoldsEveryKeyWithItsDefaultAndNoOther() throws {
        let file = try SettingsFile(path: Self.path)
        #expect(file.problems == [])
        #expect(file.entries.mapValues(\.text) == Dictionary(uniqueKeysWithValues: SettingKey.all.map { ($0.name, $0.standard) }))
        #expect(try SettingsLoader.load(file: Self.path).settings == NodeSettings())
    }

    @Test func itsOrderIsTheTables() throws {
        let file = try SettingsFile(path: Self.path)
        #expect(file.entries.sorted { $0.value.line < $1.value.line }.map(\.key) == SettingKey.all.map(\.name))
    }

    @Test func aCommentAboveEachKeyNamesOptionAndVariable() throws {
        let file = try SettingsFile(path: Self.path)
        let lines = try String(contentsOfFile: Self.path, encoding: .utf8).split(
            separator: "\n", omittingEmptySubsequences: false)
        for key in SettingKey.all {
            let line = try #require(file.entries[key.name]?.line)
            let above = lines[..<(line - 1)].reversed().prefix { $0.drop { $0 == " " }.hasPrefix("#") }
            #expect(above.count >= 2, "\(key.name) in line \(line) is explained")
            let said = "Option \(key.flag), variable \(key.environment)."
            #expect(above.first.map { $0.hasSuffix("# " + said) } == true, "the line above line \(line) reads: \(said)")
        }
    }

    @Test func namesAreUnique() {
        #expect(Set(SettingKey.all.map(\.name)).count == SettingKey.all.count)
        #expect(Set(SettingKey.all.map(\.environment)).count == SettingKey.all.count)
        #expect(SettingKey.all.allSatisfy { !$0.meaning.isEmpty && !$0.allowed.isEmpty })
    }
}
