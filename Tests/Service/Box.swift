import Foundation
import Testing

/// Where the tests of the service find what they need. They install a package and boot a systemd, so they have to be asked for.
enum Service {
    static let isWanted = ProcessInfo.processInfo.environment["RUN_SERVICE"] != nil
    static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// The package that `make deb` has built.
    static func package() throws -> String {
        let build = repository + "/.build"
        let names = try FileManager.default.contentsOfDirectory(atPath: build)
            .filter { $0.hasPrefix("duolog_") && $0.hasSuffix(".deb") }
        return build + "/" + (try #require(names.max(), "run: make deb"))
    }
}

/// What a command printed, and how it ended.
struct Ran {
    let status: Int32
    /// Standard output and standard error.
    let text: String
}

/// A command that did not end as it must.
struct Failed: Error, CustomStringConvertible {
    let description: String
}

/// A booted systemd of its own, over a copy of this machine. See the script `box`.
final class Box: Sendable {
    private static let script = Service.repository + "/Tests/Service/box"
    private let folder: String

    /// Boots.
    init() throws {
        folder = Service.repository + "/.build/box-\(UUID().uuidString.prefix(8).lowercased())"
        try Self.outside(Self.script, "start", folder)
    }

    deinit { _ = try? Self.outside(Self.script, "stop", folder) }

    /// The process number, outside, of its process 1.
    var pid: Int32 {
        get throws {
            let text = try String(contentsOfFile: folder + ".pid", encoding: .utf8)
            return try #require(Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)))
        }
    }

    /// Runs a line of shell inside, whatever becomes of it; given up after two minutes.
    func attempt(_ line: String, input: String? = nil) throws -> Ran {
        let typed = FileManager.default.temporaryDirectory.appendingPathComponent("typed-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: typed) }
        var stdin: FileHandle?
        if let input {
            try Data(input.utf8).write(to: typed)
            stdin = try FileHandle(forReadingFrom: typed)
        }
        return try Self.ran(
            [Self.script, "run", folder, "timeout", "120", "bash", "-c", "set -o pipefail\n" + line], input: stdin)
    }

    /// Runs a line of shell inside, which must succeed. Returns what it printed.
    @discardableResult
    func run(_ line: String, input: String? = nil) throws -> String {
        let ran = try attempt(line, input: input)
        guard ran.status == 0 else {
            throw Failed(description: "\(line)\nended with \(ran.status):\n\(ran.text)\n\(try journal())")
        }
        return ran.text
    }

    /// Installs the package, which is there under its own name in /srv. Images of machines may come with a rule that packages start
    /// nothing; an administrator's machine has none.
    func install() throws {
        try putPackage(into: "/srv")
        try run("cd /srv && DEBIAN_FRONTEND=noninteractive dpkg -i duolog_*.deb")
    }

    /// Puts the package there, as an administrator would from a stick: the repository may lie on a file system that the box does not have.
    func putPackage(into folder: String) throws {
        let package = try Service.package()
        let name = URL(fileURLWithPath: package).lastPathComponent
        let file = try #require(FileHandle(forReadingAtPath: package))
        let ran = try Self.ran(
            [
                Self.script, "run", self.folder, "bash", "-c",
                "rm -f /usr/sbin/policy-rc.d; mkdir -p '\(folder)' && cat >'\(folder)/\(name)'",
            ],
            input: file)
        guard ran.status == 0 else { throw Failed(description: "the package could not be put into the box: \(ran.text)") }
    }

    /// A property of a unit.
    func property(_ name: String, of unit: String = "duolog") throws -> String {
        try run("systemctl show --value -p \(name) \(unit)").trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Waits until the journal has a line, from now on or from before.
    func wait(for pattern: String) throws {
        // grep ends at the first match; the journal is told so by its next line, or by the timeout, which is no failure.
        let ran = try attempt("grep -m 1 -E -q '\(pattern)' < <(journalctl --follow --no-tail -o cat)")
        guard ran.status == 0 else { throw Failed(description: "never in the journal: \(pattern)\n\(try journal())") }
    }

    private func journal() throws -> String {
        try attempt("journalctl --no-pager -n 60 -o short-precise").text
    }

    // MARK: Outside

    @discardableResult
    static func outside(_ arguments: String...) throws -> String {
        let ran = try ran(arguments, input: nil)
        guard ran.status == 0 else {
            throw Failed(description: "\(arguments.joined(separator: " ")) ended with \(ran.status):\n\(ran.text)")
        }
        return ran.text
    }

    private static func ran(_ arguments: [String], input: FileHandle?) throws -> Ran {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        process.standardInput = input ?? FileHandle.nullDevice
        try process.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        return Ran(status: process.terminationStatus, text: text)
    }
}
