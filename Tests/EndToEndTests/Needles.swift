import EventLog

/// What is looked for in a haystack: any eight consecutive bytes of a secret, in every form in which the program writes such bytes.
struct Needles {
    private static let width = 8
    private var windows: [UInt64: String] = [:]
    private var first = Array(repeating: false, count: 1 << 16)

    /// Adds bytes as they are, and as base64url: from their beginning, and inside of something longer.
    mutating func add(_ bytes: [UInt8], _ what: String) {
        addWindows(of: bytes, what)
        for shift in 0..<3 {
            let text = Base64URL.encode([UInt8](repeating: 0, count: shift) + bytes)
            // The first letters depend on what stands before, the last on what comes after.
            addWindows(of: Array(text.utf8.dropFirst(shift == 0 ? 0 : shift + 1).dropLast()), what)
        }
    }

    /// Adds a text: its letters, and its letters in base64url.
    mutating func add(_ text: String, _ what: String) { add(Array(text.utf8), what) }

    private mutating func addWindows(of bytes: [UInt8], _ what: String) {
        guard bytes.count >= Self.width else { return }
        for start in 0...bytes.count - Self.width {
            let window = bytes[start..<start + Self.width].reduce(0) { $0 << 8 | UInt64($1) }
            windows[window] = what
            first[Int(window >> 48)] = true
        }
    }

    /// What of it stands in a haystack.
    func found(in hay: [UInt8]) -> Set<String> {
        guard hay.count >= Self.width else { return [] }
        var found: Set<String> = []
        hay.withUnsafeBufferPointer { hay in
            first.withUnsafeBufferPointer { first in
                var window = hay[..<(Self.width - 1)].reduce(0) { $0 << 8 | UInt64($1) }
                for index in (Self.width - 1)..<hay.count {
                    window = window << 8 | UInt64(hay[index])
                    if first[Int(window >> 48)], let what = windows[window] { found.insert(what) }
                }
            }
        }
        return found
    }
}
