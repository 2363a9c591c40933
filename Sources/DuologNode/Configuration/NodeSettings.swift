public import Logging

/// Everything that a node is told from outside before it starts. A plain value: other targets get what they need out of it.
public struct NodeSettings: Hashable, Sendable {
    /// How log lines are written.
    public enum LogFormat: String, CaseIterable, Sendable {
        /// One line of text each, for people and for the journal.
        case text
        /// One JSON object each, for machines.
        case json
    }

    /// A label for the administrators of paired nodes. Never patient data.
    public var name = "unnamed"
    /// The folder of the database, the node's key and the epoch token; absolute.
    public var stateDirectory = "/var/lib/duolog"
    /// The command line's socket, as configured; see ``socketPath``.
    public var socket = "duolog.sock"
    /// The file that holds the store key, as configured; see ``storeKeyPath``.
    public var storeKeyFile = "store.key"
    /// The store key that systemd handed over; goes before ``storeKeyFile``.
    public var storeKeyCredential: String?
    /// The address or host name to listen on for peers.
    public var listenHost = "127.0.0.1"
    /// The TCP port to listen on for peers; 0 takes any free one.
    public var listenPort = 7410
    /// The address or host name on which the page is served.
    public var pageHost = "127.0.0.1"
    /// The TCP port of the page; 0 takes any free one.
    public var pagePort = 7411
    /// The name by which browsers reach the page, or ``none`` for ``pageHost``.
    public var pageName = NodeSettings.none
    /// The certificate of the page as a PEM file, or ``none``.
    public var pageCertificate = NodeSettings.none
    /// The private key of that certificate, or ``none``.
    public var pageKey = NodeSettings.none
    /// Minutes without anything done before the page asks for the passphrase again.
    public var pageIdleMinutes = 15
    /// Hours after which a session at the page ends.
    public var pageSessionHours = 12
    /// Stands where a setting names nothing.
    public static let none = "none"
    /// Connections from peers that may be open at once, those still shaking hands included.
    public var maxPeerConnections = 64
    /// Where backups go that are given no name; absolute.
    public var backupFolder = "/var/backups/duolog"
    /// How many of them are kept.
    public var backupsKept = 14
    /// The public key that backups are sealed to, or ``noRecipient``.
    public var backupRecipient = NodeSettings.noRecipient
    /// Stands where backups are sealed to no key.
    public static let noRecipient = "none"
    /// The program that tells people what waits for them; absolute, or ``none``.
    public var notifyCommand = NodeSettings.none
    /// Minutes after which they are told again, as long as they have not opened the chart.
    public var notifyRepeatMinutes = 60
    /// Hours between two checks of the whole log in the background; 0 for none.
    public var scrubHours = 24
    /// Events that such a check reads in a second.
    public var scrubPace = 5000
    /// Log lines below this level are dropped.
    public var logLevel = Logger.Level.info
    /// How log lines are written.
    public var logFormat = LogFormat.text

    /// The defaults. They stand here and nowhere else.
    public init() {}

    /// Where the command line meets the daemon.
    public var socketPath: String { inState(socket) }

    /// Where the store key is read from.
    public var storeKeyPath: String { storeKeyCredential ?? inState(storeKeyFile) }

    /// A relative path starts at the state folder.
    func inState(_ path: String) -> String {
        guard !path.hasPrefix("/") else { return path }
        return stateDirectory.hasSuffix("/") ? stateDirectory + path : stateDirectory + "/" + path
    }
}
