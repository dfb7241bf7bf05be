/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <string.h>

#include "common/kemi.h"

sr_kemi_t *ep_kemi_find(
		const char *module, const char *function, const int types[6])
{
	sr_kemi_module_t *mods = sr_kemi_modules_get();
	sr_kemi_t *f;
	int i, k;

	for(i = 0; i < sr_kemi_modules_size_get(); i++) {
		if(mods[i].mname.s == NULL
				|| strlen(module) != (size_t)mods[i].mname.len
				|| strncmp(mods[i].mname.s, module, mods[i].mname.len) != 0)
			continue;
		for(f = mods[i].kexp; f != NULL && f->func != NULL; f++) {
			if(strlen(function) != (size_t)f->fname.len
					|| strncmp(f->fname.s, function, f->fname.len) != 0)
				continue;
			for(k = 0; k < 6 && f->ptypes[k] == types[k]; k++)
				;
			if(k == 6)
				return f;
		}
	}
	return NULL;
}
