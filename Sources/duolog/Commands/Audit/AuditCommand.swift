import ArgumentParser

struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Looks behind the record: is it whole, who knew what, who saw it.",
        subcommands: [
            Verify.self, Replay.self, Trail.self, Export.self, Disclosures.self, Access.self, Integrity.self,
        ])
}
