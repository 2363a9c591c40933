public import EventLog

/// What people and programs give as the members of a body, brought into the one form that is written.
public enum Members {
    /// Checks the JSON of a kind's members strictly, and returns it as it will stand in the body: sorted, without spaces.
    ///
    /// Floats, duplicate keys and members that the kind does not have are refused.
    public static func canonical(_ json: [UInt8], as kind: Kind) throws -> [UInt8] {
        guard let type = Catalogue.kind(kind) else {
            throw ContentError("kind", "\(kind) is not a kind that this version knows")
        }
        try JSONText.check(json)
        let body: any EventBody
        do {
            body = try LineDecoder.decode(type, from: json)
        } catch let error as DecodingError {
            throw ContentError(error)
        }
        try body.check()
        let written = body.members
        try refuseUnknown(json, written)
        return written
    }

    /// What the kind did not take over is unknown to it.
    private static func refuseUnknown(_ given: [UInt8], _ written: [UInt8]) throws {
        let given = try LineDecoder.decode(JSONValue.self, from: given)
        let written = try LineDecoder.decode(JSONValue.self, from: written)
        if let path = firstUnknown(given, written) {
            throw ContentError(path, "is not a member of this kind")
        }
    }

    private static func firstUnknown(_ given: JSONValue, _ written: JSONValue) -> String? {
        switch (given, written) {
        case (.object(let given), .object(let written)):
            for name in given.keys.sorted() where given[name] != .null {
                guard let value = given[name], let other = written[name] else { return name }
                if let deeper = firstUnknown(value, other) { return "\(name).\(deeper)" }
            }
            return nil
        case (.array(let given), .array(let written)):
            return zip(given, written).lazy.compactMap { firstUnknown($0, $1) }.first
        default: return nil
        }
    }
}

extension EventBody {
    /// As the encoder writes them.
    public var members: [UInt8] {
        // Bodies hold strings, integers and lists only, for which encoding does not fail; an empty line is refused as malformed.
        (try? LineEncoder.encode(self)) ?? []
    }
}
