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
        write(bytes) { output.append($0) }
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
        let alphabet = alphabet
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

    /// The bytes that `text` encodes; nil unless it is the one canonical form of them.
    public static func decode(_ text: some Sequence<UInt8>) -> [UInt8]? {
        if let decoded = text.withContiguousStorageIfAvailable({ decode($0) }) { return decoded }
        return Array(text).withUnsafeBufferPointer { decode($0) }
    }

    private static func decode(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        let values = values
        var output: [UInt8] = []
        output.reserveCapacity(text.count * 3 / 4)
        var accumulator: UInt32 = 0
        var bits: UInt32 = 0
        for letter in text {
            let value = values[Int(letter)]
            guard value != 0xFF else { return nil }
            accumulator = accumulator << 6 | UInt32(value)
            bits += 6
            if bits >= 8 {
                bits -= 8
                output.append(UInt8(truncatingIfNeeded: accumulator >> bits))
            }
        }
        guard bits < 6, accumulator & ((1 << bits) - 1) == 0 else { return nil }
        return output
    }
}
