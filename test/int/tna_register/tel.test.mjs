// SPDX-License-Identifier: BSD-2-Clause
// Telephone numbers towards a page, which gets sip URIs (RFC 3261 19.1.6), and
// what each end of a dialog goes on calling the other.
import test from 'node:test';
import assert from 'node:assert/strict';
import { answer, rand } from './support/sip.mjs';
import { Site, until, uriOf } from './support/site.mjs';
import * as subs from './support/subs.mjs';

let site;
test.before(async () => { site = await Site.start(); });
test.after(() => site.stop());

const page = (t, user, o) => subs.page(t, site, user, o);
const core = () => `<sip:scscf@127.0.0.1:${site.ports.core};lr>`;
const name = (h) => h.replace(/;tag=[^;]*/, '');
const numbers = {
	'tel:+49-30-1234': 'sip:+49301234@home1.net;user=phone',
	'tel:(030)12.34;phone-context=+49': 'sip:0301234;phone-context=+49@home1.net;user=phone',
	'tel:110;Phone-Context=Home1.NET;cic=x;ext=5;a': 'sip:110;ext=5;phone-context=home1.net;a;cic=x@home1.net;user=phone',
	'tel:+1555;isub=a[b]:c%2F': 'sip:+1555;isub=a%5Bb%5D%3Ac%2f@home1.net;user=phone',
	'tel:*31#30;phone-context=home1.net': 'sip:*31%2330;phone-context=home1.net@home1.net;user=phone',
};

test('tel_from_and_to_of_single_requests', async (t) => {
	const p = await page(t, 'single');
	for (const method of ['MESSAGE', 'NOTIFY', 'OPTIONS', 'INFO', 'PUBLISH']) {
		for (const [tel, sip] of Object.entries(numbers)) {
			site.send(site.request(method, { uri: p.contact, to: tel, from: tel, routes: [p.path], headers: ['Event: presence', 'P-Asserted-Identity: <tel:+49301234>'] }));
			const m = await p.inbox.request(method);
			assert.equal(name(m.get('From')), `<${sip}>`);
			assert.equal(m.get('To'), `<${sip}>`);
			assert.equal(m.get('P-Asserted-Identity'), '<tel:+49301234>', 'an identity stays what it is');
			p.send(answer(m, 200, { tag: 'page' }));
			const ok = await site.inbox.final(method);
			assert.equal(name(ok.get('From')), `<${tel}>`);
			assert.equal(name(ok.get('To')), `<${tel}>`);
			assert.equal(ok.toTag, 'page');
		}
	}
	// refused answers are restored as well, and display names stay
	const raw = site.request('MESSAGE', { uri: p.contact, to: p.aor, from: 'tel:+1', routes: [p.path] });
	for (const [from, seen] of [['"Ann \\"A\\" <x>" <tel:+1>;tag=q', '"Ann \\"A\\" <x>" <sip:+1@home1.net;user=phone>;tag=q'], ['tel:+1-2;tag=q', '<sip:+12@home1.net;user=phone>;tag=q'], ['Ann <tel:+1>;tag=q;x=y', 'Ann <sip:+1@home1.net;user=phone>;tag=q;x=y']]) {
		site.send(raw.replace(/From: .*/, `From: ${from}`).replace(/branch=\w+/, `branch=z9hG4bK${rand()}`).replace(/Call-ID: .*/, `Call-ID: ${rand()}`));
		const m = await p.inbox.request('MESSAGE');
		assert.equal(m.get('From'), seen);
		p.send(answer(m, 486, { tag: 'page' }));
		assert.equal((await site.inbox.final('MESSAGE')).get('From'), from);
	}
	for (const from of ['sip:+49@home1.net;user=phone', 'sip:peer@home1.net', 'urn:x:y']) {
		site.send(site.request('MESSAGE', { uri: p.contact, to: p.aor, from, routes: [p.path] }));
		const m = await p.inbox.request('MESSAGE');
		assert.equal(uriOf(m.get('From')), from, 'any other stays');
		p.send(answer(m, 200, { tag: 'page' }));
		await site.inbox.final('MESSAGE');
	}
});

test('tel_call_to_the_page_both_ends_keep_their_names', async (t) => {
	const p = await page(t, 'called'), tel = 'tel:+49-30-77;x=1', sip = 'sip:+493077;x=1@home1.net;user=phone', own = 'tel:+1555', ownSip = 'sip:+1555@home1.net;user=phone';
	const call = { uri: p.contact, to: own, from: tel, routes: [p.path], fromTag: 'far', callId: rand(), headers: [`Record-Route: ${core()}`], body: 'v=0\r\n' };
	site.send(site.request('INVITE', call));
	const invite = await p.inbox.request('INVITE');
	assert.equal(invite.get('From'), `<${sip}>;tag=far`);
	assert.equal(invite.get('To'), `<${ownSip}>`);
	const more = [...invite.all('Record-Route').map((r) => `Record-Route: ${r}`), `Contact: <${p.contact}>`];
	for (const status of [180, 200]) {
		p.send(answer(invite, status, { tag: 'page', more, body: status === 200 ? 'v=0\r\n' : '' }));
		const r = await site.inbox.reply('INVITE', status);
		assert.equal(r.get('From'), `<${tel}>;tag=far`);
		assert.equal(r.get('To'), `<${own}>;tag=page`);
	}
	const inward = { uri: p.contact, to: own, from: tel, fromTag: 'far', toTag: 'page', callId: call.callId, routes: invite.list('Record-Route') };
	const ask = async (method, cseq) => {
		site.send(site.request(method, { ...inward, cseq }));
		const m = await p.inbox.request(method);
		assert.equal(m.get('From'), `<${sip}>;tag=far`, method);
		assert.equal(m.get('To'), `<${ownSip}>;tag=page`, method);
		if (method === 'ACK') return;
		p.send(answer(m, 200, { more: [`Contact: <${p.contact}>`] }));
		const r = await site.inbox.final(method);
		assert.equal(r.get('From'), `<${tel}>;tag=far`, method);
		assert.equal(r.get('To'), `<${own}>;tag=page`, method);
	};
	await ask('ACK', 1);
	await ask('UPDATE', 2);
	await ask('INFO', 3);
	const out = { uri: uriOf(invite.get('Contact')), to: sip, from: ownSip, toTag: 'far', fromTag: 'page', callId: call.callId, routes: invite.list('Record-Route') };
	for (const method of ['INFO', 'UPDATE', 'MESSAGE', 'REFER', 'BYE']) {
		const { m, r } = await subs.within(site, p, method, out, { headers: ['Refer-To: <sip:carol@home1.net>'] });
		assert.equal(m.get('From'), `<${own}>;tag=page`, method);
		assert.equal(m.get('To'), `<${tel}>;tag=far`, method);
		assert.equal(r.get('From'), `<${ownSip}>;tag=page`, method);
		assert.equal(r.get('To'), `<${sip}>;tag=far`, method);
	}
	// its subscription, when the call is gone
	await until('the dialog to go', async () => ![await site.rpc('dlg.list')].flat().some(Boolean), 9000);
	site.send(site.request('NOTIFY', { ...inward, cseq: 9, headers: subs.state('refer', 'active;expires=60') }));
	const n = await p.inbox.request('NOTIFY');
	assert.equal(n.get('From'), `<${sip}>;tag=far`);
	p.send(answer(n, 200));
	assert.equal((await site.inbox.final('NOTIFY')).get('From'), `<${tel}>;tag=far`);
	const { m } = await subs.within(site, p, 'SUBSCRIBE', out, { headers: ['Event: refer', 'Expires: 0'], more: ['Expires: 0'] });
	assert.equal(m.get('To'), `<${tel}>;tag=far`);
	assert.equal(m.get('From'), `<${own}>;tag=page`);
});

test('tel_name_that_changes_within_a_call_is_a_number_again', async (t) => {
	const p = await page(t, 'changes');
	site.send(site.request('INVITE', { uri: p.contact, to: p.aor, from: 'tel:+1', fromTag: 'far', routes: [p.path], body: 'v=0\r\n' }));
	const invite = await p.inbox.request('INVITE');
	p.send(answer(invite, 200, { tag: 'page', more: [...invite.all('Record-Route').map((r) => `Record-Route: ${r}`), `Contact: <${p.contact}>`], body: 'v=0\r\n' }));
	const ok = await site.inbox.final('INVITE');
	site.send(site.request('UPDATE', { uri: p.contact, to: p.aor, toTag: 'page', from: 'tel:+2', fromTag: 'far', callId: ok.callId, cseq: 2, routes: ok.list('Record-Route') }));
	const m = await p.inbox.request('UPDATE');
	assert.equal(uriOf(m.get('From')), 'sip:+2@home1.net;user=phone');
	p.send(answer(m, 200, { more: [`Contact: <${p.contact}>`] }));
	assert.equal(uriOf((await site.inbox.final('UPDATE')).get('From')), 'tel:+2');
});

test('tel_subscription_of_the_core', async (t) => {
	const p = await page(t, 'watched');
	const { req, ok, core: c, d } = await subs.subscribed(site, p, { from: 'tel:+49-1', fromTag: 'w', to: 'tel:+1555' });
	assert.equal(req.get('From'), '<sip:+491@home1.net;user=phone>;tag=w');
	assert.equal(req.get('To'), '<sip:+1555@home1.net;user=phone>');
	assert.equal(ok.get('From'), '<tel:+49-1>;tag=w');
	assert.equal(ok.get('To'), '<tel:+1555>;tag=page');
	const { m, r } = await subs.within(site, p, 'NOTIFY', d, { headers: subs.state('presence', 'active;expires=600') });
	assert.equal(m.get('To'), '<tel:+49-1>;tag=w');
	assert.equal(m.get('From'), '<tel:+1555>;tag=page');
	assert.equal(r.get('To'), '<sip:+491@home1.net;user=phone>;tag=w');
	site.send(site.request('SUBSCRIBE', { ...c, cseq: 2, headers: ['Event: presence', 'Expires: 0'] }));
	const refresh = await p.inbox.request('SUBSCRIBE');
	assert.equal(refresh.get('From'), '<sip:+491@home1.net;user=phone>;tag=w');
	assert.equal(refresh.get('To'), '<sip:+1555@home1.net;user=phone>;tag=page');
	p.send(answer(refresh, 200));
	await site.inbox.final('SUBSCRIBE');
});

// What the page writes itself it knows: a client that calls a tel URI.
test('tel_that_the_page_writes_stays', async (t) => {
	const p = await page(t, 'dials');
	const { invite, ok } = await site.callOut(p, { uri: 'tel:+49-30', to: 'tel:+49-30' });
	assert.equal(invite.uri, 'tel:+49-30');
	assert.equal(invite.get('To'), '<tel:+49-30>');
	assert.equal(name(ok.get('To')), '<tel:+49-30>');
	subs.inward(site, p, invite, { tag: 'core', contact: uriOf(ok.get('Contact')) }, 'INFO', { cseq: 2 });
	const info = await p.inbox.request('INFO');
	assert.equal(name(info.get('From')), '<tel:+49-30>');
	p.send(answer(info, 200));
	await site.inbox.final('INFO');
	const { m, r } = await subs.within(site, p, 'BYE', { uri: uriOf(ok.get('Contact')), to: 'tel:+49-30', toTag: 'core', fromTag: ok.fromTag, callId: ok.callId, routes: ok.list('Record-Route').reverse() });
	assert.equal(name(m.get('To')), '<tel:+49-30>');
	assert.equal(name(r.get('To')), '<tel:+49-30>');
});

test('tel_long_name_goes_on_as_it_is', async (t) => {
	const p = await page(t, 'long'), from = `tel:+1;x=${'y'.repeat(600)}`;
	site.send(site.request('MESSAGE', { uri: p.contact, to: p.aor, from, routes: [p.path] }));
	assert.equal(uriOf((await p.inbox.request('MESSAGE')).get('From')), from);
});

// --- together with lent identities ---

const lent = () => site.rewrite('pool = pool*_private@home1.net\nfrom = replace\n');

test('tel_and_a_lent_identity_that_is_called', async (t) => {
	await lent();
	const p = await page(t, 'pool1');
	site.send(site.request('INVITE', { uri: p.contact, to: p.aor, from: 'tel:+7', fromTag: 'far', routes: [p.path], body: 'v=0\r\n' }));
	const invite = await p.inbox.request('INVITE');
	p.send(answer(invite, 200, { tag: 'page', more: [...invite.all('Record-Route').map((r) => `Record-Route: ${r}`), `Contact: <${p.contact}>`], body: 'v=0\r\n' }));
	await site.inbox.final('INVITE');
	const d = { uri: uriOf(invite.get('Contact')), to: 'sip:+7@home1.net;user=phone', toTag: 'far', fromTag: 'page', callId: invite.callId, routes: invite.list('Record-Route'), display: '"The Bank" ' };
	const { m, r } = await subs.within(site, p, 'INFO', d);
	assert.equal(m.get('From'), '<sip:pool1@home1.net>;tag=page');
	assert.equal(m.get('To'), '<tel:+7>;tag=far');
	assert.equal(r.get('From'), '"The Bank" <sip:pool1@home1.net>;tag=page');
	assert.equal(r.get('To'), '<sip:+7@home1.net;user=phone>;tag=far');
});

test('tel_and_a_lent_identity_that_subscribes', async (t) => {
	await lent();
	const p = await page(t, 'pool2'), wrote = '"The Bank" <sip:bank@evil.example>', e = subs.end(site);
	p.send(p.request('SUBSCRIBE', { uri: 'tel:+7', to: 'tel:+7', display: '"The Bank" ', from: 'sip:bank@evil.example', headers: ['Event: presence', 'Expires: 600'] }));
	const req = await site.inbox.request('SUBSCRIBE');
	assert.equal(name(req.get('From')), '<sip:pool2@home1.net>');
	const ok = await subs.accept(site, p, req, e, { headers: ['Expires: 600'] });
	assert.equal(name(ok.get('From')), wrote);
	const { m, ok: answered } = await subs.notify(site, p, req, e, 'presence', 'active;expires=600');
	assert.equal(name(m.get('To')), wrote);
	assert.equal(name(m.get('From')), '<tel:+7>', 'it wrote that itself');
	assert.equal(name(answered.get('To')), '<sip:pool2@home1.net>');
	const d = { ...subs.outward(ok), from: 'sip:bank@evil.example', display: '"The Bank" ' };
	const refresh = await subs.within(site, p, 'SUBSCRIBE', d, { headers: ['Event: presence', 'Expires: 600'], more: ['Expires: 600'] });
	assert.equal(name(refresh.m.get('From')), '<sip:pool2@home1.net>');
	assert.equal(name(refresh.r.get('From')), wrote);
	assert.equal((await p.ask('SUBSCRIBE', { ...d, from: 'sip:boss@home1.net', headers: ['Event: presence', 'Expires: 600'] })).status, 403);
});

// The core shows the one page's identity to the other as its number.
test('tel_and_a_lent_identity_between_two_pages', async (t) => {
	await lent();
	const p = await page(t, 'pool3'), q = await page(t, 'callee'), wrote = '"Bank" <sip:web7@shop.example>', number = '<sip:+1555@home1.net;user=phone>';
	const known = '<sip:pool3@home1.net>', tel = '<tel:+1555>';
	t.after(site.proxyTo(q, (text) => (text.includes(tel) ? text.replaceAll(tel, known) : text.replaceAll(known, tel))));
	const call = { from: 'sip:web7@shop.example', display: '"Bank" ', fromTag: 'p' };
	p.send(p.request('INVITE', { uri: q.aor, ...call, body: 'v=0\r\n' }));
	const invite = await q.inbox.request('INVITE');
	assert.equal(invite.get('From'), `${number};tag=p`);
	q.send(answer(invite, 200, { tag: 'q', more: [...invite.all('Record-Route').map((r) => `Record-Route: ${r}`), `Contact: <${q.contact}>`], body: 'v=0\r\n' }));
	const ok = await p.inbox.final('INVITE');
	assert.equal(ok.get('From'), `${wrote};tag=p`);
	const pd = { uri: uriOf(ok.get('Contact')), to: q.aor, toTag: 'q', callId: ok.callId, routes: ok.list('Record-Route').reverse(), ...call };
	p.send(p.request('ACK', { ...pd, cseq: ok.cseq, contact: false }));
	assert.equal((await q.inbox.request('ACK')).get('From'), `${number};tag=p`);
	p.send(p.request('INFO', pd));
	const there = await q.inbox.request('INFO');
	assert.equal(there.get('From'), `${number};tag=p`);
	q.send(answer(there, 200));
	assert.equal((await p.inbox.final('INFO')).get('From'), `${wrote};tag=p`);
	q.send(q.request('INFO', { uri: uriOf(invite.get('Contact')), to: uriOf(number), toTag: 'p', fromTag: 'q', callId: ok.callId, routes: invite.list('Record-Route') }));
	const back = await p.inbox.request('INFO');
	assert.equal(back.get('To'), `${wrote};tag=p`);
	p.send(answer(back, 200));
	assert.equal((await q.inbox.final('INFO')).get('To'), `${number};tag=p`);
});
