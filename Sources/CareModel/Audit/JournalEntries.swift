public import EventLog

extension ChartRecord {
    /// What the events of one kind say, in the order of arrival: for the entries of a journal.
    public func entries<Body: EventBody>(_ type: Body.Type) -> [(envelope: Envelope, body: Body)] {
        graph.nodes.indices.compactMap { position in
            let envelope = graph.nodes[position].envelope
            guard envelope.kind == type.kind, let line = entries[position].body, let body = try? type.read(line) else {
                return nil
            }
            return (envelope, body)
        }
    }

    /// True for a journal or a notebook: it is never shared.
    public var isLocal: Bool { authority.isLocal }
}
