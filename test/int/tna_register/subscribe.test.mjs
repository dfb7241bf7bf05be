// SPDX-License-Identifier: BSD-2-Clause
// Dialogs that SUBSCRIBE makes, both ways (RFC 6665): refresh, NOTIFY before
// and after the answer, forks, what a page may not do in them, their end.
import test from 'node:test';
import assert from 'node:assert/strict';
import { answer, rand } from './support/sip.mjs';
import { Site, until, uriOf } from './support/site.mjs';
import * as subs from './support/subs.mjs';

let site;
test.before(async () => { site = await Site.start({ params: 'modparam("tna_register", "binding_subscriptions", 12)' }); });
test.after(() => site.stop());

const page = (t, user, o) => subs.page(t, site, user, o);
const count = async (p) => (await site.show(p.aor)).subscriptions;
const core = () => `<sip:scscf@127.0.0.1:${site.ports.core};lr>`;

for (const event of ['message-summary', 'presence', 'reg', 'conference']) {
	test(`subscribe_${event}_refreshed_notified_and_ended_by_the_page`, async (t) => {
		const p = await page(t, `sub-${event}`);
		const { req, ok, e, d } = await subs.subscribe(site, p, { event, e: subs.end(site, { rr: core() }) });
		assert.match(req.get('Record-Route'), /^<sip:[A-Za-z0-9_-]{50}@127\.0\.0\.1:5060;lr>$/);
		assert.deepEqual(req.all('P-Asserted-Identity'), [`<${p.aor}>`]);
		assert.deepEqual(req.all('Route'), [`<sip:orig@127.0.0.1:${site.ports.core};lr>`]);
		assert.equal(req.get('Event'), event);
		assert.equal(ok.list('Record-Route').length, 2);
		const first = await subs.notify(site, p, req, e, event, 'active;expires=599', { body: 'Messages-Waiting: yes\r\n', headers: [...subs.state(event, 'active;expires=599'), 'Content-Type: text/plain', 'P-Charging-Vector: icid-value=x'] });
		assert.equal(first.m.body, 'Messages-Waiting: yes\r\n');
		assert.equal(first.m.get('P-Charging-Vector'), undefined);
		const refresh = await subs.within(site, p, 'SUBSCRIBE', d, { headers: [`Event: ${event}`, 'Expires: 600'], more: ['Expires: 600'] });
		assert.deepEqual(refresh.m.all('Route'), [core()]);
		assert.equal(refresh.m.uri, e.contact);
		assert.equal(subs.icidOf(refresh.m), subs.icidOf(req), 'the same charging id');
		assert.equal(refresh.m.get('Authorization'), undefined);
		assert.equal(refresh.r.status, 200);
		await subs.within(site, p, 'SUBSCRIBE', d, { headers: [`Event: ${event}`, 'Expires: 0'], more: ['Expires: 0'] });
		await subs.notify(site, p, req, e, event, 'terminated;reason=timeout', { cseq: 2 });
	});
}

test('subscribe_notify_before_the_answer_makes_the_dialog', async (t) => {
	const p = await page(t, 'early'), e = subs.end(site, { rr: core() });
	const req = await subs.ask(site, p, 'SUBSCRIBE', { headers: ['Event: presence', 'Expires: 600'] });
	subs.inward(site, p, req, e, 'NOTIFY', { headers: [`Record-Route: ${core()}`, ...subs.state('presence', 'active;expires=600')] });
	const m = await p.inbox.request('NOTIFY');
	const rr = m.list('Record-Route');
	assert.equal(rr.length, 2, 'a NOTIFY makes a dialog: we stay in it');
	assert.match(rr[0], /^<sip:[A-Za-z0-9_-]{50}@127/);
	p.send(answer(m, 200));
	await site.inbox.final('NOTIFY');
	// before the 2xx, from the NOTIFY alone
	const { m: refresh } = await subs.within(site, p, 'SUBSCRIBE', subs.outward(m, req.fromTag), { headers: ['Event: presence', 'Expires: 600'], more: ['Expires: 600'] });
	assert.equal(refresh.uri, e.contact);
	assert.deepEqual(refresh.all('Route'), [core()]);
	await subs.accept(site, p, req, e, { headers: ['Expires: 600'] });
	await subs.within(site, p, 'SUBSCRIBE', subs.outward(m, req.fromTag), { headers: ['Event: presence', 'Expires: 600'], more: ['Expires: 600'] });
});

test('subscribe_forks_are_dialogs_of_their_own', async (t) => {
	const p = await page(t, 'forks');
	const req = await subs.ask(site, p, 'SUBSCRIBE', { headers: ['Event: dialog', 'Expires: 600'] });
	const ends = ['a', 'b', 'c'].map((user) => subs.end(site, { user, tag: user, rr: `<sip:proxy-${user}@127.0.0.1:${site.ports.core};lr>` }));
	await subs.accept(site, p, req, ends[0], { headers: ['Expires: 600'] });
	for (const e of ends) {
		subs.inward(site, p, req, e, 'NOTIFY', { headers: [`Record-Route: ${e.rr}`, ...subs.state('dialog', 'active;expires=600')] });
		const m = await p.inbox.request('NOTIFY');
		p.send(answer(m, 200));
		await site.inbox.final('NOTIFY');
		e.d = subs.outward(m, req.fromTag);
	}
	for (const e of ends) {
		const { m } = await subs.within(site, p, 'SUBSCRIBE', e.d, { headers: ['Event: dialog', 'Expires: 0'], more: ['Expires: 0'] });
		assert.equal(m.uri, e.contact);
		assert.deepEqual(m.all('Route'), [e.rr]);
	}
	// one fork's target is none of another's
	p.send(p.request('SUBSCRIBE', { ...ends[1].d, uri: ends[2].contact, headers: ['Event: dialog', 'Expires: 600'] }));
	assert.equal((await p.inbox.final('SUBSCRIBE')).status, 403);
	// more ends than anybody has are no dialogs
	for (let i = 0; i < 12; i++) await subs.notify(site, p, req, subs.end(site), 'dialog', 'active;expires=600');
	assert.ok(await count(p) <= 9, String(await count(p)));
});

test('subscribe_target_follows_the_notifier', async (t) => {
	const p = await page(t, 'moves');
	const { req, e, d } = await subs.subscribe(site, p);
	await subs.notify(site, p, req, { ...e, contact: `sip:moved@127.0.0.1:${site.ports.core}` }, 'message-summary', 'active;expires=600');
	const refresh = { headers: ['Event: message-summary', 'Expires: 600'], more: ['Expires: 600'] };
	assert.equal((await subs.within(site, p, 'SUBSCRIBE', { ...d, uri: `sip:moved@127.0.0.1:${site.ports.core}` }, refresh)).r.status, 200);
	p.send(p.request('SUBSCRIBE', { ...d, uri: `sip:elsewhere@127.0.0.1:${site.ports.core}`, headers: refresh.headers }));
	assert.equal((await p.inbox.final('SUBSCRIBE')).status, 403);
});

test('subscribe_of_the_core_the_page_notifies', async (t) => {
	const p = await page(t, 'notifier');
	const { req, core: c, d } = await subs.subscribed(site, p, { headers: ['Event: presence', 'Expires: 600', 'P-Charging-Vector: icid-value="in-7";orig-ioi=x'] });
	assert.equal(req.list('Record-Route').length, 2);
	const first = await subs.within(site, p, 'NOTIFY', d, { headers: subs.state('presence', 'active;expires=600'), body: '<presence/>', type: 'application/pidf+xml' });
	assert.deepEqual(first.m.all('Route'), [core()]);
	assert.equal(first.m.body, '<presence/>');
	assert.equal(subs.icidOf(first.m), 'in-7', 'the charging id that the SUBSCRIBE brought');
	site.send(site.request('SUBSCRIBE', { ...c, cseq: 2, headers: ['Event: presence', 'Expires: 0'] }));
	const refresh = await p.inbox.request('SUBSCRIBE');
	assert.deepEqual(refresh.all('Route'), []);
	p.send(answer(refresh, 200, { more: ['Expires: 0'] }));
	await site.inbox.final('SUBSCRIBE');
	await subs.within(site, p, 'NOTIFY', d, { headers: subs.state('presence', 'terminated;reason=timeout') });
});

test('subscribe_of_the_core_notify_before_the_pages_answer', async (t) => {
	const p = await page(t, 'hasty');
	site.send(site.request('SUBSCRIBE', { uri: p.contact, to: p.aor, routes: [p.path], headers: ['Event: presence', 'Expires: 600'] }));
	const req = await p.inbox.request('SUBSCRIBE');
	const d = { uri: uriOf(req.get('Contact')), to: uriOf(req.get('From')), toTag: req.fromTag, fromTag: 'hasty', from: uriOf(req.get('To')), callId: req.callId, routes: req.list('Record-Route') };
	await subs.within(site, p, 'NOTIFY', d, { headers: subs.state('presence', 'pending;expires=600') });
	p.send(answer(req, 200, { tag: 'hasty', more: [`Contact: <${p.contact}>`, 'Expires: 600'] }));
	await site.inbox.final('SUBSCRIBE');
	await subs.within(site, p, 'NOTIFY', d, { headers: subs.state('presence', 'active;expires=600') });
	p.send(p.request('NOTIFY', { ...d, fromTag: 'other', headers: subs.state('presence', 'active;expires=600') }));
	assert.equal((await p.inbox.final('NOTIFY')).status, 481, 'a second tag of one page');
});

test('subscribe_survives_a_new_connection_of_the_page', async (t) => {
	const p = await page(t, 'reload');
	const { req, e, d } = await subs.subscribe(site, p);
	p.drop();
	await until('held', async () => (await site.show(p.aor)).status === 'held', 4000);
	const q = await page(t, 'reload', { instance: p.instance });
	assert.equal(await count(q), 2);
	await subs.notify(site, q, req, e, 'message-summary', 'active;expires=600', { uri: p.contact });
	await subs.within(site, q, 'SUBSCRIBE', d, { headers: ['Event: message-summary', 'Expires: 600'], more: ['Expires: 600'] });
});

test('subscribe_refused_or_over_leaves_nothing', async (t) => {
	const p = await page(t, 'over');
	const req = await subs.ask(site, p, 'SUBSCRIBE', { headers: ['Event: presence', 'Expires: 600'] });
	assert.equal(await count(p), 1);
	site.reply(req, 489);
	assert.equal((await p.inbox.final('SUBSCRIBE')).status, 489);
	assert.equal(await count(p), 0);
	await subs.subscribe(site, p);
	assert.ok(await count(p) > 0);
	p.send(p.registerText({ expires: 0 }));
	await p.inbox.final('REGISTER');
	await until('the binding to go', () => site.show(p.aor).then(() => false, () => true));
	assert.equal((await page(t, 'over', { instance: p.instance })) && await count(p), 0);
});

test('subscribe_again_with_credentials_is_one_request', async (t) => {
	const p = await page(t, 'again'), o = { callId: rand(), fromTag: 'again', headers: ['Event: presence', 'Expires: 600'] };
	site.reply(await subs.ask(site, p, 'SUBSCRIBE', o), 407, { more: ['Proxy-Authenticate: Digest realm="as", nonce="x"'] });
	await p.inbox.final('SUBSCRIBE');
	const { d } = await subs.subscribe(site, p, { event: 'presence', ...o, headers: ['Proxy-Authorization: Digest username="again", realm="as", nonce="x", uri="sip:x", response="y"'] });
	await subs.within(site, p, 'SUBSCRIBE', d, { headers: o.headers, more: ['Expires: 600'] });
});

test('subscribe_too_many_at_once_are_refused', async (t) => {
	const p = await page(t, 'greedy');
	const sent = [];
	for (let i = 0; i < 12; i++) sent.push(await subs.ask(site, p, 'SUBSCRIBE', { headers: [`Event: e${i}`, 'Expires: 600'] }));
	const no = await p.ask('SUBSCRIBE', { uri: 'sip:peer@home1.net', headers: ['Event: e', 'Expires: 600'] });
	assert.equal(no.status, 480);
	assert.match(no.get('Warning'), /too many subscriptions/);
	site.send(site.request('SUBSCRIBE', { uri: p.contact, to: p.aor, routes: [p.path], headers: ['Event: presence'] }));
	assert.equal((await site.inbox.final('SUBSCRIBE')).status, 480, 'nor by the core');
	site.reply(sent.pop(), 489);
	await p.inbox.final('SUBSCRIBE');
	await subs.ask(site, p, 'SUBSCRIBE', { headers: ['Event: e', 'Expires: 600'] });
});

test('subscribe_others_cannot_keep_a_page_from_it', async (t) => {
	const p = await page(t, 'wanted');
	for (let i = 0; i < 6; i++) {
		site.send(site.request('SUBSCRIBE', { uri: p.contact, to: p.aor, routes: [p.path], headers: [`Event: e${i}`] }));
		await p.inbox.request('SUBSCRIBE');
	}
	site.send(site.request('REFER', { uri: p.contact, to: p.aor, routes: [p.path], headers: ['Refer-To: <sip:x@home1.net>'] }));
	assert.equal((await site.inbox.final('REFER')).status, 480);
	await p.inbox.none('REFER', (m) => m.method === 'REFER', 50);
	await subs.subscribe(site, p);
	const { bindings, subscriptions } = await site.rpc('tna.stats');
	assert.ok(bindings > 0 && subscriptions >= 8, `${subscriptions}`);
});

// --- what a page may not do there ---

test('subscribe_page_may_not_stray_from_its_dialog', async (t) => {
	const p = await page(t, 'stray'), q = await page(t, 'other');
	const mine = await subs.subscribe(site, p, { e: subs.end(site, { rr: core() }) }), theirs = await subs.subscribe(site, q);
	const [own, hop] = mine.d.routes, foreign = theirs.d.routes[0];
	const headers = ['Event: message-summary', 'Expires: 600'];
	const bad = { forged_next_hop: { routes: [own, '<sip:192.0.2.66;lr>'] }, route_behind: { routes: [own, hop, '<sip:192.0.2.66;lr>'] }, no_core: { routes: [own] }, no_token: { routes: [hop] },
		no_route: { routes: [] }, maddr: { routes: [own, hop.replace(';lr', ';maddr=192.0.2.66;lr')] }, another_pages_token: { routes: [foreign, hop] }, another_pages_token_behind: { routes: [own, hop, foreign] },
		path_token: { routes: [own, hop, q.path] }, target_host: { uri: 'sip:peer@192.0.2.66' }, target_user: { uri: mine.d.uri.replace('peer', 'boss') }, target_page: { uri: q.contact },
		target_maddr: { uri: `${mine.d.uri};maddr=192.0.2.66` }, from: { from: 'sip:boss@home1.net' }, from_alias: { from: 'sip:alias-stray@home1.net' } };
	for (const method of ['SUBSCRIBE', 'NOTIFY', 'REFER', 'MESSAGE'])
		for (const [what, o] of Object.entries(bad))
			assert.equal((await p.ask(method, { ...mine.d, headers, ...o })).status, 403, `${method} ${what}`);
	const none = { call_id: { callId: rand() }, another_pages_dialog: { callId: theirs.d.callId, fromTag: theirs.d.fromTag, toTag: theirs.d.toTag, from: q.aor }, to_tag: { toTag: 'forged' }, from_tag: { fromTag: 'forged' },
		tags_changed: { toTag: mine.d.fromTag, fromTag: mine.d.toTag } };
	for (const method of ['SUBSCRIBE', 'NOTIFY', 'REFER', 'MESSAGE'])
		for (const [what, o] of Object.entries(none))
			assert.equal((await p.ask(method, { ...mine.d, headers, ...o })).status, 481, `${method} ${what}`);
	await site.inbox.none('request', (m) => !m.status && m.toTag);
	await q.inbox.none('request', (m) => !m.status, 50);
	await subs.within(site, p, 'SUBSCRIBE', mine.d, { headers, more: ['Expires: 600'] });
});

test('subscribe_dialog_carries_no_call', async (t) => {
	const p = await page(t, 'nocall');
	const { req, e, d } = await subs.subscribe(site, p);
	for (const method of ['INVITE', 'BYE', 'UPDATE', 'INFO', 'PRACK', 'PUBLISH'])
		assert.equal((await p.ask(method, { ...d, body: method === 'INVITE' ? 'v=0\r\n' : '' })).status, 481, method);
	p.send(p.request('ACK', { ...d, contact: false }));
	subs.inward(site, p, req, e, 'INVITE', { body: 'v=0\r\n' });
	assert.equal((await site.inbox.final('INVITE')).status, 481, 'nor one of the other end');
	await site.inbox.none('request', (m) => !m.status && m.toTag);
	await p.inbox.none('request', (m) => !m.status, 50);
});

test('subscribe_without_an_answer_opens_no_way', async (t) => {
	const p = await page(t, 'halfway');
	const req = await subs.ask(site, p, 'SUBSCRIBE', { headers: ['Event: presence', 'Expires: 600'] });
	const own = req.get('Record-Route');
	for (const method of ['SUBSCRIBE', 'MESSAGE'])
		assert.equal((await p.ask(method, { uri: `sip:peer@127.0.0.1:${site.ports.core}`, to: 'sip:peer@home1.net', toTag: 'guess', fromTag: req.fromTag, callId: req.callId, routes: [own] })).status, 481, method);
	await site.inbox.none('request', (m) => m.toTag === 'guess' && !m.status);
});

test('subscribe_between_two_pages_of_this_node', async (t) => {
	const p = await page(t, 'left'), q = await page(t, 'right');
	const stop = site.proxyTo(q);
	t.after(stop);
	p.send(p.request('SUBSCRIBE', { uri: q.aor, headers: ['Event: presence', 'Expires: 600'] }));
	const req = await q.inbox.request('SUBSCRIBE');
	q.send(answer(req, 200, { tag: 'right', more: [`Contact: <${q.contact}>`, 'Expires: 600'] }));
	const ok = await p.inbox.final('SUBSCRIBE');
	assert.equal(ok.status, 200);
	const notifier = { uri: uriOf(req.get('Contact')), to: p.aor, toTag: req.fromTag, fromTag: 'right', callId: req.callId, routes: req.list('Record-Route') };
	q.send(q.request('NOTIFY', { ...notifier, headers: subs.state('presence', 'active;expires=600') }));
	const m = await p.inbox.request('NOTIFY');
	p.send(answer(m, 200));
	assert.equal((await q.inbox.final('NOTIFY')).status, 200);
	const d = subs.outward(ok);
	p.send(p.request('SUBSCRIBE', { ...d, headers: ['Event: presence', 'Expires: 0'] }));
	const over = await q.inbox.request('SUBSCRIBE');
	q.send(answer(over, 200, { more: ['Expires: 0'] }));
	assert.equal((await p.inbox.final('SUBSCRIBE')).status, 200);
});
