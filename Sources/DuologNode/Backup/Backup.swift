import CareModel
import Crypto
import EventLog
import Foundation
import Glibc
import LogStore
public import NodeAPI

/// Packs the copy of a node into one sealed file, and reads such a file.
public enum Backup {
    /// What was written.
    public struct Report: Codable, Sendable {
        /// Where it is.
        public var file: String
        /// Its size.
        public var bytes: Int
        /// What it holds.
        public var manifest: BackupManifest
    }

    /// How far it is: what goes on, how much is done, and all of it.
    public typealias Progress = @Sendable (String, Int, Int) -> Void

    /// Checks the copy, packs it, reads what it wrote, and only then gives the file its name: what has the name is whole.
    ///
    /// - Throws: ``NodeError``; nothing is left behind.
    public static func write(
        _ snapshot: BackupSnapshot, to path: String, for recipient: BackupRecipient, replacing: Bool, progress: @escaping Progress
    ) async throws -> Report {
        guard replacing || !FileManager.default.fileExists(atPath: path) else {
            throw NodeError(.usage, "\(path) exists; choose another name, or say --force")
        }
        try await verifyLog(in: snapshot.folder, progress)
        let manifest = try manifest(of: snapshot)
        let part = path + ".part"
        unlink(part)
        let file = try create(part)
        do {
            let (bytes, key) = try pack(manifest, from: snapshot.folder, into: file, for: recipient, progress)
            try file.synchronize()
            try file.close()
            // From the disk, byte for byte, before anybody relies on it.
            var reader = try BackupReader(part) { _ in key }
            guard try unpack(&reader, part, into: nil, progress) == manifest else {
                throw NodeError(.io, "\(part) does not read as it was written")
            }
            guard rename(part, path) == 0 else {
                throw NodeError(.io, "cannot name \(path): \(String(cString: strerror(errno)))")
            }
            try syncFolder(of: path)
            return Report(file: path, bytes: bytes, manifest: manifest)
        } catch {
            unlink(part)
            if let error = error as? NodeError { throw error }
            throw NodeError(
                .io, "cannot write \(part): \(words(error)); nothing of it is left, and an earlier backup is untouched")
        }
    }

    private static func manifest(of snapshot: BackupSnapshot) throws -> BackupManifest {
        let folder = URL(fileURLWithPath: snapshot.folder)
        let names = (FileManager.default.enumerator(atPath: snapshot.folder)?.compactMap { $0 as? String } ?? []).sorted()
        var files: [BackupManifest.File] = []
        for name in names where !name.hasSuffix(".lock") && !name.hasSuffix("-shm") && !name.hasSuffix("-wal") {
            let path = folder.appending(path: name).path
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue else { continue }
            let (bytes, hash) = try digest(path)
            files.append(BackupManifest.File(name: name, bytes: bytes, sha256: hash))
        }
        return BackupManifest(
            made: snapshot.made, version: DuologVersion.text, node: snapshot.node, origin: snapshot.origin,
            schema: snapshot.schema,
            events: snapshot.events, charts: snapshot.charts, commits: snapshot.commits, files: files)
    }

    private static func pack(
        _ manifest: BackupManifest, from folder: String, into file: FileHandle, for recipient: BackupRecipient,
        _ progress: Progress
    ) throws -> (Int, SymmetricKey) {
        var sealer = try BackupSealer(file, for: recipient)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try sealer.write(try encoder.encode(manifest) + [0x0A])
        let all = manifest.files.reduce(0) { $0 + $1.bytes }
        for entry in manifest.files {
            try pieces(of: folder + "/" + entry.name) { bytes in
                try sealer.write(bytes)
                progress("sealed", sealer.written, all)
            }
        }
        try sealer.finish()
        return (sealer.written, sealer.key)
    }

    // MARK: Reading

    /// Opens a backup, checks every byte, and puts its files into a folder.
    ///
    /// - Throws: ``NodeError``, naming the first place that is damaged.
    static func unpack(
        _ path: String, _ opener: BackupOpener, into folder: String, progress: @escaping Progress
    ) throws -> BackupManifest {
        var reader = try BackupReader(path, opener)
        return try unpack(&reader, path, into: folder, progress)
    }

    private static func unpack(
        _ reader: inout BackupReader, _ path: String, into folder: String?, _ progress: Progress
    ) throws -> BackupManifest {
        guard let manifest = try? JSONDecoder().decode(BackupManifest.self, from: Data(try reader.line())) else {
            throw NodeError(.content, "\(path): its manifest cannot be read; was it made by a newer Duolog?")
        }
        let all = manifest.files.reduce(0) { $0 + $1.bytes }
        var done = 0
        for entry in manifest.files {
            let file = try folder.map { try create(try place(entry.name, in: $0)) }
            var hash = SHA256()
            var left = entry.bytes
            while left > 0 {
                let bytes = try reader.read(min(left, 1 << 18))
                guard !bytes.isEmpty else { throw NodeError(.content, "\(path) ends within \(entry.name)") }
                hash.update(data: bytes)
                try file?.write(contentsOf: Data(bytes))
                left -= bytes.count
                done += bytes.count
                progress("read", done, all)
            }
            guard EventHash(hash.finalize()) == entry.sha256 else {
                throw NodeError(.content, "\(path): \(entry.name) is not what the manifest says")
            }
            try file?.synchronize()
            try file?.close()
        }
        guard try reader.read(1).isEmpty else { throw NodeError(.content, "\(path) goes on behind its last file") }
        return manifest
    }

    /// Opens a backup and checks all of it, its log included, in a folder that is removed again.
    ///
    /// - Throws: ``NodeError``, naming the first place that is damaged.
    public static func verify(
        _ path: String, _ opener: BackupOpener, progress: @escaping Progress
    ) async throws -> BackupManifest {
        let folder = FileManager.default.temporaryDirectory.appending(path: "duolog-backup-\(getpid())").path
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let manifest = try unpack(path, opener, into: folder, progress: progress)
        try await verifyLog(in: folder, progress)
        return manifest
    }

    /// Checks a log that lies in a folder with its keys.
    static func verifyLog(in folder: String, _ progress: @escaping Progress) async throws {
        let place = StateFolder(path: folder)
        let clock = NodeClock()
        let configuration = LogStore.Configuration(
            path: place.log, key: try place.nodeKey(), sealer: try StateFolder.sealer(folder + "/store.key"),
            clock: { clock.now },
            random: SystemRandom.word)
        do {
            let report = try await LogVerifier.closed(configuration) { verifier in
                await verifier.verify(isQuick: true) { progress("checked", $0, $1) }
            }
            let finding = report.log.first ?? report.charts.lazy.compactMap(\.findings.first).first
            if let finding {
                throw NodeError(.content, "the log that was copied does not verify: \(finding.text); see: duolog audit verify")
            }
        } catch let error as LogStoreError {
            throw NodeError(.io, error.text)
        }
    }

    // MARK: Files

    /// Where a file of a backup goes; a name cannot lead out of the folder.
    private static func place(_ name: String, in folder: String) throws -> String {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard !parts.isEmpty, parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else {
            throw NodeError(.content, "the backup names a file that cannot be: \(name.debugDescription)")
        }
        let target = folder + "/" + name
        try FileManager.default.createDirectory(
            atPath: URL(fileURLWithPath: target).deletingLastPathComponent().path, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        return target
    }

    private static func create(_ path: String) throws -> FileHandle {
        guard FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]),
            let file = FileHandle(forWritingAtPath: path)
        else { throw NodeError(.io, "cannot write \(path): \(String(cString: strerror(errno)))") }
        return file
    }

    private static func digest(_ path: String) throws -> (bytes: Int, hash: EventHash) {
        var hash = SHA256()
        var count = 0
        try pieces(of: path) {
            hash.update(data: $0)
            count += $0.count
        }
        return (count, EventHash(hash.finalize()))
    }

    private static func pieces(of path: String, _ body: (Data) throws -> Void) throws {
        guard let file = FileHandle(forReadingAtPath: path) else { throw NodeError(.io, "cannot read \(path)") }
        defer { try? file.close() }
        while let bytes = try file.read(upToCount: 1 << 18), !bytes.isEmpty { try body(bytes) }
    }

    static func syncFolder(of path: String) throws {
        let folder = Glibc.open(URL(fileURLWithPath: path).deletingLastPathComponent().path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { if folder >= 0 { Glibc.close(folder) } }
        guard folder >= 0, fsync(folder) == 0 else {
            throw NodeError(.io, "cannot write the folder of \(path): \(String(cString: strerror(errno)))")
        }
    }

    private static func words(_ error: any Error) -> String {
        let error = error as NSError
        let code = (error.userInfo[NSUnderlyingErrorKey] as? NSError)?.code ?? error.code
        return error.domain == NSPOSIXErrorDomain || error.userInfo[NSUnderlyingErrorKey] != nil
            ? String(cString: strerror(Int32(code))) : "\(error)"
    }
}
