import Testing

/// Code that reads a clock, draws randomness, starts work of its own or touches the world. Pure targets are given all of that.
enum Impurity {
    /// Found wherever it stands as a word of its own.
    static let words = [
        // Time
        "Date()", ".now", "ContinuousClock", "SuspendingClock", "DispatchTime", "gettimeofday", "clock_gettime",
        "Date(timeIntervalSinceNow", ".timeIntervalSinceNow", "NSDate",
        // Randomness
        "UUID()", "SystemRandomNumberGenerator", ".random(", ".randomElement()", ".shuffled()", ".shuffle()", "arc4random",
        "SymmetricKey(size", "PrivateKey()", "AES.GCM.Nonce()",
        // Work of its own
        "Task {", "Task(", "Task.detached", "Task.sleep", "Thread", "DispatchQueue",
        // Files, sockets, the process
        "FileManager", "FileHandle", "Data(contentsOf", "String(contentsOf", "contentsOfFile:", "URLSession", "ProcessInfo",
        "CommandLine", "Process()",
        "getenv(", "fopen(", "print(", "readLine(", "time(nil)",
        "import Glibc", "import Musl", "import Dispatch", "import GRDB", "import NIO", "import NIOCore", "import NIOPosix",
    ]
    /// Functions of the C library, found unless they are a name of ours.
    static let functions = ["open(", "socket(", "connect(", "bind("]

    static func offences(in files: [SourceFile]) -> [Offence] {
        files.flatMap { file -> [Offence] in
            let masked = MaskedSource(file.text)
            return masked.occurrences(of: words + functions)
                .filter { !isOurs($0.word, at: $0.offset, in: masked.bytes) }
                .map { Offence(path: file.path, line: masked.line(of: $0.offset), text: "\($0.word) in a pure target") }
        }
    }

    /// True for a member `now` of a value, which was handed in, and for functions and cases of ours that are named like one of C.
    private static func isOurs(_ word: String, at offset: Int, in bytes: [UInt8]) -> Bool {
        let before = bytes[..<offset]
        if word == ".now" {
            let value = before.reversed().prefix { MaskedSource.isName($0) }.reversed()
            return value.first.map { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) } ?? false
        }
        guard functions.contains(word) else { return false }
        return before.last == UInt8(ascii: ".") || ["func ", "case "].contains { before.suffix(5).elementsEqual($0.utf8) }
    }
}

@Suite("Pure targets take time, randomness and ids as arguments")
struct PurityTests {
    static let pure = Set(TargetRules.all.filter { $0.role == .pure }.map(\.name))

    @Test func pureTargetsTouchNothing() throws {
        let files = try Repository.sources().filter { file in file.target.map(Self.pure.contains) ?? false }
        #expect(files.count > 50)
        expectNone(Impurity.offences(in: files))
    }

    @Test(arguments: Impurity.words + Impurity.functions)
    func eachImpurityIsFound(word: String) {
        let text = "/* \(word) */\nlet a = \"\(word)\" // \(word)\n let b = \"\\( \(word) )\"\n"
        let offences = Impurity.offences(in: [SourceFile(path: "Sources/EventLog/A.swift", text: text)])
        #expect(offences.contains { $0.line == 3 && $0.text.hasPrefix(word) }, "\(report(offences))")
        #expect(offences.allSatisfy { $0.line == 3 }, "\(report(offences))")
    }

    @Test(arguments: ["Date.now", "f(at: .now)", "[.now]", "Instant.now.wall"])
    func theClocksOfTypesAreFound(code: String) {
        #expect(Impurity.offences(in: [SourceFile(path: "Sources/EventLog/A.swift", text: code)]).count == 1)
    }

    @Test func namesThatOnlyContainOneAreNot() {
        let text = """
            let nowhere = order.nowhere; struct UpdateDate { init() {} }; let c = UpdateDate()
            chart.open(bucket); func open(_ x: Int) {}; reopen(3); let Tasks = MyTask(1); case open(Int)
            let then = step.now.wall; list.append(contentsOf: [1])
            """
        #expect(Impurity.offences(in: [SourceFile(path: "Sources/EventLog/A.swift", text: text)]) == [])
    }
}
