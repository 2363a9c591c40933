import Foundation
import Testing

/// The installed service under a real systemd: what it tells, and what becomes of it.
@Suite(.serialized, .enabled(if: Service.isWanted, "boots a systemd and installs the package: make test-service"))
struct LifecycleTests {
    private let box: Box

    init() throws {
        box = try Box()
        try box.install()
    }

    private func start() throws {
        try box.run("runuser -u duolog -- duolog init && systemctl start duolog")
    }

    @Test func itIsReadyWhenItSaysSo() throws {
        #expect(try box.property("ActiveState") == "inactive", "installing starts nothing")
        let refused = try box.attempt("duolog init")
        #expect(refused.status == 78 && refused.text.contains("runuser -u duolog -- duolog init"), "\(refused.text)")
        // Without a node there is nothing to start, and no second try would find one.
        #expect(try box.attempt("systemctl start duolog").status != 0)
        #expect(try box.property("ExecMainStatus") == "78")
        #expect(try box.property("NRestarts") == "0")
        try start()
        // At once, without a second try: both sockets answer.
        let status = try box.run("duolog status && exec 3<>/dev/tcp/127.0.0.1/7410")
        #expect(status.contains("peers    awaited on 127.0.0.1:7410"))
        #expect(try box.property("StatusText") == "awaiting peers on 127.0.0.1:7410, 0 of 0 peers connected")
        let keys = try box.run("stat -c '%U %a' /var/lib/duolog/node.key /var/lib/duolog/store.key")
        #expect(keys == "duolog 600\nduolog 600\n")
        #expect(try box.attempt("runuser -u nobody -- cat /var/lib/duolog/node.key").status != 0)
    }

    @Test func aReloadTakesWhatItCanAndKeepsTheOldWhereTheNewIsBad() throws {
        try start()
        let pid = try box.property("MainPID")
        try box.run("sed -i 's/^name: .*/name: Practice of the other side/; s/port: 7410/port: 7999/' /etc/duolog/duolog.yaml")
        try box.run("systemctl reload duolog")
        #expect(try box.run("duolog status --json").contains("Practice of the other side"))
        let status = try box.property("StatusText")
        #expect(status.contains("changed: name; waiting for a restart: listen.port"), "\(status)")
        #expect(try box.run("duolog status").contains("127.0.0.1:7410"))

        try box.run("sed -i 's/^name: .*/name: Nobody sees this/; s/level: info/level: loud/' /etc/duolog/duolog.yaml")
        let refused = try box.attempt("systemctl reload duolog")
        #expect(refused.status != 0)
        try box.wait(for: "the new configuration is refused, the earlier one holds: .*log.level is \"loud\"; allowed: ")
        #expect(try box.property("StatusText").contains("log.level is \"loud\""))
        #expect(try box.run(": >/srv/none.yaml; duolog status --json --config /srv/none.yaml").contains("of the other side"))

        try box.run("sed -i 's/level: loud/level: debug/; s/^name: .*/name: By a signal/; s/7999/7410/' /etc/duolog/duolog.yaml")
        try box.run("systemctl kill --signal=HUP duolog")
        try box.wait(for: "configuration read again, changed: name, log.level")
        #expect(try box.run("duolog status --json").contains("By a signal"))
        #expect(try box.property("MainPID") == pid)
        #expect(try box.property("ActiveState") == "active")
    }

    @Test func badConfigurationIsNotStartedAgainAndAgain() throws {
        try start()
        try box.run("sed -i 's/port: 7410/port: many/' /etc/duolog/duolog.yaml")
        #expect(try box.attempt("systemctl restart duolog").status != 0)
        #expect(try box.property("ActiveState") == "failed")
        #expect(try box.property("ExecMainStatus") == "78")
        #expect(try box.property("NRestarts") == "0")
        #expect(
            try box.run("journalctl -o cat -u duolog").contains(
                "listen.port is \"many\"; allowed: a whole number from 0 to 65535"))
    }

    /// Holds the writer up in the middle of a commit: the process lives, its event loops turn, and nothing can be recorded.
    @Test func aWriterThatHangsIsFoundByTheWatchdog() throws {
        try box.run(
            """
            mkdir -p /etc/systemd/system/duolog.service.d
            printf '[Service]\\nWatchdogSec=2\\nTimeoutAbortSec=1\\nRestartSec=100ms\\n' >/etc/systemd/system/duolog.service.d/quick.conf
            systemctl daemon-reload
            """)
        try start()
        try box.run("duolog practitioner add --uid 1 --name 'Dr. Ada Fictional' --credential psychiatrist")
        let hang = try box.attempt(
            """
            pid=$(systemctl show --value -p MainPID duolog)
            coproc strace -f -qq -o /dev/null -e trace=fsync,fdatasync -e inject=fsync,fdatasync:delay_enter=8000000 -p "$pid"
            until grep -q 'TracerPid:.[1-9]' "/proc/$pid/task/$pid/status"; do :; done
            duolog practitioner add --uid 2 --name 'Dr. Ben Fictional' --credential psychologist
            """)
        #expect(hang.status == 69, "nothing was acknowledged: \(hang.text)")
        try box.wait(for: "no sign of life from the writer of the log")
        try box.wait(for: "Watchdog timeout")
        try box.wait(for: "Scheduled restart job")
        // Started again, with everything that was acknowledged.
        try box.run("systemctl start duolog")
        #expect(try box.property("NRestarts") == "1")
        #expect(try box.run("duolog practitioner list").contains("Dr. Ada Fictional"))
        #expect(try box.run("duolog audit verify --quick && duolog status").contains("whole"))
    }

    @Test func aProcessThatStandsStillIsStartedAgain() throws {
        try box.run(
            """
            mkdir -p /etc/systemd/system/duolog.service.d
            printf '[Service]\\nWatchdogSec=1\\nTimeoutAbortSec=1\\nRestartSec=100ms\\n' >/etc/systemd/system/duolog.service.d/quick.conf
            systemctl daemon-reload
            """)
        try start()
        try box.run("systemctl kill --signal=STOP duolog")
        try box.wait(for: "Watchdog timeout")
        try box.wait(for: "Scheduled restart job")
        try box.run("systemctl start duolog && duolog status")
    }

    @Test func aKilledProcessIsStartedAgainAndLosesNothing() throws {
        try start()
        try box.run("duolog practitioner add --uid 1 --name 'Dr. Ada Fictional' --credential psychiatrist")
        try box.run("systemctl kill --signal=KILL duolog")
        try box.wait(for: "Scheduled restart job")
        try box.run("systemctl start duolog")
        #expect(try box.run("duolog practitioner list").contains("Dr. Ada Fictional"))
        #expect(try box.run("duolog audit verify").contains("whole"))
    }

    /// The threads for whole histories, of which the check of the log that begins at each start uses one.
    @Test func whatTakesLongGivesWay() throws {
        try start()
        let threads = "ps -L -o ni=,comm= -p $(systemctl show -P MainPID duolog)"
        #expect(try box.run("\(threads) | grep background").split(separator: "\n").allSatisfy { $0.contains(" 10 ") })
    }

    /// How long its threads run at a time. Whoever begins a program passes that on: this one's turns would be taken for the service's.
    @Test func itsThreadsAskForShortTurns() throws {
        // An earlier kernel takes no notice of what they ask for.
        guard try box.run("uname -r").compare("6.12", options: .numeric) != .orderedAscending else { return }
        try box.run(
            """
            python3 -c 'import ctypes, platform, struct
            call = 314 if platform.machine() == "x86_64" else 274
            ctypes.CDLL(None).syscall(call, 1, struct.pack("IIQiIQQQII", 56, *[0] * 9), 0)'
            """)
        try start()
        let turns = try box.run("grep -h se.slice /proc/1/sched /proc/$(systemctl show -P MainPID duolog)/task/*/sched")
            .split(separator: "\n").compactMap { $0.split(separator: " ").last }
        #expect(
            turns.first != "1000000" && turns.count > 1 && turns.dropFirst().allSatisfy { $0 == "1000000" || $0 == "100000000" })
    }

    @Test func itStopsInOrderAndItsLinesHavePriorities() throws {
        try start()
        try box.run("systemctl stop duolog")
        #expect(try box.property("Result") == "success")
        #expect(try box.property("ExecMainStatus") == "0")
        #expect(try box.run("journalctl -o cat -u duolog -p info..info _COMM=duolog").contains("going down"))
        #expect(!(try box.run("journalctl -o cat -u duolog -p notice _COMM=duolog || true").contains("going down")))
        #expect(try box.attempt("duolog status").status == 69)
    }

    /// A disk that hangs in the middle of a commit: the node ends by itself after its 20 seconds, and systemd need not kill it after 30.
    @Test func itEndsWithinItsDeadlineThoughTheDiskHangs() throws {
        try start()
        try box.run("duolog practitioner add --uid 1 --name 'Dr. Ada Fictional' --credential psychiatrist")
        try box.run(
            """
            pid=$(systemctl show --value -p MainPID duolog)
            coproc strace -f -qq -o /srv/calls -e trace=fsync,fdatasync -e inject=fsync,fdatasync:delay_enter=25000000 -p "$pid"
            until grep -q 'TracerPid:.[1-9]' "/proc/$pid/task/$pid/status"; do :; done
            duolog practitioner add --uid 2 --name 'Dr. Ben Fictional' --credential psychologist &
            until grep -q sync /srv/calls; do :; done
            systemctl stop duolog
            """)
        let said = try box.run("journalctl -o cat -u duolog -p warning")
        #expect(said.contains("not everything could be closed within 20.0 seconds"), "\(said)")
        #expect(try box.property("Result") == "success")
        try box.run("systemctl start duolog")
        #expect(try box.run("duolog practitioner list").contains("Dr. Ada Fictional"))
        #expect(try box.run("duolog audit verify").contains("whole"))
    }

    @Test func systemdCanHoldTheSockets() throws {
        try box.run("runuser -u duolog -- duolog init && systemctl start duolog.socket duolog-peers.socket")
        #expect(try box.property("ActiveState") == "inactive")
        // The first caller starts the node; peers are awaited on the socket that was bound before.
        #expect(try box.run("duolog status").contains("awaited on 127.0.0.1:7410"))
        // People are answered a moment before it says that it is ready.
        try box.run("while systemctl show --value -p ActiveState duolog | grep -q activating; do :; done")
        #expect(try box.property("ActiveState") == "active")
        try box.run("systemctl stop duolog && exec 3<>/dev/tcp/127.0.0.1/7410 && systemctl start duolog && duolog status")
    }

    /// The store key comes as a credential, in the clear or sealed to the machine, and does not stand in the state folder any more.
    @Test func theStoreKeyCanBeACredential() throws {
        try box.run("runuser -u duolog -- duolog init")
        let dropIn = "/etc/systemd/system/duolog.service.d/key.conf"
        try box.run(
            """
            mkdir -p /etc/credstore.encrypted /etc/credstore /etc/systemd/system/duolog.service.d
            chmod 700 /etc/credstore
            systemd-creds encrypt --with-key=host --name=store-key /var/lib/duolog/store.key /etc/credstore.encrypted/store-key
            mv /var/lib/duolog/store.key /etc/credstore/store-key
            chown root: /etc/credstore/store-key
            printf '[Service]\\nLoadCredential=store-key:/etc/credstore/store-key\\n' >\(dropIn)
            systemctl daemon-reload
            systemctl start duolog
            duolog practitioner add --uid 1 --name 'Dr. Ada Fictional' --credential psychiatrist
            systemctl stop duolog
            rm /etc/credstore/store-key
            printf '[Service]\\nLoadCredentialEncrypted=store-key:/etc/credstore.encrypted/store-key\\n' >\(dropIn)
            systemctl daemon-reload
            systemctl start duolog
            """)
        #expect(try box.run("duolog practitioner list").contains("Dr. Ada Fictional"))
        #expect(try box.attempt("test -e /var/lib/duolog/store.key").status == 1)
        let seen = "/run/credentials/duolog.service/store-key"
        #expect(try box.attempt("runuser -u nobody -- cat \(seen)").status != 0)
    }

    @Test func theTimerMakesABackupAndTheNodeComesBackFromIt() throws {
        try start()
        try box.run("duolog practitioner add --uid 1 --name 'Dr. Ada Fictional' --credential psychiatrist")
        // Without a key there is nobody whom a timer could ask.
        #expect(try box.attempt("systemctl start duolog-backup").status != 0)
        try box.wait(for: "backup.recipient is none")
        try box.run(
            """
            duolog backup keygen --out /srv/identity --json >/srv/keys
            recipient=$(sed -n 's/.*"recipient" : "\\(.*\\)".*/\\1/p' /srv/keys)
            sed -i "s/recipient: none/recipient: $recipient/" /etc/duolog/duolog.yaml && systemctl reload duolog
            mkdir -p /etc/systemd/system/duolog-backup.timer.d
            printf '[Timer]\\nOnCalendar=*:*:*\\nRandomizedDelaySec=0\\nAccuracySec=1ms\\n' >/etc/systemd/system/duolog-backup.timer.d/often.conf
            systemctl daemon-reload && systemctl enable --now duolog-backup.timer
            """)
        try box.wait(for: "Finished .*backup")
        try box.run("systemctl disable --now duolog-backup.timer; systemctl stop duolog-backup; ls /var/backups/duolog/*.backup")
        #expect(try box.run("duolog status").contains(/backup   .* ago/))
        #expect(try box.run("stat -c '%U %a' /var/backups/duolog/*.backup | sort -u") == "duolog 600\n")

        try box.run(
            """
            systemctl stop duolog && rm -rf /var/lib/duolog && systemd-tmpfiles --create duolog.conf
            install -o duolog -m 400 /srv/identity /run/identity
            runuser -u duolog -- duolog restore "$(ls /var/backups/duolog/*.backup | tail -n 1)" --identity /run/identity
            systemctl start duolog
            """)
        #expect(try box.run("duolog practitioner list").contains("Dr. Ada Fictional"))
        #expect(try box.run("duolog status").contains("restored from a backup"))
    }
}
