import HTTPTypes
import Hummingbird
import Logging
import NodeAPI

/// The page for people: what all of its parts share.
final class Site: Sendable {
    let place: PagePlace
    let backend: any PageBackend
    let sessions: Sessions
    let timing: PageTiming
    let templates: Templates
    private let logger: Logger
    /// Passphrases that one address may try in a minute, whoever's they are.
    private let attempts = AttemptLimit(most: 20, within: 60_000)

    init(_ place: PagePlace, _ timing: PageTiming, _ backend: any PageBackend, _ logger: Logger) throws {
        self.place = place
        self.backend = backend
        self.timing = timing
        self.logger = logger
        sessions = Sessions(timing)
        templates = try Templates()
    }

    /// Every page. A new group of pages is a line here.
    func add(to router: Router<PageContext>) {
        let guarded = router.group().add(middleware: ProtectiveHeaders(place: place)).add(middleware: ErrorPages(site: self))
            .add(middleware: HostGuard(place: place)).add(middleware: SessionReader(site: self))
            .add(middleware: FormGuard(site: self))
        let routes = SiteRoutes(router: guarded, site: self)
        StaticFiles().add(to: routes)
        LiveUpdates().add(to: routes)
        SignInPages().add(to: routes)
        TodayPages().add(to: routes)
        CaseloadPages().add(to: routes)
        NewChartPages().add(to: routes)
        RecordPages().add(to: routes)
        EventPages().add(to: routes)
        CorrectionPages().add(to: routes)
        SharingPages().add(to: routes)
        DeparturePages().add(to: routes)
        PeerPages().add(to: routes)
        ChartPages().add(to: routes)
        DisputePages().add(to: routes)
        ReplayPages().add(to: routes)
        IntegrityPages().add(to: routes)
        AuditPages().add(to: routes)
        NotesPages().add(to: routes)
        guarded.get("**") { _, _ -> Response in throw HTTPError(.notFound) }
    }

    /// - Throws: `NodeError` where an address has tried too often.
    func mayTry(_ address: String) throws {
        guard attempts.take(address, now: backend.elapsed()) else {
            throw NodeError(.unavailable, "too many attempts from here; wait a minute")
        }
    }

    /// A page inside of the layout.
    func response(_ page: Page, _ session: Session?, formToken: String) async -> Response {
        let face = await backend.face()
        let body = templates.render(page.template, page.content)
        let layout = Layout(
            page, face, session?.visitor, formToken, isIdle: session?.visitor.hasPassphrase ?? false, timing, body)
        return Response(
            status: page.status, headers: [.contentType: "text/html; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: templates.render("layout", layout))))
    }

    /// What somebody sees whose session is locked. What they were sending waits in the page until they have unlocked it.
    func locked(_ request: Request, _ context: PageContext, _ form: Form?, problem: String?) async throws -> Response {
        struct Field { let name, value: String }
        struct Content {
            let name, action, token: String
            let problem: String?
            let fields: [Field]
        }
        guard let session = context.session else { return Response.redirect(to: "/sign-in") }
        let kept =
            form?.fields.filter { !$0.key.hasSuffix("passphrase") && $0.key != FormGuard.field } ?? ["to": request.uri.path]
        let content = Content(
            name: session.visitor.name, action: form == nil ? "/unlock" : request.uri.path, token: session.token,
            problem: problem, fields: kept.sorted { $0.key < $1.key }.map { Field(name: $0.key, value: $0.value) })
        let page = Page("Locked", "locked", content, status: .forbidden, isApart: true)
        return await response(page, nil, formToken: session.token)
    }

    /// What went wrong inside is told to whoever asked; the log learns only that something did: it may hold clinical text.
    func report(_ error: any Error) { logger.error("a page failed", metadata: ["type": "\(type(of: error))"]) }
}

/// Where pages are hung in. All of them want somebody who has signed in, save those that say otherwise.
struct SiteRoutes {
    let router: RouterGroup<PageContext>
    let site: Site

    /// A page that is looked at.
    func get(_ path: String, _ handle: @escaping @Sendable (Visit) async throws -> Reply) {
        router.get(RouterPath(path)) { [site] in try await site.answer($0, $1, handle) }
    }

    /// A form that is sent.
    func post(_ path: String, _ handle: @escaping @Sendable (Visit) async throws -> Reply) {
        router.post(RouterPath(path)) { [site] in try await site.answer($0, $1, handle) }
    }
}

extension Site {
    fileprivate func answer(
        _ request: Request, _ context: PageContext, _ handle: (Visit) async throws -> Reply
    ) async throws -> Response {
        // A page that asks by itself is told how it stands, instead of being handed another page.
        let isPerson = request.headers[.byThePage] == nil
        guard let session = context.session else {
            guard isPerson else { return Response(status: .unauthorized) }
            return Response.redirect(to: "/sign-in?to=\(request.uri.path.onlyUnreserved)")
        }
        guard !session.isLocked else {
            guard isPerson else { return Response(status: .forbidden) }
            return try await locked(request, context, nil, problem: nil)
        }
        let visit = Visit(site: self, session: session, request: request, context: context)
        switch try await handle(visit) {
        case .page(let page): return await response(page, session, formToken: session.token)
        case .redirect(let path): return Response.redirect(to: path)
        case .file(let file): return file.response
        case .response(let response): return response
        }
    }
}

/// What a page answers with.
enum Reply {
    case page(Page)
    /// Somewhere else on this page; browsers ask for it with GET.
    case redirect(String)
    case file(File)
    /// Anything else, such as a stream.
    case response(Response)

    /// Something to be saved.
    struct File {
        let name: String
        let type: String
        let bytes: ByteBuffer

        var response: Response {
            Response(
                status: .ok, headers: [.contentType: type, .contentDisposition: "attachment; filename=\"\(name)\""],
                body: ResponseBody(byteBuffer: bytes))
        }
    }
}

extension Response {
    static func redirect(to path: String) -> Response { Response(status: .seeOther, headers: [.location: path]) }
}

extension String {
    /// As the value of a query: a path of this page needs no more than its slashes.
    var onlyUnreserved: String {
        String(filter { $0.isASCII && ($0.isLetter || $0.isNumber || "-._~/".contains($0)) })
    }
}
