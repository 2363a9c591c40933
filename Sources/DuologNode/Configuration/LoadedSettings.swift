/// Where a value came from.
public enum SettingSource: Hashable, Sendable, CustomStringConvertible {
    /// An option on the command line.
    case flag(String)
    /// A variable of the environment.
    case environment(String)
    /// A line of the configuration file.
    case file(String, line: Int)
    /// A credential that systemd handed over.
    case credential(String)
    /// Nobody said anything.
    case standard

    /// As people are shown it.
    public var description: String {
        switch self {
        case .flag(let name), .environment(let name): name
        case .file(let path, let line): "\(path):\(line)"
        case .credential(let name): "systemd credential \(name)"
        case .standard: "default"
        }
    }
}

/// A setting as it holds now.
public struct EffectiveSetting: Sendable {
    /// Which.
    public let key: SettingKey
    /// Its value, paths in full.
    public let value: String
    /// Where it came from.
    public let source: SettingSource
}

/// Settings that hold together, and where each came from.
public struct LoadedSettings: Sendable {
    /// What the node starts with.
    public let settings: NodeSettings
    /// Every key of the table, in its order.
    public let effective: [EffectiveSetting]
}
