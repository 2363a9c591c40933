import EventLog
import FoundationEssentials

/// Why a line of an exported file is not one. Names no content.
struct BundleLineError: Error {
    let text: String
    let byte: Int?

    init(_ text: String, byte: Int? = nil) {
        self.text = text
        self.byte = byte
    }
}

/// A line of an exported file, read. Only the one permitted spelling is taken: what was read is written again and compared.
enum BundleLine {
    case header(AuditBundle.Header)
    case member(AuditBundle.Member)
    case event
    case head(UnboundHead)
    case receipt(UnboundReceipt)
    case end(AuditBundle.End)

    private struct Tag: Decodable { let t: String }

    private struct HeaderFields: Decodable {
        let v: Int
        let chart: ChartID
        let key: NodePublicKey
        let at: Timestamp
        let events: Int
    }

    private struct MemberFields: Decodable {
        let key: NodePublicKey
        let event: EventHash
    }

    private struct EndFields: Decodable {
        let lines: Int
        let sha256: EventHash
        let sig: String
    }

    /// A head that does not say of which chart: the file does.
    struct UnboundHead: Decodable {
        let origin: Origin
        let seq: Int
        let hash: EventHash
        let at: Timestamp
        let sig: String

        func head(_ chart: ChartID?) -> SignedHead {
            SignedHead(
                chart: chart ?? hash, dot: Dot(origin: origin, seq: seq), hash: hash, at: at,
                signature: Base64URL.decode(sig.utf8) ?? [])
        }
    }

    /// A receipt that does not say of which chart: the file does.
    struct UnboundReceipt: Decodable {
        let receiver: NodeID
        let instance: String
        let origin: Origin
        let seq: Int
        let hash: EventHash
        let at: Timestamp
        let sig: String

        func receipt(_ chart: ChartID?) -> Receipt {
            Receipt(
                receiver: receiver, instance: UInt64(instance) ?? 0, chart: chart ?? hash,
                dot: Dot(origin: origin, seq: seq), hash: hash, at: at, signature: Base64URL.decode(sig.utf8) ?? [])
        }
    }

    init(_ line: [UInt8]) throws(BundleLineError) {
        if line.starts(with: Array("{\"t\":\"event\",".utf8)) {
            self = .event
            return
        }
        do {
            let data = Data(line)
            let decoder = JSONDecoder()
            switch try decoder.decode(Tag.self, from: data).t {
            case "duolog-audit":
                let fields = try decoder.decode(HeaderFields.self, from: data)
                guard fields.v == AuditBundle.version else {
                    throw BundleLineError("the file is of format \(fields.v); this version reads format \(AuditBundle.version)")
                }
                self = .header(
                    AuditBundle.Header(chart: fields.chart, key: fields.key, at: fields.at, events: fields.events))
            case "member":
                let fields = try decoder.decode(MemberFields.self, from: data)
                self = .member(AuditBundle.Member(key: fields.key, event: fields.event))
            case "head": self = .head(try decoder.decode(UnboundHead.self, from: data))
            case "receipt": self = .receipt(try decoder.decode(UnboundReceipt.self, from: data))
            case "end":
                let fields = try decoder.decode(EndFields.self, from: data)
                self = .end(
                    AuditBundle.End(
                        lines: fields.lines, digest: fields.sha256, signature: Base64URL.decode(fields.sig.utf8) ?? []))
            default: throw BundleLineError("a line of an unknown kind")
            }
        } catch let error as BundleLineError {
            throw error
        } catch {
            throw BundleLineError("the line cannot be read")
        }
        try requireSpelling(of: line)
    }

    private func requireSpelling(of line: [UInt8]) throws(BundleLineError) {
        let written: [UInt8]
        switch self {
        case .header(let header): written = AuditBundle.line(header)
        case .member(let member): written = AuditBundle.line(member)
        case .head(let head): written = AuditBundle.line(head.head(nil))
        case .receipt(let receipt): written = AuditBundle.line(receipt.receipt(nil))
        case .end(let end): written = AuditBundle.line(end)
        case .event: return
        }
        guard written != line else { return }
        let byte = zip(written, line).enumerated().first { $0.element.0 != $0.element.1 }?.offset
        throw BundleLineError("the line is not in the one permitted spelling", byte: byte ?? min(written.count, line.count))
    }
}
