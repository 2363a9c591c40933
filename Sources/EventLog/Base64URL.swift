/// Base64 with the URL alphabet and without padding (RFC 4648, section 5): hashes, salts and signatures.
public enum Base64URL {
    private static let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    private static let values: [UInt8] = {
        var table = [UInt8](repeating: 0xFF, count: 256)
        alphabet.withUTF8Buffer { for (value, letter) in $0.enumerated() { table[Int(letter)] = UInt8(value) } }
        return table
    }()

    /// The encoded form of `bytes`.
    public static func encode(_ bytes: some Sequence<UInt8>) -> String {
        bytes.withContiguousStorageIfAvailable { encode($0) } ?? Array(bytes).withUnsafeBufferPointer { encode($0) }
    }

    private static func encode(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
        ByteWriter.text(atMost: letters(for: bytes.count)) { write(UnsafeRawBufferPointer(bytes), to: &$0) }
    }

    /// How many letters so many bytes become.
    static func letters(for bytes: Int) -> Int { (bytes * 4 + 2) / 3 }

    /// Writes the encoded form of `bytes`.
    package static func write(_ bytes: [UInt8], to output: inout ByteWriter) {
        bytes.withUnsafeBytes { write($0, to: &output) }
    }

    /// Writes the encoded form of `bytes`.
    static func write(_ bytes: UnsafeRawBufferPointer, to output: inout ByteWriter) {
        let alphabet = alphabet.utf8Start
        func letter(_ bits: UInt32) -> UInt8 { alphabet[Int(bits & 63)] }
        output.fill(letters(for: bytes.count)) { text in
            var (place, byte) = (0, 0)
            while byte + 3 <= bytes.count {
                let bits = UInt32(bytes[byte]) << 16 | UInt32(bytes[byte + 1]) << 8 | UInt32(bytes[byte + 2])
                text[place] = letter(bits >> 18)
                text[place + 1] = letter(bits >> 12)
                text[place + 2] = letter(bits >> 6)
                text[place + 3] = letter(bits)
                byte += 3
                place += 4
            }
            let rest = bytes.count - byte
            guard rest > 0 else { return }
            let bits = UInt32(bytes[byte]) << 16 | (rest > 1 ? UInt32(bytes[byte + 1]) << 8 : 0)
            text[place] = letter(bits >> 18)
            text[place + 1] = letter(bits >> 12)
            if rest > 1 { text[place + 2] = letter(bits >> 6) }
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
