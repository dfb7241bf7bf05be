# rtpengine-iq, the companion of rtpengine.
PLUGIN_SRC := $(wildcard rtpengine-plugin/*.c)
PLUGIN_CFLAGS := $(filter-out -D_POSIX_C_SOURCE=200809L,$(LIB_CFLAGS)) -D_GNU_SOURCE -Irtpengine-plugin $(CFLAGS_rel) -fPIE
PLUGIN_LIBS := -lwebsockets -lpthread

$(BUILD)/plugin/%.o: rtpengine-plugin/%.c
	@mkdir -p $(@D)
	$(CC) $(PLUGIN_CFLAGS) -MMD -MP -c $< -o $@
$(BUILD)/plugin/rtpengine-iq: $(PLUGIN_SRC:rtpengine-plugin/%.c=$(BUILD)/plugin/%.o) $(BUILD)/rel/libep.a
	$(CC) -pie -Wl,-z,relro -Wl,-z,now -o $@ $^ $(PLUGIN_LIBS)
-include $(PLUGIN_SRC:rtpengine-plugin/%.c=$(BUILD)/plugin/%.d)
# The same under the sanitizers: EP_IQ=build/plugin/rtpengine-iq-san for its tests.
$(BUILD)/plugin/rtpengine-iq-san: $(PLUGIN_SRC) $(wildcard rtpengine-plugin/*.h) $(BUILD)/san/libep.a
	@mkdir -p $(@D)
	$(CC) $(filter-out $(CFLAGS_rel),$(PLUGIN_CFLAGS)) $(CFLAGS_san) $(PLUGIN_SRC) $(BUILD)/san/libep.a -o $@ $(PLUGIN_LIBS)

.PHONY: plugin install-plugin
## plugin: build the daemon rtpengine-iq
plugin: $(if $(PLUGIN_SRC),$(BUILD)/plugin/rtpengine-iq)

UNITDIR := /lib/systemd/system
# A configuration that is there stays.
install-plugin: plugin
	install -d $(DESTDIR)/usr/sbin $(DESTDIR)$(UNITDIR) $(DESTDIR)/etc/rtpengine
	install -m 755 $(BUILD)/plugin/rtpengine-iq $(DESTDIR)/usr/sbin
	install -m 644 rtpengine-plugin/rtpengine-iq.service $(DESTDIR)$(UNITDIR)
	[ -e $(DESTDIR)/etc/rtpengine/rtpengine-iq.conf ] || \
		install -m 644 cfg-examples/rtpengine/rtpengine-iq.conf $(DESTDIR)/etc/rtpengine

# For bench-calls: asynchronous mode goes through it.
bench-calls: plugin

# For bench-iq: who commands, and who answers at next to no cost.
bench-iq: plugin $(BUILD)/bench/bin/iq_load
$(BUILD)/bench/bin/iq_load: test/bench/iq/load.c $(BUILD)/rel/libep.a
	@mkdir -p $(@D)
	$(CC) $(filter-out -Wmissing-prototypes,$(LIB_CFLAGS)) -D_GNU_SOURCE -O2 $< $(BUILD)/rel/libep.a -o $@
