/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * What the look into the list of revocations costs a request: with none, with
 * one entry, with 100,000 of all kinds. None of them covers the grant, so all
 * that can be looked up is. Median over slices of 0.1 s.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "token/revoke.h"

#define SLICES 21
#define SLICE_S 0.1
#define ENTRIES 100000

static void *get(void *ctx, size_t n)
{
	(void)ctx;
	return malloc(n);
}

static void put(void *ctx, void *p)
{
	(void)ctx;
	free(p);
}

static const struct ep_alloc heap = {get, put, NULL};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double match_ns(
		struct ep_revoke_list *list, const struct ep_revoke_grant *grants)
{
	double slices[SLICES];
	int i;

	for(i = 0; i < SLICES; i++) {
		double from = now(), t;
		unsigned n = 0, bad = 0;

		do {
			int k;

			for(k = 0; k < 1000; k++, n++)
				bad += ep_revoke_list_match(list, &grants[n % 64], 1000)
					   != EP_TOKEN_OK;
			t = now() - from;
		} while(t < SLICE_S);
		if(bad != 0)
			exit(1);
		slices[i] = t / n * 1e9;
	}
	qsort(slices, SLICES, sizeof(double), by_size);
	return slices[SLICES / 2];
}

static void fill(struct ep_revoke_list *list, int from, int to, int kinds)
{
	char value[80];
	int i;

	for(i = from; i < to; i++) {
		struct ep_revoke_entry e = {.kind = (enum ep_revoke_kind)(i % kinds),
				.issuer = EP_LIT("home"),
				.until_s = 2000,
				.only_issued = i / kinds % 2};
		bool changed;

		snprintf(
				value, sizeof(value), "sip:5f0c2b1e-3b1c-4a7e-%d@home1.net", i);
		e.value = ep_view_z(value);
		if(ep_revoke_list_put(&changed, list, &e, 1000, &heap) != EP_OK)
			exit(1);
	}
}

int main(int argc, char **argv)
{
	static char texts[64][3][80];
	struct ep_revoke_grant grants[64];
	struct ep_view impus[64][2];
	struct ep_revoke_list *list = ep_revoke_list_init(
			malloc(ep_revoke_list_size(ENTRIES)), ENTRIES, 42);
	double none, one, full;
	FILE *f;
	int i;

	for(i = 0; i < 64; i++) {
		snprintf(texts[i][0], 80, "sip:user%d@home1.net", i);
		snprintf(texts[i][1], 80, "5f0c2b1e-3b1c-4a7e-9a51-0b8b6d9d%04d", i);
		impus[i][0] = ep_view_z(texts[i][0]);
		impus[i][1] = EP_LIT("tel:+441632960083");
		grants[i] = (struct ep_revoke_grant){.issuer = EP_LIT("home"),
				.jti = ep_view_z(texts[i][1]),
				.sub = ep_view_z(texts[i][1]),
				.sid = ep_view_z(texts[i][1]),
				.impi = ep_view_z(texts[i][0]),
				.waf = EP_LIT("waf@home1.net"),
				.wwsf = EP_LIT("shop"),
				.impus = impus[i],
				.impus_n = 2,
				.iat_s = 900};
	}
	none = match_ns(list, grants);
	fill(list, 0, 1, 1);
	one = match_ns(list, grants);
	fill(list, 1, ENTRIES, EP_REVOKE_LOGOUT);
	full = match_ns(list, grants);
	printf("entries     ns a check\n"
		   "0           %.1f\n1 (jti)     %.1f\n%d      %.1f\n",
			none, one, ENTRIES, full);
	f = argc > 1 ? fopen(argv[1], "w") : NULL;
	if(f != NULL) {
		fprintf(f,
				"{\"none_ns\": %.1f, \"one_ns\": %.1f, \"entries_%d_ns\": "
				"%.1f}\n",
				none, one, ENTRIES, full);
		fclose(f);
	}
	ep_revoke_list_fini(list, &heap);
	free(list);
	return 0;
}
