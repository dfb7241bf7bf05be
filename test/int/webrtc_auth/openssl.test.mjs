// SPDX-License-Identifier: BSD-2-Clause
// OpenSSL in several workers beside tls.so, which has put its memory into
// shared memory: each process has an error queue of its own.
import test from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { makeCa } from '../../node/ca.mjs';
import { slice, Workers } from '../../bench/token/kamailio.mjs';

const root = resolve(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '../../..');
const programs = join(root, 'build/bench/bin');

// In each slice all four check the same token as fast as they can: thousands
// of wrong signatures, and of good ones in between.
test('openssl_wrong_signatures_in_four_workers_at_once', async (t) => {
	execFileSync('make', ['-s', '-C', root, 'build/bench/bin/bench_token.so', 'build/bench/bin/plain'], { stdio: 'pipe' });
	const dir = mkdtempSync(join(tmpdir(), 'epcscf-openssl-'));
	const ca = makeCa();
	t.after(() => { ca.remove(); rmSync(dir, { recursive: true, force: true }); });
	for (const alg of ['ES256', 'RS256'])
		execFileSync(join(programs, 'plain'), [alg, join(dir, `${alg}.token`)], { input: '' });
	const workers = new Workers();
	try {
		await workers.start(dir, ca, programs);
		for (let i = 0; i < 4; i++)
			for (const alg of ['RS256', 'ES256']) {
				// A check whose cause is not "signature_wrong" is no check.
				assert.ok(await slice(workers, 'wrong', alg) > 100, alg);
				assert.ok(await slice(workers, 'ours', alg) > 100, alg);
				assert.ok(await slice(workers, 'load', alg) > 100, alg);
			}
	} finally {
		await workers.stop();
	}
	assert.deepEqual(workers.log.split('\n').filter((l) => /BUG|signal|ALERT/.test(l)), []);
});
