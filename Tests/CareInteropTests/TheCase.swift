import CareModel
import EventLog
import Foundation
import Testing

/// The 26 weeks of the made-up patient, as three nodes have them at the end.
enum TheCase {
    static func record(without isLeftOut: (Event) -> Bool = { _ in false }) throws -> ChartRecord {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let data = try Data(contentsOf: tests.appending(path: "CareModelTests/Golden/combined-care.ndjson"))
        let lines = data.split(separator: 0x0A).map { [UInt8]($0) }.filter { !$0.starts(with: Array(#"{"at":"#.utf8)) }
        let events = try stride(from: 0, to: lines.count, by: 2).map { try Event(line: lines[$0], body: lines[$0 + 1]) }
        var record = ChartRecord(chart: try #require(events.first).envelope.chart)
        for event in events where !isLeftOut(event) { try record.admit(event) }
        return record
    }

    /// A moment of the evening of a day of the case.
    static func evening(_ day: Int, _ hour: String = "23:00:00") throws -> Timestamp {
        let first = try #require(CalendarDay("2031-01-06"))
        return try #require(ClinicalTime("\(CalendarDay(number: first.number + day))T\(hour)-05:00")).instant
    }
}

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
