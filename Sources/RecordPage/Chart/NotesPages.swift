import CareModel
import EventLog
import HTTPTypes
import NodeAPI

/// A practitioner's own process notes, apart from the chart: only their author sees them, and only with the notebook's passphrase, which is
/// asked for each time. Neither it nor its key is kept.
struct NotesPages {
    private struct Note {
        let when, text: String
        let session: String?
    }

    private struct Session {
        let event, words: String
    }

    private struct Content {
        let path, patient, token, request: String
        let hasNotebook: Bool
        let isOpen: Bool
        let notes: [Note]
        let elsewhere: String?
        let sessions: [Session]
        let text: String
        let told, problem: String?
    }

    /// What is shown besides the forms.
    private struct Shown {
        var notes: [OpenNote]?
        var told: String?
        var problem: String?
    }

    func add(to routes: SiteRoutes) {
        routes.get("chart/:chart/notes") { .page(try await page($0, Shown())) }
        routes.post("chart/:chart/notes") { visit in
            do {
                return .page(try await page(visit, try await act(visit)))
            } catch let error as NodeError where [.usage, .content, .permission].contains(error.code) {
                return .page(try await page(visit, Shown(problem: error.text)))
            }
        }
    }

    private func act(_ visit: Visit) async throws -> Shown {
        let (backend, form) = (visit.site.backend, visit.form)
        // A page that locked itself sends what stood in its form, to have it back afterwards.
        if form["keep"] == "yes" { return Shown() }
        switch form["do"] {
        case "make":
            try visit.site.mayTry(visit.context.address)
            guard form.raw("notebook-passphrase") == form.raw("again-notebook-passphrase") else {
                throw NodeError(.content, "the two passphrases differ")
            }
            try await backend.makeNotebook(passphrase: form.raw("notebook-passphrase"), of: visit.visitor)
            return Shown(told: "Your notebook is ready. Nobody can restore a passphrase that was forgotten.")
        case "write":
            try await backend.write(
                form.raw("text"), session: EventHash(form["session"]), request: form["request"], by: visit.visitor)
            return Shown(told: "Written, and sealed to you.")
        default:
            try visit.site.mayTry(visit.context.address)
            return Shown(notes: try await backend.notes(passphrase: form.raw("notebook-passphrase"), of: visit.visitor))
        }
    }

    private func page(_ visit: Visit, _ shown: Shown) async throws -> Page {
        let chart = try visit.chart()
        let therapy = try await visit.ask(TimelinePageRequest(chart: chart, group: .therapy, skipping: 0, count: 500))
        let held = therapy.content.entries.filter { $0.label.kind == SessionHeld.kind }
        let words = Dictionary(
            held.map { ($0.label.event, "\(Words.local($0.label.when)), \($0.summary)") }, uniquingKeysWith: { one, _ in one })
        let here = (shown.notes ?? []).filter { $0.session.map { words[$0] != nil } ?? false }
        let others = (shown.notes ?? []).filter { $0.session == nil }
        let content = Content(
            path: "/chart/\(chart)", patient: Names.one(therapy.patient), token: visit.formToken, request: Sessions.secret(),
            hasNotebook: try await visit.site.backend.hasNotebook(visit.visitor), isOpen: shown.notes != nil,
            notes: (here + others).sorted { $0.when.instant > $1.when.instant }.map { note in
                Note(when: Words.local(note.when), text: note.text, session: note.session.flatMap { words[$0] })
            },
            elsewhere: shown.notes.flatMap { all in
                let more = all.count - here.count - others.count
                return more > 0 ? "\(Words.count(more, "note", "notes")) of sessions in other charts not shown here." : nil
            },
            sessions: held.prefix(100).map { Session(event: "\($0.label.event)", words: words[$0.label.event] ?? "") },
            text: shown.told == nil ? visit.form.raw("text") : "", told: shown.told, problem: shown.problem)
        return Page("Private notes", "notes", content, status: shown.problem == nil ? .ok : .unprocessableContent)
    }
}
