import ArgumentParser
import CareInterop
import CareModel
import DuologNode
import EventLog
import Foundation
import NodeAPI

extension FHIRCommand {
    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Takes a FHIR R4 Bundle, or newline-delimited resources, into a chart.",
            discussion: """
                Every resource becomes events in your name, or is kept aside with the reason ('duolog fhir quarantine'), or is of a kind \
                that Duolog does not keep; the sum is printed. Nothing is guessed: a dose without a unit, or a total that its items do \
                not make, is kept aside. Importing a file again takes nothing twice, so an import that was cut short is simply repeated.

                The file must be about the patient of the chart: name and birth date are compared first.
                """)

        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var chart: ChartOption

        @Argument(help: ArgumentHelp("The file.", valueName: "file"))
        var file: String

        @Flag(name: .long, help: "Say what would become of the file, and record nothing.")
        var dryRun = false

        @Flag(
            name: .long,
            help: "You know that the file is about the chart's patient, though it does not say so, or writes the name otherwise.")
        var samePerson = false

        func run() async throws {
            let source = ImportFile(path: file)
            let (index, digest) = try source.index()
            let report = try await node.connected { connection in
                let id = try await chart.resolve(connection)
                let membership = try await connection.send(ShowRequest<MembershipView>(chart: id)).content
                guard let patient = membership.patient.first else {
                    throw NodeError(.content, "this chart does not say who it is about")
                }
                let person = FHIRImporter.Person(name: patient.name, birth: patient.birth_date)
                let today = try await connection.send(StatusRequest()).now
                let importer = try importer(index, person, ClinicalTime(instant: today, offsetMinutes: 0).day)
                var sending = ImportSending(connection, id, digest, dryRun: dryRun, total: index.count)
                try await source.send(importer, &sending)
                try await sending.end()
                Terminal.endProgress()
                var report = sending.report()
                if !dryRun {
                    let alerts = try await connection.send(TimedShowRequest<AlertsView>(chart: id, now: nil))
                    report.alerts = alerts.content.alerts.map(\.text)
                }
                return report
            }
            try output.print(report) { Render.importReport(report, dryRun: dryRun) }
        }

        private func importer(
            _ index: ImportIndex, _ person: FHIRImporter.Person, _ today: CalendarDay
        ) throws -> FHIRImporter {
            do {
                return try FHIRImporter(index, person: person, today: today, isSamePerson: samePerson)
            } catch {
                throw NodeError(.content, "\(file) \(Self.words(error))")
            }
        }

        private static func words(_ wrong: FHIRImporter.WrongPerson) -> String {
            switch wrong {
            case .severalPeople(let count):
                "is about \(count) patients, and none of them has the name and birth date of this chart's patient; nothing was imported"
            case .severalAlike(let count):
                "has \(count) patients of the name and birth date of this chart's patient; import one patient's file at a time"
            case .unnamed:
                "does not say who it is about; where you know that it is this chart's patient, add --same-person"
            case .otherwiseNamed:
                "is about somebody whose name or birth date is not that of this chart's patient; nothing was imported. Where you know that it is the same person, add --same-person"
            }
        }
    }
}

/// A file that is read piece by piece, as often as it takes.
struct ImportFile {
    let path: String

    /// Reads the whole file once: what is in it, and its SHA-256.
    func index() throws -> (ImportIndex, EventHash) {
        var index = ImportIndex()
        var hasher = LineHasher()
        try read(hashing: &hasher) { resource, address, _ in
            if let resource { index.note(resource, at: address) } else { index.noteBroken() }
        }
        return (index, hasher.digest)
    }

    private func read(
        hashing hasher: inout LineHasher, _ take: (FHIRValue?, String?, [UInt8]) throws -> Void
    ) throws {
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw NodeError(.notFound, "cannot read \(path); is the name right, and may you read it?")
        }
        defer { try? handle.close() }
        var reader = ResourceReader()
        do {
            while let data = try handle.read(upToCount: 1 << 20), !data.isEmpty {
                let bytes = [UInt8](data)
                hasher.take(piece: bytes)
                for piece in try reader.feed(bytes) { try Self.hand(piece, to: take) }
            }
            if let piece = try reader.finish() { try Self.hand(piece, to: take) }
        } catch let error as ResourceReader.ReadError {
            throw NodeError(.content, "\(path): \(error)")
        }
    }

    private static func hand(_ piece: ResourceReader.Piece, to take: (FHIRValue?, String?, [UInt8]) throws -> Void) throws {
        switch piece {
        case .broken(let bytes): try take(nil, nil, bytes)
        case .resource(let bytes): try take(try? FHIRValue(json: bytes), nil, bytes)
        case .entry(let bytes):
            guard let entry = try? FHIRValue(json: bytes) else { return try take(nil, nil, bytes) }
            guard let resource = entry["resource"] else { return }
            try take(resource, entry["fullUrl"]?.text, bytes)
        }
    }

    /// Reads it again and sends what is to be taken: what names a medication after all others.
    func send(_ importer: FHIRImporter, _ sending: inout ImportSending) async throws {
        var pending: [ImportSending.Planned] = []
        for isLast in [false, true] {
            // What the node answers is waited for between the pieces, so the file is read here rather than handed to a closure.
            guard let handle = FileHandle(forReadingAtPath: path) else { throw NodeError(.notFound, "cannot read \(path)") }
            defer { try? handle.close() }
            var reader = ResourceReader()
            var isAtEnd = false
            while !isAtEnd {
                let data = try handle.read(upToCount: 1 << 20) ?? Data()
                isAtEnd = data.isEmpty
                let pieces = isAtEnd ? [try reader.finish()].compactMap { $0 } : try reader.feed(data)
                for piece in pieces {
                    try Self.hand(piece) { resource, address, bytes in
                        guard FHIRImporter.isLast(resource) == isLast else { return }
                        pending.append(
                            ImportSending.Planned(resource.map { importer.plan($0, at: address) } ?? .unreadable(bytes), bytes))
                    }
                    try await sending.take(&pending, all: false)
                }
            }
            try await sending.take(&pending, all: true)
        }
    }
}
