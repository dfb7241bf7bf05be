// SPDX-License-Identifier: BSD-2-Clause
// REFER: its implicit subscription, out of dialog and within a call, both
// ways, and what is left of it when the call is over (RFC 3515, RFC 5057).
import test from 'node:test';
import assert from 'node:assert/strict';
import { answer, rand } from './support/sip.mjs';
import { Site, until, uriOf } from './support/site.mjs';
import * as subs from './support/subs.mjs';

let site;
test.before(async () => { site = await Site.start(); });
test.after(() => site.stop());

const page = (t, user, o) => subs.page(t, site, user, o);
const count = async (p) => (await site.show(p.aor)).subscriptions;
const core = () => `<sip:scscf@127.0.0.1:${site.ports.core};lr>`;
const carol = 'Refer-To: <sip:carol@home1.net>';
const sipfrag = (line) => ({ body: `SIP/2.0 ${line}\r\n`, type: 'message/sipfrag;version=2.0' });

// A call that is over is counted no more, but its dialog is there for what is late.
const callGone = () => until('the dialog to go', async () => ![await site.rpc('dlg.list')].flat().some(Boolean), 9000);

test('refer_out_of_dialog_by_the_page', async (t) => {
	const p = await page(t, 'refer'), e = subs.end(site, { rr: core() });
	const req = await subs.ask(site, p, 'REFER', { headers: [carol] });
	assert.deepEqual(req.all('P-Asserted-Identity'), [`<${p.aor}>`]);
	assert.match(req.get('Record-Route'), /^<sip:[A-Za-z0-9_-]{50}@/);
	const ok = await subs.accept(site, p, req, e, { status: 202 });
	const d = subs.outward(ok);
	const { m } = await subs.notify(site, p, req, e, 'refer', 'active;expires=60', { body: 'SIP/2.0 100 Trying\r\n', headers: [...subs.state('refer', 'active;expires=60'), 'Content-Type: message/sipfrag'] });
	assert.equal(m.body, 'SIP/2.0 100 Trying\r\n');
	const over = await subs.within(site, p, 'SUBSCRIBE', d, { headers: ['Event: refer', 'Expires: 0'], more: ['Expires: 0'] });
	assert.deepEqual(over.m.all('Route'), [core()]);
	await subs.notify(site, p, req, e, 'refer', 'terminated;reason=noresource', { cseq: 2 });
});

test('refer_without_a_subscription_makes_no_dialog', async (t) => {
	const p = await page(t, 'norefersub'), e = subs.end(site);
	const req = await subs.ask(site, p, 'REFER', { headers: [carol, 'Refer-Sub: false'] });
	const d = subs.outward(await subs.accept(site, p, req, e, { status: 202, headers: ['Refer-Sub: false'] }));
	assert.equal((await p.ask('SUBSCRIBE', { ...d, headers: ['Event: refer', 'Expires: 0'] })).status, 481);
	const no = await subs.ask(site, p, 'REFER', { headers: [carol] });
	site.reply(no, 603);
	assert.equal((await p.inbox.final('REFER')).status, 603);
});

test('refer_out_of_dialog_to_the_page', async (t) => {
	const p = await page(t, 'referred');
	const { d, core: c } = await subs.subscribed(site, p, { method: 'REFER', status: 202, headers: [carol, 'Referred-By: <sip:peer@home1.net>'] });
	for (const [line, s] of [['100 Trying', 'active;expires=60'], ['200 OK', 'terminated;reason=noresource']]) {
		const { m } = await subs.within(site, p, 'NOTIFY', d, { headers: subs.state('refer', s), ...sipfrag(line) });
		assert.equal(m.body, `SIP/2.0 ${line}\r\n`);
		assert.deepEqual(m.all('Route'), [core()]);
	}
	site.send(site.request('SUBSCRIBE', { ...c, cseq: 2, headers: ['Event: refer', 'Expires: 0'] }));
	p.send(answer(await p.inbox.request('SUBSCRIBE'), 481));
	assert.equal((await site.inbox.final('SUBSCRIBE')).status, 481);
});

test('refer_of_the_page_within_a_call_outlives_it', async (t) => {
	const p = await page(t, 'transferor');
	const { invite, ok } = await site.callOut(p);
	const d = { uri: uriOf(ok.get('Contact')), to: uriOf(ok.get('To')), toTag: ok.toTag, fromTag: ok.fromTag, callId: ok.callId, routes: ok.list('Record-Route').reverse() };
	const e = { tag: 'core', contact: d.uri };
	const refer = await subs.within(site, p, 'REFER', d, { headers: [carol], cseq: 41 });
	assert.equal(refer.m.get('Refer-To'), '<sip:carol@home1.net>');
	assert.equal(await count(p), 1);
	await subs.notify(site, p, invite, e, 'refer;id=41', 'active;expires=60', { cseq: 2 });
	// the target moves while the call stands
	const moved = `sip:moved@127.0.0.1:${site.ports.core}`;
	subs.inward(site, p, invite, { ...e, contact: moved }, 'UPDATE', { cseq: 3 });
	p.send(answer(await p.inbox.request('UPDATE'), 200, { more: [`Contact: <${p.contact}>`] }));
	await site.inbox.final('UPDATE');
	await subs.within(site, p, 'BYE', { ...d, uri: moved });
	await callGone();
	// its dialog is there for the subscription, and for nothing else
	await subs.notify(site, p, invite, { ...e, contact: moved }, 'refer;id=41', 'active;expires=60', { cseq: 4 });
	const { m } = await subs.within(site, p, 'SUBSCRIBE', { ...d, uri: moved }, { headers: ['Event: refer;id=41', 'Expires: 60'], more: ['Expires: 60'] });
	assert.equal(m.uri, moved);
	assert.equal(subs.icidOf(m), subs.icidOf(invite));
	for (const method of ['BYE', 'INVITE', 'INFO'])
		assert.equal((await p.ask(method, { ...d, uri: moved })).status, 481, method);
	assert.equal((await p.ask('SUBSCRIBE', { ...d, uri: 'sip:x@192.0.2.66', headers: ['Event: refer', 'Expires: 60'] })).status, 403);
	await subs.notify(site, p, invite, { ...e, contact: moved }, 'refer;id=41', 'terminated;reason=noresource', { cseq: 5 });
});

test('refer_of_the_core_within_a_call_outlives_it', async (t) => {
	const p = await page(t, 'transferee');
	const { invite, dialog } = await site.callIn(p);
	const d = { uri: uriOf(invite.get('Contact')), to: 'sip:peer@home1.net', toTag: invite.fromTag, fromTag: 'page', callId: invite.callId, routes: invite.list('Record-Route') };
	site.send(site.request('REFER', { ...dialog, cseq: 5, headers: [carol] }));
	const refer = await p.inbox.request('REFER');
	p.send(answer(refer, 202, { more: [`Contact: <${p.contact}>`] }));
	assert.equal((await site.inbox.final('REFER')).status, 202);
	await subs.within(site, p, 'NOTIFY', d, { headers: subs.state('refer;id=5', 'active;expires=60'), ...sipfrag('100 Trying') });
	site.send(site.request('BYE', { ...dialog, cseq: 6 }));
	p.send(answer(await p.inbox.request('BYE'), 200));
	await site.inbox.final('BYE');
	await callGone();
	const { m } = await subs.within(site, p, 'NOTIFY', d, { headers: subs.state('refer;id=5', 'terminated;reason=noresource'), ...sipfrag('200 OK') });
	assert.deepEqual(m.all('Route'), [core()]);
	assert.equal((await p.ask('NOTIFY', { ...d, routes: [d.routes[0]], headers: subs.state('refer', 'active') })).status, 403);
	assert.equal((await p.ask('INVITE', { ...d, body: 'v=0\r\n' })).status, 481);
});

test('refer_page_without_one_may_not_notify_after_the_call', async (t) => {
	const p = await page(t, 'afterwards');
	const { ok } = await site.callOut(p);
	const d = { uri: uriOf(ok.get('Contact')), to: uriOf(ok.get('To')), toTag: ok.toTag, fromTag: ok.fromTag, callId: ok.callId, routes: ok.list('Record-Route').reverse() };
	await subs.within(site, p, 'BYE', d);
	await callGone();
	assert.equal((await p.ask('NOTIFY', { ...d, headers: subs.state('refer', 'active;expires=60') })).status, 481);
	assert.equal((await p.ask('REFER', { ...d, headers: [carol] })).status, 481);
});

test('refer_two_in_one_call_are_two_subscriptions', async (t) => {
	const p = await page(t, 'two');
	const { invite, ok } = await site.callOut(p);
	const d = { uri: uriOf(ok.get('Contact')), to: uriOf(ok.get('To')), toTag: ok.toTag, fromTag: ok.fromTag, callId: ok.callId, routes: ok.list('Record-Route').reverse() }, e = { tag: 'core', contact: d.uri };
	await subs.within(site, p, 'REFER', d, { headers: [carol], cseq: 11 });
	await subs.within(site, p, 'REFER', d, { headers: ['Refer-To: <sip:dave@home1.net>'], cseq: 12 });
	assert.equal(await count(p), 1, 'one dialog');
	await subs.notify(site, p, invite, e, 'refer;id=11', 'terminated;reason=noresource', { cseq: 2 });
	await subs.within(site, p, 'BYE', d);
	await callGone();
	assert.equal(await count(p), 1);
	await subs.notify(site, p, invite, e, 'refer;id=12', 'active;expires=60', { cseq: 3 });
});
