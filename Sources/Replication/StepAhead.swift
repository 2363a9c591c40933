/// A session as it will be, and what it will direct, once a commit is durable that is on its way to the disk.
///
/// Made while the disk writes, it leaves nothing to do behind the commit but to send. Worth something only as long as nothing else has happened in
/// the session.
public struct StepAhead: Sendable {
    /// What the commit brings.
    public let offer: Offer
    /// The session after it.
    public let session: Session
    /// What it directs.
    public let directives: [Session.Directive]
    private let answer: AnswerAhead

    /// A step ahead of `session`, at what the commit will bring; nil where it is not known all of what is sent for it.
    ///
    /// - Parameter read: answers what the session wants to read.
    public init?(
        of session: Session, at offer: Offer, now: Moment, reading read: (StoreRequest) -> AnswerAhead?
    ) {
        var session = session
        let first = session.handle(.offerChanged(offer), now: now)
        guard first.count == 1, case .store(let request)? = first.first, case .read = request, let answer = read(request)
        else { return nil }
        directives = session.handle(.answered(answer.answer), now: now)
        self.offer = offer
        self.session = session
        self.answer = answer
    }

    /// True where this is the step to take, now that the session is told of an offer: what it sends is durable. It counts as sent then.
    public func isDue(at offer: Offer) -> Bool { self.offer == offer && answer.isDue() }
}
