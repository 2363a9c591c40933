import CareModel

/// Code systems of FHIR R4 and of what it binds to, by their canonical addresses.
enum CodeSystem {
    static let loinc = "http://loinc.org"
    static let rxnorm = "http://www.nlm.nih.gov/research/umls/rxnorm"
    static let icd10 = "http://hl7.org/fhir/sid/icd-10-cm"
    static let snomed = "http://snomed.info/sct"
    static let ucum = "http://unitsofmeasure.org"
    static let actCode = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
    static let purpose = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
    static let achievement = "http://terminology.hl7.org/CodeSystem/goal-achievement"
    static let dicom = "http://dicom.nema.org/resources/ontology/DCM"
    /// Identifiers of Duolog itself: an event by its hash, a node by its short id, a chart by its hash.
    static let event = "urn:duolog:event"
    static let node = "urn:duolog:node"
    static let chart = "urn:duolog:chart"
    static let kind = "urn:duolog:kind"

    /// What Duolog calls a system in a ``Code``.
    private static let names = ["RxNorm": rxnorm, "LOINC": loinc, "ICD-10-CM": icd10, "SNOMED": snomed]

    static func address(of name: String) -> String? { names[name] ?? (name.contains(":") ? name : nil) }

    static func name(of address: String) -> String { names.first { $0.value == address }?.key ?? address }
}

/// The questionnaires: which LOINC codes name them, their totals, their items and answers (US Core; HL7 PHR implementation guide).
struct Questionnaire {
    let instrument: ScaleCompleted.Instrument
    let panel: String
    let total: String
    let items: [String]

    static let all = [
        Questionnaire(
            instrument: .phq9, panel: "44249-1", total: "44261-6",
            items: ["44250-9", "44255-8", "44259-0", "44254-1", "44251-7", "44258-2", "44252-5", "44253-3", "44260-8"]),
        Questionnaire(
            instrument: .gad7, panel: "69737-5", total: "70274-6",
            items: ["69725-0", "68509-9", "69733-4", "69734-2", "69735-9", "69689-8", "69736-7"]),
    ]

    static func of(_ instrument: ScaleCompleted.Instrument) -> Questionnaire? { all.first { $0.instrument == instrument } }

    /// The questionnaire that a code belongs to, as its panel, its total or one of its items.
    static func with(code: String) -> Questionnaire? {
        all.first { $0.panel == code || $0.total == code || $0.items.contains(code) }
    }

    /// 0 to 3: not at all, several days, more than half the days, nearly every day.
    static let answers = ["LA6568-5", "LA6569-3", "LA6570-1", "LA6571-9"]
    /// Difficulty, LOINC 69722-7.
    static let difficulty = "69722-7"
    /// C-SSRS screener and its risk level.
    static let screener = "93373-9"
    static let riskLevel = "93374-7"
    static let yes = "LA33-6"
    static let no = "LA32-8"
}
