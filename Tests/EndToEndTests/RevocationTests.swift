import CareModel
import DemoCase
import EventLog
import Foundation
import NodeAPI
import Testing

/// A laptop is lost: its peer revokes it, and it gets no further word.
@Suite(.serialized) struct RevocationTests {
    private let folder = Daemons.folder()

    @Test func aLostNodeIsRemovedAndNeverTalkedWithAgain() async throws {
        let pair = try await Daemons.pair(in: folder)
        let lost = try await pair.right.ask(StatusRequest())
        let revoked = try pair.left.run(["peer", "revoke", "\(lost.node)", "--reason", "laptop stolen"])
        #expect(revoked.status == 0 && revoked.output.contains("Removed from 1 charts"), "\(revoked.output)\(revoked.errors)")
        let members = try await pair.left.ask(ShowRequest<MembershipView>(chart: pair.chart)).content.members
        #expect(members.first { $0.node == lost.node }?.removed == true)

        // It dials, as it always did, and is refused by name.
        try await Daemons.wait("the refusal") { pair.left.log.contains("\(lost.key), was revoked at") }
        let later = try await pair.record(
            pair.left, "side_effect.reported", #"{"severity":"mild","what":"after the theft"}"#,
            view: try await pair.view(pair.left))
        let seen = try await pair.right.ask(ShowRequest<TimelineView>(chart: pair.chart)).content.entries
        #expect(!seen.contains { $0.label.event == later.event })
        #expect(try await pair.left.ask(ListPeersRequest()).isEmpty)

        // Not by mistake either, and not after a restart.
        pair.left.stop()
        try await pair.left.start()
        let again = try pair.left.run(["peer", "add", "--key", "\(lost.key)", "--name", "right"])
        #expect(again.status == 77 && again.errors.contains("was revoked at"), "\(again.errors)")
        #expect(try pair.left.run(["peer", "revoke", "\(lost.node)"]).status == 0, "saying it twice does no harm")
        #expect(try pair.left.run(["peer", "revoke", "0000000000000000"]).status == 66)
        pair.left.stop()
        pair.right.stop()
    }
}
