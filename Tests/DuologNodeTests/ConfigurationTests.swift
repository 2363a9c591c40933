import Foundation
import Logging
import Testing

@testable import DuologNode

@Suite("Settings: flags over environment over file over defaults")
struct ConfigurationTests {
    @Test func defaultsHoldWhenNobodySaysAnything() throws {
        let loaded = try SettingsLoader.load()
        #expect(loaded.settings == NodeSettings())
        #expect(loaded.settings.socketPath == "/var/lib/duolog/duolog.sock")
        #expect(loaded.settings.storeKeyPath == "/var/lib/duolog/store.key")
        #expect(loaded.effective.map(\.source) == SettingKey.all.map { _ in .standard })
    }

    @Test func eachLevelGoesBeforeTheNext() throws {
        let scratch = try ConfigurationScratch()
        let file = try scratch.write("node.yaml", "listen:\n  host: 10.0.0.3\n  port: 3\nlog:\n  level: debug\n")
        let loaded = try SettingsLoader.load(
            flags: ["listen.port": "1"], environment: ["DUOLOG_LISTEN_PORT": "2", "DUOLOG_LISTEN_HOST": "::1"], file: file)
        #expect(loaded.settings.listenPort == 1)
        #expect(loaded.settings.listenHost == "::1")
        #expect(loaded.settings.logLevel == .debug)
        #expect(loaded.settings.name == "unnamed")
        #expect(loaded.source("listen.port") == .flag("--listen-port"))
        #expect(loaded.source("listen.host") == .environment("DUOLOG_LISTEN_HOST"))
        #expect(loaded.source("log.level") == .file(file, line: 5))
        #expect(loaded.source("name") == .standard)
    }

    @Test(arguments: SettingKey.all.map(\.name))
    func everyKeyCanBeSetAtEveryLevel(name: String) throws {
        let key = try #require(SettingKey.named(name))
        let text = try #require(Self.samples[name])
        let scratch = try ConfigurationScratch()
        let parts = name.split(separator: ".")
        let file = try scratch.write(
            "node.yaml", parts.count == 1 ? "\(name): \(text)\n" : "\(parts[0]):\n  \(parts[1]): \(text)\n")
        let levels = [
            try SettingsLoader.load(flags: [name: text]), try SettingsLoader.load(environment: [key.environment: text]),
            try SettingsLoader.load(file: file),
        ]
        for loaded in levels {
            #expect(loaded.settings != NodeSettings(), "\(name) reaches the settings")
            #expect(loaded.value(name) == text)
            #expect(loaded.source(name) != .standard)
        }
    }

    /// A value other than the default for each key.
    private static let samples = [
        "name": "Linden practice", "state_dir": "/srv/duolog", "socket": "/run/duolog/socket",
        "store_key_file": "/etc/duolog/key",
        "listen.host": "0.0.0.0", "listen.port": "9000", "page.host": "::1", "page.port": "9001",
        "page.name": "care.example", "page.certificate": "page.pem", "page.private_key": "/etc/duolog/page.key",
        "notify.command": "/usr/local/bin/tell", "notify.repeat_minutes": "30", "page.idle_minutes": "5",
        "page.session_hours": "8",
        "backup.folder": "/srv/backups", "backup.keep": "3",
        "backup.recipient": "duolog-recipient-AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", "peers.max_connections": "8",
        "audit.scrub_hours": "0",
        "audit.scrub_pace": "100", "log.level": "warning", "log.format": "json",
    ]

    @Test func relativePathsStartWhereTheirWriterExpects() throws {
        let environment = ["DUOLOG_STATE_DIR": "/srv/node", "DUOLOG_SOCKET": "api.sock"]
        let inState = try SettingsLoader.load(environment: environment)
        #expect(inState.settings.socketPath == "/srv/node/api.sock")
        #expect(inState.value("socket") == "/srv/node/api.sock")

        let atShell = try SettingsLoader.load(
            flags: ["state_dir": "node", "socket": "a.sock"], environment: environment, workingDirectory: "/srv/shell")
        #expect(atShell.settings.stateDirectory == "/srv/shell/node")
        #expect(atShell.settings.socketPath == "/srv/shell/a.sock")
    }

    @Test func theCredentialGoesBeforeTheKeyFileWhereThereIsOne() throws {
        let scratch = try ConfigurationScratch()
        let environment = ["CREDENTIALS_DIRECTORY": scratch.path, "DUOLOG_STORE_KEY_FILE": "/etc/duolog/key"]
        #expect(try SettingsLoader.load(environment: environment).settings.storeKeyPath == "/etc/duolog/key")

        let credential = try scratch.write("store-key", "sealed")
        let loaded = try SettingsLoader.load(environment: environment)
        #expect(loaded.settings.storeKeyPath == credential)
        #expect(loaded.value("store_key_file") == credential)
        #expect(loaded.source("store_key_file")?.description == "systemd credential store-key")
    }

    @Test func theFileIsTheFlagsThenTheEnvironments() {
        #expect(SettingsLoader.file(flag: "/a", environment: ["DUOLOG_CONFIG": "/b"]) == "/a")
        #expect(SettingsLoader.file(flag: nil, environment: ["DUOLOG_CONFIG": "/b"]) == "/b")
    }

    @Test func anEmptyFileChangesNothing() throws {
        let scratch = try ConfigurationScratch()
        for text in ["", "\n", "# nothing\n", "---\n"] {
            #expect(try SettingsLoader.load(file: try scratch.write("node.yaml", text)).settings == NodeSettings())
        }
    }
}

/// A folder that goes away with the test.
final class ConfigurationScratch {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "duolog-\(UUID().uuidString)").path()
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ name: String, _ text: String) throws -> String { try write(name, bytes: Array(text.utf8)) }

    func write(_ name: String, bytes: [UInt8]) throws -> String {
        let file = path + "/" + name
        try Data(bytes).write(to: URL(filePath: file))
        return file
    }
}

extension LoadedSettings {
    func value(_ name: String) -> String? { effective.first { $0.key.name == name }?.value }
    func source(_ name: String) -> SettingSource? { effective.first { $0.key.name == name }?.source }
}
