import EventLog
import Testing

/// To whom a commit is sent, as it stands in the arrival log.
@Suite struct ArrivalAccountTests {
    private let peer = NodeID("0123456789abcdef")
    private let chart = ChartID(of: [1])

    @Test func whatIsWrittenIsRead() throws {
        let peer = try #require(peer)
        let accounts = [
            ArrivalChain.Account(peer: peer, chart: chart, consent: EventHash(of: [2])),
            ArrivalChain.Account(peer: peer, chart: chart, consent: nil),
        ]
        let lines = ArrivalChain.Account.lines(accounts)
        #expect(
            String(decoding: lines, as: UTF8.self)
                == "\(peer) \(chart) \(EventHash(of: [2]))\n\(peer) \(chart) -\n")
        #expect(ArrivalChain.Account.read(lines) == accounts)
    }

    @Test(arguments: [
        "", "\n", "-", "no-node %c -\n", "%p %c\n", "%p %c - -\n", "%p - -\n", "%p %c x\n", "%p %c -", "%p %c -\n\n",
    ])
    func whatIsNoneIsRefused(_ text: String) throws {
        let peer = try #require(peer)
        var lines = ""
        for part in text.split(separator: "%", omittingEmptySubsequences: false).enumerated() {
            guard part.offset > 0 else {
                lines += part.element
                continue
            }
            lines += (part.element.first == "p" ? "\(peer)" : "\(chart)") + part.element.dropFirst()
        }
        #expect(ArrivalChain.Account.read(Array(lines.utf8)) == nil)
    }

    /// Earlier forms do not know them.
    @Test func theLinkIsOverThem() throws {
        let lines = ArrivalChain.Account.lines([ArrivalChain.Account(peer: try #require(peer), chart: chart, consent: nil)])
        let entry = ArrivalChain.Entry(event: EventHash(of: [3]), source: nil)
        func link(_ accounts: [UInt8]?, _ form: ArrivalChain.Form) -> [UInt8] {
            ArrivalChain.link(after: [], number: 1, at: Timestamp(milliseconds: 1), [entry], accounts, form: form)
        }
        #expect(link(lines, .accounts) != link(nil, .accounts))
        #expect(link(lines, .heads) == link(nil, .heads))
        #expect(link(nil, .accounts) == link(nil, .heads))
    }
}
