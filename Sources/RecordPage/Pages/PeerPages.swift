import EventLog
import HTTPTypes
import NodeAPI

/// The nodes that this one talks to: how far both are, what was confirmed, what does not add up; and pairing.
struct PeerPages {
    private struct Peer {
        let name, node, state: String
        let tag: String
        let path: String
        /// Both directions together, while something is left.
        let done, all: Int?
        let behind, ahead, speed: String?
        let confirmed, clock, error, next: String?
        let shared: String
    }

    private struct Content {
        let token: String
        let peers: [Peer]
        let alerts: [String]
        let epochs: [String]
        let unconfirmed: String?
        let verified, backup: String
        let pairing: Pairing?
    }

    /// Only who sees to the node pairs it.
    private struct Pairing {
        let code, fingerprint: String
        let address: String?
        let typed: String
        let fault: String?
    }

    private struct Asked {
        let token, code, name, fingerprint: String
        let address: String?
    }

    func add(to routes: SiteRoutes) {
        routes.get("peers") { try await show($0, typed: "", fault: nil) }
        routes.post("peers/pair") { visit in
            do {
                let code = try PairingCode(text: visit.form["code"])
                let asked = Asked(
                    token: visit.formToken, code: code.text, name: code.name, fingerprint: code.fingerprint, address: code.address
                )
                return .page(Page("Pair", "pair", asked, at: .peers))
            } catch let error as NodeError {
                return try await show(visit, typed: visit.form["code"], fault: error.text)
            }
        }
        routes.post("peers/accept") { visit in
            let code = try PairingCode(text: visit.form["code"])
            let label = visit.form["name"].nonEmpty ?? code.name
            let address = visit.form["call"] == "no" ? nil : code.address
            _ = try await visit.ask(AddPeerRequest(key: code.key, label: label, address: address))
            return .redirect("/peers")
        }
        routes.post("peers/sync/:node") { visit in
            guard let node = NodeID(visit.part("node")) else { throw NodeError(.notFound, "there is no such peer here") }
            // What is not done by then goes on: the page shows how far it is.
            do { _ = try await visit.ask(SyncPeerRequest(node: node, seconds: 3)) } catch let error as NodeError {
                guard error.code == .unavailable else { throw error }
            }
            return .redirect("/peers")
        }
    }

    private func show(_ visit: Visit, typed: String, fault: String?) async throws -> Reply {
        let status = try await visit.ask(StatusRequest())
        let reports = try await visit.ask(ShowPeerRequest())
        let code = PairingCode(status)
        let pairing = Pairing(
            code: code.text, fingerprint: code.fingerprint, address: code.address, typed: typed, fault: fault)
        let content = Content(
            token: visit.formToken, peers: reports.map(Self.peer),
            alerts: status.integrity_alerts
                + status.removed_from.map { "A peer says that this practice was removed from chart \($0.short)." },
            epochs: status.epochs,
            unconfirmed: status.unwitnessed == 0
                ? nil
                : "In \(Words.count(status.unwitnessed, "chart", "charts")), something written here is confirmed by nobody else yet.",
            verified: status.verified.map {
                "\($0.whole ? "All holds" : "\($0.findings) findings: \($0.first ?? "")"), \(Words.count($0.events, "event", "events")), \(Words.moment($0.ended))"
            } ?? "not yet",
            backup: status.backup.map { "\(Words.moment($0.made)), \(Words.count($0.events, "event", "events"))" } ?? "none",
            pairing: visit.visitor.isAdministrator ? pairing : nil)
        return .page(
            Page("Peers", "peers", content, status: fault == nil ? .ok : .badRequest, at: .peers))
    }

    private static func peer(_ report: PeerReport) -> Peer {
        let summary = report.summary
        let left = (report.behind?.events ?? 0) + report.ahead.events
        let done = report.received + report.sent
        func backlog(_ backlog: PeerReport.Backlog?) -> String? {
            backlog.flatMap {
                $0.events == 0
                    ? nil : "\(Words.count($0.events, "event", "events")) in \(Words.count($0.charts, "chart", "charts"))"
            }
        }
        let speed = report.seconds_left.map { "about \($0) s left" }
        return Peer(
            name: summary.name, node: "\(summary.node)", state: summary.state,
            tag: summary.in_step ? "good" : summary.connected ? "notice" : "warning", path: "/peers/sync/\(summary.node)",
            done: summary.connected && left > 0 ? done : nil, all: summary.connected && left > 0 ? done + left : nil,
            behind: backlog(report.behind), ahead: backlog(report.ahead), speed: speed,
            confirmed: report.last_receipt.map { "\(Words.moment($0.at)) (\(Words.age($0.at, report.now)))" },
            clock: report.clock_offset.flatMap {
                abs($0) < 2000 ? nil : "\(abs($0) / 1000) s \($0 > 0 ? "ahead of" : "behind") ours"
            }, error: summary.connected ? nil : report.last_error,
            next: report.next_attempt.map { "in \(max(0, ($0.milliseconds - report.now.milliseconds) / 1000)) s" },
            shared: Words.count(report.shared_charts, "chart", "charts"))
    }
}
