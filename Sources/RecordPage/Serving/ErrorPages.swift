import HTTPTypes
import Hummingbird
import NodeAPI

/// A page with a heading and a few words.
struct MessageContent {
    let heading, text: String
    /// Where to go on.
    let link, linkName: String?
}

/// Says what went wrong, as a page.
struct ErrorPages: RouterMiddleware {
    let site: Site

    func handle(
        _ request: Request, context: PageContext, next: (Request, PageContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as NodeError {
            return await page(Self.status(error.code), Self.heading(error.code), error.text, request)
        } catch let error as HTTPError {
            return await page(error.status, "This page does not exist", "Nothing stands at this address.", request)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            site.report(error)
            return await page(.internalServerError, "That did not work", "\(error)", request)
        }
    }

    private func page(_ status: HTTPResponse.Status, _ heading: String, _ text: String, _ request: Request) async -> Response {
        let content = MessageContent(heading: heading, text: text, link: "/today", linkName: "Go to Today")
        let session = request.cookies[site.place.cookie("session")].flatMap {
            site.sessions.session($0.value, now: site.backend.elapsed(), isPerson: false)
        }
        let shown = session.flatMap { $0.isLocked ? nil : $0 }
        return await site.response(Page(heading, "message", content, status: status), shown, formToken: shown?.token ?? "")
    }

    static func status(_ code: NodeError.Code) -> HTTPResponse.Status {
        switch code {
        case .usage, .content: .badRequest
        case .notFound: .notFound
        case .permission: .forbidden
        case .disputed: .conflict
        case .unavailable: .serviceUnavailable
        case .io, .configuration: .internalServerError
        }
    }

    private static func heading(_ code: NodeError.Code) -> String {
        switch code {
        case .usage, .content: "That cannot be taken as it is"
        case .notFound: "Not here"
        case .permission: "Not permitted"
        case .disputed: "Disputed: settle it first"
        case .unavailable: "Not now"
        case .io, .configuration: "That did not work"
        }
    }
}
