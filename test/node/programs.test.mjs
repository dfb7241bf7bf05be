// SPDX-License-Identifier: BSD-2-Clause
// The three programs as an operator starts them: one file, one ready line, SIGTERM.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeCa } from './ca.mjs';
import { freePort } from './site.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
let dir;
let ca;

before(() => {
	ca = makeCa();
	dir = mkdtempSync(join(tmpdir(), 'epcscf-programs-'));
});

after(() => {
	ca.remove();
	rmSync(dir, { recursive: true });
});

function start(program, config) {
	const file = join(dir, 'config.json');
	writeFileSync(file, typeof config === 'string' ? config : JSON.stringify(config));
	const child = spawn(process.execPath, [join(ROOT, program), '--config', file]);
	const ended = new Promise((done) => { child.once('exit', (code, signal) => done({ code, signal })); });
	let out = '';
	let err = '';
	child.stderr.on('data', (data) => { err += data; });
	const ready = new Promise((done, reject) => {
		child.stdout.on('data', (data) => {
			out += data;
			const line = /^ready .*$/m.exec(out);
			if (line) done(line[0]);
		});
		ended.then(() => reject(new Error(`ended before it was ready: ${err}`)));
	});
	ready.catch(() => {});
	return { child, ready, ended, errors: () => err };
}

async function startsAndEnds(program, config, expected) {
	const run = start(program, config);
	assert.match(await run.ready, expected);
	const begun = Date.now();
	run.child.kill('SIGTERM');
	assert.deepEqual(await run.ended, { code: 0, signal: null });
	assert.ok(Date.now() - begun < 1000);
	assert.equal(run.errors(), '');
}

const tls = () => ({ cert: ca.cert, key: ca.key });

test('programs_waf_starts_and_ends', async () => {
	const port = await freePort();
	await startsAndEnds('test/lab/waf/waf.mjs', { listen: { host: '127.0.0.1', port }, alg: 'RS256', tls: tls(),
		issuer: `https://127.0.0.1:${port}`, waf_id: 'waf@home1.net', users: [], control: { socket: join(dir, 'c') },
		clients: [{ client_id: 'e', client_secret: 's', introspect: true }],
		resources: [{ audience: 'sip:e', scope: 'x', lifetime_s: 60 }] }, /^ready waf waf@home1\.net https:/);
});

test('programs_waf_control_stays_on_loopback', async () => {
	const port = await freePort();
	const run = start('test/lab/waf/waf.mjs', { listen: { host: '127.0.0.1', port }, alg: 'ES256', tls: tls(),
		issuer: `https://127.0.0.1:${port}`, waf_id: 'w', users: [], clients: [], control: { host: '0.0.0.0', port: 0 },
		resources: [{ audience: 'sip:e', scope: 'x', lifetime_s: 60 }] });
	assert.deepEqual(await run.ended, { code: 1, signal: null });
	assert.match(run.errors(), /only a loopback address/);
});

test('programs_wwsf_starts_and_ends', async () => {
	const port = await freePort();
	await startsAndEnds('cfg-examples/wwsf/wwsf.mjs', { listen: { host: '127.0.0.1', port }, tls: tls(),
		origin: `https://127.0.0.1:${port}`, domain: 'home1.net', waf: { issuer: 'https://127.0.0.1:1', client_id: 'x',
			client_secret: 'y' }, epcscf: { url: 'wss://127.0.0.1:2/', audience: 'sip:e', scope: 's' } }, /^ready wwsf sign-in https:/);
});

test('programs_numbers_start_and_end', async () => {
	await startsAndEnds('test/lab/numbers/numbers.mjs', { listen: { host: '127.0.0.1', port: 0 }, domain: 'home1.net',
		register: true, proxy: { host: '127.0.0.1', port: 9 },
		numbers: [{ number: '600', does: 'echo', impi: 'a', password: 'b' }] }, /^ready numbers sip:600@home1\.net=127/);
});

test('programs_say_what_is_wrong_with_their_configuration', async () => {
	for (const [program, config, expected] of [
		['test/lab/waf/waf.mjs', '{', /^waf: /], ['cfg-examples/wwsf/wwsf.mjs', {}, /"listen" is missing/],
		['test/lab/numbers/numbers.mjs', { listen: {}, numbers: [{ number: '1', does: 'fly' }] }, /no such behaviour/]]) {
		const run = start(program, config);
		assert.deepEqual(await run.ended, { code: 1, signal: null }, program);
		assert.match(run.errors(), expected);
		assert.equal(run.errors().trim().split('\n').length, 1);
	}
});
