import CareModel
import EventLog

/// Things that stand so close together that their marks would lie on one another: they are drawn as one, so that a picture holds what has
/// room in it, however many events there are. Each of them stands in the tables.
struct Clump<Item> {
    /// In their order in time; one at the least.
    private(set) var items: [Item]
    private(set) var from: CalendarDay
    private(set) var to: CalendarDay

    /// Nearer than this, in the picture's own measure, marks are one.
    private static var nearest: Double { 6 }

    /// - Parameters:
    ///   - items: in their order in time.
    ///   - axis: where a day stands.
    static func all(_ items: [Item], _ axis: TimeAxis, day: (Item) -> CalendarDay) -> [Clump] {
        var found: [Clump] = []
        for item in items {
            let day = day(item)
            if let last = found.indices.last, axis.x(day) - axis.x(found[last].from) < nearest {
                found[last].items.append(item)
                found[last].to = max(found[last].to, day)
            } else {
                found.append(Clump(items: [item], from: day, to: day))
            }
        }
        return found
    }

    /// What is read of it: one or two by themselves, more of them by how many they are.
    func title(_ many: String, _ words: (Item) -> String) -> String {
        guard items.count > 2 else { return items.map(words).joined(separator: "; ") }
        return "\(items.count) \(many), \(from)\(to > from ? " to \(to)" : "")"
    }
}
