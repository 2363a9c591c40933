import Foundation
import Testing

/// The package: installed, upgraded, removed and purged; and its units, as systemd judges them.
@Suite(.serialized, .enabled(if: Service.isWanted, "boots a systemd and installs the package: make test-service"))
struct PackageTests {
    private let box: Box

    init() throws {
        box = try Box()
        try box.install()
    }

    private static let units = [
        "duolog.service", "duolog@.service", "duolog.socket", "duolog-peers.socket", "duolog-backup.service",
        "duolog-backup.timer",
    ]

    @Test func theUnitsAreInOrderAndLeaveLittleOpen() throws {
        #expect(try box.run("cd /lib/systemd/system && ls duolog*").split(separator: "\n").count == Self.units.count)
        let instances = Self.units.map { $0.replacing("@.", with: "@left.") }.joined(separator: " ")
        #expect(try box.run("systemd-analyze verify --man=no \(instances)").isEmpty)
        for unit in Self.units where unit.hasSuffix(".service") {
            // In tenths: the worst that a unit may be is 1.5.
            let judged = try box.run("systemd-analyze security --offline=true --threshold=15 /lib/systemd/system/\(unit)")
            print(judged.split(separator: "\n").last ?? "")
        }
    }

    @Test func anUpgradeKeepsTheStateAndRestartsWhatRan() throws {
        try box.run("runuser -u duolog -- duolog init && systemctl start duolog")
        try box.run("duolog practitioner add --uid 1 --name 'Dr. Ada Fictional' --credential psychiatrist")
        try box.run("echo '# mine' >>/etc/duolog/duolog.yaml")
        let before = try box.property("MainPID")
        try box.run(
            """
            cd /srv && dpkg-deb -R duolog_*.deb next && sed -i 's/^Version: .*/&+next/' next/DEBIAN/control
            dpkg-deb -Znone --root-owner-group -b next next.deb && DEBIAN_FRONTEND=noninteractive dpkg --force-confdef -i next.deb
            """)
        #expect(try box.property("ActiveState") == "active")
        #expect(try box.property("MainPID") != before, "the old program does not run on")
        #expect(try box.run("duolog practitioner list").contains("Dr. Ada Fictional"))
        #expect(try box.run("tail -1 /etc/duolog/duolog.yaml") == "# mine\n")
    }

    @Test func removingAndPurgingKeepTheRecords() throws {
        try box.run("runuser -u duolog -- duolog init && systemctl enable --now duolog")
        try box.run("dpkg --remove duolog")
        #expect(try box.attempt("pgrep -x duolog").status == 1)
        #expect(try box.attempt("test -e /etc/systemd/system/multi-user.target.wants/duolog.service").status == 1)
        #expect(try box.attempt("test -e /etc/duolog/duolog.yaml && test -e /var/lib/duolog/log.sqlite").status == 0)
        let said = try box.run("dpkg --purge duolog")
        #expect(said.contains("/var/lib/duolog holds a node with its records and is kept"))
        #expect(try box.attempt("test -e /etc/duolog").status == 1)
        // It comes back to life where it is wanted again.
        try box.install()
        try box.run("systemctl start duolog && duolog audit verify")
    }

    @Test func manualsAndCompletionsAreThere() throws {
        #expect(try box.run("zcat /usr/share/man/man1/duolog.1.gz | head -12").contains("duolog"))
        let missing = try box.run(
            """
            for page in $(zcat /usr/share/man/man1/duolog*.gz | sed -n 's/^\\.Xr \\([a-z-]*\\) 1.*/\\1/p'); do
                test -e "/usr/share/man/man1/$page.1.gz" || echo "$page"
            done
            """)
        #expect(missing.isEmpty, "pages refer to \(missing)")
        try box.run("bash -n /usr/share/bash-completion/completions/duolog")
    }
}
