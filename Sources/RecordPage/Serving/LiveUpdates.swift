import EventLog
import HTTPTypes
import Hummingbird
import NodeAPI
import Synchronization

/// Tells open pages that something changed: which charts, and nothing of what stands in them. A page then fetches itself again.
struct LiveUpdates {
    /// Streams that are open at once: of the whole node,
    static let most = 128
    /// and of one session. A browser opens one for each of its pages, and has six connections in all.
    static let mostOfOne = 4
    /// Between two signs of life. A session that has ended or was locked is noticed then.
    private static let beat = Duration.seconds(15)

    private let open = OpenStreams()

    func add(to routes: SiteRoutes) {
        routes.get("live") { [open] visit in
            guard open.take(visit.session.id) else {
                return .response(Response(status: .tooManyRequests, headers: [.retryAfter: "30"]))
            }
            return .response(
                Response(
                    status: .ok, headers: [.contentType: "text/event-stream; charset=utf-8"],
                    body: ResponseBody { writer in
                        defer { open.give(visit.session.id) }
                        let copy = writer
                        // A browser that goes elsewhere ends its stream at once, not with the next sign of life.
                        try await visit.request.body.consumeWithCancellationOnInboundClose { _ in
                            var writer = copy
                            try await Self.tell(visit, &writer)
                        }
                        try await writer.finish(nil)
                    }))
        }
    }

    private enum Step {
        case change(PageChange)
        case beat
    }

    private static func tell(_ visit: Visit, _ writer: inout any ResponseBodyWriter) async throws {
        let changes = visit.site.backend.changes()
        let (steps, continuation) = AsyncStream<Step>.makeStream(bufferingPolicy: .bufferingNewest(64))
        let feeding = Task {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { for await change in changes { continuation.yield(.change(change)) } }
                group.addTask {
                    while !Task.isCancelled {
                        try? await Task.sleep(for: beat)
                        continuation.yield(.beat)
                    }
                }
            }
        }
        defer { feeding.cancel() }
        // A browser comes back by itself after a break. What happened before this stream began may have been missed.
        try await write("retry: 3000\nevent: missed\ndata:\n\n", &writer)
        for await step in steps {
            switch step {
            case .change(.charts(let charts)):
                try await write("event: charts\ndata: \(charts.map(\.description).sorted().joined(separator: " "))\n\n", &writer)
            case .change(.peers): try await write("event: peers\ndata:\n\n", &writer)
            case .beat:
                let session = visit.site.sessions.session(
                    visit.session.id, now: visit.site.backend.elapsed(), isPerson: false)
                guard let session, !session.isLocked else { return try await write("event: ended\ndata:\n\n", &writer) }
                try await write(": here\n\n", &writer)
            }
        }
    }

    private static func write(_ text: String, _ writer: inout any ResponseBodyWriter) async throws {
        try await writer.write(ByteBuffer(string: text))
    }
}

/// Counts the streams that are open.
private final class OpenStreams: Sendable {
    private let counts = Mutex<[String: Int]>([:])

    func take(_ session: String) -> Bool {
        counts.withLock { counts in
            guard counts.values.reduce(0, +) < LiveUpdates.most, counts[session, default: 0] < LiveUpdates.mostOfOne else {
                return false
            }
            counts[session, default: 0] += 1
            return true
        }
    }

    func give(_ session: String) {
        counts.withLock { counts in
            let left = counts[session, default: 0] - 1
            counts[session] = left > 0 ? left : nil
        }
    }
}
