import CareModel
import NodeAPI

/// The picture in words: its tables, of a long one the newest rows with a way to all of them. A page does not grow with its chart.
struct CourseWords {
    struct Table {
        let title: String
        let columns: [String]
        let rows: [[String]]
        /// What is said of the rows that are not there, and where they stand.
        let rest, whole: String?
    }

    /// So many rows of a table stand on a page that shows other things too,
    static let most = 40
    /// and so many where a table stands by itself.
    static let mostAlone = 250

    /// The tables of a course.
    ///
    /// - Parameter path: where all rows of a table stand, given its number; nil on paper.
    static func tables(_ course: CourseView, path: ((Int) -> String)?) -> [Table] {
        course.tables.enumerated().map { number, table in
            let isWhole = table.rows.count <= most
            return Table(
                title: table.title, columns: table.columns, rows: table.rows.suffix(most),
                rest: isWhole ? nil : "The newest \(most) of \(table.rows.count).", whole: isWhole ? nil : path?(number))
        }
    }
}

/// One table of a course, all of it, a part at a time.
struct CourseTablePage {
    struct Link {
        let name, path, rows: String
        let isCurrent: Bool
    }

    let back, title, summary: String
    let tables: [Link]
    let columns: [String]
    let rows: [[String]]
    let newer, older: String?

    /// A part of a table.
    ///
    /// - Parameters:
    ///   - course: whose tables.
    ///   - visit: names the table and the part by numbers.
    ///   - path: of this page, with what of its query says which course it is.
    ///   - back: where the picture is.
    /// - Throws: `NodeError` not found where the course has no table.
    init(_ course: CourseView, _ visit: Visit, path: String, back: String) throws {
        let all = course.tables
        guard !all.isEmpty else { throw NodeError(.notFound, "there is nothing to tell of in tables yet") }
        let number = min(max(0, Int(visit.query("table")) ?? 0), all.count - 1)
        let table = all[number]
        let pages = max(1, (table.rows.count + CourseWords.mostAlone - 1) / CourseWords.mostAlone)
        let page = min(max(1, Int(visit.query("page")) ?? 1), pages)
        func place(_ page: Int) -> String { Self.path(path, table: number) + "&page=\(page)" }
        let first = (page - 1) * CourseWords.mostAlone
        rows = Array(table.rows.reversed().dropFirst(first).prefix(CourseWords.mostAlone))
        columns = table.columns
        title = table.title
        summary = "\(first + 1) to \(first + rows.count) of \(table.rows.count), the newest first."
        tables = all.enumerated().map { other, table in
            Link(
                name: table.title, path: Self.path(path, table: other), rows: "\(table.rows.count)", isCurrent: other == number)
        }
        newer = page > 1 ? place(page - 1) : nil
        older = page < pages ? place(page + 1) : nil
        self.back = back
    }

    /// Where a table stands by itself. An address holds numbers, never a value.
    static func path(_ path: String, table: Int) -> String { "\(path)\(path.contains("?") ? "&" : "?")table=\(table)" }
}
