import Foundation
import Testing

/// A text file of the repository, by its path from the top.
struct SourceFile: Sendable {
    let path: String
    let text: String

    /// The target that a file under `Sources` belongs to.
    var target: String? {
        let parts = path.split(separator: "/")
        return parts.count > 2 && parts[0] == "Sources" ? String(parts[1]) : nil
    }

    /// Its lines, numbered from 1.
    var lines: [(number: Int, text: Substring)] {
        text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().map { ($0.offset + 1, $0.element) }
    }
}

/// A place where a rule of the house is broken.
struct Offence: Hashable, CustomStringConvertible {
    let path: String
    let line: Int
    let text: String

    var description: String { "\(path):\(line): \(text)" }
}

/// The repository that these tests were compiled from. Nothing outside of it is read.
struct Repository {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Every Swift file, and whatever else a machine reads when it builds or starts Duolog.
    static func load() throws -> [SourceFile] {
        let folders = try [".ci", "Sources", "Tests", "config", "systemd"].flatMap(files)
        return try (folders + ["Makefile", "Package.swift"]).compactMap { path in
            let data = try Data(contentsOf: root.appending(path: path))
            return String(validating: data, as: UTF8.self).map { SourceFile(path: path, text: $0) }
        }
    }

    /// The Swift files under `Sources`.
    static func sources() throws -> [SourceFile] { try load().filter { $0.target != nil && $0.path.hasSuffix(".swift") } }

    /// What stands at the top.
    static func topLevel() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: root.path()).sorted() }

    private static func files(under folder: String) throws -> [String] {
        let names = try FileManager.default.subpathsOfDirectory(atPath: root.appending(path: folder).path())
        return names.sorted().map { "\(folder)/\($0)" }.filter { path in
            var isFolder: ObjCBool = false
            let exists = FileManager.default.fileExists(atPath: root.appending(path: path).path(), isDirectory: &isFolder)
            return exists && !isFolder.boolValue
        }
    }
}

/// All offences, one a line.
func report(_ offences: [Offence]) -> String { "\n" + offences.map(\.description).joined(separator: "\n") }

/// Fails with the list of all offences.
func expectNone(_ offences: [Offence], sourceLocation: SourceLocation = #_sourceLocation) {
    if !offences.isEmpty { Issue.record("\(report(offences))", sourceLocation: sourceLocation) }
}
