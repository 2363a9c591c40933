import Foundation

/// What other programs say of a file.
enum Validators {
    struct Unusable: Error {
        let said: String
    }

    /// Runs the official JSON schema and fhirkit over a document; returns what they printed, and whether they found nothing.
    static func check(_ document: [UInt8]) throws -> (said: String, isClean: Bool) {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let python = root.appending(path: ".build/fhir-validators/bin/python")
        guard FileManager.default.fileExists(atPath: python.path) else {
            throw Unusable(said: "the FHIR validators are not installed: run .ci/setup test")
        }
        let file = FileManager.default.temporaryDirectory.appending(path: "duolog-fhir-\(UUID().uuidString).json")
        try Data(document).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let process = Process()
        process.executableURL = python
        process.arguments = [root.appending(path: "Tests/CareInteropTests/validate.py").path, file.path]
        let output = Pipe()
        (process.standardOutput, process.standardError) = (output, output)
        try process.run()
        let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (said, process.terminationStatus == 0)
    }
}
