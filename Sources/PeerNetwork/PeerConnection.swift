import EventLog
import Logging
import NIOCore
import NIOSSL
import NIOTLS
import Replication

/// One connection: owns the session on its event loop, and carries out what it directs.
///
/// All state is touched on the event loop only. A chunk of bytes is split, every line handled, and what comes of it leaves in one write.
final class PeerConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        /// TLS is not done: nobody is authenticated.
        case handshaking
        /// The other side is a paired peer; what it may have is being looked up.
        case waiting
        case talking
        /// Said why, and closes once that is on its way; what comes in is dropped.
        case closing
    }

    /// How long a peer may take to accept the last lines.
    private static let patience = TimeAmount.seconds(2)

    private let setting: ConnectionSetting
    private let identity: PeerIdentity
    private let address: String
    private let dial: Dial?
    private var phase = Phase.handshaking
    private var context: ChannelHandlerContext?
    private var link: PeerLink?
    private var session: Session?
    /// Of this session, as long as nothing happens in it.
    private var ahead: StepAhead?
    private var splitter = LineSplitter()
    /// What happened between the handshake and the session.
    private var early: [Session.Input] = []
    private var store = StoreQueue()
    private var turns: AsyncStream<StoreQueue.Turn>.Continuation?
    private var deadline: Scheduled<Void>?
    /// When the session is told that time has passed.
    private var alarm: (task: Scheduled<Void>, at: Int)?
    private var isReading = true

    init(_ setting: ConnectionSetting, _ identity: PeerIdentity, address: String, dial: Dial?) {
        self.setting = setting
        self.identity = identity
        self.address = address
        self.dial = dial
    }

    // MARK: The channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let handle = Handle(self, context.channel)
        let time = setting.handshakeTime
        // Before TLS is done nobody knows who is there: who sends slowly, or nothing, is given no more time than who is honest needs.
        deadline = context.eventLoop.scheduleTask(in: time) {
            handle.run { $0.end(.broken("no TLS handshake within \(time.nanoseconds / 1_000_000) ms", .warning)) }
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent { authenticated(context) }
        context.fireUserInboundEventTriggered(event)
    }

    private func authenticated(_ context: ChannelHandlerContext) {
        guard phase == .handshaking else { return }
        guard let peer = identity.peer else {
            // A resumed TLS session would skip the look at the certificate, and with it the question whether the key is still paired.
            return end(.broken("it resumed a TLS session, which is not offered", .warning))
        }
        deadline?.cancel()
        phase = .waiting
        let link = PeerLink(peer: peer, dial: dial, handle: Handle(self, context.channel))
        self.link = link
        updateReading()
        setting.identified(link)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard phase == .waiting || phase == .talking else { return }
        do {
            take(try splitter.feed(unwrapInboundIn(data).readableBytesView).map { .line($0) })
        } catch {
            stop(Message.WireError(error.reason == .lineTooLong ? .limit : .malformed, "\(error)"))
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        goOn()
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(.broken(link == nil ? "closed before it said who it is" : "the peer closed the connection"))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let talked = session?.status.version != nil
        let text = identity.refusal ?? Ending.words(for: error, talked: talked, key: "\(setting.fingerprint)")
        end(.broken(text, link == nil ? .warning : .info))
    }

    // MARK: The session

    /// Begins the session, with what the peer may have.
    func begin(_ offer: Offer) {
        guard phase == .waiting, let context, let link else { return }
        phase = .talking
        let names = Session.Configuration(me: setting.node, instance: setting.instance(), peer: link.peer.node)
        session = Session(names, offer: offer)
        let handle = Handle(self, context.channel)
        let (stream, continuation) = AsyncStream<StoreQueue.Turn>.makeStream()
        turns = continuation
        let (storage, peer) = (setting.store, link.peer.node)
        Task {
            var last: Task<Void, Never>?
            for await turn in stream {
                // Beside the batches: what is small need not wait for their commit.
                let asked =
                    turn.requests.isEmpty
                    ? nil
                    : Task {
                        var answers: [StoreAnswer] = []
                        for request in turn.requests { answers.append(await storage.answer(request, for: peer)) }
                        return answers
                    }
                let stored = turn.batches.isEmpty ? nil : await storage.beginAdmission(of: turn.batches, for: peer)
                let before = last
                last = Task {
                    var answers = await asked?.value ?? []
                    if let stored { answers += await stored() }
                    await before?.value
                    handle.run { [answers] in $0.answered(answers) }
                }
            }
        }
        let inputs = [.opened] + early
        early = []
        take(inputs)
    }

    /// Hands the session what happened; nothing any more once it has ended.
    func take(_ inputs: [Session.Input]) {
        switch phase {
        case .waiting: early.append(contentsOf: inputs)
        case .talking: step(inputs)
        case .handshaking, .closing: return
        }
    }

    /// Says why, and closes. A peer is told hello first, since an error is no first line.
    func stop(_ reason: Message.WireError) {
        if phase == .waiting {
            early = []
            begin(Offer(charts: [:], arrival: 0))
        }
        if phase == .talking { take([.stop(reason)]) } else { end(.byThisNode(reason)) }
    }

    private func step(_ inputs: [Session.Input]) {
        handle(inputs)
        goOn()
    }

    /// Gets ready for what a commit will bring, while that is on its way to the disk.
    func prepare(_ offer: Offer) {
        guard phase == .talking, let session, let link else { return }
        ahead = StepAhead(of: session, at: offer, now: setting.clock()) { [store = setting.store] request in
            store.answerAhead(request, for: link.peer.node)
        }
    }

    /// The step that was made ready for what happened, where it may be taken now. There is none any more afterwards: two sessions that share what
    /// they hold would copy it with the next change.
    private func takeAhead(_ inputs: [Session.Input]) -> StepAhead? {
        guard let ahead = ahead.take(), inputs.count == 1, case .offerChanged(let offer) = inputs[0],
            context?.channel.isWritable == true, ahead.isDue(at: offer)
        else { return nil }
        return ahead
    }

    private func handle(_ inputs: [Session.Input]) {
        guard let context else { return }
        let now = setting.clock()
        var outcome = Outcome(lines: context.channel.allocator.buffer(capacity: 0))
        if let ahead = takeAhead(inputs) {
            session = ahead.session
            carryOut(ahead.directives, &outcome)
        } else {
            for input in inputs where outcome.ending == nil {
                carryOut(session?.handle(input, now: now) ?? [], &outcome)
            }
        }
        // Who is told a note finds the status that belongs to it.
        if let link, let status = session?.status { link.update(status, at: now) }
        if let link { for note in outcome.notes { setting.noted(link.peer.node, note) } }
        if outcome.lines.readableBytes > 0 { context.writeAndFlush(wrapOutboundOut(outcome.lines), promise: nil) }
        if let ending = outcome.ending { return end(ending) }
        setAlarm(now)
    }

    /// Sees to it that the session is told in time that time has passed. An alarm that turns out too early sets the next: that costs less than
    /// moving it with every line.
    private func setAlarm(_ now: Moment) {
        guard let context, let due = session?.nextTick else { return }
        if let alarm, alarm.at <= due { return }
        alarm?.task.cancel()
        let handle = Handle(self, context.channel)
        let delay = TimeAmount.milliseconds(Int64(max(1, due - now.monotonic)))
        let task = context.eventLoop.scheduleTask(in: delay) {
            handle.run { connection in
                connection.alarm = nil
                connection.take([.tick])
            }
        }
        alarm = (task, due)
    }

    private struct Outcome {
        var lines: ByteBuffer
        var notes: [Session.Note] = []
        var ending: Ending?
    }

    private func carryOut(_ directives: [Session.Directive], _ outcome: inout Outcome) {
        var sent = false
        // What was read for a batch leaves in one piece, which is made room for once.
        let bytes = directives.reduce(0) { if case .send(let line) = $1 { $0 + line.count + 1 } else { $0 } }
        outcome.lines.reserveCapacity(minimumWritableBytes: bytes)
        for directive in directives {
            switch directive {
            case .send(let line):
                outcome.lines.writeBytes(line)
                outcome.lines.writeInteger(UInt8(ascii: "\n"))
                sent = true
            case .store(let request): store.append(request)
            case .note(let note): outcome.notes.append(note)
            // A session that closes sends its reason first; one that was closed by the peer has nothing to send.
            case .close(let reason?): outcome.ending = sent ? .byThisNode(reason) : .byPeer(reason)
            case .close(nil): outcome.ending = .broken("the session is over")
            }
        }
    }

    // MARK: Back-pressure

    private func answered(_ answers: [StoreAnswer]) {
        store.answered(answers)
        handOver()
        goOn()
    }

    /// Hands storage the next batches, where it need not wait for the last to be told.
    private func handOver() {
        guard phase == .talking, context?.channel.isWritable == true, let turn = store.nextBatches() else { return }
        begin(turn)
    }

    /// Goes on with storage and with reading as far as the peer takes what is written to it.
    private func goOn() {
        repeat {
            while phase == .talking, let context, let answer = store.take(ifWritable: context.channel.isWritable) {
                handle([.answered(answer)])
            }
            guard phase == .talking else { return }
        } while readsAtOnce() || answersAtOnce()
        handOver()
        updateReading()
    }

    private func begin(_ turn: StoreQueue.Turn) {
        turns?.yield(turn)
        if !turn.batches.isEmpty { setting.store.lookAhead(at: turn.batches) }
    }

    /// Begins the next turn of storage. Returns whether it is over already.
    private func answersAtOnce() -> Bool {
        guard let link, let turn = store.next() else { return false }
        guard turn.batches.isEmpty, turn.requests.count == 1,
            let answer = setting.store.answerAtOnce(turn.requests[0], for: link.peer.node)
        else {
            begin(turn)
            return false
        }
        store.answered([answer])
        return true
    }

    /// Reads what is to be read next. Returns whether that is done: what takes longer is left to another thread.
    private func readsAtOnce() -> Bool {
        guard let context, let link, let request = store.nextRead() else { return false }
        let (storage, peer) = (setting.store, link.peer.node)
        if let answer = storage.answerAtOnce(request, for: peer) {
            store.answeredRead(answer)
            return true
        }
        let handle = Handle(self, context.channel)
        Task {
            let answer = await storage.answer(request, for: peer)
            handle.run { connection in
                connection.store.answeredRead(answer)
                connection.goOn()
            }
        }
        return false
    }

    /// A peer that does not read what it is sent is not read from either, nor one that asks faster than storage answers.
    private func updateReading() {
        guard let context else { return }
        let wanted =
            switch phase {
            case .handshaking: true
            case .waiting: false
            case .talking: context.channel.isWritable && store.hasRoom
            // Bytes that nobody read would turn the close into a reset, and the peer would not learn why.
            case .closing: true
            }
        guard wanted != isReading else { return }
        isReading = wanted
        context.channel.setOption(.autoRead, value: wanted).whenFailure { [logger = setting.logger] error in
            logger.debug("reading could not be switched", metadata: ["error": "\(error)"])
        }
    }

    // MARK: The end

    private func end(_ ending: Ending) {
        guard phase != .closing else { return }
        let isEncrypted = phase != .handshaking
        phase = .closing
        deadline?.cancel()
        alarm?.task.cancel()
        turns?.finish()
        link?.end(ending)
        report(ending)
        setting.ended(link, dial, ending)
        guard let context, context.channel.isActive else { return }
        guard isEncrypted else { return closeNow() }
        updateReading()
        let handle = Handle(self, context.channel)
        // A peer that takes no more bytes must not keep the connection open.
        let last = context.eventLoop.scheduleTask(in: Self.patience) { handle.run { $0.closeNow() } }
        context.channel.closeFuture.whenComplete { _ in last.cancel() }
        context.close(mode: .all, promise: nil)
    }

    /// Closes below TLS: without waiting for the other side to say goodbye.
    private func closeNow() {
        guard let context else { return }
        if let tls = try? context.pipeline.syncOperations.context(name: PeerTLS.handlerName) {
            tls.close(mode: .all, promise: nil)
        } else {
            context.close(mode: .all, promise: nil)
        }
    }

    private func report(_ ending: Ending) {
        if let link {
            setting.logger.log(
                level: ending.level, "connection ended: \(ending.text)",
                metadata: ["peer": "\(link.peer.node)", "address": "\(address)"])
        } else if identity.refusal == nil {
            let what = dial == nil ? "refused a peer at" : "no connection with the node at"
            setting.logger.log(level: ending.level, "\(what) \(address): \(ending.text)")
        }
    }
}
