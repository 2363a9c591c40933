import Logging

/// How the text of a setting becomes a value, and what is allowed, in words that complete "allowed: …".
struct SettingForm<Value: Sendable>: Sendable {
    let allowed: String
    let read: @Sendable (String) -> Value?
    let text: @Sendable (Value) -> String
    /// True for a path.
    var isPath = false
}

extension SettingForm<String> {
    /// A label for people.
    static func label(upTo limit: Int) -> SettingForm {
        SettingForm(
            allowed: "1 to \(limit) characters, no control characters",
            read: { text in
                let isPlain = text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
                return isPlain && (1...limit).contains(text.count) ? text : nil
            },
            text: { $0 })
    }

    /// A folder that does not depend on where the process was started.
    static let absolutePath = SettingForm(
        allowed: "an absolute path", read: { $0.hasPrefix("/") && !$0.utf8.contains(0) ? $0 : nil }, text: { $0 },
        isPath: true)

    /// A file, by default in the state folder.
    static let path = SettingForm(
        allowed: "an absolute path, or one that starts at state_dir",
        read: { $0.isEmpty || $0.hasSuffix("/") || $0.utf8.contains(0) ? nil : $0 }, text: { $0 }, isPath: true)

    /// A file that need not be there.
    static let optionalFile = SettingForm(
        allowed: "\(NodeSettings.none), or a path; a relative one starts at state_dir",
        read: { $0.isEmpty || $0.hasSuffix("/") || $0.utf8.contains(0) ? nil : $0 }, text: { $0 })

    /// A program that need not be there.
    static let optionalProgram = SettingForm(
        allowed: "\(NodeSettings.none), or the absolute path of a program",
        read: { $0 == NodeSettings.none || ($0.hasPrefix("/") && !$0.hasSuffix("/") && !$0.utf8.contains(0)) ? $0 : nil },
        text: { $0 })

    /// Whom backups are sealed to.
    static let recipient = SettingForm(
        allowed: "\(NodeSettings.noRecipient), or a key as 'duolog backup keygen' prints it",
        read: { $0 == NodeSettings.noRecipient || BackupRecipient.key($0) != nil ? $0 : nil }, text: { $0 })

    /// Something to bind to.
    static let host = SettingForm(
        allowed: "an IP address without brackets, or a host name",
        read: { text in
            let isHost = text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: ":"),
                    UInt8(ascii: "%"):
                    true
                default: false
                }
            }
            return isHost && (1...253).contains(text.utf8.count) ? text : nil
        },
        text: { $0 })
}

extension SettingForm<Int> {
    /// A whole number in a range.
    static func number(_ range: ClosedRange<Int>) -> SettingForm {
        SettingForm(
            allowed: "a whole number from \(range.lowerBound) to \(range.upperBound)",
            read: { text in Int(text).flatMap { range.contains($0) ? $0 : nil } },
            text: { String($0) })
    }
}

extension SettingForm where Value: RawRepresentable<String> & CaseIterable {
    /// One of a few words.
    static var word: SettingForm {
        SettingForm(
            allowed: Value.allCases.map(\.rawValue).joined(separator: ", "),
            read: { Value(rawValue: $0) },
            text: { $0.rawValue })
    }
}
