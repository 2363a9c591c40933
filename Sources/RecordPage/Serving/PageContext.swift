import Hummingbird
import NIOCore

/// What is known of a request while it is being answered.
struct PageContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// Where it came from.
    let address: String
    /// The session that its cookie belongs to; nil before sign-in.
    var session: Session?
    /// The fields of a form that was sent, once they were checked.
    var form = Form()

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        address = source.channel.remoteAddress?.ipAddress ?? "unknown"
    }
}
