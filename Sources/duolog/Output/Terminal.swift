import Foundation
import Glibc
import NodeAPI
import Synchronization

/// Asks people at a terminal, and reads from programs otherwise.
enum Terminal {
    /// True when a person sits there.
    static var isInteractive: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1 }

    /// One line from a person; empty for just Enter.
    static func ask(_ question: String, standard: String? = nil) throws -> String {
        print(question + (standard.map { " [\($0)]" } ?? "") + ": ", terminator: "")
        fflush(nil)
        guard let line = readLine() else { throw NodeError(.usage, "nothing recorded: the input ended") }
        let answer = line.trimmingCharacters(in: .whitespaces)
        return answer.isEmpty ? standard ?? "" : answer
    }

    /// An answer that must not be empty.
    static func require(_ question: String, standard: String? = nil) throws -> String {
        while true {
            let answer = try ask(question, standard: standard)
            if !answer.isEmpty { return answer }
        }
    }

    /// A whole number in a range.
    static func number(_ question: String, _ range: ClosedRange<Int>) throws -> Int {
        while true {
            if let number = Int(try ask("\(question) (\(range.lowerBound) to \(range.upperBound))")), range.contains(number) {
                return number
            }
            print("  a whole number from \(range.lowerBound) to \(range.upperBound), please")
        }
    }

    /// Text that must be seen now, also through a pipe.
    static func say(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }

    /// Text in the place of what stands on the screen.
    static func redraw(_ text: String) { say("\u{1B}[H\u{1B}[2J" + text) }

    private static let began = Mutex<ContinuousClock.Instant?>(nil)

    /// How far something is, for a person who has waited for a second; nothing for programs.
    static func progress(_ what: String, _ done: Int, of total: Int, _ unit: String = "events") {
        let start = began.withLock { began in
            let start = began ?? ContinuousClock.now
            began = start
            return start
        }
        guard isatty(STDERR_FILENO) == 1, ContinuousClock.now - start > .seconds(1) else { return }
        let percent = total > 0 ? done * 100 / total : 0
        FileHandle.standardError.write(Data("\r\u{1B}[K\(what) \(done) of \(total) \(unit), \(percent) %".utf8))
    }

    /// Takes the progress off the screen.
    static func endProgress() {
        let wasShown = began.withLock { began in
            defer { began = nil }
            return began != nil
        }
        if wasShown, isatty(STDERR_FILENO) == 1 { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
    }

    /// A remark beside the answer.
    static func tell(_ text: String) { FileHandle.standardError.write(Data("duolog: \(text)\n".utf8)) }

    /// All of standard input.
    static func input() -> String { String(decoding: FileHandle.standardInput.readDataToEndOfFile(), as: UTF8.self) }
}
