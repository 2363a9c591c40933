import FoundationEssentials
import Yams

/// A configuration file, read once and checked: each known key with its text and its line.
///
/// What is checked here is what is used: the text goes to the precedence chain from memory, and the file is not parsed a second time.
struct SettingsFile: Sendable {
    /// A value and the line of its key.
    struct Entry: Hashable, Sendable {
        let text: String
        let line: Int
    }

    /// A configuration is a page of text; anything larger is another file given by mistake.
    static let maximumBytes = 65_536

    let path: String
    private(set) var entries: [String: Entry] = [:]
    private(set) var problems: [String] = []

    init(path: String) throws(ConfigurationError) {
        try self.init(path: path, yaml: Self.read(path))
    }

    /// Checks `yaml` as the content of `path`. A file that is not YAML is an error at once; what a file says wrongly is collected.
    init(path: String, yaml: String) throws(ConfigurationError) {
        self.path = path
        let root: Yams.Node?
        do {
            root = try Yams.compose(yaml: yaml)
        } catch {
            throw ConfigurationError([Self.explain(error, path: path)])
        }
        // A file of comments only, or of a lone `---`, says nothing.
        guard let root, root.null == nil else { return }
        guard case .mapping(let mapping) = root else {
            throw ConfigurationError(["\(path):\(root.mark?.line ?? 1): expected keys and values, such as \"name: practice\""])
        }
        take(mapping, under: nil)
    }

    private static func read(_ path: String) throws(ConfigurationError) -> String {
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path))
        } catch {
            let reason =
                switch (error as? CocoaError)?.code {
                case .fileNoSuchFile, .fileReadNoSuchFile: "there is no such file"
                case .fileReadNoPermission: "this user may not read it"
                default: "\(error)"
                }
            throw ConfigurationError(["cannot read the configuration file \(path): \(reason)"])
        }
        guard data.count <= maximumBytes else {
            throw ConfigurationError(["\(path) has \(data.count) bytes; a configuration file has at most \(maximumBytes)"])
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw ConfigurationError(["\(path) is not UTF-8 text"])
        }
        return text
    }

    private mutating func take(_ mapping: Yams.Node.Mapping, under group: String?) {
        for (key, value) in mapping {
            let line = key.mark?.line ?? 1
            guard let part = key.string else {
                problems.append("\(path):\(line): a key must be plain text")
                continue
            }
            let name = group.map { "\($0).\(part)" } ?? part
            if group == nil, Self.groups.contains(name) {
                guard case .mapping(let inner) = value else {
                    problems.append("\(path):\(line): \(name) holds keys of its own: \(Self.members(of: name))")
                    continue
                }
                take(inner, under: name)
            } else if SettingKey.named(name) == nil {
                problems.append("\(path):\(line): unknown key \"\(name)\"\(Self.hint(name))")
            } else {
                take(value, name, line)
            }
        }
    }

    private mutating func take(_ value: Yams.Node, _ name: String, _ line: Int) {
        guard case .scalar(let scalar) = value else {
            problems.append("\(path):\(line): \(name) takes one value, not a list or further keys")
            return
        }
        guard value.null == nil else {
            problems.append("\(path):\(line): \(name) has no value; leave the key out to get the default")
            return
        }
        guard entries[name] == nil else {
            problems.append("\(path):\(line): \(name) stands in line \(entries[name]?.line ?? 0) already")
            return
        }
        entries[name] = Entry(text: scalar.string, line: line)
    }

    /// The names that hold further keys.
    private static let groups = Set(SettingKey.all.compactMap { $0.name.split(separator: ".").dropLast().first.map(String.init) })

    private static func members(of group: String) -> String {
        SettingKey.all.map(\.name).filter { $0.hasPrefix(group + ".") }.joined(separator: ", ")
    }

    private static func hint(_ name: String) -> String {
        NearestName.of(name, among: SettingKey.all.map(\.name) + groups.sorted())
            .map { "; the nearest known key is \"\($0)\"" } ?? ""
    }

    private static func explain(_ error: any Error, path: String) -> String {
        switch error {
        case YamlError.scanner(_, let problem, let mark, _), YamlError.parser(_, let problem, let mark, _),
            YamlError.composer(_, let problem, let mark, _):
            "\(path):\(mark.line): not YAML: \(problem)"
        case YamlError.duplicatedKeysInMapping(let keys, let context):
            "\(path):\(context.mark.line): given twice from this line on: \(keys.joined(separator: ", "))"
        case YamlError.reader(let problem, _, _, _):
            "\(path): not YAML: \(problem)"
        default:
            "\(path): not YAML: \(error)"
        }
    }
}
