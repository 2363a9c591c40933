import Logging

/// One row of the table of settings: all that is known about a key.
public struct SettingKey: Sendable {
    /// The name, as in `listen.port`: dots are the file's indentation.
    public let name: String
    /// What it is for, in one sentence.
    public let meaning: String
    /// What values are taken, in words.
    public let allowed: String
    /// The default, as it would stand in the file.
    public let standard: String
    /// True for a path: a relative one starts at the working directory in a flag, and at the state folder elsewhere.
    let isPath: Bool
    /// True where a running node takes a new value; the others wait for a restart.
    public let isLive: Bool
    let write: @Sendable (String, inout NodeSettings) -> Bool
    let text: @Sendable (NodeSettings) -> String

    /// The environment variable, as in `DUOLOG_LISTEN_PORT`.
    public var environment: String { Self.environmentPrefix + name.uppercased().replacing(".", with: "_") }

    /// The option on the command line, as in `--listen-port`.
    public var flag: String { "--" + name.replacing(".", with: "-").replacing("_", with: "-") }

    init<Value>(
        _ name: String, _ property: any WritableKeyPath<NodeSettings, Value> & Sendable, _ form: SettingForm<Value>,
        _ meaning: String, isLive: Bool = false
    ) {
        self.name = name
        self.isLive = isLive
        self.meaning = meaning
        isPath = form.isPath
        allowed = form.allowed
        standard = form.text(NodeSettings()[keyPath: property])
        text = { form.text($0[keyPath: property]) }
        write = { text, settings in
            guard let value = form.read(text) else { return false }
            settings[keyPath: property] = value
            return true
        }
    }
}

extension SettingKey {
    /// Every key, in the order of the file. A new one is a row here, a property of ``NodeSettings`` and a paragraph in
    /// `config/duolog.yaml`; a test holds the three together.
    public static let all: [SettingKey] = [
        SettingKey(
            "name", \.name, .label(upTo: 64), "A label for the administrators of paired nodes; never patient data.",
            isLive: true),
        SettingKey(
            "state_dir", \.stateDirectory, .absolutePath, "The folder of the database, the node's key and the epoch token."),
        SettingKey("socket", \.socket, .path, "The Unix socket on which the daemon answers the command line."),
        SettingKey(
            "store_key_file", \.storeKeyFile, .path,
            "The key that seals bodies at rest, mode 0600; a systemd credential named store-key goes before it."),
        SettingKey("listen.host", \.listenHost, .host, "The address or host name on which peers are awaited."),
        SettingKey("listen.port", \.listenPort, .number(0...65535), "The TCP port for peers; 0 takes any free one."),
        SettingKey(
            "page.host", \.pageHost, .host,
            "The address or host name of the page and of what machines ask: /healthz, /readyz, /metrics."),
        SettingKey("page.port", \.pagePort, .number(0...65535), "The TCP port of the page; 0 takes any free one."),
        SettingKey(
            "page.name", \.pageName, .host,
            "The name by which browsers reach the page, where it is another than page.host; none for page.host."),
        SettingKey(
            "page.certificate", \.pageCertificate, .optionalFile,
            "The page's certificate, PEM; a page that other machines reach needs one. none on loopback."),
        SettingKey("page.private_key", \.pageKey, .optionalFile, "The private key of that certificate, PEM, mode 0600."),
        SettingKey(
            "page.idle_minutes", \.pageIdleMinutes, .number(1...480),
            "Minutes without anything done before the page asks for the passphrase again."),
        SettingKey(
            "page.session_hours", \.pageSessionHours, .number(1...168), "Hours after which a session at the page ends."),
        SettingKey(
            "peers.max_connections", \.maxPeerConnections, .number(1...4096),
            "Connections from peers open at once, those still shaking hands included.", isLive: true),
        SettingKey(
            "backup.folder", \.backupFolder, .absolutePath, "Where 'duolog backup' puts a backup that it is given no name for.",
            isLive: true),
        SettingKey(
            "backup.keep", \.backupsKept, .number(1...10_000), "How many such backups are kept; older ones are removed.",
            isLive: true),
        SettingKey(
            "backup.recipient", \.backupRecipient, .recipient,
            "The public key that backups are sealed to; none asks for a passphrase.",
            isLive: true),
        SettingKey(
            "notify.command", \.notifyCommand, .optionalProgram,
            "A program that tells people of disputes, safety concerns and overdue follow-ups; it learns nothing of a patient.",
            isLive: true),
        SettingKey(
            "notify.repeat_minutes", \.notifyRepeatMinutes, .number(1...10_080),
            "Minutes after which somebody is told again who has not opened the chart.", isLive: true),
        SettingKey(
            "audit.scrub_hours", \.scrubHours, .number(0...8760), "Hours between two checks of the whole log in the background.",
            isLive: true),
        SettingKey(
            "audit.scrub_pace", \.scrubPace, .number(1...1_000_000), "Events that such a check reads in a second.", isLive: true),
        SettingKey("log.level", \.logLevel, .word, "Log lines below this level are dropped.", isLive: true),
        SettingKey("log.format", \.logFormat, .word, "Text for people and the journal, or one JSON object a line.", isLive: true),
    ]

    /// What every environment variable of Duolog begins with.
    static let environmentPrefix = "DUOLOG_"

    /// The row of a key.
    public static func named(_ name: String) -> SettingKey? { all.first { $0.name == name } }
}
