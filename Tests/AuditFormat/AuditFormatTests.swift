import CareModel
import EventLog
import TestSupport
import Testing

/// Two programs read the format: ours, and one written from its description. They agree on every file, good or damaged.
@Suite struct AuditFormatTests {
    /// Holds ours against the other, and against what must be.
    private func expect(
        _ files: [(name: String, bytes: [UInt8])], hold: Bool, trust: [NodePublicKey] = []
    ) throws {
        let others = try SecondVerifier.verdicts(files, trust: trust.map(\.description))
        var wrong: [String] = []
        for file in files {
            let ours = report(file.bytes, trust: trust.isEmpty ? nil : Set(trust)).whole
            if ours != hold || others[file.name] != hold {
                wrong.append("\(file.name): ours \(ours), the other \(others[file.name] ?? false)")
            }
        }
        #expect(wrong.isEmpty, "\(wrong.count) of \(files.count): \(wrong.prefix(5))")
    }

    @Test func goodFilesHold() throws {
        let (tiny, sample) = (try SampleBundle(tiny: ()), try SampleBundle())
        try expect([("tiny", try tiny.file()), ("sample", try sample.file())], hold: true)
        #expect(report(try sample.file()).findings?.erased == 2, "what was erased, and the correction of it")
        #expect(report(try sample.file()).findings?.receipts == 2)
    }

    @Test func everyFlippedByteIsFound() throws {
        let file = try SampleBundle(tiny: ()).file()
        let damaged = file.indices.map { index in
            var bytes = file
            bytes[index] ^= 1 << UInt8(index % 8)
            return (name: "flip\(index)", bytes: bytes)
        }
        #expect(damaged.count > 2000)
        try expect(damaged, hold: false)
    }

    /// Whoever holds the exporter's key can end a damaged file properly: what is in it tells all the same, and names the place.
    @Test func damagedEventsAreNamedThoughTheFileIsSignedAnew() throws {
        let sample = try SampleBundle()
        var files: [(name: String, bytes: [UInt8])] = []
        for index in sample.events.indices {
            let dot = try Envelope(line: sample.events[index][0]).dot
            for (name, damage) in Self.damages(of: index, in: sample) {
                let bytes = try damage.file()
                files.append(("\(name)\(index)", bytes))
                let found = report(bytes).findings?.findings ?? []
                let isNamed = found.contains { ($0.origin == dot.origin && $0.seq == dot.seq) || $0.text.contains("\(dot)") }
                #expect(isNamed || name == "swap", "\(name) \(index): \(dot) in \(found)")
                #expect(name != "swap" || found.contains { $0.kind == .order || $0.kind == .missing })
            }
        }
        try expect(files, hold: false)
    }

    private static func damages(of index: Int, in sample: SampleBundle) -> [(String, SampleBundle)] {
        var damages: [(String, SampleBundle)] = []
        func add(_ name: String, _ change: (inout SampleBundle) -> Void) {
            var copy = sample
            change(&copy)
            copy.header.events = copy.events.count
            damages.append((name, copy))
        }
        add("delete") { $0.events.remove(at: index) }
        add("duplicate") { $0.events.insert($0.events[index], at: index) }
        if index + 1 < sample.events.count { add("swap") { $0.events.swapAt(index, index + 1) } }
        add("envelope") { copy in
            // The wall clock's milliseconds: nothing but hashes tells.
            guard let place = copy.events[index][0].firstRange(of: Array(#","author":"#.utf8))?.lowerBound else { return }
            copy.events[index][0][place - 3] ^= 1
        }
        add("body") { $0.events[index][1][$0.events[index][1].count - 4] ^= 1 }
        return damages
    }

    @Test func aFileThatWasCutOffIsFound() throws {
        let file = try SampleBundle().file()
        let cuts = stride(from: 0, to: file.count, by: 211).map { (name: "cut\($0)", bytes: Array(file.prefix($0))) }
        try expect(cuts, hold: false)
        try expect([("longer", file + Array("{}\n".utf8)), ("twice", file + file)], hold: false)
    }

    @Test func statementsThatDoNotHoldAreFound() throws {
        let sample = try SampleBundle()
        var files: [(name: String, bytes: [UInt8])] = []
        func add(_ name: String, _ change: (inout SampleBundle) throws -> Void) throws {
            var copy = sample
            try change(&copy)
            files.append((name, try copy.file()))
        }
        try add("head-missing") { $0.heads.removeLast() }
        try add("head-twice") { $0.heads.append($0.heads[$0.heads.count - 1]) }
        try add("heads-swapped") { $0.heads.swapAt(0, 1) }
        try add("head-altered") { $0.heads[0][$0.heads[0].count - 10] ^= 1 }
        try add("receipt-altered") { $0.receipts[0][$0.receipts[0].count - 10] ^= 1 }
        try add("receipts-swapped") { $0.receipts.swapAt(0, 1) }
        try add("member-missing") { $0.members.removeLast() }
        try add("members-swapped") { $0.members.swapAt(0, 1) }
        try add("count") { $0.header.events += 1 }
        try add("absent") { copy in
            let envelope = try Envelope(line: copy.events[0][0])
            copy.events[0][1] = AuditBundle.absent(envelope.body)
        }
        try add("exporter") { $0.header.key = Writer.key(from: Array(1...32)).publicKey }
        files.append(("signer", try sample.file(signedBy: Writer.key(from: Array(1...32)))))
        try expect(files, hold: false)
    }

    /// The same chart, told again with keys of the forger's own: consistent in itself, and nobody's.
    @Test func aForgeryWithOtherKeysFailsUnderTrust() throws {
        let (real, forged) = (try SampleBundle(), try SampleBundle(forgedFrom: 99))
        try expect([("forged", try forged.file())], hold: true)
        try expect([("forged", try forged.file())], hold: false, trust: [real.key.publicKey])
        try expect([("real", try real.file())], hold: true, trust: [real.key.publicKey])
        let keys = report(try real.file()).keys
        let other = try #require(keys.first { $0 != real.key.publicKey })
        try expect([("real", try real.file())], hold: false, trust: [other])
        try expect([("real", try real.file())], hold: true, trust: keys)
        #expect(report(try real.file()).trusted == false)
    }

    /// Both know which key vouches after a rotation, and take any key that a node has had as its name.
    @Test func aRotatedKeyVouchesFromItsRotationOn() throws {
        let sample = try SampleBundle(rotated: (), signedByOld: false)
        let file = try sample.file()
        try expect([("rotated", file)], hold: true)
        let keys = sample.key.keys.all
        try #require(keys.count == 2)
        for key in keys { try expect([("rotated", file)], hold: true, trust: [key]) }
        try expect([("old", try SampleBundle(rotated: (), signedByOld: true).file())], hold: false)
        var cut = sample
        cut.events.removeAll { $0[0].contains(Array("key.rotated".utf8)) }
        cut.header.events -= 1
        try expect([("unsaid", try cut.file())], hold: false)
    }
}
