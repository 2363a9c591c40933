/// Finds what somebody may have meant by a name that does not exist.
enum NearestName {
    /// The closest of `known`; compares whole names, and the last parts where the rest is missing.
    static func of(_ name: String, among known: [String]) -> String? {
        func score(_ candidate: String) -> Int {
            min(distance(name, candidate), distance(lastPart(name), lastPart(candidate)) + 1)
        }
        return known.map { (score($0), $0) }.min { $0 < $1 }?.1
    }

    private static func lastPart(_ name: String) -> String {
        name.split(separator: ".").last.map(String.init) ?? name
    }

    /// Letters to insert, delete or exchange until `left` reads `right`.
    static func distance(_ left: String, _ right: String) -> Int {
        let right = Array(right.utf8)
        var row = Array(0...right.count)
        for (line, letter) in left.utf8.enumerated() {
            var diagonal = row[0]
            row[0] = line + 1
            for column in right.indices {
                let above = row[column + 1]
                row[column + 1] = min(above + 1, row[column] + 1, diagonal + (letter == right[column] ? 0 : 1))
                diagonal = above
            }
        }
        return row[right.count]
    }
}
