import EventLog

/// The names of the events of a segment as they lie in its row: 32 bytes each. What is left over at the end is no name.
struct NameList: RandomAccessCollection {
    let bytes: UnsafeBufferPointer<UInt8>

    var startIndex: Int { 0 }
    var endIndex: Int { bytes.count / EventHash.byteCount }

    /// Whole names only; nil is never seen for an index of the list.
    subscript(index: Int) -> EventHash? { EventHash(bytes: self.bytes(at: index)) }

    /// The bytes of a name, for whoever looks at some of them only.
    func bytes(at index: Int) -> UnsafeBufferPointer<UInt8> {
        let start = index * EventHash.byteCount
        return UnsafeBufferPointer(rebasing: bytes[start..<start + EventHash.byteCount])
    }
}

extension RawStatement {
    /// Valid until the next step.
    func names(_ column: Int32) -> NameList? { blob(column).map { NameList(bytes: $0) } }
}
