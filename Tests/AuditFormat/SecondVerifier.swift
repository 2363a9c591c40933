import Foundation
import Testing

/// The other program that reads the format: verify.py, written from docs/AUDIT-FORMAT.md.
enum SecondVerifier {
    struct Unusable: Error {
        let said: String
    }

    /// Says of each file whether it holds, by running it once over all of them.
    static func verdicts(_ files: [(name: String, bytes: [UInt8])], trust: [String] = []) throws -> [String: Bool] {
        let folder = FileManager.default.temporaryDirectory.appending(path: "duolog-audit-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for file in files { try Data(file.bytes).write(to: folder.appending(path: file.name)) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.currentDirectoryURL = folder
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "verify.py").path
        process.arguments = [python, script] + trust.flatMap { ["--trust", $0] } + files.map(\.name)
        let (output, errors) = (Pipe(), Pipe())
        (process.standardOutput, process.standardError) = (output, errors)
        try process.run()
        let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let failed = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        var verdicts: [String: Bool] = [:]
        for line in said.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count >= 2 else { continue }
            verdicts[String(words[1]).replacing(":", with: "")] = words[0] == "OK"
        }
        guard verdicts.count == files.count else { throw Unusable(said: failed) }
        return verdicts
    }

    /// The Python that has the library: Debian's, where the one on the path does not.
    private static let python: String = {
        let probe = Process()
        probe.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        probe.arguments = ["python3", "-c", "import cryptography"]
        probe.standardError = FileHandle.nullDevice
        do { try probe.run() } catch { return "/usr/bin/python3" }
        probe.waitUntilExit()
        return probe.terminationStatus == 0 ? "python3" : "/usr/bin/python3"
    }()
}
