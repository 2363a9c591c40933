public import ArgumentParser
public import CareModel
public import EventLog

// What may stand in an argument: ids, days, times and switches, never a clinical value.

extension EventHash: ExpressibleByArgument {
    /// Reads an argument.
    public init?(argument: String) { self.init(argument) }
}

extension NodeID: ExpressibleByArgument {
    /// Reads an argument.
    public init?(argument: String) { self.init(argument) }
}

extension Origin: ExpressibleByArgument {
    /// Reads an argument.
    public init?(argument: String) { self.init(argument) }
}

extension NodePublicKey: ExpressibleByArgument {
    /// Reads an argument.
    public init?(argument: String) { self.init(argument) }
}

extension AuthorID: ExpressibleByArgument {
    /// Reads an argument.
    public init?(argument: String) { self.init(argument) }
}

extension CalendarDay: ExpressibleByArgument {
    /// Reads an argument.
    public init?(argument: String) { self.init(argument) }
}

extension ClinicalTime: ExpressibleByArgument {
    /// Reads an argument.
    public init?(argument: String) { self.init(argument) }
}

extension Timestamp: ExpressibleByArgument {
    /// Reads an argument.
    public init?(argument: String) { self.init(argument) }
}

extension Credential: ExpressibleByArgument {}
extension Scope: ExpressibleByArgument {}
