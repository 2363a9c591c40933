import Testing

@Suite("Rules of every file")
struct CodeRulesTests {
    @Test func nothingCrashesOnPurpose() throws {
        expectNone(CodeRules.crashes(in: try Repository.sources()))
    }

    @Test func noFunctionStandsInAMutexByItself() throws {
        expectNone(CodeRules.wrappedFunctions(in: try Repository.sources()))
    }

    @Test func everyPromiseNamesItsIssue() throws {
        expectNone(CodeRules.loosePromises(in: try Repository.sources()))
    }

    @Test func noFileIsTooLong() throws {
        expectNone(CodeRules.longFiles(in: try Repository.sources()))
    }

    @Test func noFileNamesAPathOfOneMachine() throws {
        expectNone(CodeRules.machinePaths(in: try Repository.load()))
    }

    @Test func everyPlantedMistakeStillHasItsPlace() throws {
        expectNone(PlantedPatches.stale(in: try Repository.load()))
    }

    @Test func theTopHoldsOnlyWhatBelongsThere() throws {
        expectNone(CodeRules.strangers(atTop: try Repository.topLevel()))
    }
}

@Suite("Each rule finds what is planted, and nothing else")
struct PlantedOffenceTests {
    private func lines(_ rule: ([SourceFile]) -> [Offence], _ text: String) -> [Int] {
        rule([SourceFile(path: "Sources/EventLog/A.swift", text: text)]).map(\.line)
    }

    @Test(arguments: [
        "let a = try! f()", "let a = b as! C", "fatalError(\"x\")", "let a = b!", "let a = b!.c", "f()!", "a[0]!", "let a: Int!",
        "let a: [Int]! = nil", "x = \"\\(b!)\"", "{ 3 }()!", "a.unsafelyUnwrapped", "a! = 3", "f?()!.g",
    ])
    func crashesAreFound(code: String) {
        #expect(lines(CodeRules.crashes, "\n" + code + "\n") == [2])
    }

    @Test(arguments: [
        "a != b", "a!=b", "if !a {}", "f(!a)", "a && !b", "#if !os(Linux)", "// stop!", "\"stop!\"", "/* b! */", "a !== b",
        "\"\"\"\nstop! \"b!\"\n\"\"\"", "#\"a\"!\"#", "let nofatalError = 1", "try?  f()", "a as? B",
    ])
    func whatIsNoCrashIsNotFound(code: String) {
        #expect(lines(CodeRules.crashes, code + "\n") == [])
    }

    @Test func wrappedFunctionsAreFound() {
        let text = """
            let a = Mutex<(@Sendable (Int) -> Void)?>(nil)
            let b = Mutex<Handler?>(nil)
            // Mutex<() -> Void>
            let c: Mutex<[() -> Int]>
            """
        #expect(lines(CodeRules.wrappedFunctions, text) == [1, 4])
    }

    @Test func promisesAreFound() {
        let todo = "TO" + "DO", fixme = "FIX" + "ME"
        let text = "// \(todo): later\n// \(todo)(#12): later\n// \(fixme) #3\n/* \(fixme) */\nlet a\(todo)s = 1\n// \(todo) #x\n"
        #expect(lines(CodeRules.loosePromises, text) == [1, 4, 6])
    }

    @Test func longFilesAreFound() {
        #expect(lines(CodeRules.longFiles, String(repeating: "a\n", count: 400)) == [])
        #expect(lines(CodeRules.longFiles, String(repeating: "a\n", count: 401)) == [401])
        #expect(lines(CodeRules.longFiles, String(repeating: "a\n", count: 400) + "a") == [401])
    }

    @Test func machinePathsAreFound() {
        let text = [
            "\"/" + "work/a\"", "//" + " /" + "home/me", "\"docs/" + "work/x\"", "/" + "workers", "(/" + "opt)", "/etc/duolog",
        ]
        #expect(lines(CodeRules.machinePaths, text.joined(separator: "\n")) == [1, 2, 5])
    }

    @Test func strangersAreFound() {
        #expect(CodeRules.strangers(atTop: [".ci", ".git", "Makefile", "notes.txt", "Sources"]).map(\.path) == ["notes.txt"])
    }

    @Test func maskingKeepsLinesAndOffsets() {
        let text =
            "a /* b /* c */\n d */ e \"f\\(g(\"h\") + \"\\(i)\")j\"\n#\"k\\(l)\\#(m)\"# \"\"\"\nn \"o\" \\(p)\n\"\"\" q // r\ns"
        let masked = MaskedSource(text)
        #expect(masked.bytes.count == text.utf8.count)
        let letters = masked.lines.map { line in String(line.text.filter(\.isLetter)) }
        #expect(letters == ["a", "egi", "m", "p", "q", "s"])
    }

    @Test func patchesThatDoNotApplyAreFound() {
        let patch = "--- a/Sources/A.swift\n+++ b/Sources/A.swift\n@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n"
        func stale(_ text: String) -> [Int] {
            PlantedPatches.stale(in: [
                SourceFile(path: "Sources/A.swift", text: text), SourceFile(path: "Tests/a.patch", text: patch),
            ]).map(\.line)
        }
        #expect(stale("a\nb\nc\n") == [])
        #expect(stale("z\na\nb\nc\nd\n") == [])
        #expect(stale("a\nB\nc\n") == [3])
        #expect(stale("za\nb\nc\n") == [3])
    }
}
