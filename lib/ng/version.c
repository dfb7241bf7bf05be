/* SPDX-License-Identifier: BSD-2-Clause */
#include "ng/version.h"

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits from *at on; false: none, or too many. */
static bool number_read(unsigned *out, struct ep_view text, size_t *at)
{
	size_t from = *at;
	uint64_t n;

	while(*at < text.len && digit(text.p[*at]))
		++*at;
	if(!ep_view_u64(&n, ep_view_of(text.p + from, *at - from), 9999))
		return false;
	*out = (unsigned)n;
	return true;
}

static bool version_read(
		struct ep_ng_version *out, struct ep_view text, size_t at)
{
	unsigned *const part[] = {
			&out->major, &out->minor, &out->patch, &out->build};
	size_t n = 0;

	memset(out, 0, sizeof *out);
	while(n < 4 && number_read(part[n], text, &at)) {
		n++;
		if(at + 1 >= text.len || text.p[at] != '.' || !digit(text.p[at + 1]))
			break;
		at++;
	}
	out->known = n >= 2;
	return out->known;
}

bool ep_ng_version_parse(struct ep_ng_version *out, struct ep_view text)
{
	for(size_t at = 0; at < text.len; at++) {
		if(!digit(text.p[at]))
			continue;
		if(version_read(out, text, at))
			return true;
		while(at < text.len && (digit(text.p[at]) || text.p[at] == '.'))
			at++;
	}
	memset(out, 0, sizeof *out);
	return false;
}

bool ep_ng_version_reaches(
		const struct ep_ng_version *v, unsigned major, unsigned minor)
{
	return v->known
		   && (v->major > major || (v->major == major && v->minor >= minor));
}

bool ep_ng_version_bundle(const struct ep_ng_version *v)
{
	return ep_ng_version_reaches(v, 14, 0);
}

bool ep_ng_version_fragment(const struct ep_ng_version *v)
{
	return ep_ng_version_reaches(v, 14, 0);
}

bool ep_ng_version_tls_id(const struct ep_ng_version *v)
{
	return ep_ng_version_reaches(v, 11, 3);
}

bool ep_ng_version_late_passive(const struct ep_ng_version *v)
{
	/* mr26.0.1.26 has it, mr26.0.1.22 does not. */
	return ep_ng_version_reaches(v, 26, 1)
		   || (ep_ng_version_reaches(v, 26, 0)
				   && (v->patch > 1 || (v->patch == 1 && v->build >= 26)));
}
