public import EventLog

extension ChartRecord {
    /// What the events of one kind say, and when that was, in the order of arrival: for the entries of a journal.
    public func entries<Body: EventBody>(_ type: Body.Type) -> [(envelope: Envelope, when: ClinicalTime, body: Body)] {
        graph.nodes.indices.compactMap { position in
            let envelope = graph.nodes[position].envelope
            guard envelope.kind == type.kind, let line = entries[position].body, let body = try? type.read(line) else {
                return nil
            }
            return (envelope, line.when, body)
        }
    }

    /// The notes of a notebook, in the order in which they were written.
    public var notes: [(event: EventHash, when: ClinicalTime, note: ProcessNoteWritten)] {
        graph.nodes.indices.compactMap { position in
            guard graph.nodes[position].envelope.kind == ProcessNoteWritten.kind, let line = entries[position].body,
                let note = try? ProcessNoteWritten.read(line)
            else { return nil }
            return (graph.nodes[position].hash, line.when, note)
        }
    }

    /// True for a journal or a notebook: it is never shared.
    public var isLocal: Bool { authority.isLocal }
}
