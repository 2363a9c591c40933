import TestSupport

/// What a run is made of. Everything follows from the seed; what is set by hand is printed with it.
public struct Options: Sendable, CustomStringConvertible {
    /// How the nodes know each other.
    public enum Topology: String, CaseIterable, Sendable { case line, star, ring, full }

    public var seed: UInt64
    public var nodes: Int
    public var topology: Topology
    public var charts: Int
    public var actions: Int
    /// Whether a node may be copied, or put back with its epoch token: then, and only then, one number may name two events.
    public var mayFork: Bool

    public init(seed: UInt64, actions: Int = 200) {
        var random = SplitMix64(seed: seed)
        self.seed = seed
        self.actions = actions
        nodes =
            random.oneIn(25)
            ? [2, 5, 6, 7, 8][Int.random(in: 0..<5, using: &random)] : (random.oneIn(6) ? 4 : 3)
        topology = Topology.allCases[Int.random(in: 0..<4, using: &random)]
        charts = [1, 1, 1, 2, 3][Int.random(in: 0..<5, using: &random)]
        mayFork = random.oneIn(3)
    }

    public var description: String {
        "SEED=\(seed) nodes=\(nodes) topology=\(topology.rawValue) charts=\(charts) actions=\(actions) mayFork=\(mayFork)"
    }

    /// Pairs of nodes that can reach each other.
    var links: [Link] {
        (0..<nodes).flatMap { left in (left + 1..<max(nodes, left + 1)).map { Link(left, $0) } }.filter { link in
            switch topology {
            case .line: link.right == link.left + 1
            case .star: link.left == 0
            case .ring: link.right == link.left + 1 || (link.left == 0 && link.right == nodes - 1)
            case .full: true
            }
        }
    }
}

/// Two nodes that are paired and can reach each other.
struct Link: Hashable {
    let left: Int
    let right: Int

    init(_ left: Int, _ right: Int) { (self.left, self.right) = (min(left, right), max(left, right)) }

    func other(than slot: Int) -> Int { slot == left ? right : left }
}

/// What a run found wrong.
public struct Violation: Error, Hashable, Sendable, CustomStringConvertible {
    /// Which oracle.
    public enum Oracle: String, CaseIterable, Sendable {
        case acknowledged = "an acknowledged event is lost"
        case wakeUp = "a node that has something to send and a link does not send it"
        case projections = "equal events, different projections"
        case rebuild = "incremental differs from rebuild"
        case conflicts = "conflicts differ from brute force"
        case chains = "a chain is not contiguous"
        case dots = "one number names two events though nothing was copied"
        case leak = "something unshared was sent"
        case memory = "a memory limit was exceeded"
        case rest = "the nodes do not come to rest"
        case protocolError = "honest nodes end their session with an error"
        case refusal = "an honest node's chart is refused"
        case storage = "storage failed"
        case alert = "a fork is known to some only"
    }

    public let oracle: Oracle
    public let text: String

    public init(_ oracle: Oracle, _ text: String) {
        self.oracle = oracle
        self.text = text
    }

    public var description: String { "\(oracle.rawValue): \(text)" }
}

/// What happened in a run, for the distribution that is printed.
public struct Tally: Sendable {
    public var counts: [String: Int] = [:]

    mutating func count(_ what: String, _ number: Int = 1) { counts[what, default: 0] += number }

    public mutating func merge(_ other: Tally) { counts.merge(other.counts, uniquingKeysWith: +) }
}
