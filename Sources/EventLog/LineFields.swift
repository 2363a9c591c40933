/// The members of an object in a line, by their names: for what is read whenever something happens. A type that says itself what its members are is
/// read by ``LineDecoder``, whose containers take longer than the letters.
package struct LineFields {
    private let line: LineText
    private let place: Int

    /// Reads a line, which passed ``JSONText/check(_:atMost:)``; nil where it is no object.
    package init?(_ line: [UInt8]) {
        guard let text = LineText(line: line) else { return nil }
        self.init(text, 0)
    }

    private init?(_ line: LineText, _ place: Int) {
        guard case .object = line[place] else { return nil }
        (self.line, self.place) = (line, place)
    }

    /// All of it, as a type that says itself what its members are.
    package func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try Value(from: LineDecoder(line: line, place: place))
    }

    /// True where a member is missing, or null.
    package func isNull(_ name: String) -> Bool { line.member(name, of: place).map { line[$0].isNull } ?? true }

    // MARK: Members; nil for one that is missing, or has another form

    package func int(_ name: String) -> Int? {
        guard let member = line.member(name, of: place), case .int(let int) = line[member] else { return nil }
        return int
    }

    package func string(_ name: String) -> String? { letters(name) { String(decoding: $0, as: UTF8.self) } }
    package func hash(_ name: String) -> EventHash? { letters(name) { EventHash(letters: $0) } }
    package func node(_ name: String) -> NodeID? { letters(name) { NodeID(text: $0) } }
    package func origin(_ name: String) -> Origin? { letters(name) { Origin(letters: $0) } }
    package func timestamp(_ name: String) -> Timestamp? { letters(name) { Timestamp(letters: $0) } }
    package func base64URL(_ name: String) -> [UInt8]? { letters(name) { Base64URL.decode($0) } }

    /// A list of objects.
    package func objects(_ name: String) -> [LineFields]? {
        guard let member = line.member(name, of: place), case .array = line[member] else { return nil }
        let places = line.contents(of: member)
        let objects = places.compactMap { LineFields(line, $0) }
        return objects.count == places.count ? objects : nil
    }

    private func letters<Value>(_ name: String, _ body: (UnsafeBufferPointer<UInt8>) -> Value?) -> Value? {
        guard let member = line.member(name, of: place), case .string(let text) = line[member] else { return nil }
        return line.withLetters(of: text, body)
    }
}
