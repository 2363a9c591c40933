public import CareModel
public import EventLog

/// What becomes of a resource.
public struct ImportPlan: Sendable {
    /// An event that is to be recorded.
    public struct Event: Sendable, Hashable {
        /// What kind.
        public let kind: Kind
        /// The members of its body.
        public let members: [UInt8]
        /// Clinical time.
        public let when: ClinicalTime
        /// What it names.
        public let refs: [Ref]
        /// What its author had before them, where the file says so; nil for all that is here.
        public let seen: [EventHash]?

        init(_ body: some EventBody, when: ClinicalTime, refs: [Ref] = []) {
            self.init(kind: type(of: body).kind, members: body.members, when: when, refs: refs, seen: nil)
        }

        init(kind: Kind, members: [UInt8], when: ClinicalTime, refs: [Ref], seen: [EventHash]?) {
            self.kind = kind
            self.members = members
            self.when = when
            self.refs = refs
            self.seen = seen
        }
    }

    /// Something that an event names.
    public enum Ref: Sendable, Hashable {
        /// The event that the resource of this identity became.
        case imported(EventHash)
        /// The one medication of this name in the chart.
        case medication(Code)
        /// The event before it of the same resource.
        case previous
    }

    /// What becomes of it.
    public enum Verdict: Sendable, Hashable {
        /// Events.
        case events([Event])
        /// It is told by the events of another resource, such as an item of a questionnaire.
        case part(of: EventHash)
        /// It says what the chart says already.
        case known(String)
        /// It is kept aside, with the reason, for a person to look at.
        case quarantined(String)
        /// It is of a kind that Duolog does not keep.
        case outOfScope(String)
    }

    /// The same for the same resource in another file.
    public let identity: EventHash
    /// The same for the same content.
    public let content: EventHash
    /// Type and id, for people.
    public let name: String
    /// What becomes of it.
    public var verdict: Verdict
    /// What had to be assumed, in words.
    public let remark: String?
}

/// Why a resource is not taken as it is.
enum ImportRefusal: Error {
    case quarantine(String)
    case outOfScope(String)
}

extension ImportPlan {
    /// Something in a file that is no JSON.
    public static func unreadable(_ bytes: [UInt8]) -> ImportPlan {
        let hash = EventHash(of: bytes)
        return ImportPlan(
            identity: hash, content: hash, name: "unreadable", verdict: .quarantined("it is no JSON object"), remark: nil)
    }
}
