# mcast - make help lists what can be made
#
# One archive of all of core but main.c; programs, handlers and tests take from it just the objects
# they need. SANITIZE=address,undefined and CC=clang build into folders of their own.

CC ?= cc
SANITIZE ?=
BUILD := build$(if $(filter clang%,$(notdir $(firstword $(CC)))),/clang)$(if $(SANITIZE),/$(subst $(comma),-,$(SANITIZE)))
comma := ,

CPPFLAGS += -D_GNU_SOURCE -Iinclude -Icore
CFLAGS ?= -O2 -g
WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wpointer-arith -Wformat=2 -Wundef -Wwrite-strings
ALL_CFLAGS = -std=c11 $(CFLAGS) $(WARN) -fPIC -fvisibility=hidden -ffunction-sections -fdata-sections \
	$(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all)
ALL_LDFLAGS = $(LDFLAGS) -Wl,--gc-sections $(if $(SANITIZE),-fsanitize=$(SANITIZE))
LIBS := -ljansson -ldl -pthread

CORE := $(filter-out core/main.c,$(wildcard core/*/*.c))
CORE_OBJ := $(CORE:%.c=$(BUILD)/obj/%.o)
LIBCORE := $(BUILD)/libcore.a
PLUGINS := $(notdir $(patsubst %/,%,$(wildcard plugins/*/)))
PLUGIN_SO := $(PLUGINS:%=$(BUILD)/handlers/%.so)
UNIT := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/*.c tests/plugins/*.c tests/system/*.c))
SUPPORT := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/support/*.c))

all: build
build: $(BUILD)/bin/mcast-hear $(PLUGIN_SO)

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c $< -o $@

$(LIBCORE): $(CORE_OBJ)
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/bin/mcast-hear: $(BUILD)/obj/core/main.o $(LIBCORE)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -rdynamic $^ $(LIBS) -o $@

# A handler is all .c files of its folder, and what it takes from the archive.
.SECONDEXPANSION:
$(BUILD)/handlers/%.so: $$(patsubst %.c,$(BUILD)/obj/%.o,$$(wildcard plugins/%/*.c)) $(LIBCORE)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -shared -Wl,--exclude-libs,ALL $^ -ljansson -o $@

# Handlers that only tests load: tests/handlers/NAME.c
$(BUILD)/tests/handlers/%.so: $(BUILD)/obj/tests/handlers/%.o
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -shared $^ -o $@

# Programs that tests, the demonstration and the benchmark use: tests/tools/NAME.c, without Criterion
$(BUILD)/tests/tools/%: $(BUILD)/obj/tests/tools/%.o $(LIBCORE)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $^ $(LIBS) -o $@

# Criterion finds its tests in sections that nothing refers to.
$(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(SUPPORT) $(LIBCORE)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -Wl,--no-gc-sections $^ $(LIBS) -lcriterion -o $@

clean:
	rm -rf build

.PHONY: all build clean
.PRECIOUS: $(BUILD)/obj/%.o
-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
