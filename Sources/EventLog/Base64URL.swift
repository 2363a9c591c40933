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
            var (group, all): (UInt32, UInt8) = (0, 0)
            func take(_ index: Int) {
                let value = values[Int(text[index])]
                all |= value
                group = group << 6 | UInt32(value)
            }
            func put(_ place: Int, _ shift: UInt32) { output[place] = UInt8(truncatingIfNeeded: group >> shift) }
            // Four letters are three bytes.
            let whole = text.count / 4
            for index in 0..<whole {
                group = 0
                for offset in 0..<4 { take(index * 4 + offset) }
                put(index * 3, 16)
                put(index * 3 + 1, 8)
                put(index * 3 + 2, 0)
            }
            group = 0
            let (rest, place) = (text.count - whole * 4, whole * 3)
            for offset in 0..<rest { take(whole * 4 + offset) }
            // Only what is no letter of the alphabet has more than six bits; what the last letter has beyond the last byte is zero.
            guard all < 64 else { return false }
            switch rest {
            case 0: return true
            case 2:
                put(place, 4)
                return group & 0xF == 0
            case 3:
                put(place, 10)
                put(place + 1, 2)
                return group & 0x3 == 0
            default: return false
            }
        }
    }
}
