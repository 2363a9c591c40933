import EventLog
import Foundation
import Glibc
import LogStore
public import NodeAPI

/// Examines a node: what can be seen of its files and its machine, and what its daemon says of itself. Changes nothing.
public struct Doctor: Sendable {
    private static let oneDay = 24 * 3600 * 1000
    private static let clockLimit = 60_000

    private let settings: NodeSettings
    private let folder: StateFolder

    /// For the node that these settings describe.
    public init(_ settings: NodeSettings) {
        self.settings = settings
        folder = StateFolder(path: settings.stateDirectory)
    }

    /// What can be found out without the daemon.
    public func examineMachine() -> [Diagnosis] { folderAndKeys() + [sqlite(), clock(), disk()] + leftovers() }

    // MARK: Files

    private func folderAndKeys() -> [Diagnosis] {
        var status = stat()
        guard stat(folder.path, &status) == 0 else {
            return [
                Diagnosis(
                    "state folder", .fault, "\(folder.path): \(String(cString: strerror(errno)))",
                    errno == EACCES ? "run this as root, or as the node's user" : "make a node: duolog init")
            ]
        }
        var found: [Diagnosis] = []
        let isListable = status.st_mode & 0o066 != 0
        found.append(
            Diagnosis(
                "state folder", isListable ? .warning : .good,
                "\(folder.path), mode \(String(status.st_mode & 0o777, radix: 8)), of user \(status.st_uid)",
                isListable ? "others can list or write it: chmod 711 \(folder.path)" : nil))
        guard geteuid() == 0 || geteuid() == status.st_uid else {
            found.append(Diagnosis("keys", .note, "not looked at", "run this as root, or as the node's user"))
            return found
        }
        do {
            let key = try folder.nodeKey()
            found.append(privacy("node key", folder.path + "/node.key", says: "node \(key.node)"))
        } catch {
            found.append(Diagnosis("node key", .fault, "\(error)", "duolog restore FILE, or duolog init for a new node"))
        }
        found.append(storeKey())
        return found
    }

    private func storeKey() -> Diagnosis {
        if settings.storeKeyCredential != nil { return Diagnosis("store key", .good, "handed over as a credential") }
        let path = settings.storeKeyPath
        guard FileManager.default.fileExists(atPath: path) else {
            return Diagnosis(
                "store key", .note, "\(path) is not there; the service has it as a credential, or nothing can be read",
                "systemctl cat duolog | grep LoadCredential")
        }
        let found = privacy("store key", path, says: path)
        guard found.level == .good, path.hasPrefix(folder.path + "/") else { return found }
        return Diagnosis(
            "store key", .note, "\(path) lies beside what it seals: whoever takes the folder can read it",
            "docs/OPERATIONS.md, 'Keep the key out of the state folder'")
    }

    private func privacy(_ subject: String, _ path: String, says text: String) -> Diagnosis {
        var status = stat()
        guard stat(path, &status) == 0 else { return Diagnosis(subject, .fault, "\(path): \(String(cString: strerror(errno)))") }
        guard status.st_mode & 0o077 == 0 else {
            return Diagnosis(subject, .fault, "\(path) can be read by others", "chmod 600 \(path)")
        }
        return Diagnosis(subject, .good, text)
    }

    private func leftovers() -> [Diagnosis] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.sorted().compactMap { name in
            if name.contains(".before-"), !name.hasSuffix(".part") {
                return Diagnosis(
                    "upgrade", .note, "\(name) is the log as it was before an upgrade",
                    "remove it once the new version has proved itself; an erasure removes it too")
            }
            return name == "restore.tmp"
                ? Diagnosis("restore", .fault, "a restore was interrupted", "repeat it: duolog restore FILE") : nil
        }
    }

    // MARK: Machine

    /// Two connections that write or checkpoint at once can lose pages of a write-ahead log before SQLite 3.51.3
    /// (https://sqlite.org/wal.html#walresetbug). One connection writes and checkpoints here.
    private func sqlite() -> Diagnosis {
        guard let version = try? LogStore.sqliteVersion() else { return Diagnosis("SQLite", .fault, "cannot be loaded") }
        let numbers = version.split(separator: ".").compactMap { Int($0) }
        guard numbers.lexicographicallyPrecedes([3, 51, 3]) else { return Diagnosis("SQLite", .good, version) }
        return Diagnosis(
            "SQLite", .note,
            "\(version) may have the WAL-reset defect, mended in 3.51.3; Duolog writes through one connection, which does not meet it",
            "never write to log.sqlite with another program; take the distribution's updates")
    }

    private func clock() -> Diagnosis {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/timedatectl")
        process.arguments = ["show", "--property=NTPSynchronized", "--value"]
        let output = Pipe()
        (process.standardOutput, process.standardError) = (output, FileHandle.nullDevice)
        guard (try? process.run()) != nil else {
            return Diagnosis("clock", .note, "there is no timedatectl that would say whether it is right")
        }
        let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        switch said.trimmingCharacters(in: .whitespacesAndNewlines) {
        case "yes": return Diagnosis("clock", .good, "kept right by a time server")
        case "no":
            return Diagnosis(
                "clock", .warning, "it is not kept right by a time server; what is recorded carries its time",
                "timedatectl set-ntp true, or see to chrony")
        default: return Diagnosis("clock", .note, "the system does not say whether it is right", "timedatectl status")
        }
    }

    private func disk() -> Diagnosis {
        guard let free = folder.freeBytes else { return Diagnosis("disk", .note, "its room cannot be told") }
        let text = "\(free / 1024 / 1024) MiB free for the log"
        if free < RunningNode.leastFreeDisk {
            return Diagnosis("disk", .fault, text, "make room: a commit that does not fit stops the node")
        }
        guard free >= 1 << 30 else { return Diagnosis("disk", .warning, text, "make room before it runs out") }
        return Diagnosis("disk", .good, text)
    }

    // MARK: Daemon

    /// What the daemon says of itself.
    public func examine(_ status: StatusRequest.Answer, _ peers: [PeerReport]) -> [Diagnosis] {
        var found = [
            status.version == DuologVersion.text
                ? Diagnosis("daemon", .good, "answers, version \(status.version)")
                : Diagnosis(
                    "daemon", .warning, "runs version \(status.version), and this program is \(DuologVersion.text)",
                    "systemctl restart duolog")
        ]
        let key = try? folder.nodeKey()
        if let key, key.node != status.node {
            found.append(
                Diagnosis(
                    "daemon", .fault, "is node \(status.node), and the folder holds node \(key.node)",
                    "look at state_dir and socket: duolog config show"))
        }
        found += status.integrity_alerts.map {
            Diagnosis("integrity", .fault, $0, "duolog audit integrity show; one of the two copies has to go")
        }
        found +=
            peers.isEmpty
            ? [Diagnosis("peers", .note, "none is paired", "duolog peer add")]
            : peers.map { peer($0, status) }
        found.append(backup(status, keySince: key?.keys.successions.last?.at))
        found.append(scrub(status))
        return found
    }

    private func peer(_ report: PeerReport, _ status: StatusRequest.Answer) -> Diagnosis {
        let (name, state) = ("peer \(report.summary.name)", report.summary.state)
        if state.hasPrefix("stopped: ") {
            return Diagnosis(
                name, .fault, state,
                "one of the two keys is in other hands: compare with that practice by phone, and let it make a new node")
        }
        if report.summary.connected {
            if let offset = report.clock_offset, abs(offset) > Self.clockLimit {
                return Diagnosis(
                    name, .warning, "\(state); its clock is \(abs(offset) / 1000) s \(offset > 0 ? "ahead of" : "behind") ours",
                    "timedatectl status, on both machines")
            }
            guard report.refused_charts == 0 else {
                return Diagnosis(
                    name, .fault, "\(state); \(report.refused_charts) charts are refused by one of the two sides",
                    "journalctl -u duolog names each, with its reason")
            }
            return Diagnosis(name, .good, state)
        }
        if let address = report.summary.address {
            return Diagnosis(
                name, .fault, "\(state) (it is dialed at \(address))",
                "is its service running, does its firewall let this machine in, is its address right? duolog peer add changes it")
        }
        let isLocal = status.listening.map { $0.hasPrefix("127.") || $0.hasPrefix("[::1]") || $0.hasPrefix("localhost") } ?? false
        return Diagnosis(
            name, .fault, state,
            isLocal
                ? "it has to dial this node, which listens on \(status.listening ?? "") only: set listen.host"
                : "it has to dial this node: does our firewall let it in, and did the other side pair this node's key?")
    }

    private func backup(_ status: StatusRequest.Answer, keySince rotated: Timestamp?) -> Diagnosis {
        let advice =
            settings.backupRecipient == NodeSettings.noRecipient
            ? "duolog backup keygen; set backup.recipient; systemctl enable --now duolog-backup.timer"
            : "systemctl status duolog-backup.timer duolog-backup.service"
        guard let last = status.backup else { return Diagnosis("backup", .warning, "none was ever made", advice) }
        let age = status.now.milliseconds - last.made.milliseconds
        let text = "the last one is of \(last.made), \(last.events) events"
        if let rotated, rotated > last.made {
            return Diagnosis(
                "backup", .fault, text + ": it holds the key that was given up at \(rotated), which peers refuse",
                "duolog backup FILE, now")
        }
        return age > Self.oneDay * 3 / 2
            ? Diagnosis("backup", .warning, text + ": more than a day and a half ago", advice) : Diagnosis("backup", .good, text)
    }

    private func scrub(_ status: StatusRequest.Answer) -> Diagnosis {
        guard let last = status.verified else {
            return Diagnosis("check of the log", .note, "none has ended yet", "duolog audit verify")
        }
        guard last.whole else {
            return Diagnosis(
                "check of the log", .fault, "\(last.findings) damaged places at \(last.ended); the first: \(last.first ?? "")",
                "duolog audit verify names all; restore from a backup")
        }
        return Diagnosis("check of the log", .good, "all \(last.events) events held at \(last.ended)")
    }
}
