// SPDX-License-Identifier: BSD-2-Clause
// A clock that is wrong for a while.
import test from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Site, until } from './support/site.mjs';
import { Client } from './support/client.mjs';
import { claimsOf, makeKey, tokenOf } from './support/waf.mjs';

// time() as the file says: seconds to add.
const source = (file) => `
#include <stdio.h>
#include <time.h>
#include <sys/time.h>
time_t time(time_t *out)
{
	struct timespec now;
	long more = 0;
	FILE *f = fopen("${file}", "r");

	clock_gettime(CLOCK_REALTIME, &now);
	if(f != NULL) {
		if(fscanf(f, "%ld", &more) != 1) more = 0;
		fclose(f);
	}
	if(out != NULL) *out = now.tv_sec + more;
	return now.tv_sec + more;
}
`;

test('clock_set_back_leaves_no_old_keys', async (t) => {
	const dir = mkdtempSync(join(tmpdir(), 'epcscf-clock-')), file = join(dir, 'more');
	t.after(() => rmSync(dir, { recursive: true }));
	writeFileSync(join(dir, 'clock.c'), source(file));
	writeFileSync(file, '0\n');
	execFileSync('cc', ['-shared', '-fPIC', '-o', join(dir, 'clock.so'), join(dir, 'clock.c')]);
	process.env.LD_PRELOAD = join(dir, 'clock.so');
	let site;
	try {
		site = await Site.start();
	} finally { delete process.env.LD_PRELOAD; }
	t.after(() => site.stop());
	writeFileSync(file, '7200\n');
	const { hits } = site.waf;
	await site.rpc('webrtc_auth.refresh', 'home');
	await until('keys of tomorrow', () => site.waf.hits > hits);
	writeFileSync(file, '0\n');
	const next = makeKey('ES256', 'es-next');
	site.waf.keys = [next];
	await until('the new key', async () => (await site.issuer('home')).keys.some((k) => k.kid === 'es-next'), 5000);
	const c = await Client.open(site);
	t.after(() => c.end());
	assert.equal((await c.register(tokenOf(next, claimsOf()))).status, 200);
});
