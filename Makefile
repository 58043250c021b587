# One Makefile for everything.  V=plain|asan|tsan|cover|fuzz selects a variant; each has a tree of its
# own below build/.  T=text runs only the tests whose path contains it.

V ?= plain
O ?= build/$(V)
PREFIX ?= /usr/local
DESTDIR ?=
T ?=

VERSION := $(shell cat VERSION)
PACKAGES := libuv sqlite3 yaml-0.1 openssl libpcre2-8 libseccomp
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
WARNINGS += -Wno-gnu-zero-variadic-macro-arguments
endif
CFLAGS := -std=gnu17 -D_GNU_SOURCE $(CFLAGS_$(V)) -fstack-protector-strong -fno-strict-aliasing \
    $(WARNINGS) -Isrc -I. -I$(O)/gen $(shell pkg-config --cflags $(PACKAGES)) \
    -DSLUICE_VERSION='"$(VERSION)"'
LIBS := -Wl,--as-needed $(shell pkg-config --libs $(PACKAGES)) -lm -ldl -lpthread -lcrypt

FOLDERS := $(shell sed -n 's/^\([a-z]*\):.*/\1/p' src/MODULES)
PRESENT := $(foreach f,$(FOLDERS),$(if $(wildcard src/$(f)),$(f)))
sources_of = $(shell find src/$(1) -name '*.c' 2>/dev/null | LC_ALL=C sort)
objects_of = $(patsubst %.c,$(O)/%.o,$(call sources_of,$(1)))

all: $(O)/sluice $(O)/sluice-init
.PHONY: all

-include $(O)/modules.mk
$(O)/modules.mk: src/MODULES tools/modules
	@mkdir -p $(@D)
	tools/modules --make $(O) > $@

# Every folder is an archive; a test links only those that its folder may include.
define folder_rules
$(O)/lib/$(1).a: $(call objects_of,$(1))
	@mkdir -p $$(@D)
	@rm -f $$@
	ar rcs $$@ $$^
endef
$(foreach f,$(PRESENT),$(eval $(call folder_rules,$(f))))

$(O)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MMD -MP -c $< -o $@

# Field tables: one source for what the fields of each kind are (src/schema/defs).
SCHEMA_DEFS := $(sort $(wildcard src/schema/defs/*.schema))
$(O)/gen/schema_tables.inc: tools/gen-schema $(SCHEMA_DEFS)
	@mkdir -p $(@D)
	tools/gen-schema $(SCHEMA_DEFS) > $@.new && mv $@.new $@
$(O)/src/schema/schema.o: $(O)/gen/schema_tables.inc

# What goes into `sluice`: all folders but init's mains.
$(O)/sluice: $(O)/src/main.o $(foreach f,$(filter-out init,$(PRESENT)),$(call objects_of,$(f)))
	$(CC) $(CFLAGS) -o $@ $^ $(LIBS)

# Static, small, free of every library but libc: it lives inside of pods.
INIT_FOLDERS := base sandbox init
INIT_OBJECTS = $(patsubst %.c,$(O)/init/%.o,$(foreach f,$(INIT_FOLDERS),$(call sources_of,$(f))))
INIT_CFLAGS := -std=gnu17 -D_GNU_SOURCE -Os -g -ffunction-sections -fdata-sections \
    -fstack-protector-strong -fno-strict-aliasing $(WARNINGS) -Isrc -DSLUICE_INIT \
    -DSLUICE_VERSION='"$(VERSION)"'
$(O)/init/%.o: %.c
	@mkdir -p $(@D)
	$(filter-out clang,$(CACHE)) gcc $(INIT_CFLAGS) -MMD -MP -c $< -o $@
$(O)/sluice-init: $(INIT_OBJECTS)
	gcc -static -Wl,--gc-sections -o $@ $^

# Unit tests: tests/unit/FOLDER/test_NAME.c
UNIT_TESTS := $(shell find tests/unit -name 'test_*.c' 2>/dev/null | LC_ALL=C sort)
UNIT_BINARIES := $(patsubst %.c,$(O)/%,$(UNIT_TESTS))
define unit_rule
$(O)/$(basename $(1)): $(O)/$(basename $(1)).o $$(foreach f,$$(CLOSURE_$(word 3,$(subst /, ,$(1)))),$(O)/lib/$$(f).a)
	$$(CC) $$(CFLAGS) -o $$@ $$< -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group $$(LIBS) -lcmocka
endef
$(foreach t,$(UNIT_TESTS),$(eval $(call unit_rule,$(t))))

unit: $(UNIT_BINARIES)
	tests/run $(O) unit $(T)
.PHONY: unit

clean:
	rm -rf build
.PHONY: clean

-include $(shell find $(O) -name '*.d' 2>/dev/null)
