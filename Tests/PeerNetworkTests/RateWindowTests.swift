import Testing

@testable import PeerNetwork

@Suite struct RateWindowTests {
    @Test func itCountsTheLastTenSecondsOnly() {
        var window = RateWindow()
        #expect(window.perSecond(at: 0) == 0)
        window.add(100, at: 5000)
        #expect(window.perSecond(at: 5900) == 100)
        #expect(window.perSecond(at: 6000) == 50)
        window.add(100, at: 8200)
        #expect(window.perSecond(at: 8999) == 50)
        #expect(window.perSecond(at: 14_999) == 20)
        // The first hundred has left the window.
        #expect(window.perSecond(at: 15_000) == 10)
        #expect(window.perSecond(at: 18_200) == 0)
        #expect(window.perSecond(at: 1_000_000) == 0)
    }

    @Test func aLongSilenceClearsWhatWasCounted() {
        var window = RateWindow()
        for second in 0..<10 { window.add(7, at: second * 1000) }
        #expect(window.perSecond(at: 9999) == 7)
        window.add(1, at: 60_000)
        #expect(window.perSecond(at: 60_500) == 0.1)
    }
}
