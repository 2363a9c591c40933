import Foundation
import Testing

/// docs/OPERATIONS.md, run as it is written: every block on the machine that it names, in their order, from nothing.
@Suite(.serialized, .enabled(if: Service.isWanted, "boots a systemd and installs the package: make test-service"))
struct OperationsTests {
    /// Lines of shell, and where they are typed.
    private struct Block {
        let machines: [String]
        let line: Int
        var text = ""
    }

    private static func blocks(_ page: String) -> [Block] {
        var blocks: [Block] = []
        var open: Block?
        for (number, line) in page.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if line.hasPrefix("```sh ") {
                open = Block(machines: line.dropFirst(6).split(separator: " ").map(String.init), line: number + 1)
            } else if line == "```" {
                if let block = open { blocks.append(block) }
                open = nil
            } else {
                open?.text += line + "\n"
            }
        }
        return blocks
    }

    /// Machines that know each other by name: each of the therapists' has a cable to the prescriber's.
    private static func machines() throws -> [String: Box] {
        let (therapy, newTherapy, prescriber) = (try Box(), try Box(), try Box())
        for (box, name, net) in [(therapy, "therapy", "192.0.2"), (newTherapy, "therapy", "198.51.100")] {
            let suffix = UUID().uuidString.prefix(6).lowercased()
            try Box.outside(
                "ip", "link", "add", "dt\(suffix)", "netns", "\(box.pid)", "type", "veth", "peer", "name", "dp\(suffix)", "netns",
                "\(prescriber.pid)")
            for (end, device, address) in [(box, "dt\(suffix)", "\(net).1"), (prescriber, "dp\(suffix)", "\(net).2")] {
                try end.run("ip address add \(address)/24 dev \(device) && ip link set \(device) up")
                try end.run("printf '\(net).1 \(name).example\\n\(net).2 prescriber.example\\n' >>/etc/hosts")
            }
        }
        let machines = ["therapy": therapy, "newtherapy": newTherapy, "prescriber": prescriber]
        for box in machines.values { try box.putPackage(into: "/srv/admin") }
        return machines
    }

    /// Carries the stick from the old machine to the new one, and what the administrator remembers.
    private static func carry(_ machines: [String: Box]) throws {
        guard let (old, new) = machines["therapy"].flatMap({ old in machines["newtherapy"].map { (old, $0) } }) else { return }
        let stick = try old.run("cd /srv/admin && mkdir -p stick && tar -cf - stick | base64")
        try new.run("cd /srv/admin && base64 -d | tar -xf -", input: stick)
        let notes = try old.run("cd /srv/admin && touch shell && grep -E ' NODE=' shell || true")
        try new.run("cd /srv/admin && cat >>shell", input: notes)
    }

    @Test func everyStepIsAsItIsWritten() throws {
        let page = try String(contentsOfFile: Service.repository + "/docs/OPERATIONS.md", encoding: .utf8)
        let blocks = Self.blocks(page)
        try #require(blocks.count > 10)
        let machines = try Self.machines()
        for block in blocks {
            for name in block.machines {
                let box = try #require(machines[name], "line \(block.line) names a machine \(name)")
                do {
                    // What the one types, the other reads out; and a shell keeps what was set in it.
                    try box.run(
                        "cd /srv/admin && touch shell && . ./shell && set -ex && export HOME=/srv/admin\n\(block.text)\ndeclare -p >shell.new 2>/dev/null; grep -E '^declare -- [A-Z_]+=' shell.new | grep -vE ' (BASH|DIRSTACK|GROUPS|FUNCNAME|PIPESTATUS|_)' >shell || true"
                    )
                } catch {
                    Issue.record("docs/OPERATIONS.md:\(block.line) on \(name): \(error)")
                    return
                }
            }
            try Self.tellKeys(machines)
            if block.machines == ["therapy"], block.text.contains("stick/") { try Self.carry(machines) }
        }
    }

    /// What the administrators tell each other on the phone.
    private static func tellKeys(_ machines: [String: Box]) throws {
        for (name, box) in machines {
            let status = try box.attempt("duolog status --json").text
            guard let key = status.firstMatch(of: /"key" : "([A-Za-z0-9_-]{43})"/)?.1 else { continue }
            for other in machines.values {
                try other.run("cd /srv/admin && touch shell && echo 'declare -- \(name.uppercased())_KEY=\(key)' >>shell")
            }
        }
    }
}
