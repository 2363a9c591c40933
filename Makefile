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

binary  = $(DESTDIR)$(PREFIX)/bin/duolog
config  = $(DESTDIR)/etc/duolog/duolog.yaml
unit    = $(DESTDIR)/lib/systemd/system/duolog.service

.PHONY: help build demo test test-faults fuzz lint simulate planted install

help:
	@echo "make demo      build, then play 26 weeks of one patient's care over three nodes (ARGS=--keep leaves them running)"
	@echo "make test      lint, build, and run every test"
	@echo "make test-faults  kill, stop, cut and starve real processes; some cases need root. About three minutes"
	@echo "make fuzz      let libFuzzer try lines, events and sessions for SECONDS each"
	@echo "make simulate  run SEEDS histories of the sync simulator, from SEED_START on; docs/TESTING.md"
	@echo "make planted   plant known mistakes one after another, and see which oracle of the simulator finds each"
	@echo "make lint      check the form of the code"
	@echo "make build     build the duolog command"
	@echo "make install   release build into PREFIX ($(PREFIX)), below DESTDIR where that is set"

build:
	@.ci/setup build
	@echo "Building duolog. The first time all libraries are built too: about 5 minutes on 2 cores; after that, seconds."
	@.ci/stage build swift build --product duolog

demo: build
	@.build/debug/duolog demo $(ARGS)

lint:
	@.ci/stage lint swift format lint --strict --recursive Package.swift Sources Tests

test:
	@.ci/setup test
	@$(MAKE) --no-print-directory lint
	@echo "Building duolog and its tests. The first time this takes about 7 minutes on 2 cores."
	@.ci/stage build-tests swift build --build-tests
	@.ci/stage test swift test --skip-build --disable-xctest
	@$(MAKE) --no-print-directory simulate
	@grep -qE 'Test run with [1-9][0-9]* tests? in [0-9]+ suites? passed' .build/stages/test.log \
		|| { echo "swift test ended without saying that its tests passed" >&2; exit 1; }

# In a release build: the histories are many. What it prints last is what happened in them, by frequency.
simulate:
	@.ci/setup test
	@.ci/stage build-simulator swift build --configuration release --product simulate
	@.build/release/simulate --seeds $(SEEDS) --start $(SEED_START)

# Real processes, real disks, real networks: one after another, or they would starve each other.
test-faults:
	@.ci/setup test
	@.ci/stage build-tests swift build --build-tests
	@RUN_FAULTS=1 .ci/stage test-faults swift test --skip-build --disable-xctest --no-parallel --filter 'FaultTests'
	@grep -E '^(faults (at|stopped)|full after|the proxy made)' .build/stages/test-faults.log || true

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
	@Tests/SyncSimulation/Planted/run

# Debian's libraries are found at run time; Swift's own are linked in, so that no toolchain is needed where Duolog runs.
install:
	@.ci/setup build
	@echo "Building for release with Swift's libraries linked in: about 6 minutes on 2 cores the first time."
	@.ci/stage release swift build --configuration release --static-swift-stdlib --product duolog
	install -D -m 755 .build/release/duolog '$(binary)'
	strip '$(binary)'
	if [ ! -e '$(config)' ]; then install -D -m 644 config/duolog.yaml '$(config)'; fi
	install -d '$(dir $(unit))'
	sed 's|/usr/bin/duolog|$(PREFIX)/bin/duolog|' systemd/duolog.service >'$(unit)'
	chmod 644 '$(unit)'
	@echo "The service runs as the user duolog. Where there is none yet:"
	@echo "  useradd --system --home-dir /var/lib/duolog --shell /usr/sbin/nologin duolog && systemctl daemon-reload"
