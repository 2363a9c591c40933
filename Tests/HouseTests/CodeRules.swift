/// Rules that hold in every file, each a function from files to the places where it is broken.
enum CodeRules {
    static let maximumLines = 400

    /// Ways to crash on what was not expected.
    static func crashes(in files: [SourceFile]) -> [Offence] {
        files.flatMap { file -> [Offence] in
            let masked = MaskedSource(file.text)
            let words = ["try!", "as!", "fatalError(", "unsafelyUnwrapped"]
            let named = masked.occurrences(of: words).map { ($0.word, $0.offset) }
            let unwraps = forcedUnwraps(in: masked).map { ("a forced unwrap", $0) }
            return (named + unwraps).sorted { $0.1 < $1.1 }.map {
                Offence(path: file.path, line: masked.line(of: $0.1), text: "\($0.0): say what happens instead")
            }
        }
    }

    /// Exclamation marks that follow a value or a type directly. `try!` and `as!` are named by themselves.
    private static func forcedUnwraps(in masked: MaskedSource) -> [Int] {
        let bytes = masked.bytes
        return bytes.indices.dropFirst().filter { index in
            guard bytes[index] == UInt8(ascii: "!") else { return false }
            let before = bytes[index - 1]
            let followsValue =
                MaskedSource.isName(before) || [")", "]", "}", ">", "\"", "`", "?"].contains { $0 == Unicode.Scalar(before) }
            let isComparison = index + 1 < bytes.count && bytes[index + 1] == UInt8(ascii: "=")
            let word = bytes[..<index].reversed().prefix { MaskedSource.isName($0) }
            let isKeyword = word.elementsEqual("yrt".utf8) || word.elementsEqual("sa".utf8)
            return followsValue && !isComparison && !isKeyword
        }
    }

    /// A function that stands in a mutex by itself is wrapped once more by each look at it: calling it becomes as deep as it was looked at
    /// often. In a structure it is not.
    static func wrappedFunctions(in files: [SourceFile]) -> [Offence] {
        files.flatMap { file in
            MaskedSource(file.text).lines.filter { line in
                line.text.ranges(of: "Mutex<").contains { line.text[$0.upperBound...].contains("->") }
            }.map { Offence(path: file.path, line: $0.number, text: "a function in a mutex: put it into a structure") }
        }
    }

    /// Promises without an issue that keeps them.
    static func loosePromises(in files: [SourceFile]) -> [Offence] {
        files.flatMap { file in
            file.lines.filter { line in
                let words = line.text.split { !($0.isLetter || $0.isNumber || $0 == "#" || $0 == "_") }
                return words.indices.contains { index in
                    guard ["TO" + "DO", "FIX" + "ME"].contains(words[index]) else { return false }
                    let next = words[(index + 1)...].first ?? ""
                    return !(next.first == "#" && next.count > 1 && next.dropFirst().allSatisfy(\.isNumber))
                }
            }.map { Offence(path: file.path, line: $0.number, text: "a promise needs the number of its issue: (#12)") }
        }
    }

    /// Files that grew past one idea.
    static func longFiles(in files: [SourceFile]) -> [Offence] {
        files.compactMap { file in
            let count = file.lines.count - (file.text.hasSuffix("\n") ? 1 : 0)
            guard count > maximumLines else { return nil }
            return Offence(path: file.path, line: maximumLines + 1, text: "\(count) lines; at most \(maximumLines)")
        }
    }

    /// Paths that exist on somebody's machine only.
    static func machinePaths(in files: [SourceFile]) -> [Offence] {
        // Put together here, so that this file does not offend against itself.
        let roots = ["work", "home", "root", "Users", "opt", "mnt", "private"].map { "/" + $0 }
        return files.flatMap { file in
            file.lines.flatMap { number, text in
                roots.filter { holdsPath(text, under: $0) }.map {
                    Offence(path: file.path, line: number, text: "names \($0), a path of one machine")
                }
            }
        }
    }

    private static func holdsPath(_ line: Substring, under root: String) -> Bool {
        line.ranges(of: root).contains { range in
            let before = line[..<range.lowerBound].last
            let after = line[range.upperBound...].first
            let begins = before.map { !($0.isLetter || $0.isNumber || "/._-~*)}<".contains($0)) } ?? true
            let ends = after.map { !($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") } ?? true
            return begins && ends
        }
    }

    /// What may stand at the top besides files that begin with a dot.
    static let topLevel: Set<String> = [
        "Makefile", "Package.resolved", "Package.swift", "README.md", "Sources", "Tests", "config", "docs", "systemd",
    ]

    static func strangers(atTop names: [String]) -> [Offence] {
        names.filter { !$0.hasPrefix(".") && !topLevel.contains($0) }
            .map { Offence(path: $0, line: 1, text: "does not belong at the top of the repository") }
    }
}
