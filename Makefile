# Duolog. `make help` says what there is.

PREFIX  ?= /usr
DESTDIR ?=
# Given to the demonstration, as in: make demo ARGS=--keep
ARGS    ?=
# Histories that the simulator runs, and the first seed.
SEEDS      ?= 2000
SEED_START ?= 1
# How long each fuzzer runs.
SECONDS    ?= 60
# Events of the benchmark's large cases.
EVENTS     ?= 100000
binary  = $(DESTDIR)$(PREFIX)/bin/duolog
config  = $(DESTDIR)/etc/duolog/duolog.yaml
units   = $(DESTDIR)/lib/systemd/system
# One build feeds all tests, the benchmark and the package: what is tested is what is measured and shipped, and nothing is built twice. Optimised,
# since the tests wait longer for a debug build than its compiler saves. Without a debugger's tables: the package is stripped of them
# anyway, and writing them is a seventh of the build. Profilers still find names. Each function in a section of its own: .ci/link-static
# lays those together that a live event needs.
options     = --configuration release -debug-info-format none -Xswiftc -Xfrontend -Xswiftc -function-sections -Xcc -ffunction-sections
swift_build = swift build $(options)
built       = .build/release
# The same programs with Swift's own libraries linked in. Debian's are found at run time.
linked      = .build/linked
packed      = $(linked)/duolog
# Whoever only wants to see it is shown a debug build, which is there in half the time; and what plain `swift build` makes is the same.
shown      := $(if $(wildcard $(built)/duolog),release,debug)
release_date = $(shell git log -1 --format=%cs 2>/dev/null || date +%F)

.PHONY: help build build-tests demo bench test test-faults test-service test-page measure-page screenshots fuzz lint simulate planted hot-functions linked manual stage install package deb

help:
	@echo "make demo      build, then play 26 weeks of one patient's care over three nodes (ARGS=--keep leaves them running)"
	@echo "make test      lint, build, and run every test"
	@echo "make test-faults  kill, stop, cut and starve real processes; some cases need root. About three minutes"
	@echo "make test-service  install the package under a real systemd and try it; needs root. About three minutes after the build"
	@echo "make test-page     drive a real browser against real daemons, and hold every page to the rules of accessibility. About five minutes"
	@echo "make measure-page  time the page of a chart of 5,000 events beside 10 and beside 10,000 other charts; long"
	@echo "make screenshots   take the pictures of the page that stand in docs, from the demonstration"
	@echo "make fuzz      let libFuzzer try lines, events and sessions for SECONDS each"
	@echo "make simulate  run SEEDS histories of the sync simulator, from SEED_START on; docs/TESTING.md"
	@echo "make planted   plant known mistakes one after another, and see which oracle of the simulator finds each"
	@echo "make bench     measure Duolog beside the floor, in a release build (EVENTS=100000, ARGS=--json); docs/PERFORMANCE.md"
	@echo "make hot-functions  write down anew what a live event goes through, by valgrind; the linker lays it together"
	@echo "make lint      check the form of the code"
	@echo "make build     build the duolog command"
	@echo "make deb       release build as a Debian package in .build"
	@echo "make install   release build into PREFIX ($(PREFIX)), below DESTDIR where that is set, for those without dpkg"

build:
	@.ci/setup build
	@echo "Building duolog. The first time all libraries are built too: about 5 minutes on 2 cores; after that, what has changed."
	@.ci/stage build $(if $(filter release,$(shown)),$(swift_build),swift build) --product duolog
	@ln -sfn $(shown) .build/bin

build-tests:
	@.ci/setup test
	@echo "Building duolog, its tests, the simulator and the benchmark. The first time this takes about 11 minutes on 2 cores."
	@.ci/stage build-tests $(swift_build) --build-tests

demo: build
	@.build/bin/duolog demo $(ARGS)

lint:
	@.ci/stage lint swift format lint --strict --recursive Package.swift Sources Tests

# Tests begin at once otherwise, with 2,900 open files, and Foundation ends the process now and then where it begins another with more than 1,365.
test: export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH = 48
test: lint build-tests
	@.ci/stage test .ci/own-tmp swift test $(options) --skip-build --disable-xctest
	@.ci/stage bench-smoke $(built)/bench --smoke
	@.ci/stage link-simulate .ci/link-static simulate
	@$(linked)/simulate --seeds $(SEEDS) --start $(SEED_START)
	@grep -qE 'Test run with [1-9][0-9]* tests? in [0-9]+ suites? passed' .build/stages/test.log \
		|| { echo "swift test ended without saying that its tests passed" >&2; exit 1; }

# The floor is C, built and run beside it.
bench:
	@.ci/setup test
	@.ci/stage build-bench $(swift_build) --product bench
	@.ci/stage build-floor $(swift_build) --product bench-floor
	@.ci/stage link-bench .ci/link-static bench
	@cp $(built)/bench-floor $(linked)/
	@$(linked)/bench --events $(EVENTS) $(ARGS)

hot-functions:
	@.ci/setup profile
	@.ci/stage build-bench $(swift_build) --product bench
	@.ci/stage link-bench .ci/link-static bench
	@.ci/find-hot-functions $(linked)/bench >.build/hot-functions
	@mv .build/hot-functions .ci/hot-functions

# What it prints last is what happened in the histories, by frequency.
simulate:
	@.ci/setup test
	@.ci/stage build-simulate $(swift_build) --product simulate
	@.ci/stage link-simulate .ci/link-static simulate
	@$(linked)/simulate --seeds $(SEEDS) --start $(SEED_START)

# Real processes, real disks, real networks: one after another, or they would starve each other.
test-faults: build-tests
	@RUN_FAULTS=1 .ci/stage test-faults .ci/own-tmp swift test $(options) --skip-build --disable-xctest --no-parallel --filter 'FaultTests'
	@grep -E '^(faults (at|stopped)|full after|the proxy made)' .build/stages/test-faults.log || true

# The package under a systemd of its own.
test-service: build-tests package
	@RUN_SERVICE=1 .ci/stage test-service swift test $(options) --skip-build --disable-xctest --filter ServiceTests
	@grep -hE '^→ Overall' .build/stages/test-service.log || true

# Two browsers, two practices. What a failed test saw is kept in .build/page.
test-page: build
	@.ci/setup page
	@.build/page-venv/bin/python Tests/Page/run.py .build/bin/duolog $(ARGS)

measure-page:
	@.ci/setup page
	@.ci/stage build-release $(swift_build) --product duolog
	@.build/page-venv/bin/python Tests/Page/measure.py $(built)/duolog

screenshots: build
	@.ci/setup page
	@.build/page-venv/bin/python Tests/Page/screenshots.py .build/bin/duolog docs/screenshots

# What is found is kept in .build/fuzz; a crash names its input, and what runs it again.
fuzz:
	@.ci/setup test
	@FUZZ=1 .ci/stage build-fuzz swift build --configuration release --product fuzz --scratch-path .build/fuzz -Xswiftc -sanitize=fuzzer -Xswiftc -use-ld=lld
	@for target in lines events session; do \
		mkdir -p .build/fuzz/corpus/$$target; \
		FUZZ_TARGET=$$target .ci/stage fuzz-$$target .build/fuzz/release/fuzz -max_total_time=$(SECONDS) -max_len=65536 \
			-artifact_prefix=.build/fuzz/$$target- -print_final_stats=1 .build/fuzz/corpus/$$target Tests/FuzzTests/Corpus/$$target \
			|| { echo "run it again: FUZZ_TARGET=$$target .build/fuzz/release/fuzz .build/fuzz/$$target-crash-…" >&2; exit 1; }; \
		grep -E '^(Done|stat::(number_of_executed|average_exec|new_units))' .build/stages/fuzz-$$target.log || true; \
		grep -E ' cov: ' .build/stages/fuzz-$$target.log | tail -n 1; \
	done

planted:
	@.ci/setup test
	@Tests/SyncSimulation/Planted/run '$(swift_build)' $(ARGS)

# Manual pages and completions are generated from the command itself.
manual:
	@.ci/stage manual $(swift_build) --product generate-manual
	@rm -rf .build/man && mkdir -p .build/man
	@$(built)/generate-manual $(packed) --multi-page --date $(release_date) -o .build/man
	@.ci/man-names .build/man

# Puts what has been built into its places below DESTDIR.
stage: manual
	install -D -m 755 $(packed) '$(binary)'
	strip '$(binary)'
	chrpath --delete '$(binary)' >/dev/null
	install -D -m 644 -t '$(DESTDIR)$(PREFIX)/share/man/man1' .build/man/*.1
	install -d '$(DESTDIR)$(PREFIX)/share/bash-completion/completions' '$(DESTDIR)$(PREFIX)/share/zsh/vendor-completions' \
		'$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d'
	$(packed) --generate-completion-script bash | sed '1{/^#!/d}' >'$(DESTDIR)$(PREFIX)/share/bash-completion/completions/duolog'
	$(packed) --generate-completion-script zsh >'$(DESTDIR)$(PREFIX)/share/zsh/vendor-completions/_duolog'
	$(packed) --generate-completion-script fish >'$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/duolog.fish'
	if [ ! -e '$(config)' ]; then install -D -m 644 config/duolog.yaml '$(config)'; fi
	install -d '$(units)'
	for unit in systemd/*.service systemd/*.socket systemd/*.timer; do \
		sed 's|/usr/bin/duolog|$(PREFIX)/bin/duolog|' "$$unit" >"$(units)/$${unit##*/}"; chmod 644 "$(units)/$${unit##*/}"; done
	install -D -m 644 systemd/duolog.sysusers '$(DESTDIR)/usr/lib/sysusers.d/duolog.conf'
	install -D -m 644 systemd/duolog.tmpfiles '$(DESTDIR)/usr/lib/tmpfiles.d/duolog.conf'

install: linked
	@.ci/setup package
	@$(MAKE) --no-print-directory stage
	@echo "The service runs as a user of its own: systemd-sysusers && systemd-tmpfiles --create duolog.conf && systemctl daemon-reload"
	@echo "Then see docs/OPERATIONS.md; a new node begins with: runuser -u duolog -- duolog init"

linked:
	@.ci/setup build
	@echo "Building for release. The first time this takes about 9 minutes on 2 cores."
	@.ci/stage build-release $(swift_build) --product duolog
	@.ci/stage link-duolog .ci/link-static duolog

package: linked
	@.ci/setup package
	@PROGRAM=$(packed) .ci/stage package config/debian/build .build

deb: package
	@.ci/setup lintian
	@lintian --allow-root --fail-on error --fail-on warning .build/duolog_*.deb
	@ls -l .build/duolog_*.deb
