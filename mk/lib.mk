# The pure libraries: lib/<part>/*.c, three ways.
#   rel   what ships (position independent, hidden symbols)
#   san   AddressSanitizer and UndefinedBehaviorSanitizer, for the unit tests
#   fuzz  clang's libFuzzer instrumentation
CC ?= gcc
CLANG ?= clang
LIB_PARTS := base sdp ng token tna mediate
LIB_SRC := $(foreach p,$(LIB_PARTS),$(wildcard lib/$(p)/*.c))

WARN := -Wall -Wextra -Werror -Wshadow -Wmissing-prototypes -Wstrict-prototypes \
	-Wcast-qual -Wpointer-arith -Wvla -Wno-missing-field-initializers
# libxml2's headers do not stand our warnings.
XML_CFLAGS := $(patsubst -I%,-isystem %,$(shell pkg-config --cflags libxml-2.0 2>/dev/null))
XML_LIBS := -lxml2
LIB_CFLAGS := -std=c11 -D_POSIX_C_SOURCE=200809L -g -fPIC -fvisibility=hidden \
	-Ilib $(XML_CFLAGS) $(WARN)
SAN := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

CFLAGS_rel := -O2 -fstack-protector-strong -D_FORTIFY_SOURCE=2
CFLAGS_san := -O1 $(SAN)
CFLAGS_fuzz := -O1 $(SAN) -fsanitize=fuzzer-no-link
CC_rel := $(CC)
CC_san := $(CC)
CC_fuzz := $(CLANG)

# What the libraries stand on, and nothing else.
LIB_LIBS := -lcrypto $(XML_LIBS)

define lib_variant
$(BUILD)/$(1)/lib/%.o: lib/%.c
	@mkdir -p $$(@D)
	$$(CC_$(1)) $$(LIB_CFLAGS) $$(CFLAGS_$(1)) -MMD -MP -c $$< -o $$@
$(BUILD)/$(1)/libep.a: $(LIB_SRC:%.c=$(BUILD)/$(1)/%.o)
	@rm -f $$@
	ar rcs $$@ $$^
-include $(LIB_SRC:%.c=$(BUILD)/$(1)/%.d)
endef
$(foreach v,rel san fuzz,$(eval $(call lib_variant,$(v))))

.PHONY: lib layers format
## lib: build the pure libraries
lib: $(BUILD)/rel/libep.a

## layers: check that no part reaches above or beside its layer
layers: $(BUILD)/rel/libep.a
	@mk/layers.sh $(BUILD)/rel

## format: clang-format our C files in place (Kamailio's rules)
format:
	clang-format -i $$(git ls-files -co --exclude-standard '*.c' '*.h')
