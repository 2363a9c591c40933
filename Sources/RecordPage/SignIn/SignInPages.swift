import HTTPTypes
import Hummingbird
import NodeAPI

/// Coming in, being locked out for a while, and going.
struct SignInPages {
    private struct SignIn {
        let token, name, to: String
        let problem: String?
    }

    private struct Invitation {
        let token, name, path: String
        let fictional: Bool
        let problem: String?
        let shortest: Int
    }

    func add(to routes: SiteRoutes) {
        let site = routes.site
        routes.router.get("/") { _, _ in Response.redirect(to: "/today") }
        routes.router.get("sign-in") { request, _ in
            await signIn(
                site, request, SignIn(token: "", name: "", to: request.uri.queryParameters.get("to") ?? "", problem: nil))
        }
        routes.router.post("sign-in") { request, context in
            let form = context.form
            do {
                try site.mayTry(context.address)
                let visitor = try await site.backend.signIn(form["name"], passphrase: form.raw("passphrase"))
                return begin(site, visitor, form["to"])
            } catch let error as NodeError {
                let again = SignIn(token: "", name: form["name"], to: form["to"], problem: error.text)
                return await signIn(site, request, again, status: ErrorPages.status(error.code))
            }
        }
        routes.router.get("invitation/:token") { request, context in
            try await invitation(site, request, context.parameters.get("token") ?? "", problem: nil)
        }
        routes.router.post("invitation/:token") { request, context in
            try await accept(site, request, context)
        }
        routes.router.post("sign-out") { _, context in
            if let session = context.session { site.sessions.end(session.id) }
            return cookie(site, "session", "", Response.redirect(to: "/sign-in"))
        }
        routes.post("lock") { visit in
            if visit.visitor.hasPassphrase { site.sessions.lock(visit.session.id) }
            return .redirect("/today")
        }
        routes.post("unlock") { visit in .redirect(Self.within(visit.form["to"])) }
        // The session is awake as long as somebody types, though nothing is sent.
        routes.post("awake") { _ in .response(Response(status: .noContent)) }
    }

    private func signIn(
        _ site: Site, _ request: Request, _ content: SignIn, status: HTTPResponse.Status = .ok
    ) async -> Response {
        await form(site, request) { token in
            Page(
                "Sign in", "sign-in", SignIn(token: token, name: content.name, to: content.to, problem: content.problem),
                status: status, isApart: true)
        }
    }

    private func invitation(
        _ site: Site, _ request: Request, _ invitation: String, problem: String?
    ) async throws -> Response {
        guard let visitor = try await site.backend.invited(by: invitation) else {
            throw NodeError(
                .notFound,
                "this invitation was used, has expired, or never was; an administrator makes another with: duolog practitioner invite"
            )
        }
        let fictional = await site.backend.face().fictional
        return await form(site, request) { token in
            Page(
                "Invitation", "invitation",
                Invitation(
                    token: token, name: visitor.name, path: request.uri.path, fictional: fictional, problem: problem,
                    shortest: SignInRules.shortestPassphrase), status: problem == nil ? .ok : .badRequest, isApart: true)
        }
    }

    private func accept(_ site: Site, _ request: Request, _ context: PageContext) async throws -> Response {
        let (form, invited) = (context.form, context.parameters.get("token") ?? "")
        try site.mayTry(context.address)
        if form["without"] == "yes" {
            return begin(site, try await site.backend.accept(invitation: invited, passphrase: nil), "")
        }
        let passphrase = form.raw("passphrase")
        guard passphrase == form.raw("again") else {
            return try await invitation(site, request, invited, problem: "The two are not the same. Nothing was set.")
        }
        do {
            return begin(site, try await site.backend.accept(invitation: invited, passphrase: passphrase), "")
        } catch let error as NodeError where error.code == .content {
            return try await invitation(site, request, invited, problem: error.text)
        }
    }

    /// A form before sign-in carries what its cookie says: nobody else's page can send it.
    private func form(_ site: Site, _ request: Request, _ page: (String) -> Page) async -> Response {
        let known = request.cookies[site.place.cookie("form")]?.value
        let current = request.cookies[site.place.cookie("session")].flatMap {
            site.sessions.session($0.value, now: site.backend.elapsed(), isPerson: false)
        }
        let token = current?.token ?? known ?? Sessions.secret()
        let response = await site.response(page(token), nil, formToken: token)
        return current == nil ? cookie(site, "form", token, response) : response
    }

    private func begin(_ site: Site, _ visitor: Visitor, _ to: String) -> Response {
        let session = site.sessions.begin(visitor, now: site.backend.elapsed())
        return cookie(site, "session", session.id, Response.redirect(to: Self.within(to)))
    }

    private func cookie(_ site: Site, _ what: String, _ value: String, _ response: Response) -> Response {
        var response = response
        response.setCookie(
            Cookie(
                name: site.place.cookie(what), value: value, maxAge: value.isEmpty ? 0 : nil, path: "/",
                secure: site.place.isSecure, httpOnly: true, sameSite: .strict))
        return response
    }

    /// Only somewhere on this page.
    private static func within(_ path: String) -> String {
        path.hasPrefix("/") && !path.hasPrefix("//") && !path.hasPrefix("/\\") && path.onlyUnreserved == path ? path : "/today"
    }
}
