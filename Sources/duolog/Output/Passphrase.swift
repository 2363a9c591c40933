import DuologNode
import Foundation
import Glibc
import NodeAPI

/// Where a passphrase comes from: a person types it unseen, a program hands over a file. It never stands in an argument.
enum Passphrase {
    /// The passphrase that opens a notebook.
    static func read(from file: String?, _ question: String = "Passphrase of your notebook") throws -> String {
        if let file { return try firstLine(of: file) }
        return try typed(question)
    }

    /// True where somebody can be asked.
    static var isTerminal: Bool {
        let terminal = Glibc.open("/dev/tty", O_RDWR | O_CLOEXEC)
        if terminal >= 0 { Glibc.close(terminal) }
        return terminal >= 0
    }

    /// A passphrase that is new: typed twice, since nobody can look at it.
    static func readNew(from file: String?) throws -> String {
        if let file { return try firstLine(of: file) }
        let passphrase = try typed("New passphrase (several words; nobody can restore it)")
        guard passphrase.count >= NotebookKey.shortestPassphrase else {
            throw NodeError(
                .usage, "the passphrase is too short: at least \(NotebookKey.shortestPassphrase) characters, better several words"
            )
        }
        guard try typed("The same again") == passphrase else {
            throw NodeError(.usage, "the two passphrases differ; nothing was done")
        }
        return passphrase
    }

    private static func firstLine(of file: String) throws -> String {
        var status = stat()
        guard stat(file, &status) == 0, let handle = FileHandle(forReadingAtPath: file) else {
            throw NodeError(.usage, "cannot read \(file)")
        }
        guard status.st_mode & S_IFMT != S_IFREG || status.st_mode & 0o077 == 0 else {
            throw NodeError(.usage, "\(file) can be read by others; run: chmod 600 \(file)")
        }
        let line = try handle.read(upToCount: 4096)?.prefix { $0 != 0x0A } ?? Data()
        guard !line.isEmpty, let text = String(data: line, encoding: .utf8) else {
            throw NodeError(.usage, "\(file) does not begin with a passphrase")
        }
        return text
    }

    /// One line from the terminal, whatever standard input is, without showing it.
    private static func typed(_ question: String) throws -> String {
        let terminal = Glibc.open("/dev/tty", O_RDWR | O_CLOEXEC)
        guard terminal >= 0 else {
            throw NodeError(
                .usage,
                "there is no terminal to ask for a passphrase; hand it over with --passphrase-file FILE, such as /dev/fd/3")
        }
        defer { Glibc.close(terminal) }
        var shown = termios()
        guard tcgetattr(terminal, &shown) == 0 else { throw NodeError(.io, "the terminal cannot be asked without an echo") }
        var hidden = shown
        // Signals too: interrupted in between, the terminal would stay silent.
        hidden.c_lflag &= ~tcflag_t(ECHO | ISIG)
        guard tcsetattr(terminal, TCSAFLUSH, &hidden) == 0 else {
            throw NodeError(.io, "the terminal cannot be asked without an echo")
        }
        defer {
            tcsetattr(terminal, TCSAFLUSH, &shown)
            say("\n", terminal)
        }
        say(question + ": ", terminal)
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while Glibc.read(terminal, &byte, 1) == 1, byte != 0x0A {
            // Control-C, as people give up.
            guard byte != 3 else { throw NodeError(.usage, "nothing was done") }
            line.append(byte)
        }
        guard let text = String(validating: line, as: UTF8.self), !text.isEmpty else {
            throw NodeError(.usage, "no passphrase was given; nothing was done")
        }
        return text
    }

    private static func say(_ text: String, _ terminal: Int32) {
        let bytes = Array(text.utf8)
        _ = Glibc.write(terminal, bytes, bytes.count)
    }
}
