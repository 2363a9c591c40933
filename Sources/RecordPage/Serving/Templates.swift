import Foundation
import Mustache

/// The templates of the page, read once. A new one is a file in `Resources` and a line here.
struct Templates: Sendable {
    private static let texts: [String: [UInt8]] = [
        "layout": PackageResources.layout_mustache,
        "message": PackageResources.message_mustache,
        "sign-in": PackageResources.sign_in_mustache,
        "invitation": PackageResources.invitation_mustache,
        "locked": PackageResources.locked_mustache,
        "today": PackageResources.today_mustache,
        "caseload": PackageResources.caseload_mustache,
        "record-index": PackageResources.record_index_mustache,
        "record": PackageResources.record_mustache,
        "field": PackageResources.field_mustache,
        "event": PackageResources.event_mustache,
        "own-events": PackageResources.own_events_mustache,
        "erase": PackageResources.erase_mustache,
        "leave": PackageResources.leave_mustache,
        "new-chart": PackageResources.new_chart_mustache,
        "integrity": PackageResources.integrity_mustache,
        "sharing": PackageResources.sharing_mustache,
        "accept": PackageResources.accept_mustache,
        "peers": PackageResources.peers_mustache,
        "pair": PackageResources.pair_mustache,
        "picker": PackageResources.picker_mustache,
        "recorded": PackageResources.recorded_mustache,
        "chart": PackageResources.chart_mustache,
        "chart-head": PackageResources.chart_head_mustache,
        "chart-banners": PackageResources.chart_banners_mustache,
        "chart-medicines": PackageResources.chart_medicines_mustache,
        "chart-care": PackageResources.chart_care_mustache,
        "course": PackageResources.course_mustache,
        "chart-words": PackageResources.chart_words_mustache,
        "chart-print": PackageResources.chart_print_mustache,
        "dispute": PackageResources.dispute_mustache,
        "replay": PackageResources.replay_mustache,
        "audit": PackageResources.audit_mustache,
        "notes": PackageResources.notes_mustache,
    ]

    private let library: MustacheLibrary

    init() throws {
        MustacheContentTypes.register(EscapedText(), named: "PAGE")
        library = MustacheLibrary(
            templates: try Self.texts.mapValues {
                try MustacheTemplate(string: "{{% CONTENT_TYPE:PAGE}}" + String(decoding: $0, as: UTF8.self))
            })
    }

    /// Fills a template in. Values are escaped, save those in three braces.
    func render(_ name: String, _ content: Any) -> String { library.render(content, withTemplate: name) ?? "" }
}

/// Escapes by Unicode scalar. The library's own escaping goes by grapheme, and leaves a quotation mark alone that a combining accent
/// follows: with that, a name could end the attribute that it stands in.
struct EscapedText: MustacheContentType {
    func escapeText(_ text: String) -> String { escaped(text) }
}

/// Text that stands in HTML or SVG as what it is, whatever it holds.
func escaped(_ text: String) -> String {
    var escaped = ""
    escaped.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
        switch scalar {
        case "<": escaped += "&lt;"
        case ">": escaped += "&gt;"
        case "&": escaped += "&amp;"
        case "\"": escaped += "&quot;"
        case "'": escaped += "&#39;"
        // Controls have no place in XML; a name that holds one still has to be readable.
        case _ where scalar.value < 32 && !["\t", "\n", "\r"].contains(scalar): escaped += "\u{FFFD}"
        default: escaped.unicodeScalars.append(scalar)
        }
    }
    return escaped
}
