import Foundation
import Hummingbird
import NodeAPI

/// The fields of a form, as text. A field that was not sent reads as empty.
struct Form: Sendable {
    /// A form is at most so long: the body of an event, and what stands around it.
    static let limit = 512 * 1024

    private(set) var fields: [String: String] = [:]

    init(_ fields: [String: String] = [:]) { self.fields = fields }

    /// Reads the body of a request.
    init(_ request: Request) async throws {
        guard request.headers[.contentType]?.hasPrefix("application/x-www-form-urlencoded") == true else {
            throw NodeError(.usage, "this page takes forms only")
        }
        let body: ByteBuffer
        do {
            body = try await request.body.collect(upTo: Self.limit)
        } catch {
            throw NodeError(.usage, "the form is too long: at most \(Self.limit / 1024) KiB")
        }
        // Lenient by itself: pairs that are none are skipped.
        for pair in String(buffer: body).split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decoded(parts[0]), let value = Self.decoded(parts.count > 1 ? parts[1] : "") else { continue }
            fields[name] = value
        }
    }

    private static func decoded(_ text: Substring) -> String? {
        // Browsers end lines in a text area with both characters.
        String(text).replacing("+", with: " ").removingPercentEncoding?.replacing("\r\n", with: "\n")
    }

    /// What was typed, without white space around it.
    subscript(name: String) -> String {
        get { fields[name, default: ""].trimmed }
        set { fields[name] = newValue }
    }

    /// What was typed, to the letter: passphrases.
    func raw(_ name: String) -> String { fields[name, default: ""] }
}

extension String {
    /// Without white space at both ends.
    var trimmed: String {
        var text = Substring(self)
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
