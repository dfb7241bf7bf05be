/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>

#include "core/dprint.h"
#include "core/sr_module.h"

#include "webrtc_auth/listeners.h"

/* A function of another module, by the name of its symbol; NULL: none. */
static void *function_of(char *module, const char *name)
{
	struct sr_module *m = find_module_by_name(module);

	return m != NULL ? dlsym(m->handle, name) : NULL;
}

static int int_param(char *module, char *name, int absent)
{
	struct sr_module *m = find_module_by_name(module);
	modparam_t type;
	const int *value;

	if(m == NULL)
		return absent;
	value = find_param_export(m, name, PARAM_INT, &type);
	return value != NULL ? *value : absent;
}

/* As siptrace's own mod_init decides: trace_init_mode 0 is all, 1 this. */
static bool siptrace_listens(void)
{
	int init = int_param("siptrace", "trace_init_mode", 2);

	return (init == 0 || init == 1)
		   && int_param("siptrace", "trace_mode", 0) != 0;
}

void ep_listeners_trace(sr_event_param_t *evp)
{
	static bool looked;
	static sr_event_cb_f trace;
	void *f;

	if(!looked) {
		looked = true;
		if(siptrace_listens()) {
			f = function_of("siptrace", "siptrace_net_data_recv");
			memcpy(&trace, &f, sizeof(trace));
			if(trace == NULL)
				LM_ERR("this siptrace is not known: what is received is not "
					   "traced\n");
		}
	}
	if(trace != NULL)
		trace(evp);
}

static get_module_debug_level_f debugger_level;

/* The websocket module prints each frame, token and all, at debug level. No
 * log line may be written in here. */
static int level_of(char *module, int len, int *level)
{
	static const char websocket[] = "websocket";

	if(debugger_level != NULL && debugger_level(module, len, level) == 0)
		return 0;
	if(len != sizeof(websocket) - 1 || memcmp(module, websocket, len) != 0)
		return -1;
	*level = get_cfg_debug_level();
	if(*level > L_INFO)
		*level = L_INFO;
	return 0;
}

void ep_listeners_quiet(void)
{
	void *f = function_of("debugger", "dbg_get_mod_debug_level");

	memcpy(&debugger_level, &f, sizeof(debugger_level));
	set_module_debug_level_cb(level_of);
}
