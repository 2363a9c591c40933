public import CareModel
public import EventLog

/// A person who works on this node.
public struct PractitionerEntry: Codable, Hashable, Sendable {
    /// The id that stands in envelopes.
    public var author: AuthorID
    /// The user of this machine.
    public var uid: UInt32
    /// Full name.
    public var name: String
    /// Qualification.
    public var credential: Credential

    /// A person.
    public init(author: AuthorID, uid: UInt32, name: String, credential: Credential) {
        self.author = author
        self.uid = uid
        self.name = name
        self.credential = credential
    }
}

/// Binds a person to a user of this machine.
public struct AddPractitionerRequest: NodeRequest {
    public typealias Answer = PractitionerEntry
    public static let name = "practitioner.add"
    /// The user.
    public var uid: UInt32
    /// Full name.
    public var fullName: String
    /// Qualification.
    public var credential: Credential

    /// Binds a person.
    public init(uid: UInt32, fullName: String, credential: Credential) {
        self.uid = uid
        self.fullName = fullName
        self.credential = credential
    }
}

/// Lists the people of this node.
public struct ListPractitionersRequest: NodeRequest {
    public typealias Answer = [PractitionerEntry]
    public static let name = "practitioner.list"

    /// Lists them.
    public init() {}
}

/// Lets a person write here no longer.
public struct RemovePractitionerRequest: NodeRequest {
    public typealias Answer = Done
    public static let name = "practitioner.remove"
    /// Whom.
    public var author: AuthorID

    /// Lets a person go.
    public init(author: AuthorID) { self.author = author }
}

/// Makes a link with which a practitioner comes into the page once and chooses a passphrase. An earlier link ends with it.
public struct InvitePractitionerRequest: NodeRequest {
    public static let name = "practitioner.invite"
    /// Whom.
    public var author: AuthorID
    /// True to let them see to the node itself there: pair it, for instance.
    public var administrator: Bool
    /// For how long the link is good.
    public var hours: Int

    /// A link.
    public struct Answer: Codable, Sendable {
        /// Whom it is for.
        public var person: PractitionerEntry
        /// The link. It is shown this once, and kept nowhere.
        public var link: String
        /// Until when it is good.
        public var until: Timestamp

        /// A link.
        public init(person: PractitionerEntry, link: String, until: Timestamp) {
            self.person = person
            self.link = link
            self.until = until
        }
    }

    /// Invites.
    public init(author: AuthorID, administrator: Bool, hours: Int) {
        self.author = author
        self.administrator = administrator
        self.hours = hours
    }
}
