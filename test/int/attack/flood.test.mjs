// SPDX-License-Identifier: BSD-2-Clause
// REGISTERs with bad tokens, more than ten thousand within seconds, at the
// eP-CSCF as shipped: whoever is registered goes on, behind the same address
// too; whoever comes from elsewhere gets in; nothing of it is seen by the core.
// make bench-flood has the figures.
import test from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Lab } from '../webrtc_auth/support/labpage.mjs';
import { Client } from '../webrtc_auth/support/client.mjs';

const FROM = { forged: '127.0.20.1', malformed: '127.0.20.2' }, ELSEWHERE = '127.0.21.1', MS = 6000;
const later = (ms) => new Promise((done) => { setTimeout(done, ms); });
let lab, origin;
test.before(async () => {
	lab = await Lab.start('lab-flood');
	origin = new URL(lab.urls.page).origin;
});
test.after(() => lab?.stop());

async function open(user, from) {
	const c = await Client.open(lab, { origin, from });
	return Object.assign(c, { aor: `sip:${user}@home1.net`, token: await lab.mint(user) });
}
const enter = (c) => c.register(c.token, { to: c.aor });
const ask = async (c) => {
	const began = performance.now();
	const { status } = await c.ask('OPTIONS', { to: 'sip:home1.net', from: c.aor, uri: 'sip:home1.net', headers: [`Authorization: Bearer ${c.token}`] });
	assert.equal(status, 200);
	return performance.now() - began;
};
const registersSeen = () => readFileSync(lab.nodes.hss.messages, 'utf8').split('\n').filter((l) => l.includes('UAR')).length;

for (const [what, spoil] of Object.entries({
	// What costs a signature, and what is refused for its form.
	forged: (token) => `${token.slice(0, -8)}AAAAAAAA`, malformed: (token) => `!${token.slice(1)}`,
}))
	test(`flood_of_${what}_tokens_leaves_registered_users_alone`, { timeout: 60000 }, async () => {
		const inside = await open('user1', FROM[what]), other = await open('user2', ELSEWHERE);
		for (const c of [inside, other]) assert.equal((await enter(c)).status, 200);
		const uar = registersSeen();
		const order = { site: { ports: lab.ports, ca: { ca: lab.ca.ca.toString() } }, origin, from: FROM[what], bad: spoil(await lab.mint('user3')), connections: 20, ms: MS };
		const child = spawn(process.execPath, [fileURLToPath(new URL('flooder.mjs', import.meta.url)), JSON.stringify(order)], { stdio: ['ignore', 'pipe', 'inherit'] });
		let out = '';
		child.stdout.on('data', (d) => { out += d; });
		const ended = new Promise((done) => { child.on('exit', done); });
		await later(1000);
		const times = [];
		for (const end = Date.now() + MS - 2000; Date.now() < end; await later(20)) times.push(await ask(inside), await ask(other));
		const fresh = await open('user4', ELSEWHERE);
		assert.equal((await enter(fresh)).status, 200, 'nobody else gets in');
		await ended;
		const { sent, answered, opened } = JSON.parse(out);
		times.sort((a, b) => a - b);
		const median = times[times.length >> 1], worst = times.at(-1);
		assert.ok(sent >= 10000, `only ${sent} were sent`);
		assert.ok(times.length > 20 && median < 500 && worst < 3000, `${times.length} asked: median ${median} ms, worst ${worst} ms; ${sent} sent, ${answered} answered on ${opened} connections`);
		assert.equal(registersSeen() - uar, 1, 'the core was asked about the flood');
		for (const c of [inside, other, fresh]) { await ask(c); c.end(); }
	});
