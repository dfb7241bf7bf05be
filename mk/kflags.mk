# Prints the compiler flags of a Kamailio source tree after its `make cfg`.
include $(KSRC)/src/config.mak
$(info $(C_DEFS) $(filter -DKSR_%,$(CC_PMUTEX_OPTS)))
all: ;@:
