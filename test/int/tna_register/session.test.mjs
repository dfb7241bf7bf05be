// SPDX-License-Identifier: BSD-2-Clause
// Everything but REGISTER between a bound page and the core: identity, routes,
// flow tokens, connections (TS 24.229 5.2.6.3, 5.2.6.4; RFC 5626 5.3).
import test from 'node:test';
import assert from 'node:assert/strict';
import { answer, rand } from './support/sip.mjs';
import { Page } from './support/page.mjs';
import { Site, sleep, until, uriOf } from './support/site.mjs';

let site;
test.before(async () => { site = await Site.start(); });
test.after(() => site.stop());

const callOut = (p, o) => site.callOut(p, o), callIn = (p, o) => site.callIn(p, o);

async function page(t, user, options) {
	const p = await Page.open(site, { user, ...options });
	t.after(() => site.forget(p));
	assert.equal((await p.register()).status, 200);
	p.path = site.path();
	return p;
}

test('session_out_identity_route_and_charging', async (t) => {
	const p = await page(t, 'out');
	const { invite, ok, ack } = await callOut(p);
	assert.deepEqual(invite.all('Route'), [`<sip:orig@127.0.0.1:${site.ports.core};lr>`]);
	assert.deepEqual(invite.all('P-Asserted-Identity'), ['<sip:out@home1.net>']);
	assert.match(invite.get('P-Charging-Vector'), /icid-value=/);
	assert.match(invite.get('Record-Route'), /^<sip:[A-Za-z0-9_-]{50}@127\.0\.0\.1:5060;lr>$/);
	assert.deepEqual(ok.all('Record-Route'), invite.all('Record-Route'));
	assert.deepEqual(ack.all('Route'), []);
	assert.equal(ack.uri, `sip:peer@127.0.0.1:${site.ports.core}`);
});

test('session_out_trust_headers_and_token_do_not_pass', async (t) => {
	const p = await page(t, 'dirty');
	const evil = ['P-Asserted-Identity: <sip:boss@home1.net>', 'p-asserted-identity : <tel:+1>', 'P-Charging-Vector: icid-value=evil', 'P-Served-User: <sip:boss@home1.net>',
		'P-Access-Network-Info: evil', 'Record-Route: <sip:evil.example;lr>', 'Path: <sip:evil.example;lr>', 'Feature-Caps: *;+evil', 'P-Visited-Network-ID: evil',
		'Route: <sip:evil.example;lr>', `X-Keep: 1`];
	const { invite } = await callOut(p, { headers: evil });
	assert.ok(!/evil|boss|Bearer/.test(invite.text), invite.text);
	assert.equal(invite.get('X-Keep'), '1');
	assert.deepEqual(invite.all('P-Asserted-Identity'), ['<sip:dirty@home1.net>']);
});

test('session_out_answers_of_the_core_are_cleaned', async (t) => {
	const p = await page(t, 'answers');
	p.send(p.request('INVITE', { uri: 'sip:peer@home1.net', body: 'v=0\r\n' }));
	const invite = await site.inbox.request('INVITE');
	const more = ['P-Charging-Vector: icid-value=secret', 'P-Charging-Function-Addresses: ccf=secret', 'P-Access-Network-Info: secret', 'P-Asserted-Identity: <sip:peer@home1.net>'];
	site.reply(invite, 183, { more });
	const early = await p.inbox.reply('INVITE', 183);
	site.reply(invite, 486, { more });
	const busy = await p.inbox.reply('INVITE', 486);
	p.send(p.request('ACK', { uri: invite.uri, toTag: busy.toTag, fromTag: busy.fromTag, callId: busy.callId, cseq: busy.cseq, via: `Via: ${busy.get('Via')}`, contact: false }));
	for (const r of [early, busy]) {
		assert.ok(!r.text.includes('secret'), r.text);
		assert.deepEqual(r.all('P-Asserted-Identity'), ['<sip:peer@home1.net>']);
	}
	await until('the record of the call to go', async () => (await site.show(p.aor)).calls === 0, 8000);
});

test('session_out_preferred_identity_is_asserted_only_if_registered', async (t) => {
	const p = await page(t, 'prefer');
	p.send(p.request('MESSAGE', { uri: 'sip:peer@home1.net', headers: ['P-Preferred-Identity: <sip:alias-prefer@home1.net>'] }));
	const a = await site.inbox.request('MESSAGE');
	assert.deepEqual(a.all('P-Asserted-Identity'), ['<sip:alias-prefer@home1.net>']);
	assert.equal(a.get('P-Preferred-Identity'), undefined);
	p.send(p.request('MESSAGE', { uri: 'sip:peer@home1.net', headers: ['P-Preferred-Identity: <sip:boss@home1.net>'] }));
	const b = await site.inbox.request('MESSAGE');
	assert.deepEqual(b.all('P-Asserted-Identity'), ['<sip:prefer@home1.net>']);
	for (const m of [a, b]) site.reply(m, 200);
});

test('session_out_reinvite_and_bye_by_the_page', async (t) => {
	const p = await page(t, 'reinv');
	const { invite, ok } = await callOut(p);
	const d = { uri: uriOf(ok.get('Contact')), to: uriOf(ok.get('To')), toTag: ok.toTag, fromTag: ok.fromTag, callId: ok.callId, routes: ok.list('Record-Route').reverse() };
	p.send(p.request('INVITE', { ...d, cseq: 50, body: 'v=0\r\n' }));
	const re = await site.inbox.request('INVITE');
	assert.equal(re.callId, invite.callId);
	assert.deepEqual(re.all('Route'), []);
	assert.equal(/icid-value="?([^";]+)/.exec(re.get('P-Charging-Vector'))?.[1], /icid-value="?([^";]+)/.exec(invite.get('P-Charging-Vector'))[1], 'same icid in the dialog');
	site.reply(re, 200);
	const ok2 = await p.inbox.reply('INVITE', 200);
	p.send(p.ackText(re, ok2, d.routes));
	await site.inbox.request('ACK');
	p.send(p.request('BYE', { ...d, cseq: 51 }));
	const bye = await site.inbox.request('BYE');
	site.reply(bye, 200);
	await p.inbox.reply('BYE', 200);
	await until('the dialog to end', () => site.log.includes(`event dialog:end ${invite.callId} `));
	assert.equal((await site.show(p.aor)).status, 'bound');
});

test('session_out_bye_by_the_core', async (t) => {
	const p = await page(t, 'byecore');
	const { invite } = await callOut(p);
	site.send(site.request('BYE', { uri: uriOf(invite.get('Contact')), to: p.aor, toTag: invite.fromTag, fromTag: 'core', callId: invite.callId, routes: invite.list('Record-Route'), cseq: 7,
		headers: ['P-Charging-Vector: icid-value=y'] }));
	const bye = await p.inbox.request('BYE');
	assert.deepEqual(bye.all('Route'), []);
	assert.equal(bye.get('P-Charging-Vector'), undefined);
	p.send(answer(bye, 200));
	await site.inbox.reply('BYE', 200);
});

test('session_in_call_reinvite_and_bye_both_ways', async (t) => {
	const p = await page(t, 'in');
	const { invite, ok, dialog } = await callIn(p, { headers: ['P-Asserted-Identity: <sip:peer@home1.net>', 'P-Charging-Vector: icid-value=in', 'P-Access-Network-Info: x'] });
	assert.equal(invite.uri, p.contact, 'the Request-URI of a page stays');
	assert.deepEqual(invite.all('Route'), []);
	assert.deepEqual(invite.all('P-Asserted-Identity'), ['<sip:peer@home1.net>']);
	for (const n of ['P-Charging-Vector', 'P-Access-Network-Info']) assert.equal(invite.get(n), undefined, n);
	assert.equal(invite.all('Record-Route').length, 2);
	assert.deepEqual(ok.all('P-Asserted-Identity'), ['<sip:in@home1.net>']);
	site.send(site.request('INVITE', { ...dialog, cseq: 2, body: 'v=0\r\n' }));
	const re = await p.inbox.request('INVITE');
	p.send(answer(re, 200, { more: [`Contact: <${p.contact}>`], body: 'v=0\r\n' }));
	await site.inbox.reply('INVITE', 200);
	site.send(site.request('ACK', { ...dialog, cseq: 2 }));
	await p.inbox.request('ACK');
	// BYE of the page: route set as a UAS has it, our element first.
	p.send(p.request('BYE', { uri: uriOf(invite.get('Contact')), to: 'sip:peer@home1.net', toTag: invite.fromTag, fromTag: 'page', callId: invite.callId, routes: invite.list('Record-Route') }));
	const bye = await site.inbox.request('BYE');
	assert.deepEqual(bye.all('Route'), [`<sip:scscf@127.0.0.1:${site.ports.core};lr>`]);
	site.reply(bye, 200);
	await p.inbox.reply('BYE', 200);
});

test('session_in_cancel_reaches_the_page', async (t) => {
	const p = await page(t, 'cancel');
	const via = `Via: SIP/2.0/UDP 127.0.0.1:${site.ports.core};branch=z9hG4bK${rand()}`;
	const o = { uri: p.contact, to: p.aor, routes: [p.path], callId: rand(), fromTag: 'c', via };
	site.send(site.request('INVITE', o));
	const invite = await p.inbox.request('INVITE');
	p.send(answer(invite, 180, { tag: 'page', more: [`Contact: <${p.contact}>`] }));
	await site.inbox.reply('INVITE', 180);
	site.send(site.request('CANCEL', o));
	const cancel = await p.inbox.request('CANCEL');
	p.send(answer(cancel, 200));
	p.send(answer(invite, 487, { tag: 'page' }));
	await site.inbox.reply('INVITE', 487);
});

test('session_unbound_connection_is_refused', async (t) => {
	const p = await Page.open(site, { user: 'unbound' });
	t.after(() => p.drop());
	p.token = site.token('unbound');
	for (const method of ['INVITE', 'MESSAGE', 'SUBSCRIBE', 'OPTIONS']) {
		assert.equal((await p.ask(method, { uri: 'sip:peer@home1.net' })).status, 403, method);
	}
	await site.inbox.none('request', (m) => !m.status && m.get('From').includes('unbound'));
});

test('session_in_tampered_and_misplaced_tokens', async (t) => {
	const p = await page(t, 'tamper');
	const { invite, dialog } = await callIn(p);
	const flip = (s) => s.replace(/sip:(.)(.*?)@/, (_, a, b) => `sip:${a}${b.slice(0, 20)}${b[20] === 'A' ? 'B' : 'A'}${b.slice(21)}@`);
	const o = { uri: p.contact, to: p.aor };
	const ask = async (method, options) => { site.send(site.request(method, options)); return (await site.inbox.final(method)).status; };
	assert.equal(await ask('MESSAGE', { ...o, routes: [flip(p.path)] }), 403, 'tampered');
	assert.equal(await ask('MESSAGE', o), 403, 'no Route');
	assert.equal(await ask('MESSAGE', { ...o, routes: [`<sip:${rand()}@127.0.0.1:5060;lr>`] }), 403, 'no token');
	const own = invite.list('Record-Route')[0];
	assert.equal(await ask('MESSAGE', { ...o, routes: [own] }), 403, 'a Record-Route token as a Path');
	assert.equal(await ask('BYE', { ...dialog, routes: [p.path], cseq: 9 }), 403, 'a Path token inside a dialog');
	await p.inbox.none('request', (m) => !m.status);
});

test('session_page_may_not_use_the_path_of_another', async (t) => {
	const p = await page(t, 'spy'), q = await page(t, 'spied');
	const { ok } = await callOut(p);
	const d = { uri: q.contact, to: q.aor, toTag: ok.toTag, fromTag: ok.fromTag, callId: ok.callId };
	for (const routes of [[q.path], [], [`<sip:evil@127.0.0.1:${site.ports.core};lr>`]]) {
		assert.equal((await p.ask('INFO', { ...d, routes })).status, 403, routes.join());
	}
	await q.inbox.none('request', (m) => !m.status);
});

test('session_page_may_not_choose_the_next_hop_in_a_dialog', async (t) => {
	const p = await page(t, 'hop');
	const { ok } = await callOut(p);
	const own = ok.list('Record-Route')[0];
	const d = { to: uriOf(ok.get('To')), toTag: ok.toTag, fromTag: ok.fromTag, callId: ok.callId };
	assert.equal((await p.ask('INFO', { ...d, uri: uriOf(ok.get('Contact')), routes: [own, '<sip:127.0.0.1:9;lr>'] })).status, 403);
	assert.equal((await p.ask('INFO', { ...d, uri: 'sip:x@127.0.0.1:9', routes: [own] })).status, 403);
	p.send(p.request('INFO', { ...d, uri: uriOf(ok.get('Contact')), routes: [own] }));
	site.reply(await site.inbox.request('INFO'), 200);
	assert.equal((await p.inbox.final('INFO')).status, 200);
});

// What the eP-CSCF ends of calls before may come at any time.
function fresh() {
	const before = new Set(site.inbox.seen.map((m) => m.callId));
	return (m) => !m.status && !before.has(m.callId);
}

// A To tag is only a word: without a call of this page it opens nothing.
test('session_to_tag_without_a_call_is_481', async (t) => {
	const isFresh = fresh(), p = await page(t, 'forger'), q = await page(t, 'victim');
	const { ok } = await callOut(p), other = await callOut(q);
	const own = ok.list('Record-Route')[0], core = `<sip:orig@127.0.0.1:${site.ports.core};lr>`;
	const forged = { uri: `sip:peer@127.0.0.1:${site.ports.core}`, to: 'sip:peer@home1.net', toTag: 'forged', from: 'sip:boss@home1.net' };
	for (const method of ['MESSAGE', 'INVITE', 'BYE', 'SUBSCRIBE', 'INFO'])
		for (const routes of [[own], [own, core], [own, core, '<sip:127.0.0.1:9;lr>'], []])
			assert.equal((await p.ask(method, { ...forged, routes })).status, 481, `${method} ${routes}`);
	const theirs = { uri: forged.uri, to: forged.to, toTag: other.ok.toTag, fromTag: other.ok.fromTag, callId: other.ok.callId, from: q.aor, cseq: 70 };
	assert.equal((await p.ask('BYE', { ...theirs, routes: [own] })).status, 481, 'a call of another page');
	p.send(p.request('ACK', { ...forged, routes: [own, core] }));
	await site.inbox.none('request', (m) => isFresh(m) && (m.toTag === 'forged' || m.method !== 'ACK'));
	await p.inbox.none('answer to ACK', (m) => m.status && m.method === 'ACK', 50);
});

test('session_page_may_not_stray_from_its_call', async (t) => {
	const isFresh = fresh(), p = await page(t, 'stray'), q = await page(t, 'strayed');
	const { ok } = await callOut(p), other = await callOut(q);
	const own = ok.list('Record-Route')[0], theirs = other.ok.list('Record-Route')[0], core = `<sip:127.0.0.1:${site.ports.core};lr>`;
	const d = { uri: uriOf(ok.get('Contact')), to: uriOf(ok.get('To')), toTag: ok.toTag, fromTag: ok.fromTag, callId: ok.callId };
	const bad = { route_behind: { routes: [own, core, '<sip:192.0.2.66;lr>'] }, maddr: { routes: [own, core.replace(';lr', ';maddr=192.0.2.66;lr')] },
		another_pages_token: { routes: [own, core, theirs] }, another_pages_token_next: { routes: [own, theirs] }, another_pages_token_only: { routes: [theirs] },
		path_token: { routes: [own, core, q.path] }, no_token: { routes: [own, core, '<sip:127.0.0.1:5060;lr>'] }, core_only: { routes: [core] },
		target_host: { uri: 'sip:peer@192.0.2.66:5070' }, target_user: { uri: d.uri.replace('peer', 'boss') }, target_port: { uri: d.uri.replace(/:\d+$/, ':9') },
		target_maddr: { uri: `${d.uri};maddr=192.0.2.66` }, target_page: { uri: q.contact }, from: { from: 'sip:boss@home1.net' }, from_alias: { from: 'sip:alias-stray@home1.net' },
		from_anonymous: { from: 'sip:anonymous@anonymous.invalid' } };
	for (const [what, o] of Object.entries(bad)) {
		const cause = await p.ask('INFO', { ...d, routes: [own, core], ...o });
		assert.equal(cause.status, 403, what);
	}
	await site.inbox.none('request', (m) => m.method === 'INFO' && isFresh(m));
	await q.inbox.none('request', (m) => !m.status, 50);
	p.send(p.request('INFO', { ...d, routes: [own, core] }));
	site.reply(await site.inbox.request('INFO'), 200);
	assert.equal((await p.inbox.final('INFO')).status, 200);
});

// With its tags changed about, a request of the page would count as one of the
// other end; with Call-ID and tag copied, a page would join a foreign call.
test('session_page_may_not_play_the_other_end', async (t) => {
	const p = await page(t, 'swap'), q = await page(t, 'copy');
	const { ok } = await callOut(p);
	const d = { uri: uriOf(ok.get('Contact')), to: uriOf(ok.get('To')), toTag: ok.toTag, fromTag: ok.fromTag, callId: ok.callId, routes: ok.list('Record-Route') };
	assert.equal((await p.ask('UPDATE', { ...d, toTag: d.fromTag, fromTag: d.toTag })).status, 481);
	q.send(q.request('INVITE', { uri: 'sip:peer@home1.net', callId: d.callId, fromTag: d.fromTag, body: 'v=0\r\n' }));
	const invite = await site.inbox.request('INVITE');
	const routes = [invite.get('Record-Route')];
	assert.equal((await q.ask('INFO', { ...d, routes, from: p.aor })).status, 481);
	site.reply(invite, 486);
	assert.equal((await q.inbox.final('INVITE')).status, 486);
	p.send(p.request('INFO', d));
	site.reply(await site.inbox.request('INFO'), 200);
	assert.equal((await p.inbox.final('INFO')).status, 200);
});

test('session_proxies_of_a_call_are_not_left_out', async (t) => {
	const p = await page(t, 'skip');
	const { invite } = await callIn(p, { rr: '<sip:scscf@127.0.0.1:5070;lr>, <sip:ibcf@127.0.0.1:5071;lr>' });
	const [own, scscf, ibcf] = invite.list('Record-Route');
	const d = { uri: uriOf(invite.get('Contact')), to: 'sip:peer@home1.net', toTag: invite.fromTag, fromTag: 'page', callId: invite.callId };
	for (const routes of [[own], [own, ibcf], [own, '<sip:127.0.0.1:9;lr>', scscf]])
		assert.equal((await p.ask('INFO', { ...d, routes })).status, 403, routes.join());
	p.send(p.request('INFO', { ...d, routes: [own, scscf, ibcf] }));
	const info = await site.inbox.request('INFO');
	assert.deepEqual(info.list('Route'), [scscf, ibcf]);
	site.reply(info, 200);
	assert.equal((await p.inbox.final('INFO')).status, 200);
});

// RFC 3261 12.2: the remote target moves with any target refresh, in a request
// or in its answer, before the call is answered and after.
test('session_remote_target_follows_the_other_end', async (t) => {
	const p = await page(t, 'moves'), at = `127.0.0.1:${site.ports.core}`;
	p.send(p.request('INVITE', { uri: 'sip:peer@home1.net', body: 'v=0\r\n' }));
	const invite = await site.inbox.request('INVITE'), rr = invite.all('Record-Route').map((r) => `Record-Route: <sip:far@127.0.0.1:5071;lr>, <sip:scscf@${at};lr>, ${r}`);
	site.send(answer(invite, 183, { tag: 'core', more: [...rr, `Contact: <sip:early@${at}>`] }));
	const early = await p.inbox.reply('INVITE', 183);
	const d = { to: 'sip:peer@home1.net', toTag: 'core', fromTag: early.fromTag, callId: early.callId, routes: early.list('Record-Route').reverse() };
	const goes = async (method, user, contact) => {
		p.send(p.request(method, { ...d, uri: `sip:${user}@${at}` }));
		const m = await site.inbox.request(method);
		assert.equal(m.uri, `sip:${user}@${at}`);
		site.send(answer(m, 200, { more: contact ? [`Contact: <sip:${contact}@${at}>`] : [] }));
		assert.equal((await p.inbox.final(method)).status, 200);
	};
	const refused = async (user) => assert.equal((await p.ask('INFO', { ...d, uri: `sip:${user}@${at}` })).status, 403, user);
	await refused('updated');
	await goes('UPDATE', 'early', 'updated');
	await goes('INFO', 'updated');
	site.send(answer(invite, 200, { tag: 'core', more: [...rr, `Contact: <sip:answered@${at}>`], body: 'v=0\r\n' }));
	const ok = await p.inbox.reply('INVITE', 200);
	p.send(p.ackText(invite, ok));
	assert.equal((await site.inbox.request('ACK', (m) => m.callId === invite.callId)).uri, `sip:answered@${at}`);
	await goes('INVITE', 'answered', 'reinvited');
	p.send(p.request('ACK', { ...d, uri: `sip:reinvited@${at}`, cseq: p.cseq, contact: false }));
	await site.inbox.request('ACK', (m) => m.callId === invite.callId);
	await refused('moved');
	const update = site.request('UPDATE', { uri: uriOf(invite.get('Contact')), to: p.aor, toTag: invite.fromTag, fromTag: 'core', callId: invite.callId, routes: invite.list('Record-Route'), cseq: 9 });
	site.send(update.replace('Contact: <sip:peer@', 'Contact: <sip:moved@'));
	p.send(answer(await p.inbox.request('UPDATE'), 200, { more: [`Contact: <${p.contact}>`] }));
	assert.equal((await site.inbox.final('UPDATE')).status, 200);
	await goes('INFO', 'moved');
	await refused('elsewhere');
	await goes('BYE', 'moved');
});

test('session_without_a_service_route_is_not_sent_anywhere', async (t) => {
	const registrar = site.registrar;
	t.after(() => { site.registrar = registrar; });
	site.registrar = (req) => registrar.call(site, req).replace(/Service-Route: .*\r\n/, '');
	const p = await page(t, 'noroute'), isFresh = fresh();
	for (const method of ['MESSAGE', 'INVITE'])
		assert.equal((await p.ask(method, { uri: `sip:peer@127.0.0.1:${site.ports.core}` })).status, 500, method);
	await site.inbox.none('request', isFresh);
});

test('session_page_may_not_write_the_route_set', async (t) => {
	const p = await page(t, 'rr');
	site.send(site.request('INVITE', { uri: p.contact, to: p.aor, routes: [p.path], headers: ['Record-Route: <sip:scscf@127.0.0.1:5070;lr>'], body: 'v=0\r\n' }));
	const invite = await p.inbox.request('INVITE');
	p.send(answer(invite, 200, { tag: 'page', more: ['Record-Route: <sip:evil.example;lr>', `Contact: <${p.contact}>`, 'P-Asserted-Identity: <sip:boss@home1.net>', 'P-Charging-Vector: icid-value=evil'] }));
	const ok = await site.inbox.reply('INVITE', 200);
	assert.deepEqual(ok.list('Record-Route'), invite.list('Record-Route'));
	assert.deepEqual(ok.all('P-Asserted-Identity'), ['<sip:rr@home1.net>']);
	assert.ok(!/evil|boss/.test(ok.text), ok.text);
});

test('session_in_430_while_held_and_after', async (t) => {
	const p = await page(t, 'gone');
	p.drop();
	const ask = async () => { site.send(site.request('MESSAGE', { uri: p.contact, to: p.aor, routes: [p.path] })); return (await site.inbox.final('MESSAGE')).status; };
	await sleep(200);
	assert.equal(await ask(), 430, 'connection gone');
	await until('held', async () => (await site.show(p.aor)).status === 'held', 4000);
	assert.equal(await ask(), 430, 'held');
	await until('dropped', () => site.show(p.aor).then(() => false, () => true), 6000);
	assert.equal(await ask(), 430, 'dropped');
	assert.ok(site.log.includes('event lost sip:gone@home1.net held'));
});

test('session_call_goes_on_after_a_reload_on_a_new_connection', async (t) => {
	const p = await page(t, 'back');
	const { invite } = await callOut(p);
	p.drop();
	await until('held', async () => (await site.show(p.aor)).status === 'held', 4000);
	const q = await page(t, 'back', { instance: p.instance });
	assert.equal((await site.show(p.aor)).calls, 1);
	site.send(site.request('INFO', { uri: uriOf(invite.get('Contact')), to: p.aor, toTag: invite.fromTag, fromTag: 'core', callId: invite.callId, routes: invite.list('Record-Route'), cseq: 9 }));
	const info = await q.inbox.request('INFO');
	q.send(answer(info, 200));
	assert.equal((await site.inbox.final('INFO')).status, 200);
});
