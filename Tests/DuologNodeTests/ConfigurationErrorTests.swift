import Testing

@testable import DuologNode

@Suite("Settings that are refused, with place and remedy")
struct ConfigurationErrorTests {
    /// What is wrong, the line it must name, and words that must stand in the message.
    struct Case: Sendable, CustomTestStringConvertible {
        let yaml: String
        let line: Int
        let words: [String]
        var testDescription: String { yaml.debugDescription }
    }

    static let cases = [
        Case(yaml: "nmae: x\n", line: 1, words: ["unknown key \"nmae\"", "\"name\""]),
        Case(yaml: "name: x\n\nlisten:\n  prot: 7\n", line: 4, words: ["unknown key \"listen.prot\"", "\"listen.port\""]),
        Case(yaml: "name: x\nport: 7410\n", line: 2, words: ["unknown key \"port\"", "\"listen.port\""]),
        Case(yaml: "listn:\n  port: 7410\n", line: 1, words: ["unknown key \"listn\"", "\"listen\""]),
        Case(yaml: "listen: 7410\n", line: 1, words: ["keys of its own", "listen.host, listen.port"]),
        Case(yaml: "name: x\nlisten.port: 1\nlisten:\n  port: 2\n", line: 4, words: ["listen.port", "line 2"]),
        Case(yaml: "name: a\nname: b\n", line: 1, words: ["given twice", "name"]),
        Case(yaml: "name: [a, b]\n", line: 1, words: ["name takes one value"]),
        Case(yaml: "state_dir:\n  path: /srv\n", line: 1, words: ["state_dir takes one value"]),
        Case(yaml: "# note\nname:\n", line: 2, words: ["name has no value"]),
        Case(yaml: "name: ~\n", line: 1, words: ["name has no value"]),
        Case(yaml: "name: \"\"\n", line: 1, words: ["name is \"\"", "1 to 64 characters"]),
        Case(yaml: "name: \"a\\tb\"\n", line: 1, words: ["\"a\\tb\"", "no control characters"]),
        Case(yaml: "listen:\n  port: many\n", line: 2, words: ["listen.port is \"many\"", "a whole number from 0 to 65535"]),
        Case(yaml: "listen:\n  port: 65536\n", line: 2, words: ["\"65536\"", "a whole number from 0 to 65535"]),
        Case(yaml: "listen:\n  port: 74.10\n", line: 2, words: ["\"74.10\"", "a whole number"]),
        Case(yaml: "listen:\n  port: true\n", line: 2, words: ["\"true\"", "a whole number"]),
        Case(yaml: "listen:\n  host: http://here/\n", line: 2, words: ["listen.host", "an IP address"]),
        Case(yaml: "peers:\n  max_connections: 0\n", line: 2, words: ["\"0\"", "from 1 to 4096"]),
        Case(
            yaml: "log:\n  level: loud\n", line: 2, words: ["\"loud\"", "trace, debug, info, notice, warning, error, critical"]),
        Case(yaml: "log:\n  format: xml\n", line: 2, words: ["\"xml\"", "text, json"]),
        Case(yaml: "state_dir: var/duolog\n", line: 1, words: ["\"var/duolog\"", "an absolute path"]),
        Case(yaml: "socket: run/\n", line: 1, words: ["\"run/\"", "starts at state_dir"]),
        Case(yaml: "- name\n", line: 1, words: ["expected keys and values"]),
        Case(yaml: "name: x\nlisten: {port: 1\n", line: 3, words: ["not YAML"]),
        Case(yaml: "name: x\n---\nname: y\n", line: 2, words: ["not YAML"]),
    ]

    @Test(arguments: cases)
    func theMessageNamesFileLineAndRemedy(wrong: Case) throws {
        let scratch = try ConfigurationScratch()
        let file = try scratch.write("node.yaml", wrong.yaml)
        let error = try #require(throws: ConfigurationError.self) { try SettingsLoader.load(file: file) }
        #expect(error.problems.count == 1, "\(error)")
        #expect(error.description.hasPrefix("\(file):\(wrong.line): "), "\(error)")
        for words in wrong.words { #expect(error.description.contains(words), "\(error)") }
    }

    @Test func allProblemsAreReportedAtOnce() throws {
        let scratch = try ConfigurationScratch()
        let file = try scratch.write("node.yaml", "nmae: x\nlisten:\n  port: -1\n")
        let error = try #require(throws: ConfigurationError.self) {
            try SettingsLoader.load(
                flags: ["log.level": "loud", "colour": "red"],
                environment: ["DUOLOG_LOG_FORMAT": "xml", "DUOLOG_STATEDIR": "/x", "HOME": "/x"], file: file)
        }
        let heads = [
            "\"colour\" is no setting", "DUOLOG_STATEDIR: unknown", "\(file):1: ", "\(file):3: ", "--log-level: ",
            "DUOLOG_LOG_FORMAT: ",
        ]
        #expect(error.problems.count == heads.count)
        for (problem, head) in zip(error.problems, heads) { #expect(problem.hasPrefix(head), "\(problem)") }
        #expect(error.description.contains("the nearest known one is DUOLOG_STATE_DIR"))
    }

    @Test func anEmptyVariableIsNotNothing() throws {
        let error = try #require(throws: ConfigurationError.self) {
            try SettingsLoader.load(environment: ["DUOLOG_STATE_DIR": ""])
        }
        #expect(error.description == "DUOLOG_STATE_DIR: state_dir is \"\"; allowed: an absolute path")
    }

    @Test func aSocketPathThatNoSocketTakesIsRefused() throws {
        let fits = "/" + String(repeating: "s", count: 94)
        #expect(try SettingsLoader.load(flags: ["state_dir": fits]).settings.socketPath.utf8.count == 107)
        let error = try #require(throws: ConfigurationError.self) { try SettingsLoader.load(flags: ["state_dir": fits + "s"]) }
        #expect(error.description.contains("108 bytes; allowed: a path of at most 107 bytes"), "\(error)")
    }

    @Test func aFileThatCannotBeReadIsNamed() throws {
        let scratch = try ConfigurationScratch()
        let absent = scratch.path + "/absent.yaml"
        #expect(throws: ConfigurationError(["cannot read the configuration file \(absent): there is no such file"])) {
            try SettingsLoader.load(file: absent)
        }
        let binary = try scratch.write("binary.yaml", bytes: [0x6E, 0x3A, 0x20, 0xFF, 0xFE])
        #expect(throws: ConfigurationError(["\(binary) is not UTF-8 text"])) { try SettingsLoader.load(file: binary) }
        let large = try scratch.write("large.yaml", bytes: Array(repeating: UInt8(ascii: "#"), count: 65_537))
        let error = try #require(throws: ConfigurationError.self) { try SettingsLoader.load(file: large) }
        #expect(error.description.contains("at most 65536"))
        #expect(throws: ConfigurationError.self) { try SettingsLoader.load(file: scratch.path) }
    }

    @Test func aliasesDoNotGrowWithoutEnd() throws {
        var yaml = "a0: &a0 [x, x]\n"
        for level in 1...40 { yaml += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n" }
        let error = try #require(throws: ConfigurationError.self) { try SettingsFile(path: "node.yaml", yaml: yaml).refuse() }
        #expect(error.problems.count == 41)
    }

    @Test(arguments: [("", "", 0), ("port", "prot", 2), ("kitten", "sitting", 3), ("", "abc", 3), ("abc", "", 3)])
    func distanceCountsLetters(left: String, right: String, expected: Int) {
        #expect(NearestName.distance(left, right) == expected)
    }
}

extension SettingsFile {
    fileprivate func refuse() throws {
        if !problems.isEmpty { throw ConfigurationError(problems) }
    }
}
