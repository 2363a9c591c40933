import Foundation
import GRDB
import Glibc

/// Sets room aside for the write-ahead log, filled with zeros.
///
/// A file that grows makes each commit wait for the file system to write down its new size as well as for its bytes: a fifth of the time that a small
/// commit takes, and a practice that starts Duolog each morning would never see the end of it. So the file is given the size that it comes to, at
/// once. What SQLite finds behind the last commit it takes for the end, since a frame of zeros has neither its salt nor its checksum
/// (https://sqlite.org/fileformat2.html#walformat). Space alone (`fallocate`) would not do: that it has been written to would be written down, too.
enum WriteAheadSpace {
    /// Pages in the write-ahead log at which they are moved into the database. While they are, nothing is written: more pages are no faster in
    /// all, and keep everybody waiting for longer.
    static let checkpointPages = 1000
    /// Bytes of a page, in the database and there.
    static let pageBytes = 8192
    private static let frameBytes = pageBytes + 24
    private static let headerBytes = 32
    /// The commit that reaches ``checkpointPages`` may be some pages larger.
    private static let bytes = headerBytes + (checkpointPages + 64) * frameBytes
    /// A disk with less than so many times that is left alone: everything else needs its last bytes more.
    private static let plenty = 16

    /// Fills up the write-ahead log of the database at `path`. Where there is no room for it, it grows as it would have.
    ///
    /// - Parameter writer: the only connection that writes to it, so that nobody does meanwhile.
    static func reserve(_ writer: Database, at path: String) {
        let file = open(path + "-wal", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        defer { close(file) }
        var (status, disk) = (stat(), statvfs())
        guard fstat(file, &status) == 0, fstatvfs(file, &disk) == 0,
            disk.f_bavail > UInt(bytes * plenty) / max(disk.f_frsize, 1)
        else { return }
        let zeros = [UInt8](repeating: 0, count: 1 << 16)
        var end = Int(status.st_size)
        while end < bytes {
            let written = pwrite(file, zeros, min(zeros.count, bytes - end), off_t(end))
            if written < 0, errno == EINTR { continue }
            guard written > 0 else {
                ftruncate(file, status.st_size)
                return
            }
            end += written
        }
        fdatasync(file)
    }
}
