/// Mistakes that are planted to see that the simulator finds them are patches, which go stale without a word when the code moves on.
enum PlantedPatches {
    /// Hunks whose lines do not stand in the file that they change.
    static func stale(in files: [SourceFile]) -> [Offence] {
        let texts = Dictionary(files.map { ($0.path, "\n" + $0.text) }, uniquingKeysWith: { first, _ in first })
        return files.filter { $0.path.hasSuffix(".patch") }.flatMap { patch in
            hunks(of: patch).filter { !(texts[$0.path]?.contains("\n" + $0.before) ?? false) }.map {
                Offence(path: patch.path, line: $0.line, text: "does not apply to \($0.path) any more: make it anew")
            }
        }
    }

    private struct Hunk {
        let path: String
        let line: Int
        /// What stands there before the patch is applied.
        var before = ""
    }

    private static func hunks(of patch: SourceFile) -> [Hunk] {
        var path = ""
        var hunks: [Hunk] = []
        for (number, line) in patch.lines {
            if line.hasPrefix("--- a/") {
                path = String(line.dropFirst(6))
            } else if line.hasPrefix("@@ ") {
                hunks.append(Hunk(path: path, line: number))
            } else if !hunks.isEmpty, hunks[hunks.count - 1].path == path, line.hasPrefix(" ") || line.hasPrefix("-") {
                hunks[hunks.count - 1].before += line.dropFirst() + "\n"
            }
        }
        return hunks
    }
}
