/// Base64 with the URL alphabet and without padding (RFC 4648, section 5): hashes, salts and signatures.
public enum Base64URL {
    private static let alphabet = [UInt8](
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    private static let values: [UInt8] = {
        var table = [UInt8](repeating: 0xFF, count: 256)
        for (value, letter) in alphabet.enumerated() { table[Int(letter)] = UInt8(value) }
        return table
    }()

    /// Appends the encoded form of `bytes` to `output`.
    public static func append(_ bytes: some Sequence<UInt8>, to output: inout [UInt8]) {
        // Over plain memory where there is some: hashes and buckets pass here by the thousand.
        if bytes.withContiguousStorageIfAvailable({ append($0, to: &output) }) == nil {
            Array(bytes).withUnsafeBufferPointer { append($0, to: &output) }
        }
    }

    private static func append(_ bytes: UnsafeBufferPointer<UInt8>, to output: inout [UInt8]) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: letters(for: bytes.count)) { text in
            var count = 0
            write(bytes) { letter in
                text[count] = letter
                count += 1
            }
            output.append(contentsOf: UnsafeBufferPointer(text))
        }
    }

    /// The encoded form of `bytes`.
    public static func encode(_ bytes: some Sequence<UInt8>) -> String {
        bytes.withContiguousStorageIfAvailable { encode($0) } ?? Array(bytes).withUnsafeBufferPointer { encode($0) }
    }

    private static func encode(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
        String(unsafeUninitializedCapacity: letters(for: bytes.count)) { text in
            var count = 0
            write(bytes) { letter in
                text[count] = letter
                count += 1
            }
            return count
        }
    }

    private static func letters(for bytes: Int) -> Int { (bytes * 4 + 2) / 3 }

    private static func write(_ bytes: UnsafeBufferPointer<UInt8>, _ put: (UInt8) -> Void) {
        alphabet.withUnsafeBufferPointer { alphabet in
            var accumulator: UInt32 = 0
            var bits: UInt32 = 0
            for byte in bytes {
                accumulator = accumulator << 8 | UInt32(byte)
                bits += 8
                while bits >= 6 {
                    bits -= 6
                    put(alphabet[Int(accumulator >> bits) & 63])
                }
            }
            if bits > 0 { put(alphabet[Int(accumulator << (6 - bits)) & 63]) }
        }
    }

    /// The bytes that `text` encodes; nil unless it is the one canonical form of them.
    public static func decode(_ text: some Sequence<UInt8>) -> [UInt8]? {
        text.withContiguousStorageIfAvailable { decode($0) } ?? Array(text).withUnsafeBufferPointer { decode($0) }
    }

    private static func decode(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        let size = bytes(in: text.count)
        var isCanonical = false
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { output, count in
            isCanonical = decode(text, into: UnsafeMutableRawBufferPointer(output))
            count = isCanonical ? size : 0
        }
        return isCanonical ? bytes : nil
    }

    /// True for the one canonical form of some bytes.
    static func isCanonical(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        withUnsafeTemporaryAllocation(byteCount: bytes(in: text.count), alignment: 1) { decode(text, into: $0) }
    }

    /// How many bytes so many letters stand for.
    static func bytes(in letters: Int) -> Int { letters * 3 / 4 }

    /// Writes what `text` encodes over `output`, which holds ``bytes(in:)`` bytes; false where it is not the one canonical form.
    static func decode(_ text: UnsafeBufferPointer<UInt8>, into output: UnsafeMutableRawBufferPointer) -> Bool {
        values.withUnsafeBufferPointer { values in
            // Of letters that are none of the alphabet, and of those only, a value has more than six bits.
            var all: UInt8 = 0
            var (place, letter) = (0, 0)
            while letter + 4 <= text.count {
                let (first, second) = (values[Int(text[letter])], values[Int(text[letter + 1])])
                let (third, fourth) = (values[Int(text[letter + 2])], values[Int(text[letter + 3])])
                all |= first | second | third | fourth
                output[place] = first << 2 | second >> 4
                output[place + 1] = second << 4 | third >> 2
                output[place + 2] = third << 6 | fourth
                letter += 4
                place += 3
            }
            let rest = text.count - letter
            guard rest > 0 else { return all < 64 }
            guard rest > 1 else { return false }
            let (first, second) = (values[Int(text[letter])], values[Int(text[letter + 1])])
            let third = rest > 2 ? values[Int(text[letter + 2])] : 0
            output[place] = first << 2 | second >> 4
            if rest > 2 { output[place + 1] = second << 4 | third >> 2 }
            // What the last letter has beyond the last byte is zero.
            let beyond = rest > 2 ? third & 0b11 : second & 0b1111
            return (all | first | second | third) < 64 && beyond == 0
        }
    }
}
