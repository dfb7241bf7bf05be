/* SPDX-License-Identifier: BSD-2-Clause */
#include "token/freshness.h"

/* RFC 9111 1.2.2: what does not fit counts as 2^31. */
#define DELTA_MAX (UINT64_C(1) << 31)

/* Seconds, quoted or not; UINT64_MAX: none. */
static uint64_t delta_of(struct ep_view v)
{
	uint64_t n;

	if(v.len >= 2 && v.p[0] == '"' && v.p[v.len - 1] == '"')
		v = ep_view_head(ep_view_from(v, 1), v.len - 2);
	for(size_t i = 0; i < v.len; i++)
		if(v.p[i] < '0' || v.p[i] > '9')
			return UINT64_MAX;
	if(v.len == 0)
		return UINT64_MAX;
	return ep_view_u64(&n, v, DELTA_MAX) ? n : DELTA_MAX;
}

/* Cuts *rest at the first comma that is in no quoted string. */
static struct ep_view directive_cut(struct ep_view *rest)
{
	struct ep_view all = *rest;
	bool quoted = false;

	for(size_t i = 0; i < all.len; i++) {
		if(all.p[i] == '"')
			quoted = !quoted;
		else if(quoted && all.p[i] == '\\')
			i++;
		else if(!quoted && all.p[i] == ',') {
			*rest = ep_view_from(all, i + 1);
			return ep_view_trim(ep_view_head(all, i));
		}
	}
	*rest = ep_view_none();
	return ep_view_trim(all);
}

/* The lifetime Cache-Control gives (RFC 9111 5.2.2); UINT64_MAX: none. */
static uint64_t control_lifetime(struct ep_view value)
{
	uint64_t least = UINT64_MAX;

	while(value.p != NULL) {
		struct ep_view argument = directive_cut(&value);
		struct ep_view name = ep_view_trim(ep_view_cut(&argument, '='));
		uint64_t n = UINT64_MAX;

		if(ep_view_ieq(name, EP_LIT("no-store"))
				|| ep_view_ieq(name, EP_LIT("no-cache")))
			n = 0;
		else if(ep_view_ieq(name, EP_LIT("max-age")))
			n = delta_of(ep_view_trim(argument));
		if(n < least)
			least = n;
	}
	return least;
}

/* --- dates --- */

static bool take(struct ep_view *v, const char *text)
{
	if(!ep_view_starts(*v, ep_view_z(text)))
		return false;
	*v = ep_view_from(*v, strlen(text));
	return true;
}

/* `n` digits; with `pad` the first may be a space. */
static bool take_number(struct ep_view *v, size_t n, bool pad, int64_t *out)
{
	struct ep_view digits = ep_view_head(*v, n);
	uint64_t number;

	if(pad && ep_view_starts(digits, EP_LIT(" ")))
		digits = ep_view_from(digits, 1);
	if(v->len < n || !ep_view_u64(&number, digits, 9999))
		return false;
	*v = ep_view_from(*v, n);
	*out = (int64_t)number;
	return true;
}

static bool take_month(struct ep_view *v, int64_t *month)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for(int64_t i = 0; i < 12; i++)
		if(ep_view_starts(*v, ep_view_of(names + 3 * i, 3))) {
			*v = ep_view_from(*v, 3);
			*month = i + 1;
			return true;
		}
	return false;
}

/* The day's name, long in the obsolete form; which one is not looked at. */
static bool take_day_name(struct ep_view *v)
{
	static const char *const names[] = {"Sunday", "Monday", "Tuesday",
			"Wednesday", "Thursday", "Friday", "Saturday"};

	for(size_t i = 0; i < 7; i++) {
		if(take(v, names[i]))
			return true;
		if(ep_view_starts(*v, ep_view_of(names[i], 3))) {
			*v = ep_view_from(*v, 3);
			return true;
		}
	}
	return false;
}

struct date
{
	int64_t year, month, day, hour, minute, second;
};

static bool take_time(struct ep_view *v, struct date *d)
{
	return take_number(v, 2, false, &d->hour) && take(v, ":")
		   && take_number(v, 2, false, &d->minute) && take(v, ":")
		   && take_number(v, 2, false, &d->second);
}

/* Days from 1970-01-01 in the Gregorian calendar: March is the first month,
 * so that the leap day is a year's last. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
	int64_t y = month > 2 ? year : year - 1;
	int64_t m = month > 2 ? month - 3 : month + 9;

	return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1
		   - 719468;
}

static int64_t seconds_of(const struct date *d)
{
	if(d->day < 1 || d->day > 31 || d->hour > 23 || d->minute > 59
			|| d->second > 60 || d->year < 1970)
		return -1;
	return ((days_of(d->year, d->month, d->day) * 24 + d->hour) * 60
				   + d->minute)
				   * 60
		   + d->second;
}

/* RFC 9110 5.6.7: the century that is not more than 50 years in the future. */
static void century_add(struct date *d, int64_t now_s)
{
	int64_t now_year = 1970 + now_s / 31556952;

	d->year += now_year / 100 * 100;
	if(d->year > now_year + 50)
		d->year -= 100;
	else if(d->year <= now_year - 50)
		d->year += 100;
}

int64_t ep_http_date_s(struct ep_view text, int64_t now_s)
{
	struct ep_view v = ep_view_trim(text);
	struct date d = {0};

	if(!take_day_name(&v))
		return -1;
	if(take(&v, " ")) { /* asctime: Sun Nov  6 08:49:37 1994 */
		if(!take_month(&v, &d.month) || !take(&v, " ")
				|| !take_number(&v, 2, true, &d.day) || !take(&v, " ")
				|| !take_time(&v, &d) || !take(&v, " ")
				|| !take_number(&v, 4, false, &d.year))
			return -1;
		return v.len == 0 ? seconds_of(&d) : -1;
	}
	if(!take(&v, ", ") || !take_number(&v, 2, false, &d.day))
		return -1;
	if(take(&v, " ")) { /* Sun, 06 Nov 1994 08:49:37 GMT */
		if(!take_month(&v, &d.month) || !take(&v, " ")
				|| !take_number(&v, 4, false, &d.year))
			return -1;
	} else { /* Sunday, 06-Nov-94 08:49:37 GMT */
		if(!take(&v, "-") || !take_month(&v, &d.month) || !take(&v, "-")
				|| !take_number(&v, 2, false, &d.year))
			return -1;
		century_add(&d, now_s);
	}
	if(!take(&v, " ") || !take_time(&v, &d) || !take(&v, " GMT") || v.len != 0)
		return -1;
	return seconds_of(&d);
}

/* Expires less Date (RFC 9111 4.2.1); UINT64_MAX: no Expires. */
static uint64_t expires_lifetime(
		const struct ep_freshness_headers *headers, int64_t now_s)
{
	int64_t expires_s;
	int64_t date_s;

	if(headers->expires.p == NULL)
		return UINT64_MAX;
	expires_s = ep_http_date_s(headers->expires, now_s);
	date_s = headers->date.p ? ep_http_date_s(headers->date, now_s) : -1;
	if(date_s < 0)
		date_s = now_s;
	return expires_s > date_s ? (uint64_t)(expires_s - date_s) : 0;
}

uint32_t ep_freshness_s(const struct ep_freshness_headers *headers,
		const struct ep_freshness_limits *limits, int64_t now_s)
{
	uint64_t fresh = control_lifetime(headers->cache_control);
	uint64_t age = delta_of(ep_view_trim(headers->age));

	if(fresh == UINT64_MAX)
		fresh = expires_lifetime(headers, now_s);
	if(fresh == UINT64_MAX)
		fresh = limits->usual_s;
	else if(age != UINT64_MAX)
		fresh = age < fresh ? fresh - age : 0;
	if(fresh < limits->min_s)
		fresh = limits->min_s;
	return fresh < limits->max_s ? (uint32_t)fresh : limits->max_s;
}
