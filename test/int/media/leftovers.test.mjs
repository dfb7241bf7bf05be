// SPDX-License-Identifier: BSD-2-Clause
// No line of WebRTC's survives towards the core, with a real rtpengine as the
// gateway: every recorded offer under four profiles, and the 10,000
// mutants that test/unit/mediate/leftovers_test.c makes (always the same ones,
// which it sends through a model of a gateway, too). The program plans, finishes
// and judges; this file is the wire between it and rtpengine.
import test from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Gateway } from '../sdp_mediate/support/nodes.mjs';
import { words } from './words.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const program = 'build/rel/unit/mediate/leftovers_test';
const MUTANTS = 10000;

let gateway;
test.before(async () => {
	if (!existsSync(root + program)) execFileSync('make', ['-s', program], { cwd: root });
	gateway = await Gateway.start('127.0.0.7:2223');
});
test.after(() => gateway?.down());

// The program's side of its protocol, see there.
async function play(mutants) {
	const child = spawn(root + program, ['pipe', String(mutants)], { cwd: root, stdio: ['pipe', 'pipe', 'pipe'] });
	const ended = new Promise((done) => { child.on('exit', done); });
	let bad = '', have = Buffer.alloc(0), cases = 0, refused = 0;
	child.stderr.on('data', (d) => { bad += d; });
	child.stdin.on('error', () => {});
	const chunks = child.stdout[Symbol.asyncIterator]();
	const more = async () => { const { value, done } = await chunks.next(); if (!done) have = Buffer.concat([have, value]); return !done; };
	const take = async (n) => {
		while (have.length < n) if (!await more()) throw new Error(`the program ended: ${bad}`);
		const out = have.subarray(0, n).toString('latin1');
		have = have.subarray(n);
		return out;
	};
	const line = async () => {
		while (!have.includes(10)) if (!await more()) return undefined;
		return (await take(have.indexOf(10) + 1)).trimEnd();
	};
	for (;;) {
		const head = await line();
		if (head === undefined || head.startsWith('end ')) return { end: head, bad, cases, refused, status: await ended };
		const [, name, flags, sdp] = /^gw (\S+) (\d+) (\d+)$/.exec(head);
		const command = words(await take(Number(flags))), text = await take(Number(sdp)), callId = `c${++cases}`;
		const offer = { ...command, command: 'offer', 'call-id': callId, 'from-tag': 'a', 'received-from': ['IP4', '127.0.0.1'], sdp: text };
		// A datagram may be lost on a busy machine; one that nobody survives is not.
		const reply = await gateway.ask(offer) ?? await gateway.ask(offer);
		if (!reply) {
			child.kill();
			assert.fail(`${name}: rtpengine does not answer`);
		}
		// One thing at a time: offers and deletes side by side were seen to silence rtpengine 10.5.
		await gateway.ask({ command: 'delete', 'call-id': callId, 'from-tag': 'a' });
		const answer = reply.result === 'ok' ? reply.sdp : '';
		if (!answer) refused++;
		child.stdin.write(`${Buffer.byteLength(answer)}\n${answer}`);
	}
}

test('leftovers_of_no_offer_through_a_real_rtpengine', async (t) => {
	const got = await play(MUTANTS);
	assert.equal(got.status, 0, got.bad);
	const [, mediated, before, behind] = /^end (\d+) (\d+) (\d+)$/.exec(got.end).map(Number);
	t.diagnostic(`${got.cases} to rtpengine: ${mediated} mediated, ${behind} not (${got.refused} refused by it); ${before} refused before`);
	assert.ok(mediated > 250 && mediated > got.cases / 2, got.end);
	assert.equal(gateway.process.exitCode, null);
});
