import Dispatch
import Foundation
import Synchronization

/// Work that is spread over all cores.
enum Cores {
    /// How many there are. Asked once: to ask takes longer than a signature.
    static let count = ProcessInfo.processInfo.activeProcessorCount

    /// What `transform` makes of each element, in their order. Worth it where one takes some microseconds.
    static func map<Element: Sendable, Value: Sendable>(
        _ elements: [Element], _ transform: @Sendable (Element) throws -> Value
    ) throws -> [Value] {
        guard elements.count > 1 else { return try elements.map(transform) }
        let made = Mutex([Result<Value, any Error>?](repeating: nil, count: elements.count))
        DispatchQueue.concurrentPerform(iterations: elements.count) { index in
            let value = Result { try transform(elements[index]) }
            made.withLock { $0[index] = value }
        }
        return try made.withLock { $0 }.compactMap { try $0?.get() }
    }
}
