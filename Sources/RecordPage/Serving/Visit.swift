import EventLog
import Hummingbird
import NodeAPI

/// Somebody who signed in and asks for a page.
struct Visit: Sendable {
    let site: Site
    let session: Session
    let request: Request
    let context: PageContext

    var visitor: Visitor { session.visitor }
    /// The fields of the form that was sent.
    var form: Form { context.form }
    /// Stands in every form of the page as a hidden field; templates write `{{>form-token}}`.
    var formToken: String { session.token }

    /// Asks the node as the visitor.
    func ask<Request: NodeRequest>(_ request: Request) async throws -> Request.Answer {
        try await site.backend.ask(request, as: visitor, isAttended: self.request.headers[.byThePage] == nil)
    }

    /// The chart that the path names.
    ///
    /// - Throws: `NodeError` not found where it names none.
    func chart() throws -> ChartID {
        guard let chart = context.parameters.get("chart").flatMap({ ChartID($0) }) else {
            throw NodeError(.notFound, "there is no such chart here")
        }
        return chart
    }

    /// Where this page stands.
    var path: String { request.uri.path }

    /// A part of the path, as `:name` of the route.
    func part(_ name: String) -> String { context.parameters.get(name) ?? "" }

    /// The view that an open form was drawn from, where its page looks whether something has come; empty otherwise.
    var heldView: String { request.headers[.byThePage] == nil ? "" : request.headers[.heldView] ?? "" }

    /// A value of the query; empty where it is not there.
    func query(_ name: String) -> String { request.uri.queryParameters.get(name) ?? "" }
}

/// A page before it is put into the layout.
struct Page {
    /// Part of the navigation.
    enum Place: String, CaseIterable {
        case today = "Today"
        case caseload = "Caseload"
        case peers = "Peers"

        var path: String { "/" + rawValue.lowercased() }
    }

    /// What the window is called. No patient data: window titles stand in histories.
    let title: String
    let template: String
    /// What the template is filled in with.
    let content: Any
    var status: HTTPResponse.Status
    /// The part of the navigation that it belongs to.
    var place: Place?
    /// True where no navigation and no name is shown.
    var isApart: Bool

    init(
        _ title: String, _ template: String, _ content: Any, status: HTTPResponse.Status = .ok, at place: Place? = nil,
        isApart: Bool = false
    ) {
        self.title = title
        self.template = template
        self.content = content
        self.status = status
        self.place = place
        self.isApart = isApart
    }
}

/// What stands around every page.
struct Layout {
    struct Link {
        let name, path: String
        let isCurrent: Bool
    }

    let title, node, body, token: String
    let fictional, isApart, mayLock: Bool
    let visitor: String?
    let links: [Link]
    /// After so many seconds without anything done, an open page asks whether it is locked.
    let idleSeconds: Int

    init(
        _ page: Page, _ face: NodeFace, _ visitor: Visitor?, _ token: String, isIdle: Bool, _ timing: PageTiming, _ body: String
    ) {
        title = page.title
        node = face.name
        fictional = face.fictional
        self.body = body
        self.token = token
        isApart = page.isApart || visitor == nil
        mayLock = isIdle
        self.visitor = visitor?.name
        links = Page.Place.allCases.map { Link(name: $0.rawValue, path: $0.path, isCurrent: $0 == page.place) }
        idleSeconds = isIdle ? timing.idle / 1000 : 0
    }
}
