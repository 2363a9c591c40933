/// Whether a node is well, and whether it can do its work now.
public struct NodeHealth: Hashable, Sendable {
    /// Parts that give no sign of life: a node that has any is to be restarted.
    public var silent: [String]
    /// Why it cannot serve now, in words; empty where it can.
    public var hindrances: [String]

    /// How a node is.
    public init(silent: [String], hindrances: [String]) {
        self.silent = silent
        self.hindrances = hindrances
    }
}

/// One thing that is measured. Labels name nodes and causes, never patients, charts or practitioners.
public struct Metric: Hashable, Sendable {
    /// What its numbers are.
    public enum Kind: String, Hashable, Sendable {
        /// Grows until the process ends.
        case counter
        /// Goes up and down.
        case gauge
        /// How many observations were at most so large, for some bounds; with their sum.
        case histogram
    }

    /// One number.
    public struct Sample: Hashable, Sendable {
        /// What follows the metric's name, as in `_bucket`.
        public var suffix: String
        /// Names and values.
        public var labels: [Label]
        /// The number.
        public var value: Double

        /// One number.
        public init(_ value: Double, suffix: String = "", _ labels: [Label] = []) {
            self.value = value
            self.suffix = suffix
            self.labels = labels
        }
    }

    /// What tells two samples of one metric apart.
    public struct Label: Hashable, Sendable {
        /// Its name.
        public var name: String
        /// Its value.
        public var value: String

        /// A label.
        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// Its name; a stable part of the interface.
    public var name: String
    /// What it is, in one sentence.
    public var help: String
    /// What its numbers are.
    public var kind: Kind
    /// Its numbers now; none where there is nothing to count.
    public var samples: [Sample]

    /// A metric.
    public init(_ name: String, _ kind: Kind, _ help: String, _ samples: [Sample]) {
        self.name = name
        self.kind = kind
        self.help = help
        self.samples = samples
    }
}
