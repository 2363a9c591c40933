import FoundationEssentials

/// What is known of medicines, as data with a version (`Resources/medication-rules.json`): such rules change, and a replay must be able to
/// say by which it was made.
enum MedicationRules {
    private struct Table: Decodable {
        struct Ingredient: Decodable {
            let name: String
            let `class`: String?
            let group: String?
            let rxnorm: [String]
            let interval_days: Int?
        }

        /// Medicines of which more than so many at once are pointed out, whatever their classes.
        struct Group: Decodable {
            let name: String
            let most: Int
        }

        let version: Int
        let interval_days: Int
        let groups: [Group]
        let ingredients: [Ingredient]
    }

    /// The program carries the table; one that cannot be read is a table without rules, which a test would find.
    private static let table: Table = {
        let data = Data(PackageResources.medication_rules_json)
        return (try? JSONDecoder().decode(Table.self, from: data))
            ?? Table(version: 0, interval_days: 0, groups: [], ingredients: [])
    }()

    /// The version of the rules.
    static var version: Int { table.version }

    /// By code, and where the code is not known by name.
    private static func ingredient(of drug: Code) -> Table.Ingredient? {
        table.ingredients.first { $0.rxnorm.contains(drug.code ?? "") }
            ?? table.ingredients.first { words(drug.display).contains($0.name) }
    }

    private static func words(_ text: String) -> [String] {
        text.lowercased().split { !$0.isLetter }.map(String.init)
    }

    /// The fewest calendar days between two decisions on a dose.
    static func interval(of drug: Code?) -> Int {
        drug.flatMap { ingredient(of: $0)?.interval_days } ?? table.interval_days
    }

    /// What two medicines have in common; nil for nothing that is known.
    static func sameKind(_ one: Code, _ two: Code) -> String? {
        if let first = ingredient(of: one), let second = ingredient(of: two) {
            if first.name == second.name { return "the same ingredient, \(first.name)" }
            guard let kind = first.class, kind == second.class else { return nil }
            return "both are of the class \(kind)"
        }
        return words(one.display).first == words(two.display).first ? "the same name" : nil
    }

    /// Groups of which there are too many among these, with the places of their members.
    static func crowded(_ drugs: [Code]) -> [(group: String, members: [Int])] {
        table.groups.compactMap { group in
            let members = drugs.indices.filter { ingredient(of: drugs[$0])?.group == group.name }
            return members.count > group.most ? (group.name, members) : nil
        }
    }

    /// True when a substance is named in a medicine.
    static func names(_ drug: Code, _ substance: String) -> Bool {
        let named = words(substance)
        guard let first = named.first, first.count > 2 else { return false }
        return words(drug.display).contains(first) || ingredient(of: drug).map { named.contains($0.name) } ?? false
    }
}
