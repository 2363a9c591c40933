import EventLog
import Foundation
import GRDB

/// Columns of a row that may hold anything: a damaged file must be told of, not trapped on.
extension Row {
    func bytes(_ column: String) -> [UInt8]? {
        let value: DatabaseValue? = self[column]
        // Text with the same bytes is not what was stored.
        guard case .blob(let data)? = value?.storage else { return nil }
        return [UInt8](data)
    }

    func number(_ column: String) -> Int64? {
        let value: DatabaseValue? = self[column]
        return value.flatMap { Int64.fromDatabaseValue($0) }
    }

    func text(_ column: String) -> String? {
        let value: DatabaseValue? = self[column]
        // Bytes that read as the same text are not what was stored.
        guard case .string(let text)? = value?.storage else { return nil }
        return text
    }

    func hash(_ column: String) -> EventHash? { bytes(column).flatMap { EventHash(bytes: $0) } }
}
