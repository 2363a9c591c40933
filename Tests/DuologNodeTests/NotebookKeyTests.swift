import EventLog
import NodeAPI
import Testing

@testable import DuologNode

/// What a notebook is sealed with.
@Suite struct NotebookKeyTests {
    /// The least that a daemon takes: the tests are no guesses at a passphrase.
    private let cost = NotebookLock.Cost(rounds: 1 << 14, block_size: 8, parallelism: 1)
    private let passphrase = "seven caf\u{E9}s by the sea"

    @Test func thePassphraseOpensItHoweverAKeyboardComposesIt() throws {
        let lock = try NotebookKey().locked(passphrase: passphrase, cost: cost)
        let sealed = try lock.seal(NoteText(text: "a word", session: EventHash(of: [1])))
        let key = try NotebookKey(in: lock, passphrase: "seven cafe\u{301}s by the sea")
        #expect(try key.open(sealed) == NoteText(text: "a word", session: EventHash(of: [1])))
        #expect(throws: NodeError.self) { try NotebookKey(in: lock, passphrase: "seven cafes by the sea") }
        #expect(throws: NodeError.self) { try NotebookKey().open(sealed) }
    }

    @Test func theLengthOfAShortNoteDoesNotShow() throws {
        let lock = try NotebookKey().locked(passphrase: passphrase, cost: cost)
        let lengths = try (1...200).map { try lock.seal(NoteText(text: String(repeating: "a", count: $0))).count }
        #expect(Set(lengths).count == 1)
        #expect(try lock.seal(NoteText(text: "a")) != lock.seal(NoteText(text: "a")))
    }

    @Test func anAlteredLockOrNoteDoesNotOpen() throws {
        let key = NotebookKey()
        let lock = try key.locked(passphrase: passphrase, cost: cost)
        let sealed = try lock.seal(NoteText(text: "a word"))
        for index in [0, 40, sealed.count - 2] {
            var letters = Array(sealed)
            letters[index] = letters[index] == "A" ? "B" : "A"
            #expect(throws: NodeError.self) { try key.open(String(letters)) }
        }
        // A key of somebody else in the place of the author's: it shows as soon as the passphrase is used.
        var swapped = lock
        swapped.public_key = try NotebookKey().locked(passphrase: passphrase, cost: cost).public_key
        #expect(throws: NodeError.self) { try NotebookKey(in: swapped, passphrase: passphrase) }
    }

    @Test(arguments: [
        (1 << 13, 8, 1), (1 << 22, 64, 1), (100_000, 8, 1), (1 << 17, 8, 9), (0, 0, 0), (-1, 8, 1), (.max, .max, .max),
    ])
    func aLockThatWouldCostTooLittleOrTooMuchIsNone(_ rounds: Int, _ size: Int, _ parallelism: Int) throws {
        var lock = try NotebookKey().locked(passphrase: passphrase, cost: cost)
        #expect(lock.isWellFormed)
        lock.cost = NotebookLock.Cost(rounds: rounds, block_size: size, parallelism: parallelism)
        #expect(!lock.isWellFormed)
        #expect(throws: NodeError.self) { try NotebookKey(in: lock, passphrase: passphrase) }
    }
}
