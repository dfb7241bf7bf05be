/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/siphash.h"

struct state
{
	uint64_t a, b, c, d;
};

static uint64_t rotate(uint64_t x, unsigned n)
{
	return (x << n) | (x >> (64 - n));
}

/* Little endian, up to eight octets. */
static uint64_t word(const unsigned char *p, size_t n)
{
	uint64_t x = 0;

	while(n-- > 0)
		x = (x << 8) | p[n];
	return x;
}

/* The same of eight, which compilers make one load of. */
static uint64_t word_8(const unsigned char *p)
{
	return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16
		   | (uint64_t)p[3] << 24 | (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40
		   | (uint64_t)p[6] << 48 | (uint64_t)p[7] << 56;
}

/* SipRound, figure 2.1 */
static void rounds(struct state *s, unsigned n)
{
	while(n-- > 0) {
		s->a += s->b;
		s->b = rotate(s->b, 13) ^ s->a;
		s->a = rotate(s->a, 32);
		s->c += s->d;
		s->d = rotate(s->d, 16) ^ s->c;
		s->a += s->d;
		s->d = rotate(s->d, 21) ^ s->a;
		s->c += s->b;
		s->b = rotate(s->b, 17) ^ s->c;
		s->c = rotate(s->c, 32);
	}
}

static void compress(struct state *s, uint64_t m)
{
	s->d ^= m;
	rounds(s, 2);
	s->a ^= m;
}

uint64_t ep_siphash(
		const unsigned char key[EP_SIPHASH_KEY_LEN], struct ep_view v)
{
	const unsigned char *p = (const unsigned char *)v.p;
	uint64_t k0 = word(key, 8), k1 = word(key + 8, 8);
	struct state s = {k0 ^ 0x736f6d6570736575u, k1 ^ 0x646f72616e646f6du,
			k0 ^ 0x6c7967656e657261u, k1 ^ 0x7465646279746573u};
	size_t left = v.len;

	for(; left >= 8; left -= 8, p += 8)
		compress(&s, word_8(p));
	compress(&s, (uint64_t)v.len << 56 | (left ? word(p, left) : 0));
	s.c ^= 0xff;
	rounds(&s, 4);
	return s.a ^ s.b ^ s.c ^ s.d;
}
