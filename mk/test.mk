# Tests. Unit tests: test/unit/<part>/<file>_test.c, one check program each,
# linked with test/unit/support.c; built twice, plain and under the sanitizers.
# Fuzz targets: test/fuzz/<name>_fuzz.c with a corpus in test/fuzz/corpus/<name>.
UNIT := $(patsubst test/unit/%.c,%,$(wildcard test/unit/*/*_test.c))
FUZZ := $(patsubst test/fuzz/%_fuzz.c,%,$(wildcard test/fuzz/*_fuzz.c))
BENCH := $(patsubst test/bench/%.c,%,$(wildcard test/bench/*.c))
BENCH_NODE := $(patsubst test/bench/%.mjs,%,$(wildcard test/bench/*.mjs))
UNIT_CFLAGS := $(filter-out -Wmissing-prototypes -Wcast-qual,$(LIB_CFLAGS)) -Itest/unit

define unit_variant
$(BUILD)/$(1)/unit/support.o: test/unit/support.c $(wildcard test/unit/*.h)
	@mkdir -p $$(@D)
	$$(CC_$(1)) $$(UNIT_CFLAGS) $$(CFLAGS_$(1)) -c $$< -o $$@

$(BUILD)/$(1)/unit/%: test/unit/%.c $(BUILD)/$(1)/unit/support.o $(wildcard test/unit/*.h test/unit/*/*.h) $(BUILD)/$(1)/libep.a
	@mkdir -p $$(@D)
	$$(CC_$(1)) $$(UNIT_CFLAGS) $$(CFLAGS_$(1)) $$< $(BUILD)/$(1)/unit/support.o $(BUILD)/$(1)/libep.a \
		$$(LIB_LIBS) -ljansson -ljwt -lcheck -lsubunit -lm -lrt -lpthread -o $$@
endef
$(foreach v,rel san,$(eval $(call unit_variant,$(v))))

$(BUILD)/fuzz/%: test/fuzz/%_fuzz.c $(wildcard test/unit/*/*.h test/fuzz/*.h) $(BUILD)/fuzz/libep.a
	@mkdir -p $(@D)
	$(CLANG) $(filter-out -Wmissing-prototypes,$(LIB_CFLAGS)) -Itest/unit -O1 $(SAN) -fsanitize=fuzzer $< \
		$(BUILD)/fuzz/libep.a $(LIB_LIBS) -ljansson -o $@

$(BUILD)/bench/bin/%: test/bench/%.c $(wildcard test/bench/*/*.h) $(BUILD)/rel/libep.a
	@mkdir -p $(@D)
	$(CC) $(filter-out -Wmissing-prototypes -fvisibility=hidden,$(LIB_CFLAGS)) -D_GNU_SOURCE -O2 $< \
		$(BUILD)/rel/libep.a $(LIB_LIBS) -ljwt $(BENCH_MORE) -o $@

.PHONY: unit fuzz $(BENCH:%=bench-%) $(BENCH_NODE:%=bench-%)
## unit: build and run the unit tests, plain and under the sanitizers
unit: unit-programs
	@test/run.mjs unit

.PHONY: unit-programs fuzz-programs test
unit-programs: $(UNIT:%=$(BUILD)/rel/unit/%) $(UNIT:%=$(BUILD)/san/unit/%)
fuzz-programs: $(FUZZ:%=$(BUILD)/fuzz/%)

## test: all of its own set-up, then every test; ends with `N passed, N failed, N skipped`
# A second make: the versions and paths of what deps installs are read anew.
test: deps
	@$(MAKE) -s --no-print-directory -j2 unit-programs fuzz-programs modules modules-next plugin
	@test/run.mjs 'step:make -s layers' unit+whole fuzz node+browser+patient

## fuzz: run every fuzz target for SECONDS=60
fuzz: fuzz-programs
	@test/fuzz/run $(if $(SECONDS),$(SECONDS),60) $(FUZZ)

## bench-<name>: measure; prints a table and writes build/bench/<name>.json
$(BENCH:%=bench-%): bench-%: $(BUILD)/bench/bin/%
	@mkdir -p $(BUILD)/bench
	taskset -c 0 $< $(BUILD)/bench/$*.json
	$(if $(wildcard test/bench/$*/workers.mjs),test/lab/in-netns node test/bench/$*/workers.mjs $(BUILD)/bench/$*.json $(BUILD)/bench/bin)

# For bench-sdp: libre, whose SDP code it is compared with.
$(BUILD)/bench/bin/sdp: BENCH_MORE := -lre

# For bench-token: the same in Kamailio's workers and in plain processes.
bench-token: $(BUILD)/bench/bin/plain $(BUILD)/bench/bin/bench_token.so modules
$(BUILD)/bench/bin/plain: test/bench/token/plain.c test/bench/token/subject.h $(BUILD)/rel/libep.a
	@mkdir -p $(@D)
	$(CC) $(filter-out -Wmissing-prototypes -fvisibility=hidden,$(LIB_CFLAGS)) -D_GNU_SOURCE -O2 $< \
		$(BUILD)/rel/libep.a $(LIB_LIBS) -o $@
$(BUILD)/bench/bin/bench_token.so: test/bench/token/worker_mod.c test/bench/token/subject.h $(BUILD)/rel/libep.a
	@mkdir -p $(@D)
	$(CC) $(filter-out -fvisibility=hidden,$(MOD_CFLAGS)) -I. -DMOD_NAME='"bench_token"' -D_GNU_SOURCE $(call kflags,$(KSRC)) \
		-isystem $(KSRC)/src -shared $< $(BUILD)/rel/libep.a $(LIB_LIBS) -o $@

# Those with real programs: in a network namespace of their own.
$(BENCH_NODE:%=bench-%): bench-%: test/bench/%.mjs modules
	@mkdir -p $(BUILD)/bench
	test/lab/in-netns node $< $(BUILD)/bench/$*.json

# For bench-binding: the table in a real Kamailio's shared memory.
bench-binding: $(BUILD)/bench/bin/bench_binding.so
BENCH_BINDING := test/bench/binding/worker_mod.c $(addprefix modules/tna_register/,store.c storerec.c wheel.c usage.c)
$(BUILD)/bench/bin/bench_binding.so: $(BENCH_BINDING) $(wildcard modules/tna_register/*.h) $(BUILD)/rel/libep.a
	@mkdir -p $(@D)
	$(CC) $(filter-out -fvisibility=hidden,$(MOD_CFLAGS)) -I. -DMOD_NAME='"bench_binding"' -D_GNU_SOURCE $(call kflags,$(KSRC)) \
		-isystem $(KSRC)/src -shared $(BENCH_BINDING) $(BUILD)/rel/libep.a $(LIB_LIBS) -o $@

# Debian 13's rtpengine, the same way as Debian unstable's.
.PHONY: test-rtpengine-12.5
## test-rtpengine-12.5: what rtpengine-iq tells, with Debian 13's rtpengine
test-rtpengine-12.5: plugin
	mk/rtpengine.sh trixie
	EP_RTPENGINE=trixie test/lab/in-netns node --test test/int/iq/events.test.mjs
	test/lab/in-netns node --test test/int/iq/capabilities.test.mjs
