public import EventLog

/// What a practitioner's notebook is locked with. Whoever has it can write notes; reading them takes the passphrase as well.
public struct NotebookLock: Codable, Hashable, Sendable {
    /// How much work and memory a guess at the passphrase costs (scrypt, RFC 7914).
    public struct Cost: Codable, Hashable, Sendable {
        /// N, a power of two.
        public var rounds: Int
        /// r.
        public var block_size: Int
        /// p.
        public var parallelism: Int

        /// A cost.
        public init(rounds: Int, block_size: Int, parallelism: Int) {
            self.rounds = rounds
            self.block_size = block_size
            self.parallelism = parallelism
        }
    }

    /// The X25519 key that notes are sealed to, base64url.
    public var public_key: String
    /// Its private key under the passphrase, base64url.
    public var wrapped_key: String
    /// What the passphrase is mixed with, base64url.
    public var salt: String
    /// What a guess costs.
    public var cost: Cost

    /// A lock.
    public init(public_key: String, wrapped_key: String, salt: String, cost: Cost) {
        self.public_key = public_key
        self.wrapped_key = wrapped_key
        self.salt = salt
        self.cost = cost
    }

    /// True when every part has the form that it must have; whether the parts fit each other shows when it is opened.
    public var isWellFormed: Bool {
        func holds(_ text: String, _ bytes: Int) -> Bool { Base64URL.decode(text.utf8)?.count == bytes }
        // An AES-GCM nonce, the key, and the tag.
        return holds(public_key, 32) && holds(wrapped_key, 12 + 32 + 16) && holds(salt, 16) && cost.isReasonable
    }
}

extension NotebookLock.Cost {
    /// 16 MiB at the least, so that guessing stays dear; 1 GiB at most, so that a lock from elsewhere cannot use up the machine.
    public var isReasonable: Bool {
        guard (1...1 << 22).contains(rounds), rounds & (rounds - 1) == 0, (1...64).contains(block_size),
            (1...16).contains(parallelism)
        else { return false }
        let memory = 128 * block_size * rounds
        return memory >= 1 << 24 && memory * parallelism <= 1 << 30
    }
}

/// The caller's own notebook, as far as everybody may see it.
public struct NotebookState: Codable, Hashable, Sendable {
    /// Whose it is.
    public var author: AuthorID
    /// What it is locked with; nil where there is none yet.
    public var lock: NotebookLock?

    /// A notebook.
    public init(author: AuthorID, lock: NotebookLock?) {
        self.author = author
        self.lock = lock
    }
}

/// The caller's own notebook: what notes are sealed to.
public struct NotebookRequest: NodeRequest {
    public typealias Answer = NotebookState
    public static let name = "notebook"

    /// Asks.
    public init() {}
}

/// Makes the caller's notebook, or gives it another passphrase.
public struct LockNotebookRequest: NodeRequest {
    public typealias Answer = NotebookState
    public static let name = "notebook.lock"
    /// The lock from now on.
    public var lock: NotebookLock
    /// The lock that it takes the place of; nil to make a notebook.
    public var replacing: NotebookLock?

    /// Asks.
    public init(lock: NotebookLock, replacing: NotebookLock?) {
        self.lock = lock
        self.replacing = replacing
    }
}

/// Writes a note that is sealed already. The daemon never has its text.
public struct WriteNoteRequest: NodeRequest {
    public typealias Answer = WrittenNote
    public static let name = "notebook.write"
    /// The note as `process_note.written` holds it.
    public var sealed: String
    /// Clinical time; nil for now.
    public var when: ClinicalTime?
    /// Repeating it after a lost reply returns the first answer, never a second note.
    public var request: String

    /// Writes a note.
    public init(sealed: String, when: ClinicalTime? = nil, request: String) {
        self.sealed = sealed
        self.when = when
        self.request = request
    }
}

/// A note that was written, durably.
public struct WrittenNote: Codable, Hashable, Sendable {
    /// Its name in the notebook.
    public var event: EventHash

    /// A note.
    public init(event: EventHash) { self.event = event }
}

/// The caller's own notes, sealed as they are kept, with the lock that they open with.
public struct ListNotesRequest: NodeRequest {
    public typealias Answer = SealedNotebook
    public static let name = "notebook.list"

    /// Asks.
    public init() {}
}

/// A notebook as the daemon has it.
public struct SealedNotebook: Codable, Hashable, Sendable {
    /// What it is locked with.
    public var lock: NotebookLock
    /// The notes in the order in which they were written.
    public var notes: [SealedNote]

    /// A notebook.
    public init(lock: NotebookLock, notes: [SealedNote]) {
        self.lock = lock
        self.notes = notes
    }
}

/// A note as the daemon has it.
public struct SealedNote: Codable, Hashable, Sendable {
    /// Its name in the notebook.
    public var event: EventHash
    /// When.
    public var when: ClinicalTime
    /// What, for its author only.
    public var sealed: String

    /// A note.
    public init(event: EventHash, when: ClinicalTime, sealed: String) {
        self.event = event
        self.when = when
        self.sealed = sealed
    }
}
