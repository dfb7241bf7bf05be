# The lab for people: a whole IMS home network on this machine.
HOST ?=
.PHONY: lab lab-stop demo soak-calls
## demo: install, build, start the lab, show a call step by step, break it, write build/demo/report.html
demo: deps
	@$(MAKE) -s --no-print-directory -j2 modules plugin
	@test/lab/in-netns node test/demo/demo.mjs

## lab: start the lab for your own browser (HOST=<address>, for a browser on another machine)
lab: deps
	@$(MAKE) -s --no-print-directory -j2 modules plugin
	@test/lab/lab start $(if $(HOST),--host $(HOST))

## soak-calls: CALLS=500 calls of a browser in a row, each heard at both ends
soak-calls: deps
	@$(MAKE) -s --no-print-directory -j2 modules plugin
	@CALLS=$(if $(CALLS),$(CALLS),500) test/lab/in-netns node --test test/browser/media_row.test.mjs

## lab-stop: end the lab
lab-stop:
	@test/lab/lab stop

## soak-iq-kill: CALLS=50 live calls of a browser while rtpengine-iq is killed, each heard at both ends
.PHONY: soak-iq-kill
soak-iq-kill: deps
	@$(MAKE) -s --no-print-directory -j2 modules plugin
	@CALLS=$(if $(CALLS),$(CALLS),50) test/lab/in-netns node --test test/browser/iqkill.test.mjs
