import DemoCase
import Foundation
import Glibc

/// A command of the program with a person at its terminal: what is typed is typed once the question stands there.
final class PseudoTerminal {
    private let process = Process()
    private let terminal: Int32
    private var read = ""
    private var answered: String.Index

    /// Starts a command on a terminal of its own.
    init(_ node: DemoNode, _ arguments: [String]) throws {
        terminal = Glibc.open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        // TIOCSPTLCK and TIOCGPTN of Linux, which Glibc's module leaves out: unlock the other side, and ask which it is.
        var (lock, number) = (Int32(0), Int32(0))
        guard terminal >= 0, ioctl(terminal, 0x4004_5431, &lock) == 0, ioctl(terminal, 0x8004_5430, &number) == 0 else {
            throw DemoFailure("no pseudo-terminal: \(String(cString: strerror(errno)))")
        }
        let side = FileHandle(
            fileDescriptor: Glibc.open("/dev/pts/\(number)", O_RDWR | O_NOCTTY | O_CLOEXEC), closeOnDealloc: true)
        answered = read.endIndex
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        // In a session of its own, so that this terminal is the one that it can ask.
        process.arguments = ["setsid", "--ctty", "--wait", Daemons.program] + arguments + ["--config", node.configuration]
        (process.standardInput, process.standardOutput, process.standardError) = (side, side, side)
        try process.run()
        try side.close()
    }

    /// Waits until the question stands on the screen, and types the answer.
    func answer(_ question: String, _ answer: String) throws {
        while read[answered...].range(of: question) == nil {
            guard try more() else { throw DemoFailure("it ended without asking '\(question)':\n\(read)") }
        }
        answered = read.endIndex
        let line = Array((answer + "\n").utf8)
        guard write(terminal, line, line.count) == line.count else { throw DemoFailure("the terminal is closed") }
    }

    /// Waits for the end; returns the exit code and all that stood on the screen.
    func end() throws -> (status: Int32, screen: String) {
        while try more() {}
        process.waitUntilExit()
        return (process.terminationStatus, read)
    }

    private func more() throws -> Bool {
        var ready = pollfd(fd: terminal, events: Int16(POLLIN), revents: 0)
        guard poll(&ready, 1, 180_000) > 0 else { throw DemoFailure("it neither asks nor ends:\n\(read)") }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(terminal, &bytes, bytes.count)
        // A terminal whose other side is closed fails to read.
        guard count > 0 else { return false }
        let seen = read.distance(from: read.startIndex, to: answered)
        read += String(decoding: bytes[..<count], as: UTF8.self)
        answered = read.index(read.startIndex, offsetBy: seen)
        return true
    }

    deinit { Glibc.close(terminal) }
}
