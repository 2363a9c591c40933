import EventLog

/// A body with an amendment applied.
enum Amended {
    /// Reads the body as it is after the amendment, and checks it as its kind does.
    static func read(
        _ original: BodyLine, as kind: any EventBody.Type, _ amendment: RecordAmended
    ) throws(ContentError) -> any EventBody {
        do {
            var members = try LineDecoder.decode([String: JSONValue].self, from: original.line)
            for (name, value) in amendment.fields { members[name] = value == .null ? nil : value }
            let body = try LineDecoder.decode(kind, from: try LineEncoder.encode(members))
            try body.check()
            return body
        } catch let error as ContentError {
            throw ContentError("fields.\(error.field)", error.problem)
        } catch let error as DecodingError {
            let content = ContentError(error)
            throw ContentError("fields.\(content.field)", content.problem)
        } catch {
            throw ContentError("fields", "do not fit \(kind.kind)")
        }
    }
}
