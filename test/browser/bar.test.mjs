// SPDX-License-Identifier: BSD-2-Clause
// Barring in anger: a third party's WAF is shut out while its users talk. From
// kamcmd at one node to the end at all of them: calls, media, WebSockets,
// bindings, the S-CSCF's contacts, the HSS's registrations. What came in through
// the operator's own WAF goes on, heard at both ends. The same with nodes that
// share what is barred (WITH_NODES) and with an S-CSCF that is told alone; and
// with an HSS that takes the WAF off one user's list (PPR).
import test from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { ask } from '../lab/hss/control.mjs';
import { readWav, rms, shareAt } from '../lab/phones/wav.mjs';
import { Session, MICROPHONE_HZ, PHONE_HZ, until } from './session.mjs';

const WAF = 'webrtc_authserver1@thirdparty.net', OTHER_WAF = 'auth@elsewhere.net';
const OWN = 'user1', HSS = '127.0.0.2', SCSCF = '127.0.0.4', EPCSCF = '127.0.0.6', ALICE = '127.0.0.11', BOB = '127.0.0.12';
const LIMIT_MS = 2000;
const PARTS = ['hss', 'icscf', 'scscf', 'pcscf', 'rtpengine', 'waf-home', 'waf-partner', 'epcscf', 'wwsf-home', 'wwsf-partner', 'alice', 'bob'];
let lab;

/** A lab, with what its wires carried, event by event. */
class Lab {
	static async begin(name, defines = []) {
		const it = new Lab();
		it.alone = !defines.includes('WITH_NODES');
		it.session = await Session.begin(name, { parts: PARTS, defines });
		it.wire = [];
		await it.session.startCapture((event) => it.wire.push(event));
		it.alice = await it.session.phone('alice');
		it.bob = await it.session.phone('bob');
		return it;
	}

	end() { return this.session?.end(); }
	rpc(...args) { return this.session.rpc(...args); }
	impi(user) { return this.session.lab.users[user].impi; }
	impu(user) { return this.session.lab.users[user].impus[0]; }
	bindings() { return this.rpc('epcscf', 'tna.list'); }
	barred(node) { return this.rpc(node, 'tna.barred').includes(WAF); }

	hss(order) {
		const { hss: { address: host, control: port } } = this.session.lab.nodes;
		return ask({ host, port }, order);
	}

	async registered(user) { return (await this.hss({ cmd: 'show', impi: this.impi(user) })).state === 'registered'; }

	/** How often the HSS was told of a change of this user's registration, or asked for vectors (SAR 0 is a question). */
	assigned(user) {
		return fs.readFileSync(this.session.lab.nodes.hss.messages, 'utf8').split('\n').filter(Boolean).map((l) => JSON.parse(l))
			.filter((m) => m.direction === 'in' && m['User-Name'] === this.impi(user))
			.filter((m) => (m.message === 'SAR' && m['Server-Assignment-Type'] !== 0) || m.message === 'MAR').length;
	}

	/** A visitor of the partner's site, by the name of the account that he was lent. */
	async guest(t) {
		const page = await this.session.open(this.session.lab.urls.pagePartner);
		t.after(() => this.leave(page));
		await page.registered();
		const impi = await page.page.evaluate(() => globalThis.line.impi);
		page.user = Object.entries(this.session.lab.users).find(([, u]) => u.impi === impi)[0];
		return this.noted(page);
	}

	async leave(page) {
		await page.page.evaluate(() => globalThis.line?.stop());
		await until('no binding left', () => !this.bindings().includes(this.impi(page.user)));
		await page.close();
	}

	/** A page of the operator's own site, which talks with bob all the time. */
	async own() {
		if (!this.talking) {
			this.talking = await this.session.signedIn(OWN);
			await this.call(this.talking, this.bob, 'bob');
		}
		return this.talking;
	}

	/** The page notes when its line changes and its call ends. */
	async noted(page) {
		await page.page.check('#raw');
		await page.page.evaluate(() => {
			globalThis.states = [];
			globalThis.line.on('status', (s) => globalThis.states.push({ ...s, t: Date.now() }));
			globalThis.line.on('call', ({ state }) => { if (state === 'ended') globalThis.callEnded = Date.now(); });
		});
		return page;
	}

	async call(page, phone, name) {
		phone.clear();
		phone.autoAnswer();
		await page.dial(name);
		await page.callState('connected');
		await phone.event('CALL_ESTABLISHED');
		await this.talk(page, phone);
	}

	/** Sound of now, at both ends. */
	async talk(page, phone) {
		const file = await until('a recording', () => phone.recordings().at(-1)), from = readWav(file).samples.length;
		// Half a second without a gap: a busy machine makes some.
		const [here] = await Promise.all([page.heard(600), until('the tone of the page at the phone', () => {
			const { rate, samples } = readWav(file);
			if (!rate || samples.length <= from + 0.6 * rate) return false;
			const tail = samples.subarray(samples.length - Math.floor(rate / 2));
			return rms(tail) > 0.05 && shareAt(tail, rate, MICROPHONE_HZ) > 0.8;
		})]);
		assert.ok(here.level > 0.05 && Math.abs(here.hz - PHONE_HZ) < 15, `the page hears ${here.hz} Hz, ${here.level}`);
	}

	/** The first such message on the wire since then. */
	seen(since, what) { return this.wire.find((e) => e.t >= since && Object.entries(what).every(([k, v]) => (v instanceof RegExp ? v.test(e[k]) : e[k] === v))); }
}


const answer = (text) => Object.fromEntries([...text.matchAll(/^\s*(\w+): (.*)$/gm)].map(([, k, v]) => [k, v]));
const lines = (page) => page.page.evaluate(() => globalThis.states);
const closeCodes = (states) => states.map((s) => s.code).filter((code) => code >= 4000);

/** What happens from now on, with its times; result() says them and holds them against the limit. */
function clock(t) {
	const times = {}, began = Date.now();
	const timed = (what, promise, at = () => Date.now()) => promise.then(async (value) => { times[what] = await at(value) - began; },
		(error) => { throw new Error(`${what}: ${error.message}`); });
	return { began, timed,
		wire: (what, event) => timed(what, until('it', () => lab.seen(began, event)), (e) => e.t),
		result() {
			t.diagnostic(`${Math.round(Math.max(...Object.values(times)))} ms to the last: ${Object.entries(times).map(([what, ms]) => `${what} ${Math.round(ms)} ms`).join(', ')}`);
			for (const [what, ms] of Object.entries(times)) assert.ok(ms > 0 && ms < LIMIT_MS, `${what}: ${ms} ms`);
		} };
}

/**
 * Both talk with a phone, then the WAF that the guest came through is barred at
 * one node: all of it ends, timed from the RPC, and the other's call is heard on
 * at both ends.
 */
async function shutOut(t, node) {
	const [own, guest] = await Promise.all([lab.own(), lab.guest(t)]);
	await lab.call(guest, lab.alice, 'alice');
	assert.equal(await lab.session.mediaSessions(), 2);
	assert.ok(await lab.registered(guest.user) && await lab.registered(OWN));
	const sent = own.frames.length, { result, timed, wire } = clock(t);
	const said = answer(lab.rpc(node, 'tna.bar', 'waf', WAF));
	await Promise.all([
		timed('call at the page', guest.callState('ended'), () => guest.page.evaluate(() => globalThis.callEnded)),
		wire('BYE at the phone', { label: 'BYE', dst: ALICE }),
		timed('call at the phone', lab.alice.event('CALL_CLOSED')),
		timed('media', until('one call left', async () => await lab.session.mediaSessions() === 1)),
		timed('WebSocket', until('the close', () => guest.sockets.length > 0), () => guest.sockets[0].t),
		timed('binding', until('no binding', () => !lab.bindings().includes(lab.impi(guest.user)))),
		// An eP-CSCF that was told otherwise may have cancelled its subscription before.
		...(lab.alone ? [wire('NOTIFY of the S-CSCF', { label: 'NOTIFY', src: SCSCF, dst: EPCSCF })] : []),
		wire('SAR', { label: 'SAR', src: SCSCF, dst: HSS }),
		timed('registration', until('deregistered at the HSS', async () => !await lab.registered(guest.user))),
	]);
	result();
	// Nobody else: on the same WebSocket, nothing of his call touched.
	await lab.talk(own, lab.bob);
	assert.deepEqual(own.sockets, []);
	assert.ok(!own.frames.slice(sent).some((f) => /^(BYE|INVITE) /.test(f.text)));
	assert.ok(await lab.registered(OWN) && lab.bindings().includes(lab.impi(OWN)));
	return { own, guest, said };
}

/** Neither by itself nor by hand; the HSS is not asked for anything new. */
async function staysOut(guest, { code, why, text }) {
	await guest.state('stopped');
	const states = await lines(guest);
	if (why !== 'banned' || closeCodes(states)[0] === code) {
		assert.deepEqual([states.at(-1).code, states.at(-1).why], [code, why]);
		assert.match(await guest.status(), text);
		assert.equal(await guest.page.isVisible('#again'), why !== 'banned');
	}
	const frames = guest.frames.length, before = lab.assigned(guest.user);
	// Nor can he be called.
	lab.alice.clear();
	await lab.alice.dial(lab.impu(guest.user));
	await Promise.all([guest.page.waitForTimeout(1500), lab.alice.event('CALL_CLOSED')]);
	assert.equal(guest.frames.length, frames, 'it came back by itself');
	await guest.page.reload();
	await guest.state('stopped');
	const tried = guest.frames.slice(frames).map((f) => f.text.split('\r\n')[0]);
	// Refused, and where it is barred closed at once: the page itself would close a second later.
	const behind = guest.sockets.at(-1).t - guest.frames.at(-1).t;
	assert.ok(why !== 'banned' || (behind > 0 && behind < 900), `closed ${behind} ms behind the answer`);
	assert.match(await guest.status(), /registration refused \(403|access was revoked/i);
	assert.deepEqual(tried.filter((l) => /^(REGISTER|SIP)/.test(l) && !/ 100 /.test(l)).map((l) => l.slice(0, 11)), ['REGISTER si', 'SIP/2.0 403']);
	assert.equal(lab.assigned(guest.user), before, 'something new in the HSS');
	assert.equal(await lab.registered(guest.user), false);
	assert.ok(!lab.bindings().includes(lab.impi(guest.user)));
}

async function comesBack(guest) {
	await guest.page.reload();
	await guest.registered();
	await lab.noted(guest);
	assert.ok(await lab.registered(guest.user));
	await lab.call(guest, lab.alice, 'alice');
	await guest.hangup();
	await lab.alice.event('CALL_CLOSED');
}

const BANNED = { code: 4003, why: 'banned', text: /access was revoked/i };
const everywhere = (wanted) => until(`${wanted ? 'barred' : 'lifted'} at both`, () => ['epcscf', 'scscf'].every((node) => lab.barred(node) === wanted));

test.describe('nodes that share what is barred', () => {
	test.before(async () => { lab = await Lab.begin('bar', ['WITH_NODES', 'WITH_LIST_FILES']); });
	test.after(() => lab?.end());

	for (const [node, other] of [['epcscf', 'scscf'], ['scscf', 'epcscf']]) {
		test(`bar_at_the_${node}_shuts_a_waf_out_everywhere`, async (t) => {
			t.after(() => { if (lab.barred(other)) lab.rpc(other, 'tna.unbar', 'waf', WAF); });
			const { guest, said } = await shutOut(t, node);
			assert.deepEqual(said, { kind: 'waf', id: WAF, registrations: '1', ...(node === 'epcscf' ? { calls: '1' } : {}), until: '0', saved: '1' });
			// A NOTIFY of the S-CSCF may overtake what it tells the other nodes.
			await guest.state('stopped');
			const [code] = closeCodes(await lines(guest));
			assert.ok(code === 4003 || (code === 4401 && node === 'scscf'), code);
			assert.match(guest.messages(/^BYE /, false)[0], code === 4003 ? /^Reason: SIP;cause=403;text="Authorization revoked"\r$/m : /^Reason: SIP;cause=480;/m);
			await everywhere(true);
			await staysOut(guest, BANNED);
			// Lifted at the other one.
			assert.equal(answer(lab.rpc(other, 'tna.unbar', 'waf', WAF)).kind, 'waf');
			await everywhere(false);
			await comesBack(guest);
		});
	}

	// Cx-PPR: the operator says at the HSS which WAFs may bring in whom.
	test('push_of_the_hss_ends_what_came_through_the_waf_and_no_other_browser', async (t) => {
		const { [OWN]: user } = lab.session.lab.users;
		const allow = (waf) => lab.hss({ cmd: 'set', impi: user.impi, values: { allowed: { waf, wwsf: [] } } });
		const bindings = () => lab.bindings().split(user.impi).length - 1;
		const [own, there] = await Promise.all([lab.own(), visitorOfPartner(t, user, () => allow([OTHER_WAF, WAF]))]);
		await talkFrom(there, lab.alice, 'alice');
		assert.deepEqual([bindings(), await lab.session.mediaSessions()], [2, 2]);
		await allow([OTHER_WAF]);
		const before = lab.assigned(OWN);
		const { result, timed, wire, began } = clock(t);
		const [{ result: code }] = await Promise.all([
			lab.hss({ cmd: 'ppr', impi: user.impi }),
			wire('BYE at the phone', { label: 'BYE', dst: ALICE }),
			wire('NOTIFY of the S-CSCF', { label: 'NOTIFY', src: SCSCF, dst: EPCSCF }),
			timed('media', until('one call left', async () => await lab.session.mediaSessions() === 1)),
			timed('WebSocket', until('the close', () => there.sockets.length > 0), () => there.sockets[0].t),
			timed('binding', until('one binding left', () => bindings() === 1)),
		]);
		result();
		assert.equal(Number(code), 2001);
		assert.ok(!lab.seen(began, { label: 'BYE', dst: BOB }));
		// It tries once more, and the S-CSCF refuses it.
		await there.state('stopped');
		assert.deepEqual((await lines(there)).map((s) => s.code).filter(Boolean), [4401, 403]);
		assert.deepEqual([lab.assigned(OWN), bindings()], [before, 1]);
		assert.ok(await lab.registered(OWN));
		await lab.talk(own, lab.bob);
		assert.deepEqual(own.sockets, []);
		// The user is still reached, at the browser that stays.
		await own.hangup();
		await lab.bob.event('CALL_CLOSED');
		await lab.alice.dial(user.impus[0]);
		await own.callState('incoming');
		await own.page.click('#answer');
		await own.callState('connected');
		await lab.talk(own, lab.alice);
		await own.hangup();
		await lab.session.noMedia();
	});
});

/** The same user by a token of the partner's WAF, whose web server may bring in such users for once. */
async function visitorOfPartner(t, user, allow) {
	const { urls } = lab.session.lab, file = `${lab.session.dir}/etc/epcscf/webrtc_auth.cfg`, was = fs.readFileSync(file, 'utf8');
	const policy = (text) => {
		fs.writeFileSync(file, text);
		lab.rpc('epcscf', 'webrtc_auth.reload');
	};
	t.after(() => policy(was));
	policy(was.replace(/^impi = pool\*_private@home1\.net$/m, 'impi = pool*_private@home1.net, user*_private@home1.net')
		.replace(/^impu = sip:guest\*@home1\.net$/m, 'impu = sip:*@home1.net, tel:+1555*'));
	await allow();
	const { access_token } = await lab.session.waf('mint', { client_id: 'partner-web', user: OWN, claims: { sub: 'visitor' } }, urls.wafPartnerControl);
	const page = await lab.session.open(`${urls.pagePartner}icon.svg`);
	t.after(() => page.close());
	await page.connectWith({ access_token, expires_in: 300, impi: user.impi, impu: user.impus },
		{ audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false } });
	await page.registered();
	return page;
}

/** As a call from the page of the web server, which this page has not. */
async function talkFrom(page, phone, name) {
	phone.clear();
	phone.autoAnswer();
	await page.page.evaluate((to) => { globalThis.line.call(to); }, name);
	await page.callState('connected');
	await phone.event('CALL_ESTABLISHED');
	await lab.talk(page, phone);
}

// The S-CSCF ends the registration; the eP-CSCF hears of it by the registration
// event, and of the WAF never.
test.describe('an S-CSCF that is told alone', () => {
	test.before(async () => { lab = await Lab.begin('bar-alone'); });
	test.after(() => lab?.end());

	test('bar_at_the_scscf_alone_ends_registration_call_and_connection', async (t) => {
		const { guest, said } = await shutOut(t, 'scscf');
		t.after(() => { if (lab.barred('scscf')) lab.rpc('scscf', 'tna.unbar', 'waf', WAF); });
		assert.deepEqual(said, { kind: 'waf', id: WAF, registrations: '1', until: '0', saved: '0' });
		await guest.state('stopped');
		assert.equal(lab.barred('epcscf'), false);
		// It may look for another token, and gets no further with it.
		assert.deepEqual(closeCodes(await lines(guest)), [4401]);
		assert.match(guest.messages(/^BYE /, false)[0], /^Reason: SIP;cause=480;/m);
		await staysOut(guest, { code: 403, why: undefined, text: /registration refused \(403/i });
		lab.rpc('scscf', 'tna.unbar', 'waf', WAF);
		await comesBack(guest);
	});
});
