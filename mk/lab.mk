# The lab for people: a whole IMS home network on this machine.
HOST ?=
.PHONY: lab lab-stop demo
## demo: install, build, start the lab, show a call step by step, break it, write build/demo/report.html
demo: deps
	@$(MAKE) -s --no-print-directory -j2 modules
	@test/lab/in-netns node test/demo/demo.mjs

## lab: start the lab for your own browser (HOST=<address>, for a browser on another machine)
lab: deps
	@$(MAKE) -s --no-print-directory -j2 modules
	@test/lab/lab start $(if $(HOST),--host $(HOST))

## lab-stop: end the lab
lab-stop:
	@test/lab/lab stop
