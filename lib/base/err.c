/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/err.h"

static const char *const err_texts[EP_ERR_N] = {
		[EP_OK] = "ok",
		[EP_ENOMEM] = "out of memory",
		[EP_ENOSPC] = "does not fit",
		[EP_ESYNTAX] = "syntax error",
		[EP_ERANGE] = "out of range",
		[EP_ENOENT] = "not found",
		[EP_ECRYPTO] = "crypto library failure",
};

const char *ep_err_text(enum ep_err err)
{
	if((unsigned)err >= EP_ERR_N)
		return "unknown error";
	return err_texts[err];
}
