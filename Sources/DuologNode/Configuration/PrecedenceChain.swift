import Configuration
import Synchronization

/// Flags over environment over file, as providers of one reader.
struct PrecedenceChain {
    private let reader: ConfigReader
    private let winner = Winner()
    private let file: SettingsFile?

    init(flags: [String: String], environment: [String: String], file: SettingsFile?) {
        self.file = file
        // The library looks variables up in either case; only the documented spelling counts.
        let names = Set(SettingKey.all.map(\.environment))
        let variables = EnvironmentVariablesProvider(environmentVariables: environment.filter { names.contains($0.key) })
        reader = ConfigReader(
            providers: [
                Self.provider("flags", flags),
                variables.prefixKeys(with: ConfigKey(["duolog"])),
                Self.provider("file", file?.entries.mapValues(\.text) ?? [:]),
            ], accessReporter: winner)
    }

    private static func provider(_ name: String, _ texts: [String: String]) -> InMemoryProvider {
        let pairs = texts.map { (AbsoluteConfigKey(ConfigKey($0.key)), ConfigValue(.string($0.value), isSecret: false)) }
        return InMemoryProvider(name: name, values: Dictionary(uniqueKeysWithValues: pairs))
    }

    /// The text that counts, and where it came from; nil when nobody said anything.
    func look(up key: SettingKey) -> (text: String, source: SettingSource)? {
        guard let text = reader.string(forKey: ConfigKey(key.name)) else { return nil }
        let source: SettingSource =
            switch winner.index.withLock({ $0 }) {
            case 0: .flag(key.flag)
            case 1: .environment(key.environment)
            default: .file(file?.path ?? "", line: file?.entries[key.name]?.line ?? 1)
            }
        return (text, source)
    }
}

/// Hears from the reader which provider had the last value that was looked up.
private final class Winner: AccessReporter {
    let index = Mutex(0)

    func report(_ event: AccessEvent) {
        let found = event.providerResults.firstIndex { (try? $0.result.get().value) != nil }
        index.withLock { $0 = found ?? 0 }
    }
}
