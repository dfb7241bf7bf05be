# Module documentation: DocBook in modules/<m>/doc, as Kamailio's own modules
# have it, and the README that is made of it. Write the one, never the other.
DOCBOOK := $(patsubst modules/%/doc/,%,$(dir $(wildcard modules/*/doc/*_admin.xml)))

.PHONY: docs
## docs: write modules/*/README from the DocBook beside it
docs: $(DOCBOOK:%=modules/%/README)

modules/%/README: modules/%/doc/*.xml mk/readme.sh
	@mk/readme.sh $* >$@.new && mv $@.new $@
