/// Writes a line, a name or a time into memory that was set aside for all of it.
///
/// An event is some sixty pieces of a few letters each. To ask an array for room before each took longer than the letters. Whoever writes says
/// how long it becomes at the most; each piece is held against that.
package struct ByteWriter: ~Copyable {
    private let bytes: UnsafeMutableBufferPointer<UInt8>
    private var count = 0

    private init(_ bytes: UnsafeMutableBufferPointer<UInt8>) { self.bytes = bytes }

    /// What `body` writes: at most `capacity` bytes.
    @inline(__always)
    package static func write(atMost capacity: Int, _ body: (inout ByteWriter) -> Void) -> [UInt8] {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: capacity) { bytes in
            var writer = ByteWriter(bytes)
            body(&writer)
            // No longer than it is: lines are kept.
            return [UInt8](UnsafeBufferPointer(rebasing: bytes[..<writer.count]))
        }
    }

    /// The text that `body` writes: at most `capacity` bytes.
    static func text(atMost capacity: Int, _ body: (inout ByteWriter) -> Void) -> String {
        String(unsafeUninitializedCapacity: capacity) { bytes in
            var writer = ByteWriter(bytes)
            body(&writer)
            return writer.count
        }
    }

    /// The next `size` bytes, of which `body` sets each.
    @inline(__always)
    mutating func fill(_ size: Int, _ body: (UnsafeMutableBufferPointer<UInt8>) -> Void) {
        precondition(size >= 0 && size <= bytes.count - count, "a line is longer than was said")
        body(UnsafeMutableBufferPointer(rebasing: bytes[count..<count + size]))
        count += size
    }

    @inline(__always)
    package mutating func put(_ byte: UInt8) { fill(1) { $0[0] = byte } }

    // Inlined, so that a literal is stored as the few words that it is.
    @inline(__always)
    package mutating func put(_ literal: StaticString) {
        let (size, text) = (literal.utf8CodeUnitCount, UnsafeRawPointer(literal.utf8Start))
        fill(size) { place in
            let place = UnsafeMutableRawBufferPointer(place)
            var offset = 0
            while offset + 8 <= size {
                place.storeBytes(
                    of: text.loadUnaligned(fromByteOffset: offset, as: UInt64.self), toByteOffset: offset, as: UInt64.self)
                offset += 8
            }
            while offset < size {
                place[offset] = text.load(fromByteOffset: offset, as: UInt8.self)
                offset += 1
            }
        }
    }

    package mutating func put(text: String) {
        var text = text
        text.withUTF8 { put($0) }
    }

    mutating func put(bytes: UnsafeRawBufferPointer) {
        fill(bytes.count) { UnsafeMutableRawBufferPointer($0).copyMemory(from: bytes) }
    }

    mutating func put(_ part: ArraySlice<UInt8>) { part.withUnsafeBufferPointer { put($0) } }

    private mutating func put(_ part: UnsafeBufferPointer<UInt8>) {
        fill(part.count) { UnsafeMutableRawBufferPointer($0).copyMemory(from: UnsafeRawBufferPointer(part)) }
    }

    /// A number in decimal.
    package mutating func put(_ number: Int) {
        guard number >= 0 else { return put(text: String(number)) }
        var (digits, rest) = (1, number)
        while rest >= 10 {
            rest /= 10
            digits += 1
        }
        fill(digits) { Self.write(UInt(number), over: $0) }
    }

    /// A number in decimal, with leading zeros up to `digits`, which are a few.
    @inline(__always)
    mutating func put(_ number: Int, digits: Int) {
        var bound = 1
        for _ in 0..<digits { bound *= 10 }
        guard number >= 0, number < bound else { return put(number) }
        fill(digits) { Self.write(UInt32(truncatingIfNeeded: number), over: $0) }
    }

    /// From the last digit on.
    @inline(__always)
    private static func write<Number: UnsignedInteger & FixedWidthInteger>(
        _ number: Number, over place: UnsafeMutableBufferPointer<UInt8>
    ) {
        var rest = number
        var index = place.count
        while index > 0 {
            index -= 1
            place[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
    }
}

/// The text that `write` writes, where it is a name or a time.
func text(_ write: (inout ByteWriter) -> Void) -> String { ByteWriter.text(atMost: 64, write) }
