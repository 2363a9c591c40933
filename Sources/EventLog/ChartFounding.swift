import Crypto
import FoundationEssentials

/// How a chart gets its name.
public enum ChartFounding {
    /// The kind of the event that opens a chart.
    public static let kind: Kind = "chart.opened"

    /// The id of a chart: the hash of the founder's key and a nonce.
    public static func chart(founder: NodePublicKey, nonce: [UInt8]) -> ChartID {
        var hasher = SHA256()
        hasher.update(data: Array("duolog/chart/1\n".utf8))
        hasher.update(data: founder.bytes)
        hasher.update(data: nonce)
        return ChartID(hasher.finalize())
    }
}

extension Kind: ExpressibleByStringLiteral {
    /// A name that is written in the source.
    public init(stringLiteral name: StaticString) { self.init(source: name) }
}

extension ChartFounding {
    /// The members of a genesis body that decide a chart's id. They are structure: never erasable, and checked on admission.
    struct Members: Decodable {
        let node_key: NodePublicKey
        let nonceBytes: [UInt8]

        private enum CodingKeys: String, CodingKey { case node_key, nonce }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            node_key = try container.decode(NodePublicKey.self, forKey: .node_key)
            let text = try container.decode(String.self, forKey: .nonce)
            guard let bytes = Base64URL.decode(text.utf8), bytes.count == 16 else {
                throw DecodingError.dataCorruptedError(
                    forKey: .nonce, in: container, debugDescription: "not a nonce (16 bytes, base64url)")
            }
            nonceBytes = bytes
        }

        init?(_ body: BodyLine) {
            guard let members = try? LineDecoder.decode(Members.self, from: body) else { return nil }
            self = members
        }
    }
}
