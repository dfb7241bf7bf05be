/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * How many tokens a second: ep_token_verify() with claims and policy, beside
 * the bare signature check in OpenSSL (parsed key, new context per operation)
 * and beside libjwt (jwt_decode with the PEM key). And how many that are in
 * the cache, and what one takes there.
 *
 * The rivals take turns in short slices of one run, so that a busy machine
 * slows all of them; a figure is the median over the slices.
 */
#include <jwt.h>
#include <stdatomic.h>
#include "token/cache.h"
#include "token/recheck.h"
#include "token/resultpack.h"
#include "token/subject.h"

#define SLICE_S 0.1
#define SLICES 31

/* --- the rivals: each true when the token was accepted --- */

static bool run_libjwt(struct bench *b)
{
	jwt_t *jwt = NULL;
	bool ok = jwt_decode(&jwt, b->token, (const unsigned char *)b->pem,
					  (int)strlen(b->pem))
			  == 0;

	jwt_free(jwt);
	return ok;
}

/* Ours without the signature, by leaving out what is measured alone. */
static bool run_sig(struct bench *b)
{
	struct ep_sig_key *key = b->set.v[0].key;
	struct ep_view sig = ep_view_z(strrchr(b->token, '.') + 1);
	unsigned char raw[1024];
	size_t n;

	return ep_b64url_decode(raw, sizeof(raw), &n, sig) == EP_OK
		   && ep_sig_verify(key, ep_view_z(b->input),
					  ep_view_of((const char *)raw, n))
					  == EP_TOKEN_OK;
}

enum
{
	OURS,
	EVP,
	LIBJWT,
	SIG,
	RIVALS
};

static bool (*const rivals[RIVALS])(struct bench *) = {
		run_ours, run_evp, run_libjwt, run_sig};

static char *public_pem(EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long n;
	char *copy;

	need(PEM_write_bio_PUBKEY(bio, key), "PEM");
	n = BIO_get_mem_data(bio, &text);
	copy = calloc(1, (size_t)n + 1);
	memcpy(copy, text, (size_t)n);
	BIO_free(bio);
	return copy;
}

static EVP_PKEY *public_key(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);

	BIO_free(bio);
	need(key != NULL, "public key");
	return key;
}

static void bench_init(struct bench *b, const char *alg)
{
	subject_make(b, alg, strcmp(alg, "ES256") == 0 ? mint_pem_ec : mint_pem_rsa,
			NULL);
	subject_load(b);
	b->pem = public_pem(b->pkey);
	EVP_PKEY_free(b->pkey);
	b->pkey = public_key(b->pem);
}

/* --- measuring --- */

static double clock_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static double slice(struct bench *b, bool (*run)(struct bench *))
{
	double from = clock_s();
	double to;
	unsigned n = 0;

	do {
		for(int i = 0; i < 20; i++, n++)
			need(run(b), "a verification");
		to = clock_s();
	} while(to - from < SLICE_S);
	return n / (to - from);
}

static int by_size(const void *a, const void *b)
{
	double d = *(const double *)a - *(const double *)b;

	return d < 0 ? -1 : d > 0;
}

static double median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_size);
	return v[n / 2];
}

/* --- the cache --- */

/* As webrtc_auth keeps it by default: 16384 tokens in 16 tables, each under a
 * lock of its own; in front of a packed result three numbers. */
#define CACHE_TOKENS 16384
#define SHARDS 16
#define SHARD_HEAD 64
#define FLOOD 60000
#define RECENT (CACHE_TOKENS / 4 * 3) /* the tables are filled unevenly */
#define POLICY_GENERATION 7
#define KEYS_GENERATION 3

struct label
{
	uint32_t cause;
	uint32_t policy_generation;
	uint32_t keys_generation;
};

struct kept
{
	struct ep_token_cache *tables[SHARDS];
	atomic_flag locks[SHARDS];
	size_t region_len; /* of all */
	size_t entries;
	char *text; /* of the token at hand */
	size_t text_n;
	unsigned next;
};

/* The n-th token's text: other octets in its signature. */
static struct ep_view text_of(struct kept *k, unsigned n)
{
	char *at = k->text + k->text_n - 10;

	for(int i = 0; i < 4; i++, n >>= 5)
		at[i] = (char)('A' + (n & 31));
	return ep_view_of(k->text, k->text_n);
}

static void shard_lock(struct kept *k, size_t shard)
{
	while(atomic_flag_test_and_set(&k->locks[shard]))
		;
}

static void kept_init(struct kept *k, struct bench *b)
{
	struct label label = {EP_TOKEN_OK, POLICY_GENERATION, KEYS_GENERATION};
	size_t n = ep_token_cache_size(CACHE_TOKENS / SHARDS), evicted_n;
	unsigned char hash[EP_SHA256_LEN];
	struct ep_token_result result;
	struct ep_arena arena;
	char octets[1024];
	struct ep_buf buf;

	ep_arena_init(&arena, NULL, 0, &heap, 1 << 20);
	need(ep_token_verify(&result, b->policy, &b->ring, ep_view_z(b->token),
				 EP_LIT("shop"), NOW_S, NULL, &arena)
					== EP_TOKEN_OK,
			"the token");
	ep_buf_init(&buf, octets, sizeof(octets));
	ep_buf_put(&buf, ep_view_of((const char *)&label, sizeof(label)));
	need(ep_token_result_pack(&buf, &result) == EP_OK, "packing");
	k->text = mint_cat(NULL, b->token);
	k->text_n = strlen(k->text);
	for(size_t i = 0; i < SHARDS; i++) {
		k->tables[i] = ep_token_cache_init(
				malloc(n), n, (const unsigned char *)"benchmark's seed");
		need(k->tables[i] != NULL, "the cache");
		atomic_flag_clear(&k->locks[i]);
	}
	for(unsigned i = 0; i < FLOOD; i++) {
		need(ep_sha256(hash, text_of(k, i)) == EP_OK, "SHA-256");
		need(ep_token_cache_put(k->tables[hash[31] % SHARDS], hash,
					 ep_buf_view(&buf), NOW_S + 300, NOW_S, &evicted_n)
						== EP_OK,
				"putting");
	}
	for(size_t i = 0; i < SHARDS; i++)
		k->entries += ep_token_cache_count(k->tables[i]);
	k->region_len = SHARDS * (n + SHARD_HEAD) + SHARD_HEAD;
	printf("\ncache: %zu octets packed, %zu tokens in %zu octets\n", buf.len,
			k->entries, k->region_len);
	ep_arena_fini(&arena);
}

/* Everything that a token in the cache costs, from its text in the request to
 * the result: SHA-256, lock, look-up and copy, unpacking, is it of this
 * configuration and these keys, is it in time and of this connection's WWSF.
 * Not in it: the parsing of SIP and Bearer, To and From. */
static bool hit(struct kept *k, struct bench *b, unsigned n)
{
	unsigned char octets[EP_TOKEN_CACHE_VALUE_MAX], hash[EP_SHA256_LEN];
	char first[4096];
	struct ep_token_result result;
	struct ep_arena arena;
	struct ep_view packed;
	struct label label;
	int64_t until_s;
	enum ep_err err;
	size_t shard, len;
	bool ok;

	if(ep_sha256(hash, text_of(k, n)) != EP_OK)
		return false;
	shard = hash[31] % SHARDS;
	shard_lock(k, shard);
	err = ep_token_cache_get(k->tables[shard], octets, sizeof(octets), &len,
			&until_s, hash, NOW_S);
	atomic_flag_clear(&k->locks[shard]);
	if(err != EP_OK)
		return false;
	ep_arena_init(&arena, first, sizeof(first), &heap, 1 << 20);
	packed = ep_arena_copy(&arena, ep_view_of((const char *)octets, len));
	memcpy(&label, packed.p, sizeof(label));
	ok = label.cause == EP_TOKEN_OK
		 && label.policy_generation == POLICY_GENERATION
		 && label.keys_generation == KEYS_GENERATION
		 && ep_token_result_unpack(
					&result, ep_view_from(packed, sizeof(label)), &arena)
					== EP_OK
		 && b->ring.sets[result.issuer_index] != NULL
		 && ep_token_recheck(&result, b->policy, EP_LIT("shop"), NOW_S)
					== EP_TOKEN_OK
		 && result.impus_n == 2;
	ep_arena_fini(&arena);
	return ok;
}

static struct kept kept;

/* One after the other of those that came last and so are all there. */
static bool run_hit(struct bench *b)
{
	unsigned n = FLOOD - 1 - (kept.next += 7919) % RECENT;

	return hit(&kept, b, n);
}

struct figure
{
	const char *name;
	double value;
	const char *unit;
	const char *against;
	double goal; /* 0: none */
};

static size_t bench_run(struct bench *b, const char *alg, struct figure *out,
		const double *goal)
{
	static char names[16][32];
	static size_t used;
	double rate[RIVALS][SLICES];
	double m[RIVALS];

	for(int s = 0; s < SLICES; s++)
		for(int r = 0; r < RIVALS; r++)
			rate[r][s] = slice(b, rivals[r]);
	for(int r = 0; r < RIVALS; r++)
		m[r] = median(rate[r], SLICES);
	printf("%-6s %10.0f %10.0f %10.0f %12.2f %12.2f %12.1f\n", b->alg, m[OURS],
			m[EVP], m[LIBJWT], m[OURS] / m[EVP], m[OURS] / m[LIBJWT],
			1e6 / m[OURS] - 1e6 / m[SIG]);
	snprintf(names[used], sizeof(names[0]), "%s_vs_evp", alg);
	out[0] = (struct figure){names[used++], m[OURS] / m[EVP], "ratio",
			"OpenSSL EVP_DigestVerify", goal[0]};
	snprintf(names[used], sizeof(names[0]), "%s_vs_libjwt", alg);
	out[1] = (struct figure){names[used++], m[OURS] / m[LIBJWT], "ratio",
			"libjwt jwt_decode", goal[1]};
	snprintf(names[used], sizeof(names[0]), "%s_verify", alg);
	out[2] = (struct figure){names[used++], m[OURS], "per second", "", 0};
	snprintf(names[used], sizeof(names[0]), "%s_besides_signature", alg);
	out[3] = (struct figure){
			names[used++], 1e6 / m[OURS] - 1e6 / m[SIG], "microseconds", "", 0};
	return 4;
}

static size_t cache_run(struct bench *b, struct figure *out)
{
	double hits[SLICES], ours[SLICES], ratio[SLICES];
	double m;

	kept_init(&kept, b);
	for(int s = 0; s < SLICES; s++) {
		ours[s] = slice(b, run_ours);
		hits[s] = slice(b, run_hit);
		ratio[s] = hits[s] / ours[s];
	}
	m = median(hits, SLICES);
	out[0] = (struct figure){"cache_hit_per_s", m, "per second",
			"SHA-256 of the token, look-up, unpacking, generations, time, WWSF",
			200000};
	out[1] = (struct figure){"cache_hit_vs_es256_verify", median(ratio, SLICES),
			"ratio", "the same token verified", 0};
	out[2] = (struct figure){"cache_entry_bytes",
			(double)kept.region_len / (double)kept.entries, "octets",
			"at most; all shared memory of the cache by tokens in it", 700};
	printf("cache: %.0f hits/s, %.1f times a verification, %.0f octets a "
		   "token\n",
			m, out[1].value, out[2].value);
	return 3;
}

static void json_write(const char *path, const struct figure *v, size_t n)
{
	FILE *f = fopen(path, "w");

	need(f != NULL, path);
	fprintf(f, "[\n");
	for(size_t i = 0; i < n; i++) {
		fprintf(f,
				"  {\"name\": \"%s\", \"value\": %.3f, \"unit\": \"%s\", "
				"\"against\": \"%s\", \"goal\": ",
				v[i].name, v[i].value, v[i].unit, v[i].against);
		if(v[i].goal > 0)
			fprintf(f, "%g}%s\n", v[i].goal, i + 1 < n ? "," : "");
		else
			fprintf(f, "null}%s\n", i + 1 < n ? "," : "");
	}
	fprintf(f, "]\n");
	need(fclose(f) == 0, path);
}

int main(int argc, char **argv)
{
	static struct bench es;
	static struct bench rs;
	static const double es_goals[] = {0.8, 4};
	static const double rs_goals[] = {0.65, 9};
	struct figure figures[12];
	size_t n;

	bench_init(&es, "ES256");
	bench_init(&rs, "RS256");
	printf("%-6s %10s %10s %10s %12s %12s %12s\n", "alg", "verify/s", "EVP/s",
			"libjwt/s", "vs EVP", "vs libjwt", "rest in us");
	n = bench_run(&es, "es256", figures, es_goals);
	n += bench_run(&rs, "rs256", figures + n, rs_goals);
	n += cache_run(&es, figures + n);
	if(argc > 1)
		json_write(argv[1], figures, n);
	return 0;
}
