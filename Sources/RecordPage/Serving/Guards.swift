import EventLog
import HTTPTypes
import Hummingbird
import NodeAPI

extension HTTPField.Name {
    /// Set on what an open page asks for by itself.
    static let byThePage = Self("X-Duolog-Live") ?? .accept
    /// The view that an open form was drawn from.
    static let heldView = Self("X-Duolog-View") ?? .accept
}

/// What every answer of the page carries: nothing of another origin is loaded, run, framed or told where one came from; nothing is kept.
struct ProtectiveHeaders: RouterMiddleware {
    static let policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
        + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

    let place: PagePlace

    func handle(
        _ request: Request, context: PageContext, next: (Request, PageContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        response.headers[.contentSecurityPolicy] = Self.policy
        response.headers[.xContentTypeOptions] = "nosniff"
        for (name, value) in [
            ("Referrer-Policy", "same-origin"), ("X-Frame-Options", "DENY"), ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Cross-Origin-Resource-Policy", "same-origin"), ("Permissions-Policy", "camera=(), microphone=(), geolocation=()"),
        ] {
            if let name = HTTPField.Name(name) { response.headers[name] = value }
        }
        if place.isSecure { response.headers[.strictTransportSecurity] = "max-age=31536000" }
        if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
        return response
    }
}

/// Refuses what was sent to another name: a page elsewhere whose name was made to point here must not speak with it.
struct HostGuard: RouterMiddleware {
    let place: PagePlace

    func handle(
        _ request: Request, context: PageContext, next: (Request, PageContext) async throws -> Response
    ) async throws -> Response {
        guard let host = request.head.authority?.lowercased(), place.hosts.contains(host) else {
            return Response(
                status: .misdirectedRequest, headers: [.contentType: "text/plain; charset=utf-8"],
                body: ResponseBody(
                    byteBuffer: ByteBuffer(
                        string: "This page is not served under that name. Its administrator sets it with page.name.\n")))
        }
        return try await next(request, context)
    }
}

/// Finds the session that a cookie belongs to.
struct SessionReader: RouterMiddleware {
    let site: Site

    func handle(
        _ request: Request, context: PageContext, next: (Request, PageContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        if let cookie = request.cookies[site.place.cookie("session")]?.value {
            context.session = site.sessions.session(
                cookie, now: site.backend.elapsed(), isPerson: request.headers[.byThePage] == nil)
        }
        return try await next(request, context)
    }
}

/// Takes forms from this page's own pages only, and from nobody whose session is locked.
struct FormGuard: RouterMiddleware {
    /// The field that every form carries.
    static let field = "form-token"
    /// The field of the passphrase where a session is locked.
    static let passphrase = "unlock-passphrase"

    let site: Site

    func handle(
        _ request: Request, context: PageContext, next: (Request, PageContext) async throws -> Response
    ) async throws -> Response {
        guard request.method != .get, request.method != .head else { return try await next(request, context) }
        guard let origin = request.headers[.origin], site.place.origins.contains(origin) else {
            throw NodeError(.permission, "this form does not come from this page; nothing was done")
        }
        var context = context
        let form = try await Form(request)
        let expected = context.session?.token ?? request.cookies[site.place.cookie("form")]?.value
        guard let expected, EventHash(of: Array(expected.utf8)) == EventHash(of: Array(form.raw(Self.field).utf8)) else {
            throw NodeError(
                .permission, "this form is of another session, or of before you signed in; load the page again. Nothing was done")
        }
        if let session = context.session, session.isLocked {
            let passphrase = form.raw(Self.passphrase)
            guard !passphrase.isEmpty else { return try await site.locked(request, context, form, problem: nil) }
            do {
                try site.mayTry(context.address)
                _ = try await site.backend.signIn(session.visitor.author.text, passphrase: passphrase)
            } catch let error as NodeError {
                return try await site.locked(request, context, form, problem: error.text)
            }
            context.session = site.sessions.unlock(session.id, now: site.backend.elapsed())
        }
        context.form = form
        return try await next(request, context)
    }
}
