# One Makefile for everything.  `make help` lists the targets.
#
# V=plain|asan|tsan|cover|fuzz selects a variant; each has a tree of its own below build/.  T=text
# runs only the tests whose path contains it.  VERBOSE=1 shows whole commands.

V ?= plain
O ?= build/$(V)
PREFIX ?= /usr/local
DESTDIR ?=
T ?=

ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -rR --no-print-directory -j$(shell nproc)
endif

ifdef VERBOSE
say :=
Q :=
else
say = @printf '  %-5s %s\n' '$(1)' '$(2)';
Q := @
endif

VERSION := $(shell cat VERSION)
PACKAGES := libuv sqlite3 yaml-0.1 openssl libpcre2-8 libseccomp libnghttp2
CACHE := $(shell command -v ccache)
CC := $(if $(CACHE),$(CACHE) gcc,gcc)
WARNINGS := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla \
    -Wwrite-strings -Wundef -Wcast-qual -Wformat=2 -Wformat-truncation=0
CFLAGS_plain := -O2 -g
CFLAGS_asan := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
CFLAGS_tsan := -O1 -g -fsanitize=thread -fno-omit-frame-pointer
CFLAGS_cover := -O0 -g --coverage
CFLAGS_fuzz := -O1 -g -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=undefined
ifeq ($(V),fuzz)
CC := $(CACHE) clang
WARNINGS := $(filter-out -Wformat-truncation=0,$(WARNINGS))
endif
CFLAGS := -std=gnu17 -D_GNU_SOURCE $(CFLAGS_$(V)) -fstack-protector-strong -fno-strict-aliasing \
    $(WARNINGS) -Isrc -I. -I$(O)/gen $(shell pkg-config --cflags $(PACKAGES)) \
    -DSLUICE_VERSION='"$(VERSION)"'
# OpenSSL is loaded when it is first called (data/openssl.h); wslay comes without a description for
# pkg-config.
LIBS := -Wl,--as-needed $(shell pkg-config --libs $(filter-out openssl,$(PACKAGES))) -lwslay -lm -ldl \
    -lpthread

FOLDERS := $(shell sed -n 's/^\([a-z]*\):.*/\1/p' src/MODULES)
PRESENT := $(foreach f,$(FOLDERS),$(if $(wildcard src/$(f)),$(f)))
SOURCES := $(shell find src tests -name '*.c' | LC_ALL=C sort)
sources_of = $(filter src/$(1)/%,$(SOURCES))
objects_of = $(patsubst %.c,$(O)/%.o,$(call sources_of,$(1)))
archives_of = $(foreach f,$(filter $(PRESENT),$(1)),$(O)/lib/$(f).a)
# The tests of a list whose path contains T.
selected = $(if $(T),$(foreach t,$(1),$(if $(findstring $(T),$(t)),$(t))),$(1))

##> make            build sluice and sluice-init
all: $(O)/sluice $(O)/sluice-init
.PHONY: all

##> make help       this list
help:
	@sed -n 's/^##> //p' Makefile
.PHONY: help

# Who links what: CLOSURE_folder for unit tests, LINK_path for every other program of tests/.
-include $(O)/modules.mk
$(O)/modules.mk: src/MODULES tools/modules $(PRESENT:%=src/%) $(filter-out tests/unit/%,$(filter tests/%,$(SOURCES)))
	@mkdir -p $(@D)
	$(Q)tools/modules --make $(O) > $@

# Every folder is an archive; a test links only those that its folder may include.
define folder_rules
$(O)/lib/$(1).a: $(call objects_of,$(1))
	@mkdir -p $$(@D)
	@rm -f $$@
	$(Q)ar rcs $$@ $$^
endef
$(foreach f,$(PRESENT),$(eval $(call folder_rules,$(f))))

$(O)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(CFLAGS) -MMD -MP -c $< -o $@

# Field tables: one source for what the fields of each kind are (src/schema/defs).
SCHEMA_DEFS := $(sort $(wildcard src/schema/defs/*.schema))
$(O)/gen/schema_tables.inc: tools/gen-schema $(SCHEMA_DEFS)
	@mkdir -p $(@D)
	$(call say,GEN,$@)tools/gen-schema $(SCHEMA_DEFS) > $@.new && mv $@.new $@
$(O)/src/schema/schema.o: $(O)/gen/schema_tables.inc

# The empty database with which temporary stores begin is made by the code that makes any other.
READYMADE_OBJECTS := $(patsubst %,$(O)/src/store/%.o,db db_stmt migrate walvfs) \
    $(patsubst %.c,$(O)/%.o,$(wildcard src/store/schema_*.c))
$(O)/tools/make-readymade: $(O)/tools/make-readymade.o $(READYMADE_OBJECTS) $(call objects_of,base)
	$(call say,LINK,$@)$(CC) $(CFLAGS) -o $@ $^ $(LIBS)
$(O)/gen/readymade.inc: $(O)/tools/make-readymade
	@mkdir -p $(@D)
	$(call say,GEN,$@)$< $@.scratch > $@.new && mv $@.new $@
$(O)/src/store/readymade.o: $(O)/gen/readymade.inc

# What goes into `sluice`: all folders but init's mains.
$(O)/sluice: $(O)/src/main.o $(foreach f,$(filter-out init,$(PRESENT)),$(call objects_of,$(f)))
	$(call say,LINK,$@)$(CC) $(CFLAGS) -o $@ $^ $(LIBS)

# Static, small, free of every library but libc: it lives inside of pods.
INIT_FOLDERS := base sandbox init
INIT_OBJECTS = $(patsubst %.c,$(O)/init/%.o,$(foreach f,$(INIT_FOLDERS),$(call sources_of,$(f))))
# No sanitizer's library can be linked in; what is undefined ends in SIGILL.
INIT_CFLAGS_asan := -fsanitize=undefined -fsanitize-undefined-trap-on-error
INIT_CFLAGS := -std=gnu17 -D_GNU_SOURCE -Os -g -ffunction-sections -fdata-sections \
    $(INIT_CFLAGS_$(V)) -fstack-protector-strong -fno-strict-aliasing $(WARNINGS) -Isrc -DSLUICE_INIT \
    -DSLUICE_VERSION='"$(VERSION)"'
$(O)/init/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$< for init)$(CACHE) gcc $(INIT_CFLAGS) -MMD -MP -c $< -o $@
$(O)/sluice-init: $(INIT_OBJECTS)
	$(call say,LINK,$@)gcc -static -Wl,--gc-sections -o $@ $^

# Programs of tests/ link the folders that they include, and what those may include.
define program_rule
$(O)/$(1): $(O)/$(1).o $(2) $$(call archives_of,$(3))
	$$(call say,LINK,$$@)$$(CC) $$(CFLAGS) $(4) -o $$@ $$(filter %.o,$$^) -Wl,--start-group \
	    $$(filter %.a,$$^) -Wl,--end-group $$(LIBS) $(5)
endef

# Unit tests: tests/unit/FOLDER/test_NAME.c
UNIT_TESTS := $(basename $(foreach s,$(SOURCES),$(if $(filter tests/unit/%,$(s)),$(if $(filter test_%,$(notdir $(s))),$(s)))))
$(foreach t,$(UNIT_TESTS),$(eval $(call program_rule,$(t),,$(CLOSURE_$(word 3,$(subst /, ,$(t)))),,-lcmocka -lssl -lcrypto)))

##> make unit       unit tests; T=text selects, here and below
unit: $(addprefix $(O)/,$(call selected,$(UNIT_TESTS)))
	$(Q)tests/run $(O) unit $(T)
.PHONY: unit

# Simulations: tests/sim/test_NAME.c; the other files of the folder are linked to each.
SIM_TESTS := $(basename $(filter tests/sim/test_%.c,$(SOURCES)))
SIM_SHARED := $(patsubst %.c,$(O)/%.o,$(filter-out tests/sim/test_%,$(filter tests/sim/%,$(SOURCES))))
$(foreach t,$(SIM_TESTS),$(eval $(call program_rule,$(t),$(SIM_SHARED),$(LINK_tests/sim),,-lcmocka)))

##> make sim        the core under simulation
sim: $(addprefix $(O)/,$(call selected,$(SIM_TESTS)))
	$(Q)tests/run $(O) sim $(T)
.PHONY: sim

# End to end: executable tests/e2e/test_*; the C files there are helper programs of their own.
E2E_HELPERS := $(patsubst %.c,$(O)/%,$(filter tests/e2e/%.c,$(SOURCES)))
# Runs Pods without a workflow around them, for the tests of the runtime.
E2E_HELPERS += $(O)/tests/e2e/podrun
$(eval $(call program_rule,tests/podrun/podrun,,$(CLOSURE_control),,))
$(O)/tests/e2e/podrun: $(O)/tests/podrun/podrun
	@mkdir -p $(@D)
	$(Q)cp $< $@
$(O)/tests/e2e/%: tests/e2e/%.c
	@mkdir -p $(@D)
	$(call say,LINK,$@)gcc -std=gnu17 -D_GNU_SOURCE -O1 -g $(WARNINGS) -o $@ $<

##> make e2e        end-to-end tests
e2e: all $(E2E_HELPERS)
	$(Q)tests/run $(O) e2e $(T)
.PHONY: e2e

##> make sandbox    the sandbox and init by themselves
sandbox: all
	$(Q)tests/run $(O) sandbox $(T)
.PHONY: sandbox

##> make test       unit, sim, sandbox and e2e, with one closing line
test: test-programs
	$(Q)tests/run $(O) unit,sim,sandbox,e2e $(T)
test-programs: all $(E2E_HELPERS) $(addprefix $(O)/,$(call selected,$(UNIT_TESTS) $(SIM_TESTS)))
.PHONY: test test-programs

##> make asan tsan  the same tests with sanitizers
asan tsan:
	$(Q)$(MAKE) V=$@ O=build/$@ test
.PHONY: asan tsan

##> make cover      the same with counters; then what the tests never reach
cover:
	$(Q)$(MAKE) V=cover O=build/cover test
	$(Q)tools/cover build/cover
.PHONY: cover

##> make conformance  upstream's example files, and how many pass
conformance: all $(E2E_HELPERS)
	$(Q)tests/conformance/run $(O) $(T)
.PHONY: conformance

# Fuzzers: tests/fuzz/fuzz_NAME.c with kept inputs in tests/fuzz/corpus/NAME; the other files of the
# folder are linked to each.
FUZZERS := $(basename $(filter tests/fuzz/fuzz_%.c,$(SOURCES)))
FUZZ_SHARED := $(patsubst %.c,$(O)/%.o,$(filter-out tests/fuzz/fuzz_%,$(filter tests/fuzz/%,$(SOURCES))))
ifeq ($(V),fuzz)
$(foreach t,$(FUZZERS),$(eval $(call program_rule,$(t),$(FUZZ_SHARED),$(LINK_$(t)),-fsanitize=fuzzer,)))
endif
fuzzers: $(addprefix $(O)/,$(if $(F),tests/fuzz/fuzz_$(F),$(call selected,$(FUZZERS))))
.PHONY: fuzzers

##> make fuzz F=NAME [SECONDS=600]  one fuzzer from its corpus
SECONDS ?= 600
fuzz:
	$(if $(F),,$(error which one? F=$(patsubst fuzz_%,%,$(notdir $(FUZZERS)))))
	$(Q)$(MAKE) V=fuzz O=build/fuzz F=$(F) fuzzers
	$(Q)tests/fuzz/run build/fuzz $(SECONDS) $(F)
.PHONY: fuzz

##> make fuzz-smoke every fuzzer for ten seconds, or those that T names
fuzz-smoke:
	$(Q)$(MAKE) V=fuzz O=build/fuzz fuzzers
	$(Q)tests/fuzz/run build/fuzz 10 $(patsubst tests/fuzz/fuzz_%,%,$(call selected,$(FUZZERS)))
.PHONY: fuzz-smoke

# Fault injection: an LD_PRELOAD library and a driver that makes the nth call fail.  The library does
# not reach static programs, so init is linked once more, and found beside a copy of sluice.
FAULT_PROGRAMS := $(addprefix $(O)/tests/fault/,preload.so sluice sluice-init)
$(O)/tests/fault/sluice: $(O)/sluice
	@mkdir -p $(@D)
	$(Q)cp $< $@
$(O)/tests/fault/sluice-init: $(INIT_OBJECTS)
	@mkdir -p $(@D)
	$(call say,LINK,$@)gcc -Wl,--gc-sections -o $@ $^
$(O)/tests/fault/preload.so: tests/fault/preload.c
	@mkdir -p $(@D)
	$(call say,LINK,$@)gcc -std=gnu17 -D_GNU_SOURCE -O1 -g $(WARNINGS) -shared -fPIC -o $@ $< -ldl

KILLS ?= 10000
##> make fault      fail each allocation, write, sync and fork in turn; many kills
fault: all $(E2E_HELPERS) $(FAULT_PROGRAMS)
	$(Q)tests/fault/run $(O) $(T)
	$(Q)KILLS=$(KILLS) BOX_KILLS=$(KILLS) TEST_LIMIT=86400 tests/run $(O) e2e,sandbox _kills
.PHONY: fault

# Benchmarks: tests/bench/bench_NAME.c; what they measure against is in the same run.
BENCHES := $(basename $(filter tests/bench/bench_%.c,$(SOURCES)))
BENCH_SHARED := $(patsubst %.c,$(O)/%.o,$(filter-out tests/bench/bench_%,$(filter tests/bench/%,$(SOURCES))))
$(foreach t,$(BENCHES),$(eval $(call program_rule,$(t),$(BENCH_SHARED),$(LINK_$(t)),,$(BENCH_LIBS_$(notdir $(t))))))
BENCH_LIBS_bench_json := -ljansson

##> make bench      ratios against a floor or a peer, in build/bench.json
bench: all $(addprefix $(O)/,$(call selected,$(BENCHES)))
	$(Q)tests/bench/run $(O) build/bench.json $(T)
.PHONY: bench

##> make run FILE=examples/hello.yaml   run one file from the build tree
FILE ?= examples/hello.yaml
run: all
	$(O)/sluice run $(FILE)
.PHONY: run

##> make bare-root  ./dev test in a Debian that has only its base system (needs root)
bare-root:
	tools/bare-root
.PHONY: bare-root

##> make check      format, include directions, names, banned calls, unused symbols, sizes, facts on fields
# Fuzzers need clang to run, and bench_json a library, but the rest nothing to be compiled: no change
# leaves one behind.
FORMATTED := $(shell find src tests -name '*.[ch]' | LC_ALL=C sort)
check: $(foreach f,$(PRESENT),$(O)/lib/$(f).a) $(O)/src/main.o all \
    $(patsubst %.c,$(O)/%.o,$(filter-out tests/bench/bench_json.c,$(filter tests/fuzz/% tests/bench/%,$(SOURCES))))
	$(Q)code=0; clang-format --dry-run -Werror $(FORMATTED) || code=1; \
	    tools/modules --check || code=1; tools/check $(O) || code=1; \
	    tools/gen-fields --check || code=1; \
	    tools/watch-sizes $(O) || code=1; exit $$code
.PHONY: check

##> make format     put every C file into the house's form
format:
	$(Q)clang-format -i $(FORMATTED)
.PHONY: format

##> make install    into $(DESTDIR)$(PREFIX); make uninstall takes it out again
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/libexec/sluice \
	    $(DESTDIR)$(PREFIX)/share/doc/sluice
	install -s -m 755 $(O)/sluice $(DESTDIR)$(PREFIX)/bin/sluice
	install -s -m 755 $(O)/sluice-init $(DESTDIR)$(PREFIX)/libexec/sluice/sluice-init
	install -m 644 README.md LICENSE docs/*.md $(DESTDIR)$(PREFIX)/share/doc/sluice
	install -d $(DESTDIR)$(PREFIX)/share/bash-completion/completions \
	    $(DESTDIR)$(PREFIX)/share/zsh/site-functions \
	    $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	$(O)/sluice completion bash > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/sluice
	$(O)/sluice completion zsh > $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_sluice
	$(O)/sluice completion fish > $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/sluice.fish
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	sed 's|@PREFIX@|$(PREFIX)|g' tools/sluice.service.in > \
	    $(DESTDIR)$(PREFIX)/lib/systemd/system/sluice.service
	sed 's|@PREFIX@|$(PREFIX)|g' tools/apparmor.in > $(DESTDIR)$(PREFIX)/share/doc/sluice/apparmor
.PHONY: install

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/sluice
	rm -f $(DESTDIR)$(PREFIX)/lib/systemd/system/sluice.service
	rm -f $(DESTDIR)$(PREFIX)/share/bash-completion/completions/sluice \
	    $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_sluice \
	    $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/sluice.fish
	rm -rf $(DESTDIR)$(PREFIX)/libexec/sluice $(DESTDIR)$(PREFIX)/share/doc/sluice
.PHONY: uninstall

##> make dist       build/sluice-VERSION.tar.gz of what is committed
dist:
	@mkdir -p build
	git archive --prefix=sluice-$(VERSION)/ -o build/sluice-$(VERSION).tar.gz HEAD
	@echo build/sluice-$(VERSION).tar.gz
.PHONY: dist

##> make clean      remove build/
clean:
	rm -rf build
.PHONY: clean

-include $(shell find $(O) -name '*.d' 2>/dev/null)
