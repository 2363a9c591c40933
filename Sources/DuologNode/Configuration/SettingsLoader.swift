import FoundationEssentials

/// Reads settings: flags over environment over file over defaults.
public enum SettingsLoader {
    /// The file that is read when nobody names one, if it exists.
    public static let standardFile = "/etc/duolog/duolog.yaml"
    /// Names the file, below the flag `--config`.
    public static let fileVariable = "DUOLOG_CONFIG"
    /// The credential that goes before `store_key_file`.
    public static let storeKeyCredential = "store-key"
    /// A Unix socket's path has room for 108 bytes, the last of which is 0.
    static let socketPathBytes = 107

    /// The configuration file to read: the flag's, the environment's, or the standard one where it exists; nil for none.
    public static func file(flag: String?, environment: [String: String]) -> String? {
        flag ?? environment[fileVariable] ?? (FileManager.default.fileExists(atPath: standardFile) ? standardFile : nil)
    }

    /// Loads and checks all settings, and reports all problems at once.
    ///
    /// - Parameters:
    ///   - flags: what the command line said, by key (`listen.port`); only what was said.
    ///   - environment: the process's environment.
    ///   - file: the configuration file, which must exist; nil for none.
    ///   - workingDirectory: where relative paths of flags start, as people at a shell expect; nil for the process's own.
    public static func load(
        flags: [String: String] = [:], environment: [String: String] = [:], file: String? = nil,
        workingDirectory: String? = nil
    ) throws(ConfigurationError) -> LoadedSettings {
        let file = try file.map { path throws(ConfigurationError) in try SettingsFile(path: path) }
        var problems = unknownFlags(flags) + unknownVariables(environment) + (file?.problems ?? [])
        let chain = PrecedenceChain(flags: flags, environment: environment, file: file)
        var settings = NodeSettings()
        var sources: [SettingSource] = []
        for key in SettingKey.all {
            let found = chain.look(up: key)
            sources.append(found?.source ?? .standard)
            guard let found else { continue }
            var text = found.text
            if case .flag = found.source, key.isPath, !text.isEmpty, !text.hasPrefix("/") {
                text = (workingDirectory ?? FileManager.default.currentDirectoryPath) + "/" + text
            }
            if !key.write(text, &settings) {
                problems.append("\(found.source): \(key.name) is \(quoted(text)); allowed: \(key.allowed)")
            }
        }
        adoptCredential(environment, &settings)
        problems += crossChecks(settings, sources)
        guard problems.isEmpty else { throw ConfigurationError(problems) }
        let effective = zip(SettingKey.all, sources).map { Self.effective($0, $1, settings) }
        return LoadedSettings(settings: settings, effective: effective)
    }

    private static func effective(_ key: SettingKey, _ source: SettingSource, _ settings: NodeSettings) -> EffectiveSetting {
        if key.name == "store_key_file", let path = settings.storeKeyCredential {
            return EffectiveSetting(key: key, value: path, source: .credential(storeKeyCredential))
        }
        let text = key.text(settings)
        return EffectiveSetting(key: key, value: key.isPath ? settings.inState(text) : text, source: source)
    }

    private static func adoptCredential(_ environment: [String: String], _ settings: inout NodeSettings) {
        guard let directory = environment["CREDENTIALS_DIRECTORY"], !directory.isEmpty else { return }
        let path = directory + "/" + storeKeyCredential
        // The folder may hold other credentials only.
        if FileManager.default.fileExists(atPath: path) { settings.storeKeyCredential = path }
    }

    private static func crossChecks(_ settings: NodeSettings, _ sources: [SettingSource]) -> [String] {
        let path = settings.socketPath
        guard path.utf8.count > socketPathBytes else { return [] }
        let source = zip(SettingKey.all, sources).first { $0.0.name == "socket" }?.1 ?? .standard
        return [
            "\(source): socket is \(quoted(path)), \(path.utf8.count) bytes; allowed: a path of at most \(socketPathBytes) bytes"
        ]
    }

    private static func unknownFlags(_ flags: [String: String]) -> [String] {
        flags.keys.filter { SettingKey.named($0) == nil }.sorted().map { "\"\($0)\" is no setting" }
    }

    /// A misspelt variable would be ignored in silence, and the node would listen where nobody meant it to.
    private static func unknownVariables(_ environment: [String: String]) -> [String] {
        let known = SettingKey.all.map(\.environment) + [fileVariable]
        return environment.keys
            .filter { $0.hasPrefix(SettingKey.environmentPrefix) && !known.contains($0) }
            .sorted()
            .map { "\($0): unknown variable; the nearest known one is \(NearestName.of($0, among: known) ?? fileVariable)" }
    }

    /// Text as it may be printed: quoted, control characters escaped, not without end.
    private static func quoted(_ text: String) -> String {
        text.count > 120 ? (text.prefix(120) + "…").debugDescription : text.debugDescription
    }
}
