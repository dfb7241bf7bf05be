// SPDX-License-Identifier: BSD-2-Clause
// 500 users at once: their subscriptions are paced, all come to be, all end,
// and nothing stays behind.
import test from 'node:test';
import assert from 'node:assert/strict';
import { answer, build, rand } from './support/sip.mjs';
import { Page } from './support/page.mjs';
import { Site, until, uriOf } from './support/site.mjs';

const USERS = 500, IN_FLIGHT = 200, PER_SECOND = 200;
let site;
test.before(async () => { site = await Site.start({ params: 'modparam("tna_register", "reg_event", 1)\nmodparam("tm", "fr_timer", 30000)\n', shm: 256 }); });
test.after(() => site.stop());

const document = (aor, contact, version, state) => `<reginfo xmlns="urn:ietf:params:xml:ns:reginfo" version="${version}" state="full"><registration aor="${aor}" id="r" state="${state}">${
	state === 'active' ? `<contact id="c" state="active" event="registered" expires="600"><uri>${contact}</uri></contact>` : ''}</registration></reginfo>`;

// An S-CSCF that answers SUBSCRIBE as soon as it is told to.
class Registrar {
	constructor(pages) {
		Object.assign(this, { pages, subs: new Map(), arrivals: [], silent: true, refused: [], unanswered: new Map() });
		// A burst over UDP loses some: sent again, as SIP does.
		this.timer = setInterval(() => { for (const text of this.unanswered.values()) site.send(text); }, 500).unref();
		site.inbox.put = (m) => this.take(m);
	}

	take(m) {
		if (m.status) {
			if (m.method !== 'NOTIFY') return;
			this.unanswered.delete(/branch=([^;]+)/.exec(m.get('Via'))[1]);
			if (m.status !== 200) this.refused.push(m.status);
			return;
		}
		if (m.method !== 'SUBSCRIBE') return;
		if (m.get('Expires') === '0') {
			this.subs.delete(m.callId);
			site.send(answer(m, 200, { more: ['Expires: 0'] }));
			return;
		}
		if (!this.subs.has(m.callId)) { this.arrivals.push(Date.now()); this.subs.set(m.callId, { m, version: 0, tag: rand(4) }); }
		if (!this.silent) this.serve(m.callId);
	}

	serve(id) {
		const s = this.subs.get(id);
		site.send(answer(s.m, 200, { tag: s.tag, more: ['Expires: 600', `Contact: <sip:scscf@127.0.0.1:${site.ports.core}>`] }));
		this.notify(s, 'active');
	}

	notify(s, state) {
		const body = document(s.m.uri, this.pages.get(s.m.uri).contact, ++s.version, state);
		const branch = `z9hG4bK${rand()}`;
		this.unanswered.set(branch, build(`NOTIFY ${uriOf(s.m.get('Contact'))} SIP/2.0`, [`Via: SIP/2.0/UDP 127.0.0.1:${site.ports.core};branch=${branch}`, 'Max-Forwards: 70',
			`From: <${s.m.uri}>;tag=${s.tag}`, `To: <sip:x>;tag=${s.m.fromTag}`, `Call-ID: ${s.m.callId}`, `CSeq: ${s.version} NOTIFY`,
			`Contact: <sip:scscf@127.0.0.1:${site.ports.core}>`, 'Event: reg', 'Subscription-State: active;expires=600', 'Content-Type: application/reginfo+xml'], body));
		site.send(this.unanswered.get(branch));
	}
}

const active = async () => (await site.rpc('tna.regevent')).filter((s) => s.status === 'active').length;

async function burst(n, prefix) {
	const pages = new Map(), registrar = new Registrar(pages);
	for (let i = 0; i < n; i += 50) {
		await Promise.all(Array.from({ length: Math.min(50, n - i) }, async (_, k) => {
			const p = await Page.open(site, { user: `${prefix}${i + k}` });
			pages.set(p.aor, p);
			assert.equal((await p.register()).status, 200);
		}));
		// So many that nobody has answered wait; then the core does.
		if (registrar.arrivals.length >= IN_FLIGHT || i + 50 >= n) {
			registrar.most ??= registrar.arrivals.length;
			registrar.silent = false;
			for (const id of registrar.subs.keys()) registrar.serve(id);
		}
	}
	registrar.silent = false;
	return { pages, registrar };
}

test('regevent_many_users_do_not_flood_the_core', { timeout: 120000 }, async (t) => {
	const warm = await burst(10, 'w');
	await until('the first', async () => await active() === 10, 15000);
	clearInterval(warm.registrar.timer);
	for (const p of warm.pages.values()) p.drop();
	await until('them to end', async () => (await site.rpc('tna.regevent')).length === 0 && (await site.rpc('tna.stats')).bindings === 0, 15000);
	const before = await site.ownShm();

	const { pages, registrar } = await burst(USERS, 'm');
	await until('all to be active', async () => await active() === USERS, 30000);
	const times = registrar.arrivals.sort((a, b) => a - b);
	assert.equal(times.length, USERS, 'one SUBSCRIBE dialog for each user');
	const peak = Math.max(...times.map((from, i) => times.filter((at, k) => k >= i && at < from + 1000).length));
	t.diagnostic(`at most ${peak} in a second, ${registrar.most} without an answer`);
	// One tick more may fall into any second, and a late process makes up for nothing.
	assert.ok(peak <= PER_SECOND * 1.2, `${peak} in one second`);
	assert.ok(registrar.most <= IN_FLIGHT, `${registrar.most} unanswered`);

	await until('all to be answered', () => registrar.unanswered.size === 0, 10000);
	registrar.refused = []; // sent again, behind a later one
	// The network ends one half at once, the others go by themselves.
	const half = [...registrar.subs.values()].slice(0, USERS / 2);
	for (const s of half) registrar.notify(s, 'terminated');
	const codes = await Promise.all(half.map(async (s) => (await pages.get(s.m.uri).closed).code));
	assert.ok(codes.every((c) => c === 4401), `${codes.find((c) => c !== 4401)}`);
	assert.equal((await site.rpc('tna.stats')).bindings, USERS / 2);
	for (const p of pages.values()) p.drop();
	await until('all subscriptions to end', async () => (await site.rpc('tna.regevent')).length === 0, 30000);
	await until('all bindings to go', async () => (await site.rpc('tna.stats')).bindings === 0, 15000);
	clearInterval(registrar.timer);
	assert.deepEqual(registrar.refused, []);
	assert.equal(registrar.subs.size, 0, 'the core was told of every end');
	assert.equal(await site.ownShm(), before, 'shared memory to the octet');
});
