import Foundation
import FuzzTargets
import TestSupport
import Testing

/// The inputs that the fuzzers begin with, and thousands of changes to them, from a seed: wherever tests run.
@Suite struct CorpusTests {
    private static func corpus(_ target: Fuzzing) throws -> [(name: String, bytes: [UInt8])] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Corpus/\(target.rawValue)")
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().map {
            ($0, [UInt8](try Data(contentsOf: folder.appending(path: $0))))
        }
    }

    @Test(arguments: Fuzzing.allCases) func nothingOfTheCorpusFindsAFault(_ target: Fuzzing) throws {
        let corpus = try Self.corpus(target)
        #expect(corpus.count >= 15)
        for (name, bytes) in corpus { #expect(target.findFault(in: bytes) == nil, "\(name)") }
    }

    @Test(arguments: Fuzzing.allCases) func norDoChangesToIt(_ target: Fuzzing) throws {
        let corpus = try Self.corpus(target).map(\.bytes)
        var random = SplitMix64(seed: 61)
        for round in 0..<1500 {
            let bytes = Self.changed(corpus, &random)
            guard let fault = target.findFault(in: bytes) else { continue }
            Issue.record("\(target.rawValue), seed 61, round \(round): \(fault); input \(Data(bytes).base64EncodedString())")
            return
        }
    }

    /// Bytes flipped, removed, doubled and exchanged between inputs.
    private static func changed(_ corpus: [[UInt8]], _ random: inout SplitMix64) -> [UInt8] {
        var bytes = corpus.randomElement(using: &random) ?? []
        for _ in 0...Int.random(in: 0..<4, using: &random) where !bytes.isEmpty {
            let place = Int.random(in: bytes.indices, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
            case 1: bytes[place] = Array("{}[]\",:0919-\n".utf8).randomElement(using: &random) ?? 0
            case 2: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...40, using: &random)))
            case 3:
                let other = corpus.randomElement(using: &random) ?? []
                bytes.insert(contentsOf: other.prefix(Int.random(in: 0...400, using: &random)), at: place)
            default: bytes += bytes[place...].prefix(300)
            }
        }
        return bytes
    }
}
