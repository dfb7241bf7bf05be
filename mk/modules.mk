# The Kamailio modules. Built against the headers of the Kamailio that is
# installed here, with the flags of its own `make cfg`: a module is bound to
# the exact version and flags, and some flags are not checked at load time,
# so none is picked by hand.
MODULES := webrtc_auth tna_register sdp_mediate
KVER = $(shell kamailio -v 2>/dev/null | sed -n '1s/^version: kamailio \([0-9.]*\).*/\1/p')
KSRC ?= $(BUILD)/ksrc/$(KVER)
# The other Debian's Kamailio: the same sources compile there.
KVER_NEXT := 6.0.1
KSRC_NEXT ?= $(BUILD)/ksrc/$(KVER_NEXT)

MOD_CFLAGS := -std=gnu11 -fPIC -DPIC -g -O2 -fno-strict-aliasing -fvisibility=hidden \
	-Wall -Wextra -Werror -Wno-unused-parameter -Wno-sign-compare \
	-Wno-missing-field-initializers -Ilib -Imodules
LIBS_webrtc_auth := -lcrypto -lcurl
LIBS_tna_register := -lcrypto $(XML_LIBS)
LIBS_sdp_mediate :=

kflags = $(shell $(MAKE) -s --no-print-directory -f mk/kflags.mk KSRC=$(1))

# $(1) build directory, $(2) Kamailio source tree, $(3) module
define module_rules
$(1)/$(3)/%.o: modules/$(3)/%.c | $(2)/src/config.mak
	@mkdir -p $$(@D)
	$$(CC) $$(MOD_CFLAGS) -DMOD_NAME='"$(3)"' -D_GNU_SOURCE $$(call kflags,$(2)) -isystem $(2)/src -MMD -MP -c $$< -o $$@
$(1)/$(3)/common/%.o: modules/common/%.c | $(2)/src/config.mak
	@mkdir -p $$(@D)
	$$(CC) $$(MOD_CFLAGS) -DMOD_NAME='"$(3)"' -D_GNU_SOURCE $$(call kflags,$(2)) -isystem $(2)/src -MMD -MP -c $$< -o $$@
# A module takes of modules/common what it calls.
$(1)/$(3)/common.a: $(patsubst modules/common/%.c,$(1)/$(3)/common/%.o,$(wildcard modules/common/*.c))
	@rm -f $$@
	ar rcs $$@ $$^
$(1)/$(3).so: $(patsubst modules/$(3)/%.c,$(1)/$(3)/%.o,$(wildcard modules/$(3)/*.c)) \
		$(1)/$(3)/common.a $(BUILD)/rel/libep.a mk/module.map
	$$(CC) -shared -Wl,-z,relro -Wl,-z,now -Wl,--version-script=mk/module.map \
		-o $$@ $$(filter %.o,$$^) $(1)/$(3)/common.a $(BUILD)/rel/libep.a $$(LIBS_$(3))
-include $(wildcard $(1)/$(3)/*.d $(1)/$(3)/common/*.d)
endef
# Only the modules whose directory has sources.
MODULES_HERE := $(foreach m,$(MODULES),$(if $(wildcard modules/$(m)/*.c),$(m)))
$(foreach m,$(MODULES_HERE),$(eval $(call module_rules,$(BUILD)/modules,$(KSRC),$(m))))
$(foreach m,$(MODULES_HERE),$(eval $(call module_rules,$(BUILD)/modules-$(KVER_NEXT),$(KSRC_NEXT),$(m))))

%/src/config.mak:
	@echo 'no Kamailio headers in $*: run make deps, or give KSRC=<source tree after make cfg>' >&2; exit 1

.PHONY: modules modules-next install load-check
## modules: build the three .so for the installed Kamailio and check that it loads them
modules: $(MODULES_HERE:%=$(BUILD)/modules/%.so) load-check

modules-next: $(MODULES_HERE:%=$(BUILD)/modules-$(KVER_NEXT)/%.so)

load-check: $(MODULES_HERE:%=$(BUILD)/modules/%.so)
	@mk/load-check.sh $(BUILD)/modules $(MODULES_HERE)

MODDIR = $(shell dirname $$(dpkg -L kamailio 2>/dev/null | grep '/modules/tm.so$$'))
## install: copy the modules beside Kamailio's own, and rtpengine-iq with its unit (DESTDIR= is honoured)
install: modules install-plugin
	install -d $(DESTDIR)$(MODDIR)
	install -m 644 $(MODULES_HERE:%=$(BUILD)/modules/%.so) $(DESTDIR)$(MODDIR)
