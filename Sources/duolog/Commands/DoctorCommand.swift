import ArgumentParser
import DuologNode
import Foundation
import NodeAPI

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Examines the node and its machine, and says what to do about what it finds.",
        discussion: """
            Looks at the configuration, the state folder and its keys, SQLite, the clock, the disk, and what the daemon says of its peers, \
            its last backup and its last check of the log. Changes nothing. Run it as root. Ends with 1 where something does not work.
            """)

    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let settings = try node.load().settings
        let doctor = Doctor(settings)
        // That it can be read at all is the first finding; a bad one ends the command with its own words.
        var found = [Diagnosis.configuration(settings)] + doctor.examineMachine()
        do {
            let (status, peers) = try await node.connected { connection in
                (try await connection.send(StatusRequest()), try await connection.send(ShowPeerRequest(node: nil)))
            }
            found += doctor.examine(status, peers)
        } catch let error as NodeError {
            found.append(.unreachable(error.text))
        }
        try output.print(found) {
            let rows = found.flatMap { diagnosis in
                let sign =
                    switch diagnosis.level {
                    case .good: "ok"
                    case .note: "note"
                    case .warning: "WARNING"
                    case .fault: "FAULT"
                    }
                return [[sign, diagnosis.subject, diagnosis.finding]] + (diagnosis.advice.map { [["", "", "-> \($0)"]] } ?? [])
            }
            return Render.table(rows)
        }
        if found.contains(where: { $0.level == .fault }) { throw ExitCode(1) }
    }
}
