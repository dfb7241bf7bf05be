# epcscf: WebRTC access to IMS for Kamailio. One door: `make` alone prints help.
SHELL := /bin/bash
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

BUILD := build
.DEFAULT_GOAL := help

include mk/lib.mk
include mk/modules.mk
include mk/plugin.mk
include mk/test.mk
include mk/lab.mk
include mk/docs.mk

.PHONY: help deps clean
help:
	@echo 'epcscf: WebRTC access to IMS for Kamailio'
	@echo
	@grep -hE '^## ' Makefile mk/*.mk | sed -e 's/^## //' | awk -F': ' '{ printf "  make %-22s %s\n", $$1, $$2 }'
	@echo
	@echo 'Settings: KSRC=<dir> Kamailio source tree to build against (with src/config.mak)'

## deps: install what is missing (Debian packages, npm) and unpack Kamailio's headers
deps:
	@mk/deps.sh

## clean: remove everything that was built
clean:
	rm -rf $(BUILD)
