// SPDX-License-Identifier: BSD-2-Clause
// Calls end with their binding: BYE both ways, or CANCEL and a final answer
// (TS 24.229 5.2.8.1), each told why (Reason, RFC 3326).
import test from 'node:test';
import assert from 'node:assert/strict';
import { answer, rand } from './support/sip.mjs';
import { Page } from './support/page.mjs';
import { Site, sleep, until, uriOf } from './support/site.mjs';

let site, atStart;
test.before(async () => {
	site = await Site.start();
	// What its WWSF uses is counted in a record that stays.
	const p = await Page.open(site);
	await p.register();
	await p.register({ expires: 0 });
	p.drop();
	await until('an empty table', async () => (await site.rpc('tna.stats')).bindings === 0);
	atStart = await site.ownShm();
});
test.after(() => site.stop());

async function page(t, user, options = {}) {
	const p = await Page.open(site, { user, ...options });
	t.after(() => p.drop());
	if (options.token) p.token = options.token;
	assert.equal((await p.register()).status, 200);
	p.path = site.path();
	return p;
}

const count = (what) => site.log.split(what).length - 1;

// Takes the BYE on each side and answers it.
async function byes(p, callId, reason) {
	const b = await p.inbox.request('BYE', (m) => m.callId === callId);
	p.send(answer(b, 200));
	const c = await site.inbox.request('BYE', (m) => m.callId === callId);
	site.reply(c, 200);
	assert.match(b.get('Reason'), reason);
	assert.match(c.get('Reason'), reason);
	return { toPage: b, toCore: c };
}

test('calls_terminate_a_call_of_the_page', async (t) => {
	const p = await page(t, 'mo');
	const { invite } = await site.callOut(p);
	assert.deepEqual(await site.rpc('tna.terminate', 'sip:mo@home1.net'), { terminated: 1 });
	const { toPage, toCore } = await byes(p, invite.callId, /SIP;cause=503/);
	assert.equal(toPage.uri, `${p.contact};ob`, 'no alias leaves us');
	assert.equal(toCore.uri, `sip:peer@127.0.0.1:${site.ports.core}`);
	assert.deepEqual([toPage.fromTag, toPage.toTag], [toCore.toTag, toCore.fromTag]);
	assert.deepEqual(toCore.all('Route'), []);
	assert.equal((await p.closed).code, 4403);
	await until('the binding to go', () => site.show('sip:mo@home1.net').then(() => false, () => true));
	await until('the dialog to go', async () => !(await dialogs()).includes(invite.callId), 8000);
	assert.equal(count(`event dialog:end ${invite.callId}`), 1);
	assert.ok(site.log.includes('event ended sip:mo@home1.net ended'));
});

async function dialogs() {
	const list = await site.rpc('dlg.list');
	return (Array.isArray(list) ? list : [list]).map((d) => d?.['call-id'] ?? d?.call_id);
}

test('calls_terminate_a_call_to_the_page', async (t) => {
	const p = await page(t, 'mt');
	const { ok } = await site.callIn(p);
	await site.rpc('tna.terminate', (await site.show('sip:mt@home1.net')).binding, 'revoked');
	const { toPage, toCore } = await byes(p, ok.callId, /SIP;cause=403/);
	assert.equal(toPage.uri, p.contact);
	assert.deepEqual(toPage.all('Route'), []);
	assert.equal(toCore.uri, `sip:peer@127.0.0.1:${site.ports.core}`);
	assert.deepEqual(toCore.all('Route'), [`<sip:scscf@127.0.0.1:${site.ports.core};lr>`]);
	assert.equal((await p.closed).code, 4003);
});

test('calls_terminate_tells_the_core', async (t) => {
	const p = await page(t, 'told', { token: site.token('told', { iss: 'https://waf.partner.net' }) });
	const own = site.registers.at(-1);
	await site.rpc('tna.terminate', p.aor);
	const sent = await until('the REGISTER', () => site.registers.find((r) => r.get('To').includes('told') && r.get('Expires') === '0'));
	assert.equal(sent.get('Authorization'), own.get('Authorization'));
	assert.equal(sent.get('Path'), own.get('Path'));
	assert.ok(sent.get('Contact').startsWith(`<${p.contact}>`) && /expires=0/.test(sent.get('Contact')), sent.get('Contact'));
	assert.equal(uriOf(sent.get('From')), p.aor);
	assert.equal(uriOf(sent.get('To')), p.aor);
	assert.notEqual(sent.callId, own.callId);
	assert.equal(sent.get('Max-Forwards'), '70');
	await sleep(300);
	assert.equal(site.registers.filter((r) => r.callId === sent.callId).length, 1, 'the answer was taken');
});

test('calls_terminate_while_the_core_rings', async (t) => {
	const p = await page(t, 'earlymo');
	p.send(p.request('INVITE', { uri: 'sip:peer@home1.net', body: 'v=0\r\n' }));
	const invite = await site.inbox.request('INVITE');
	site.reply(invite, 180);
	await p.inbox.reply('INVITE', 180);
	await site.rpc('tna.terminate', 'sip:earlymo@home1.net');
	const cancel = await site.inbox.request('CANCEL');
	site.send(answer(cancel, 200));
	site.send(answer(invite, 487, { tag: 'core' }));
	const refused = await p.inbox.final('INVITE');
	assert.equal(refused.status, 480);
	assert.match(refused.get('Reason'), /SIP;cause=503/);
	await site.inbox.request('ACK');
	assert.equal((await p.closed).code, 4403);
	await until('the event', () => site.log.includes(`event dialog:failed ${invite.callId}`));
});

test('calls_terminate_while_the_page_rings', async (t) => {
	const p = await page(t, 'earlymt');
	site.send(site.request('INVITE', { uri: p.contact, to: p.aor, routes: [p.path], body: 'v=0\r\n' }));
	const invite = await p.inbox.request('INVITE');
	p.send(answer(invite, 180, { tag: 'page', more: [`Contact: <${p.contact}>`] }));
	await site.inbox.reply('INVITE', 180);
	await site.rpc('tna.terminate', 'sip:earlymt@home1.net');
	const cancel = await p.inbox.request('CANCEL');
	p.send(answer(cancel, 200));
	p.send(answer(invite, 487, { tag: 'page' }));
	assert.equal((await site.inbox.final('INVITE')).status, 480);
	await p.closed;
});

test('calls_nothing_passes_after_terminate', async (t) => {
	const p = await page(t, 'after');
	await site.rpc('tna.terminate', 'sip:after@home1.net');
	p.send(p.request('MESSAGE', { uri: 'sip:peer@home1.net' }));
	site.send(site.request('MESSAGE', { uri: p.contact, to: p.aor, routes: [p.path] }));
	assert.equal((await site.inbox.final('MESSAGE')).status, 430);
	await site.inbox.none('MESSAGE', (m) => !m.status && m.method === 'MESSAGE');
});

test('calls_end_when_the_connection_stays_away', async (t) => {
	const p = await page(t, 'away');
	const { invite } = await site.callOut(p);
	p.drop();
	const bye = await site.inbox.request('BYE', (m) => m.callId === invite.callId, 9000);
	assert.match(bye.get('Reason'), /Signalling flow lost/);
	site.reply(bye, 200);
	await until('the binding to go', () => site.show('sip:away@home1.net').then(() => false, () => true));
	await until('the dialog to go', async () => !(await dialogs()).includes(invite.callId), 8000);
});

test('calls_end_at_once_when_the_connection_is_cut_off', async (t) => {
	const p = await page(t, 'badtoken');
	const { invite } = await site.callOut(p);
	p.send(p.registerText({ token: `${site.token('badtoken').slice(0, -8)}AAAAAAAA` }));
	await p.closed;
	const bye = await site.inbox.request('BYE', (m) => m.callId === invite.callId, 2000);
	site.reply(bye, 200);
	assert.match(bye.get('Reason'), /Authorization revoked/);
	await until('the binding to go', () => site.show(p.aor).then(() => false, () => true));
});

test('calls_end_with_the_token', async (t) => {
	const token = site.token('tokenend', { exp: Math.floor(Date.now() / 1000) + 4 });
	const p = await page(t, 'tokenend', { token });
	const { invite } = await site.callOut(p);
	const bye = await site.inbox.request('BYE', (m) => m.callId === invite.callId, 8000);
	site.reply(bye, 200);
	p.send(answer(await p.inbox.request('BYE'), 200));
	assert.match(bye.get('Reason'), /Registration expired/);
});

test('calls_bye_finds_the_page_on_its_new_connection', async (t) => {
	const p = await page(t, 'moved');
	const { invite } = await site.callOut(p);
	const q = await page(t, 'moved', { instance: p.instance });
	await site.rpc('tna.terminate', 'sip:moved@home1.net');
	await byes(q, invite.callId, /cause=503/);
	assert.ok(!p.inbox.seen.some((m) => m.method === 'BYE'));
});

test('calls_route_set_written_by_the_page_is_not_followed', async (t) => {
	const p = await page(t, 'rrpage');
	const { invite } = await site.callOut(p, { headers: [`Record-Route: <sip:evil@127.0.0.1:${site.ports.core};lr>`] });
	await site.rpc('tna.terminate', 'sip:rrpage@home1.net');
	const { toPage } = await byes(p, invite.callId, /cause=503/);
	assert.deepEqual(toPage.all('Route'), []);
});

test('calls_script_ends_one_call_and_the_binding_stays', async (t) => {
	const p = await page(t, 'one');
	const a = await site.callOut(p), b = await site.callOut(p);
	assert.equal((await site.show(p.aor)).calls, 2);
	assert.equal((await p.ask('MESSAGE', { uri: 'sip:peer@home1.net', headers: [`X-End: ${a.invite.callId}`] })).status, 200);
	await byes(p, a.invite.callId, /Media lost/);
	await until('one call left', async () => (await site.show(p.aor)).calls === 1, 8000);
	assert.equal((await site.show(p.aor)).status, 'bound');
	assert.ok(!site.inbox.queue.some((m) => m.method === 'BYE' && m.callId === b.invite.callId));
});

test('calls_script_ends_the_call_of_one_page_only', async (t) => {
	const mine = await page(t, 'victim'), theirs = await page(t, 'thief');
	const a = await site.callOut(mine), callId = a.invite.callId;
	const b = await site.callOut(theirs, { callId });
	assert.notEqual(a.invite.fromTag, b.invite.fromTag);
	const end = async (of) => assert.equal((await mine.ask('MESSAGE', { uri: 'sip:peer@home1.net', headers: [`X-End: ${callId}`, `X-End-Of: ${of}`] })).status, 200);
	// No binding's name is nobody's, not everybody's.
	for (const of of ['<null>', 'x', '0'.repeat(32)]) await end(of);
	await end((await site.show(theirs.aor)).binding);
	const { toCore } = await byes(theirs, callId, /Media lost/);
	assert.equal(toCore.fromTag, b.invite.fromTag);
	await until('the thief without a call', async () => (await site.show(theirs.aor)).calls === 0, 8000);
	assert.equal((await site.show(mine.aor)).calls, 1);
	for (const inbox of [site.inbox, mine.inbox]) assert.ok(!inbox.queue.some((m) => m.method === 'BYE'));
});

test('calls_of_one_page_are_limited_both_ways', async (t) => {
	const MAX = 32; // binding_calls
	const p = await page(t, 'many'), other = await page(t, 'other');
	const full = async () => Number((await site.rpc('stats.fetch', 'all'))['tna_register.binding_calls_full']);
	const before = await full(), ringing = [];
	for (let i = 0; i < MAX; i++) {
		p.send(p.request('INVITE', { uri: 'sip:peer@home1.net', callId: `many${i}`, body: 'v=0\r\n' }));
		ringing.push(await site.inbox.request('INVITE'));
	}
	const refused = await p.ask('INVITE', { uri: 'sip:peer@home1.net', body: 'v=0\r\n' });
	assert.equal(refused.status, 480);
	assert.match(refused.get('Warning'), /^399 \S+ "too many calls at once"$/);
	site.send(site.request('INVITE', { uri: p.contact, to: p.aor, routes: [p.path], body: 'v=0\r\n' }));
	assert.equal((await site.inbox.reply('INVITE', (s) => s >= 200)).status, 480);
	assert.equal(await full() - before, 2);
	const { ok } = await site.callOut(other);
	assert.equal(ok.status, 200);
	for (const invite of ringing) site.reply(invite, 486);
	await until('none of its calls', async () => (await site.show(p.aor)).calls === 0, 8000);
	assert.equal((await site.callOut(p)).ok.status, 200);
});

// Both ends are pages here: the dialog passes this node twice (a spiral).
async function pageToPage(a, b) {
	a.send(a.request('INVITE', { uri: b.aor, body: 'v=0\r\n' }));
	const invite = await b.inbox.request('INVITE');
	const more = [...invite.all('Record-Route').map((r) => `Record-Route: ${r}`), `Contact: <${b.contact}>`];
	b.send(answer(invite, 180, { tag: 'b', more }));
	await a.inbox.reply('INVITE', 180);
	b.send(answer(invite, 200, { tag: 'b', more, body: 'v=0\r\n' }));
	const ok = await a.inbox.reply('INVITE', 200);
	a.send(a.ackText(invite, ok));
	await b.inbox.request('ACK');
	return { invite, ok };
}

for (const end of ['caller', 'callee']) {
	test(`calls_page_to_page_ended_with_the_${end}`, async (t) => {
		const a = await page(t, `a${end}`), b = await page(t, `b${end}`);
		t.after(site.proxyTo(b));
		const { invite, ok } = await pageToPage(a, b);
		assert.equal(ok.list('Record-Route').length, 3);
		assert.deepEqual([(await site.show(a.aor)).calls, (await site.show(b.aor)).calls], [1, 1]);
		await site.rpc('tna.terminate', end === 'caller' ? a.aor : b.aor);
		for (const p of [a, b]) p.send(answer(await p.inbox.request('BYE', (m) => m.callId === invite.callId), 200));
		await until('the dialog to go', async () => !(await dialogs()).includes(invite.callId), 8000);
		const other = end === 'caller' ? b : a;
		assert.equal((await site.show(other.aor)).status, 'bound');
	});
}

test('calls_page_to_page_hung_up_by_the_callee', async (t) => {
	const a = await page(t, 'ahang'), b = await page(t, 'bhang');
	t.after(site.proxyTo(b));
	const { invite } = await pageToPage(a, b);
	b.send(b.request('BYE', { uri: uriOf(invite.get('Contact')), to: a.aor, toTag: invite.fromTag, fromTag: 'b', callId: invite.callId, routes: invite.list('Record-Route') }));
	const bye = await a.inbox.request('BYE');
	assert.equal(bye.uri, `${a.contact};ob`);
	a.send(answer(bye, 200));
	assert.equal((await b.inbox.final('BYE')).status, 200);
});

test('calls_unknown_names_are_told', async () => {
	await assert.rejects(site.rpc('tna.terminate', 'sip:nobody@home1.net'), /no such binding/);
	await assert.rejects(site.rpc('tna.terminate', 'sip:nobody@home1.net', 'because'), /no such cause/);
	await assert.rejects(site.rpc('tna.show', 'x'), /no such binding/);
	assert.equal(typeof (await site.rpc('tna.stats')).bindings, 'number');
});

test('calls_200_of_them_leave_shared_memory_flat', { timeout: 120000 }, async (t) => {
	const p = await page(t, 'many');
	const one = async () => {
		const { invite, ok } = await site.callOut(p);
		const d = { uri: uriOf(ok.get('Contact')), to: uriOf(ok.get('To')), toTag: ok.toTag, fromTag: ok.fromTag, callId: ok.callId, routes: ok.list('Record-Route').reverse() };
		p.send(p.request('BYE', d));
		site.reply(await site.inbox.request('BYE', (m) => m.callId === ok.callId), 200);
		await p.inbox.reply('BYE', 200);
		return invite.callId;
	};
	for (let i = 0; i < 30; i++) await one();
	await sleep(7000);
	const before = await site.shmUsed();
	for (let i = 0; i < 200; i++) await one();
	await until('no call', async () => (await site.show(p.aor)).calls === 0, 20000);
	// tm and dialog keep the last calls for some seconds.
	await until('shared memory to be flat again', async () => await site.shmUsed() - before < 20000, 40000);
	await p.register({ expires: 0 });
	p.drop();
	await until('an empty table', async () => (await site.rpc('tna.stats')).bindings === 0, 8000);
	await until('no dialogs', async () => !(await dialogs()).some(Boolean), 40000);
	assert.equal(await site.ownShm(), atStart, 'shared memory to the octet');
});
