// SPDX-License-Identifier: BSD-2-Clause
// The eP-CSCF's subscription to the registration event (RFC 3680, RFC 6665,
// TS 24.229 5.2.3) with a scripted S-CSCF.
import test from 'node:test';
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { answer, build, rand } from './support/sip.mjs';
import { Page } from './support/page.mjs';
import { Site, sleep, until, uriOf } from './support/site.mjs';

let site;
test.before(async () => { site = await Site.start({ params: 'modparam("tna_register", "reg_event", 1)\n' }); });
test.after(() => site.stop());

let serial = 0;
const user = (name) => `${name}${++serial}`;
const forUser = (name) => (m) => m.uri === `sip:${name}@home1.net`;

// The S-CSCF's side of one subscription.
class Notifier {
	constructor(subscribe) {
		Object.assign(this, { subscribe, tag: rand(4), cseq: 10, version: 0 });
		this.token = uriOf(subscribe.get('Contact'));
	}

	// What it says of the SUBSCRIBE `m`.
	ok(m = this.subscribe, { expires = 600, status = 200, more = [] } = {}) {
		site.send(answer(m, status, { tag: this.tag, more: [...(status < 300 ? [`Expires: ${expires}`, `Contact: <sip:scscf@127.0.0.1:${site.ports.core};x=${this.tag}>`] : []), ...more] }));
	}

	text({ state = 'active;expires=600', body = '', type = 'application/reginfo+xml', event = 'reg', cseq = ++this.cseq, uri = this.token, callId = this.subscribe.callId,
		from = this.tag, to = this.subscribe.fromTag, headers = [] } = {}) {
		this.last = build(`NOTIFY ${uri} SIP/2.0`, [`Via: SIP/2.0/UDP 127.0.0.1:${site.ports.core};branch=z9hG4bK${rand()}`, 'Max-Forwards: 70',
			`From: <${this.subscribe.uri}>;tag=${from}`, `To: <sip:127.0.0.1:${site.ports.sip}>;tag=${to}`, `Call-ID: ${callId}`, `CSeq: ${cseq} NOTIFY`,
			`Contact: <sip:scscf@127.0.0.1:${site.ports.core};x=${this.tag}>`, `Event: ${event}`, state && `Subscription-State: ${state}`, ...headers, body && `Content-Type: ${type}`], body);
		return this.last;
	}

	async notify(options) {
		const sent = this.text(options);
		site.send(sent);
		const id = /branch=(\S+)/.exec(sent)[1];
		return (await site.inbox.reply('NOTIFY', () => true, (m) => m.get('Via').includes(id))).status;
	}

	// contacts: [uri, state, event, expires]. aor: of the registration.
	doc(contacts, { state = 'active', full = true, version = ++this.version, aor = this.subscribe.uri } = {}) {
		return `<?xml version="1.0"?>\n<reginfo xmlns="urn:ietf:params:xml:ns:reginfo" version="${version}" state="${full ? 'full' : 'partial'}">
			<registration aor="${aor}" id="r" state="${state}">${contacts.map(([uri, s = 'active', event = 'registered', expires], i) =>
		`<contact id="c${i}" state="${s}" event="${event}"${expires === undefined ? '' : ` expires="${expires}"`}><uri>${uri}</uri></contact>`).join('')}</registration></reginfo>`;
	}
}

async function registered(t, name, options) {
	const p = await Page.open(site, { user: name });
	t.after(() => p.drop());
	assert.equal((await p.register(options)).status, 200);
	p.path = site.path();
	return p;
}

const subscribed = async (name, ms = 4000) => new Notifier(await site.inbox.request('SUBSCRIBE', forUser(name), ms));

// A page, and a subscription with its first document: the page is there.
async function watched(t, prefix, options) {
	const name = user(prefix);
	const p = await registered(t, name, options);
	const n = await subscribed(name);
	n.ok(n.subscribe, options);
	assert.equal(await n.notify({ body: n.doc([[p.contact, 'active', 'registered', 600]]) }), 200);
	return { p, n, name };
}

const shown = async (impu) => (await site.rpc('tna.regevent')).find((s) => s.impu === impu);
const bindingOf = async (p) => (await site.rpc('tna.show', p.aor).catch(() => [])).find((b) => b.contact === p.contact);
const state = async (p) => (await bindingOf(p))?.status;
const counter = async (name) => Number((await site.rpc('stats.fetch', 'all'))[`tna_register.${name}`]);
const over = async (p) => {
	const { code } = await Promise.race([p.closed, sleep(5000).then(() => ({ code: 'still open' }))]);
	await until('the binding to go', async () => (await state(p)) === undefined);
	return code;
};

test('regevent_subscribe_says_what_24_229_wants', async (t) => {
	const name = user('headers');
	const p = await registered(t, name);
	const n = await subscribed(name);
	const s = n.subscribe;
	assert.equal(s.uri, p.aor);
	assert.equal(s.get('To'), `<${p.aor}>`);
	assert.match(s.get('From'), /^<sip:127\.0\.0\.1:5060>;tag=[0-9a-f]{16}$/);
	assert.equal(s.get('Event'), 'reg');
	assert.equal(s.get('Accept'), 'application/reginfo+xml');
	assert.ok(Number(s.get('Expires')) > 600000, 'longer than any registration');
	assert.equal(s.get('P-Asserted-Identity'), '<sip:127.0.0.1:5060>');
	assert.match(s.get('P-Charging-Vector'), /^icid-value="?[0-9a-f]{32}"?;.*orig-ioi=/);
	assert.match(s.get('Contact'), /^<sip:[A-Za-z0-9_-]{50}@127\.0\.0\.1:5060>$/);
	assert.equal(s.cseq, 1);
	n.ok();
	assert.equal(await n.notify({ body: n.doc([[p.contact, 'active', 'registered', 600]]) }), 200);
	assert.deepEqual(await shown(p.aor), { impu: p.aor, status: 'active', bindings: 1, expires_s: (await shown(p.aor)).expires_s });
	assert.equal(await state(p), 'bound');
});

test('regevent_one_subscription_for_all_browsers_of_a_user', async (t) => {
	const { p, n, name } = await watched(t, 'shared');
	const q = await registered(t, name);
	await p.register();
	await site.inbox.none('SUBSCRIBE', (m) => m.method === 'SUBSCRIBE' && forUser(name)(m), 1500);
	assert.equal((await shown(p.aor)).bindings, 2);
	// One of them is ended, the other stays.
	const third = n.doc([[p.contact, 'terminated', 'rejected'], [q.contact, 'active', 'registered', 600]]);
	assert.equal(await n.notify({ body: third }), 200);
	// Both are fresh: the whole state is asked for, in a dialog of its own.
	const end = await site.inbox.request('SUBSCRIBE', (m) => m.callId === n.subscribe.callId, 6000);
	assert.equal(end.get('Expires'), '0');
	n.ok(end, { expires: 0 });
	const again = await subscribed(name);
	assert.notEqual(again.token, n.token);
	again.ok();
	await again.notify({ body: again.doc([[p.contact, 'terminated', 'rejected'], [q.contact, 'active', 'registered', 600]]) });
	assert.equal(await over(p), 4401);
	assert.equal(await state(q), 'bound');
	assert.equal((await shown(p.aor)).bindings, 1);
});

for (const event of ['deactivated', 'rejected', 'unregistered', 'expired', 'probation']) {
	test(`regevent_contact_${event}_ends_the_binding`, async (t) => {
		const { p, n } = await watched(t, event);
		const before = site.registers.length;
		assert.equal(await n.notify({ body: n.doc([[p.contact, 'terminated', event]], { full: event !== 'expired' }) }), 200);
		assert.equal(await over(p), 4401);
		// The core ended it: it is not told so.
		assert.equal(site.registers.length, before);
		const end = await site.inbox.request('SUBSCRIBE', (m) => m.callId === n.subscribe.callId);
		assert.equal(end.get('Expires'), '0');
		assert.equal(end.toTag, n.tag);
		assert.equal(end.uri, `sip:scscf@127.0.0.1:5070;x=${n.tag}`);
		assert.equal(end.cseq, 2);
		n.ok(end, { expires: 0 });
		await until('the subscription to be forgotten', async () => !(await shown(p.aor)));
	});
}

test('regevent_registration_terminated_ends_call_and_websocket', async (t) => {
	const { p, n } = await watched(t, 'rtr');
	const { invite } = await site.callOut(p);
	assert.equal(await n.notify({ state: 'terminated;reason=noresource', body: n.doc([], { state: 'terminated' }) }), 200);
	const [core, page] = await Promise.all([site.inbox.request('BYE', (m) => m.callId === invite.callId), p.inbox.request('BYE')]);
	assert.match(core.get('Reason'), /Deregistered/);
	site.reply(core, 200);
	p.send(answer(page, 200));
	assert.equal(await over(p), 4401);
	await until('the subscription to be forgotten', async () => !(await shown(p.aor)));
	await site.inbox.none('SUBSCRIBE after the end', (m) => m.method === 'SUBSCRIBE' && m.callId === n.subscribe.callId);
});

test('regevent_missing_in_a_full_document_ends_in_a_partial_one_stays', async (t) => {
	const { p, n } = await watched(t, 'missing');
	assert.equal(await n.notify({ body: n.doc([['sip:else@x.invalid']], { full: false }) }), 200);
	assert.equal(await state(p), 'bound');
	assert.equal(await n.notify({ body: n.doc([['sip:else@x.invalid']]) }), 200);
	assert.equal(await over(p), 4401);
});

test('regevent_shortened_moves_the_end', async (t) => {
	const { p, n } = await watched(t, 'short');
	assert.ok((await site.show(p.aor)).expires_s > 100);
	assert.equal(await n.notify({ body: n.doc([[p.contact, 'active', 'shortened', 2]]) }), 200);
	await until('the new end', async () => ((await site.show(p.aor).catch(() => ({}))).expires_s ?? 0) <= 2);
	await until('the binding to end', async () => (await state(p)) === undefined, 6000);
});

test('regevent_document_older_than_a_renewal_is_asked_for_again', async (t) => {
	const { p, n, name } = await watched(t, 'race');
	await sleep(5);
	assert.equal((await p.register()).status, 200);
	// It left the S-CSCF before that REGISTER came there.
	assert.equal(await n.notify({ body: n.doc([[p.contact, 'terminated', 'expired']]) }), 200);
	assert.equal(await state(p), 'bound');
	n.ok(await site.inbox.request('SUBSCRIBE', (m) => m.callId === n.subscribe.callId, 6000), { expires: 0 });
	const again = await subscribed(name);
	again.ok();
	assert.equal(await again.notify({ body: again.doc([[p.contact, 'active', 'registered', 600]]) }), 200);
	assert.equal(await state(p), 'bound');
	// And when that is refused, what the NOTIFY said was true.
	await sleep(5);
	assert.equal((await p.register()).status, 200);
	assert.equal(await again.notify({ body: again.doc([[p.contact, 'terminated', 'expired']]) }), 200);
	again.ok(await site.inbox.request('SUBSCRIBE', (m) => m.callId === again.subscribe.callId, 6000), { expires: 0 });
	const last = await subscribed(name);
	last.ok(last.subscribe, { status: 403 });
	assert.equal(await over(p), 4401);
});

test('regevent_notify_before_the_answer_makes_the_dialog', async (t) => {
	const name = user('early');
	const p = await registered(t, name);
	const n = await subscribed(name);
	assert.equal(await n.notify({ body: n.doc([[p.contact, 'active', 'registered', 600]]) }), 200);
	assert.equal((await shown(p.aor)).status, 'active');
	n.ok();
	assert.equal(await n.notify({ body: n.doc([[p.contact, 'terminated', 'deactivated']]) }), 200);
	assert.equal(await over(p), 4401);
});

test('regevent_forged_notifies_change_nothing', async (t) => {
	const { p, n } = await watched(t, 'forged');
	const body = n.doc([], { state: 'terminated' });
	const bad = (i, token = n.token) => token.slice(0, i) + (token[i] === 'A' ? 'B' : 'A') + token.slice(i + 1);
	assert.equal(await n.notify({ body, callId: rand(16) }), 481);
	assert.equal(await n.notify({ body, from: rand(4) }), 481);
	assert.equal(await n.notify({ body, to: rand(8) }), 481);
	assert.equal(await n.notify({ body, uri: bad(20) }), 403, 'a token that is not ours');
	assert.equal(await n.notify({ body, uri: n.token.replace(/sip:[^@]+/, 'sip:nobody') }) >= 400, true);
	assert.equal(await n.notify({ body, event: 'presence' }), 489);
	assert.equal(await n.notify({ body, type: 'text/plain' }), 415);
	assert.equal(await n.notify({ body: body.slice(0, -5) }), 400);
	assert.equal(await n.notify({ body: `<!DOCTYPE reginfo [<!ENTITY x "y">]>${body.replace(/<\?.*\n/, '')}` }), 400);
	assert.equal(await n.notify({ body, state: '' }), 400);
	assert.equal(await n.notify({ body, cseq: 1 }), 500, 'behind a later one');
	assert.equal(await n.notify({ body, cseq: 11 }), 200, 'a retransmission');
	assert.equal(await state(p), 'bound');
	// So is an old version, which says nothing new.
	const seen = await counter('reg_notifies');
	assert.equal(await n.notify({ body: n.doc([], { state: 'terminated', version: 1 }) }), 200);
	assert.equal(await state(p), 'bound');
	assert.equal(await counter('reg_notifies'), seen + 1);
	// The path token of the page is none of a subscription.
	assert.equal(await n.notify({ body, uri: uriOf(p.path) }) >= 400, true);
	assert.equal(await state(p), 'bound');
});

// A Contact of ours, signed as it must be, with other contents.
function signed(token, change) {
	const octets = Buffer.from(/sip:([^@]+)/.exec(token)[1], 'base64url').subarray(0, 25);
	change(octets);
	const mac = createHmac('sha256', '0123456789abcdef0123456789abcdef').update(octets).digest().subarray(0, 12);
	return token.replace(/sip:[^@]+/, `sip:${Buffer.concat([octets, mac]).toString('base64url')}`);
}

test('regevent_dialog_of_before_a_restart_is_unknown', async (t) => {
	const { p, n } = await watched(t, 'epoch');
	const body = n.doc([], { state: 'terminated' });
	assert.equal(signed(n.token, () => {}), n.token);
	assert.equal(await n.notify({ body, uri: signed(n.token, (o) => { o[8] ^= 1; }) }), 481, 'another start');
	assert.equal(await n.notify({ body, uri: signed(n.token, (o) => { o[4] ^= 1; }) }), 481, 'another node');
	assert.equal(await n.notify({ body, uri: signed(n.token, (o) => { o[20] ^= 1; }) }), 481, 'another dialog');
	assert.equal(await n.notify({ body, uri: signed(n.token, (o) => { o[9] = 0xff; }) }), 481, 'a bucket that is not there');
	assert.equal(await state(p), 'bound');
});

test('regevent_notifies_out_of_order_and_a_gap', async (t) => {
	const { p, n, name } = await watched(t, 'order');
	const first = n.doc([[p.contact, 'active', 'refreshed', 600]], { full: false });
	const second = n.doc([[p.contact, 'active', 'refreshed', 600]], { full: false });
	const a = ++n.cseq, b = ++n.cseq;
	assert.equal(await n.notify({ body: second, cseq: b }), 200, 'a version is missing');
	assert.equal(await n.notify({ body: first, cseq: a }), 500);
	// So the whole state is asked for.
	n.ok(await site.inbox.request('SUBSCRIBE', (m) => m.callId === n.subscribe.callId, 6000), { expires: 0 });
	const again = await subscribed(name);
	again.ok();
	assert.equal(await again.notify({ body: again.doc([[p.contact]]) }), 200);
	assert.equal(await n.notify({ body: n.doc([], { state: 'terminated' }) }), 481, 'the old dialog');
	assert.equal(await state(p), 'bound');
});

test('regevent_refresh_follows_route_set_and_target', async (t) => {
	const name = user('refresh');
	const p = await registered(t, name);
	const n = await subscribed(name);
	const own = `127.0.0.1:${site.ports.core}`;
	n.ok(n.subscribe, { expires: 5, more: [`Record-Route: <sip:b@${own};lr>, <sip:a@${own};lr>`] });
	await n.notify({ body: n.doc([[p.contact]]), state: 'active;expires=5' });
	const again = await site.inbox.request('SUBSCRIBE', (m) => m.callId === n.subscribe.callId, 5000);
	assert.deepEqual(again.list('Route'), [`<sip:a@${own};lr>`, `<sip:b@${own};lr>`]);
	assert.equal(again.uri, `sip:scscf@${own};x=${n.tag}`);
	assert.equal(again.toTag, n.tag);
	assert.equal(again.fromTag, n.subscribe.fromTag);
	assert.equal(again.cseq, 2);
	assert.equal(again.get('Contact'), n.subscribe.get('Contact'));
	assert.notEqual(again.get('P-Charging-Vector'), n.subscribe.get('P-Charging-Vector'));
	n.ok(again, { expires: 600 });
	await until('the new end', async () => (await shown(p.aor)).expires_s > 500);
	// The S-CSCF was restarted: 481, and a new dialog.
	assert.equal(await n.notify({ state: 'active;expires=5', body: n.doc([[p.contact]]) }), 200);
	n.ok(await site.inbox.request('SUBSCRIBE', (m) => m.callId === n.subscribe.callId, 6000), { status: 481 });
	const fresh = await subscribed(name);
	fresh.ok();
	assert.equal(await fresh.notify({ body: fresh.doc([[p.contact]]) }), 200);
	assert.equal(await state(p), 'bound');
});

test('regevent_failures_are_retried_refusals_with_the_next_register', async (t) => {
	const name = user('fail');
	const p = await registered(t, name);
	const n = await subscribed(name);
	n.ok(n.subscribe, { status: 503, more: ['Retry-After: 1'] });
	await until('its turn', async () => (await shown(p.aor)).status === 'waiting');
	const m = await subscribed(name, 8000);
	m.ok(m.subscribe, { status: 403 });
	await until('the refusal', async () => (await shown(p.aor)).status === 'over');
	assert.equal(await state(p), 'bound', 'a refused subscription ends nothing');
	await p.register();
	const o = await subscribed(name);
	o.ok();
	assert.equal(await o.notify({ body: o.doc([[p.contact]]) }), 200);
	assert.equal(await state(p), 'bound');
});

test('regevent_silence_of_the_core_is_a_failure', async (t) => {
	const name = user('silent');
	const p = await registered(t, name);
	await subscribed(name);
	await until('tm to give up', async () => (await shown(p.aor)).status === 'waiting', 6000);
	assert.equal(await state(p), 'bound');
});

for (const [reason, again] of [['deactivated', true], ['timeout', true], ['probation;retry-after=1', true], ['rejected', false]]) {
	test(`regevent_subscription_terminated_${reason.split(';')[0]}`, async (t) => {
		const { p, n, name } = await watched(t, 'term');
		assert.equal(await n.notify({ state: `terminated;reason=${reason}`, body: n.doc([[p.contact]]) }), 200);
		if (again) {
			const m = await subscribed(name, 8000);
			assert.notEqual(m.subscribe.callId, n.subscribe.callId);
			m.ok();
		} else {
			assert.equal((await shown(p.aor)).status, 'over');
		}
		assert.equal(await n.notify({ body: n.doc([], { state: 'terminated' }) }), 481);
		assert.equal(await state(p), 'bound');
	});
}

test('regevent_ends_with_the_page_that_deregisters', async (t) => {
	const { p, n } = await watched(t, 'leave');
	assert.equal((await p.register({ expires: 0 })).status, 200);
	const end = await site.inbox.request('SUBSCRIBE', (m) => m.callId === n.subscribe.callId);
	assert.equal(end.get('Expires'), '0');
	n.ok(end, { expires: 0 });
	await until('the subscription to be forgotten', async () => !(await shown(p.aor)));
	assert.equal(await n.notify({ body: n.doc([]) }), 481);
});

test('regevent_notify_of_a_page_still_reaches_it', async (t) => {
	const { p } = await watched(t, 'mwi');
	site.send(site.request('NOTIFY', { uri: p.contact, to: p.aor, routes: [p.path], headers: ['Event: message-summary', 'Subscription-State: active'] }));
	const m = await p.inbox.request('NOTIFY');
	p.send(answer(m, 200));
	assert.equal((await site.inbox.reply('NOTIFY', 200, (r) => r.callId === m.callId)).status, 200);
});
