import EventLog
import Replication

/// One TCP connection between two nodes: two sessions, bytes under way, and how it may break.
final class Connection {
    /// One end.
    struct End {
        let slot: Int
        var session: Session?
        var splitter = LineSplitter()
        /// What storage was asked for and has not answered: reads, and the rest.
        var lanes: [Lane: Asked] = [:]
        /// False once this end knows that the connection is over.
        var isOpen = true
        /// What this end sent gets through up to here, in ticks: bytes stay in order.
        var lastArrival = 0
        /// Event bytes sent that no credit has been given for.
        var eventBytes = 0
        /// Charts that this end has named to the other.
        var named: Set<ChartID> = []

        /// Requests that storage has not begun to answer.
        var openRequests: Int { lanes.values.reduce(0) { $0 + $1.requests.count } }
    }

    /// Requests that storage answers one after another, whatever becomes of the others.
    enum Lane: CaseIterable {
        case reads, rest

        init(_ request: StoreRequest) { if case .read = request { self = .reads } else { self = .rest } }
    }

    struct Asked {
        var requests: [StoreRequest] = []
        var isUnderWay = false
    }

    let number: Int
    let link: Link
    var ends: [End]
    /// True once bytes are lost, though an end may not know it yet.
    var isDead = false
    /// True once somebody put bytes of their own into it.
    var isTamperedWith = false
    /// True once another connection took its place.
    var wasReplaced = false

    init(_ number: Int, _ link: Link) {
        self.number = number
        self.link = link
        ends = [End(slot: link.left), End(slot: link.right)]
    }

    func side(of slot: Int) -> Int { ends[0].slot == slot ? 0 : 1 }
}

/// What is due at some tick.
enum Due {
    case bytes(Connection, to: Int, [UInt8])
    case closed(Connection, side: Int)
    case ask(Connection, side: Int, Connection.Lane)
    case answer(Connection, side: Int, Connection.Lane, StoreAnswer)
    case tick(Connection, side: Int)
    case distribute(slot: Int)
    case dial(Link)
    case restart(slot: Int)
}

/// What is due, in the order of its time and then of its making: the same in every run of a seed.
struct Agenda {
    private struct Place {
        let time: Int
        let number: Int

        func isBefore(_ other: Place) -> Bool { (time, number) < (other.time, other.number) }
    }

    /// A heap of small things: what is due stands apart, by the number of its place.
    private var heap: [Place] = []
    private var due: [Int: Due] = [:]
    private var made = 0
    /// Things due that are more than the passing of time.
    private(set) var work = 0

    var nextTime: Int? { heap.first?.time }

    mutating func add(_ next: Due, at time: Int) {
        made += 1
        if !next.isClockwork { work += 1 }
        due[made] = next
        heap.append(Place(time: time, number: made))
        var index = heap.count - 1
        while index > 0, heap[index].isBefore(heap[(index - 1) / 2]) {
            heap.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    mutating func next() -> (time: Int, due: Due)? {
        guard let first = heap.first, let next = due.removeValue(forKey: first.number) else { return nil }
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var index = 0
        while true {
            var least = index
            for child in 2 * index + 1...2 * index + 2 where child < heap.count && heap[child].isBefore(heap[least]) {
                least = child
            }
            guard least != index else { break }
            heap.swapAt(index, least)
            index = least
        }
        if !next.isClockwork { work -= 1 }
        return (first.time, next)
    }
}

extension Due {
    fileprivate var isClockwork: Bool {
        switch self {
        case .tick, .dial: true
        case .bytes, .closed, .ask, .answer, .distribute, .restart: false
        }
    }
}
