# mcast - the one Makefile: `make help` lists what can be made
#
# One archive of all of core but main.c; programs, handlers and tests take from it just the objects
# they need. SANITIZE=address,undefined and CC=clang build into folders of their own. Nothing here asks
# a compiler or pkg-config for anything before `make deps` had its turn, but for a plugin with a plugin.mk.

# ---- what is built, and for where: all of this may be given on the command line ----------
ifeq ($(origin CC),default)
CC := cc
endif
is_clang := $(filter clang%,$(notdir $(firstword $(CC))))
ifeq ($(origin CXX),default)
CXX := $(if $(is_clang),$(subst clang,clang++,$(CC)),c++)
endif
CFLAGS ?= -O2 -g
CXXFLAGS ?= $(CFLAGS)
SANITIZE ?=#		address,undefined or thread
WERROR ?=#		1: a warning is an error
V ?=#			1: show every command
TESTS ?=#		make check TESTS="unit/base_* system/*": only these
TIMEOUT ?= 300#		seconds that one test program may take
FUZZ_SECONDS ?= 30#	for each fuzzer

PREFIX ?= /usr/local
DESTDIR ?=
LIBDIR ?= $(PREFIX)/lib
SYSCONFDIR ?= $(if $(filter /usr,$(PREFIX)),/etc,$(PREFIX)/etc)
MANDIR ?= $(PREFIX)/share/man
DOCDIR ?= $(PREFIX)/share/doc/mcast

comma := ,
FUZZING ?=#		set by the rule fuzz for itself
BUILD := build$(if $(FUZZING),/fuzz,$(if $(is_clang),/clang)$(if $(SANITIZE),/$(subst $(comma),-,$(SANITIZE))))
MAKEFLAGS += --no-print-directory --no-builtin-rules

# ---- flags -------------------------------------------------------------------------------
WARN := -Wall -Wextra -Wshadow -Wvla -Wpointer-arith -Wformat=2 -Wundef -Wwrite-strings \
	-Wimplicit-fallthrough $(if $(WERROR),-Werror)
WARN_C := -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition
# Words for people are cut to fit, on purpose.
WARN += $(if $(is_clang),,-Wno-format-truncation)
optimised := $(filter-out -O0,$(filter -O%,$(CFLAGS)))
HARDEN := -fstack-protector-strong $(if $(and $(optimised),$(if $(SANITIZE),,yes)),-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
SANITIZERS := $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all) \
	$(if $(FUZZING),-fsanitize=fuzzer-no-link)

ALL_CPPFLAGS = -D_GNU_SOURCE -Iinclude -Icore $(CPPFLAGS)
COMMON_FLAGS := -fPIC -fvisibility=hidden -ffunction-sections -fdata-sections $(HARDEN) $(SANITIZERS)
ALL_CFLAGS = -std=c11 $(WARN) $(WARN_C) $(COMMON_FLAGS) $(CFLAGS)
ALL_CXXFLAGS = -std=c++20 $(WARN) $(COMMON_FLAGS) $(CXXFLAGS)
# Criterion finds its tests by the name of a section, which --gc-sections would drop.
GC := -Wl,--gc-sections
ALL_LDFLAGS = -Wl,-z,relro -Wl,-z,now $(SANITIZERS) $(LDFLAGS)
LIBS := -ljansson -ldl -pthread
PLACES = -DMCAST_LIBDIR='"$(LIBDIR)"' -DMCAST_SYSCONFDIR='"$(SYSCONFDIR)"'
TEST_PLACES = -DBUILD_DIR='"$(CURDIR)/$(BUILD)"' -DSOURCE_DIR='"$(CURDIR)"' -Itests

# ---- what there is -----------------------------------------------------------------------
objects = $(patsubst %,$(BUILD)/obj/%.o,$(basename $(1)))
PROGRAMS := mcast-hear
CORE := $(wildcard core/*/*.c)
LIBCORE := $(BUILD)/libcore.a
SUPPORT := $(wildcard tests/support/*.c)
LIBSUPPORT := $(BUILD)/libsupport.a
ALL_PLUGINS := $(sort $(notdir $(patsubst %/,%,$(dir $(wildcard plugins/*/*.c plugins/*/*.cc)))))

# plugin.mk of a plugin names the pkg-config packages that it needs: PLUGIN_PKG := libfoo >= 1.2
define read_plugin_mk
PLUGIN_PKG :=
-include plugins/$(1)/plugin.mk
PKG_$(1) := $$(PLUGIN_PKG)
endef
$(foreach p,$(ALL_PLUGINS),$(eval $(call read_plugin_mk,$(p))))
LEFT_OUT := $(foreach p,$(ALL_PLUGINS),$(if $(PKG_$(p)),$(shell pkg-config --exists '$(PKG_$(p))' 2>/dev/null || echo $(p))))
PLUGINS := $(filter-out $(LEFT_OUT),$(ALL_PLUGINS))
HANDLERS := $(PLUGINS:%=$(BUILD)/handlers/%.so)

tests_in = $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/$(1)/*.c))
CHECKS := $(call tests_in,unit) $(call tests_in,plugins) $(call tests_in,system)
RACES := $(call tests_in,race)
FUZZERS := $(call tests_in,fuzz)
TOOLS := $(call tests_in,tools)
BENCHES := $(call tests_in,bench)
TEST_HANDLERS := $(addsuffix .so,$(basename $(patsubst tests/%,$(BUILD)/tests/%,$(wildcard tests/handlers/*.c tests/handlers/*.cc))))

ifeq ($(V),1)
say = @:
else
Q := @
say = @printf '  %-5s %s\n' $(1) $(@:$(CURDIR)/%=%)
endif
# The jobs of a make that this one calls: those that the user gave, else one for each processor
jobs = $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc 2>/dev/null || echo 2))

# ---- build -------------------------------------------------------------------------------
all: build
build: $(PROGRAMS:%=$(BUILD)/bin/%) $(HANDLERS) modes	## the programs in build/bin, the handlers in build/handlers (the default)
	@$(foreach p,$(LEFT_OUT),echo "  left out: the plugin $(p) needs $(PKG_$(p)), which pkg-config does not find";)

# The listener runs no code that others than its user and root can write, and a umask of 002 or 000 would let them.
modes: | $(HANDLERS)
	@chmod go-w handlers.d handlers.d/* $(BUILD)/handlers $(HANDLERS) 2>/dev/null || :

# A file that changes only when the words do: what depends on it is made again when they change.
quote = '$(subst ','\'',$(1))'
remember = mkdir -p $(@D); printf '%s\n' $(call quote,$(1)) | cmp -s - $@ 2>/dev/null || \
	{ $(if $(2),$(2) &&) printf '%s\n' $(call quote,$(1)) >$@; }

$(BUILD)/flags: FORCE
	@$(call remember,$(CC) $(CXX) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(ALL_CXXFLAGS) $(ALL_LDFLAGS),CC=$(call quote,$(CC)) sh tests/support/deps.sh ask build)
$(BUILD)/places: FORCE
	@$(call remember,$(PLACES))
$(BUILD)/members: FORCE
	@$(call remember,$(CORE) $(SUPPORT))

$(call objects,$(wildcard core/engine/*.c)): $(BUILD)/places
$(BUILD)/obj/core/engine/%: private MORE = $(PLACES)
$(BUILD)/obj/tests/%: private MORE = $(TEST_PLACES)

$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CPPFLAGS) $(MORE) $(ALL_CFLAGS) -MMD -MP -c $< -o $@
$(BUILD)/obj/%.o: %.cc $(BUILD)/flags
	$(call say,CXX)
	@mkdir -p $(@D)
	$(Q)$(CXX) $(ALL_CPPFLAGS) $(MORE) $(ALL_CXXFLAGS) -MMD -MP -c $< -o $@

$(LIBCORE): $(call objects,$(CORE))
$(LIBSUPPORT): $(call objects,$(SUPPORT))
$(LIBCORE) $(LIBSUPPORT): $(BUILD)/members
	$(call say,AR)
	@mkdir -p $(@D); rm -f $@
	$(Q)$(AR) rcs $@ $(filter %.o,$^)

$(BUILD)/bin/mcast-hear: $(BUILD)/obj/core/main.o $(LIBCORE)
	$(call say,LINK)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(GC) -pie $^ $(LIBS) -o $@

# A handler is all sources of its folder, and what it takes from the archive, which it keeps to itself.
linker = $(if $(wildcard $(1)/*.cc $(1).cc),$(CXX) $(ALL_CXXFLAGS),$(CC) $(ALL_CFLAGS))
define handler_rule
$(BUILD)/handlers/$(1).so: $(call objects,$(wildcard plugins/$(1)/*.c plugins/$(1)/*.cc)) $(LIBCORE) $(wildcard plugins/$(1)/plugin.mk)
$(BUILD)/obj/plugins/$(1)/%: private MORE = $$(if $$(PKG_$(1)),$$(shell pkg-config --cflags '$$(PKG_$(1))'))
endef
$(foreach p,$(PLUGINS),$(eval $(call handler_rule,$(p))))
$(HANDLERS): $(BUILD)/handlers/%.so:
	$(call say,SO)
	@mkdir -p $(@D)
	$(Q)$(call linker,plugins/$*) $(ALL_LDFLAGS) $(GC) -shared -Wl,--exclude-libs,ALL $(filter %.o %.a,$^) \
		$(if $(PKG_$*),$(shell pkg-config --libs '$(PKG_$*)')) -ljansson -o $@
	@chmod go-w $@

# ---- tests -------------------------------------------------------------------------------
# Handlers that only tests load, one source each
$(BUILD)/tests/handlers/load_origin.so: private ALL_LDFLAGS += -Wl,-rpath,'$$ORIGIN'
$(BUILD)/tests/handlers/load_plain.so: private ALL_LDFLAGS += -Wl,--hash-style=gnu
$(BUILD)/tests/handlers/load_sysv.so: private ALL_LDFLAGS += -Wl,--hash-style=sysv
$(TEST_HANDLERS): $(BUILD)/tests/handlers/%.so: $(BUILD)/obj/tests/handlers/%.o $(LIBCORE)
	$(call say,SO)
	@mkdir -p $(@D)
	$(Q)$(call linker,tests/handlers/$*) $(ALL_LDFLAGS) $(GC) -shared -Wl,--exclude-libs,ALL $^ -o $@
	@chmod go-w $(@D) $@

# Programs without Criterion: helpers of the tests, the demonstration and the benchmark
$(TOOLS) $(BENCHES) $(RACES): $(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(LIBCORE)
	$(call say,LINK)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(GC) -pie $^ $(LIBS) -o $@

# tests/plugins/NAME_PART.c tests the parts of plugins/NAME from the inside
$(foreach p,$(PLUGINS),$(eval $(filter $(BUILD)/tests/plugins/$(p)_%,$(CHECKS)): $(call objects,$(wildcard plugins/$(p)/*.c))))
$(CHECKS): $(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(LIBSUPPORT) $(LIBCORE)
	$(call say,LINK)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -pie $(filter %.o,$^) $(filter %.a,$^) $(LIBS) -lcriterion -o $@

$(FUZZERS): $(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(LIBCORE)
	$(call say,LINK)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -fsanitize=fuzzer $^ $(LIBS) -o $@

checks: build $(CHECKS) $(TEST_HANDLERS) $(TOOLS)
races: build $(RACES) $(TEST_HANDLERS)
fuzzers: $(FUZZERS)

check test: deps deps-check	## build and run all tests; SANITIZE=address,undefined, TESTS="unit/base_*"
	@$(MAKE) $(jobs) checks
	@TIMEOUT=$(TIMEOUT) sh tests/support/run.sh $(BUILD)/tests $(call quote,$(TESTS)) $(CHECKS)
race: deps deps-check	## the tests of threads, under the thread sanitizer
	@$(MAKE) $(jobs) SANITIZE=thread races
	@$(MAKE) SANITIZE=thread races-run
races-run:
	@TIMEOUT=$(TIMEOUT) PLAIN=1 sh tests/support/run.sh $(BUILD)/tests $(call quote,$(TESTS)) $(RACES)
fuzz: deps deps-fuzz	## every fuzzer for FUZZ_SECONDS (30) seconds, with clang
	@$(MAKE) $(jobs) CC=$(or $(is_clang),clang) SANITIZE=address,undefined FUZZING=yes fuzzers
	@sh tests/support/fuzz.sh build/fuzz $(FUZZ_SECONDS)
lint: deps deps-lint	## clang-tidy, cppcheck, formatting, layout rules
	@sh tests/lint/lint.sh
bench: deps deps-check	## CPU per datagram against a bare receive loop; memory over a million datagrams
	@$(MAKE) $(jobs) build $(BENCHES) $(TEST_HANDLERS) $(TOOLS)
	@sh tests/bench/bench.sh $(BUILD)
run: deps	## see it work: a listener, its chain and some datagrams, on the loopback interface
	@$(MAKE) $(jobs) build $(TOOLS)
	@sh tests/demo/demo.sh $(BUILD)

# ---- what is needed: installed only if something is missing --------------------------------
deps:		## what the build needs: compilers, pkg-config, jansson
	@CC=$(call quote,$(CC)) sh tests/support/deps.sh get build
deps-check:	## what the tests need: Criterion, socat, iproute2
	@sh tests/support/deps.sh get check
deps-lint:	## clang-tidy, clang-format, cppcheck
	@sh tests/support/deps.sh get lint
deps-fuzz:	## clang with libFuzzer
	@sh tests/support/deps.sh get fuzz

# ---- install -----------------------------------------------------------------------------
# An existing manifest is never overwritten, and uninstall leaves one that was changed.
bindir := $(DESTDIR)$(PREFIX)/bin
libdir = $(DESTDIR)$(LIBDIR)/mcast
includedir := $(DESTDIR)$(PREFIX)/include/mcast
confdir = $(DESTDIR)$(SYSCONFDIR)/mcast
docdir = $(DESTDIR)$(DOCDIR)
mandir = $(DESTDIR)$(MANDIR)
HEADERS := $(wildcard include/mcast/*.h)
DOCS := $(wildcard README.md CHANGELOG.md LICENSE docs/*.md docs/*.json handlers.d/README.md plugins/*/README.md)
MANUALS := $(wildcard docs/*.[1-8])

install: build	## PREFIX=/usr/local, DESTDIR, SYSCONFDIR (/etc for PREFIX=/usr, else PREFIX/etc)
	install -d -m 755 $(bindir) $(libdir)/handlers $(includedir) $(confdir)/handlers.d $(docdir)
	install -m 755 $(PROGRAMS:%=$(BUILD)/bin/%) $(bindir)
	install -m 755 $(HANDLERS) $(libdir)/handlers
	install -m 644 $(HEADERS) $(includedir)
	$(if $(wildcard handlers.d/README.md),install -m 644 handlers.d/README.md $(confdir)/handlers.d)
	test -e $(confdir)/handlers.d/manifest.json || install -m 644 handlers.d/manifest.json $(confdir)/handlers.d
	for f in $(DOCS); do install -D -m 644 $$f $(docdir)/$$f || exit; done
	$(foreach m,$(MANUALS),install -D -m 644 $(m) $(mandir)/man$(patsubst .%,%,$(suffix $(m)))/$(notdir $(m)) &&) :
uninstall:	## removes what install put there; with the same PREFIX, DESTDIR, SYSCONFDIR
	rm -f $(PROGRAMS:%=$(bindir)/%) $(ALL_PLUGINS:%=$(libdir)/handlers/%.so) $(patsubst include/mcast/%,$(includedir)/%,$(HEADERS))
	rm -f $(addprefix $(docdir)/,$(DOCS)) $(foreach m,$(MANUALS),$(mandir)/man$(patsubst .%,%,$(suffix $(m)))/$(notdir $(m)))
	for f in README.md manifest.json; do \
		! cmp -s handlers.d/$$f $(confdir)/handlers.d/$$f || rm $(confdir)/handlers.d/$$f; done
	for d in $(libdir)/handlers $(libdir) $(includedir) $(confdir)/handlers.d $(confdir); do \
		! [ -d $$d ] || rmdir --ignore-fail-on-non-empty $$d; done
	! [ -d $(docdir) ] || find $(docdir) -depth -type d -empty -delete
	@! [ -d $(confdir) ] || { echo "  left, for it is not as it was installed:"; find $(confdir) ! -type d; }

user_places = PREFIX=$(HOME)/.local SYSCONFDIR=$(or $(XDG_CONFIG_HOME),$(HOME)/.config)
user-install:	## for yourself, without root: ~/.local and ~/.config/mcast
	@$(MAKE) install $(user_places)
user-uninstall:	## undoes user-install
	@$(MAKE) uninstall $(user_places)

# ------------------------------------------------------------------------------------------
clean:		## removes build/
	rm -rf build
help:		## this list
	@echo "make what: (CC=clang, SANITIZE=address,undefined, WERROR=1 and V=1 go with each)"
	@sed -n 's/^\([a-z -]*\):[^#]*## *\(.*\)/\1\t\2/p' Makefile | expand -t 18 | sed 's/^/  /'

FORCE:
.PHONY: all build modes checks races races-run fuzzers check test race fuzz lint bench run deps deps-check deps-lint \
	deps-fuzz install uninstall user-install user-uninstall clean help FORCE
.SECONDARY:
.DELETE_ON_ERROR:
-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
