// SPDX-License-Identifier: BSD-2-Clause
// The shipped policy in Lua (cfg-examples/epcscf/epcscf.lua), with everything
// else as shipped, against the lab's core, WAF and media gateway.
import test from 'node:test';
import assert from 'node:assert/strict';
import http from 'node:http';
import { until } from './support/site.mjs';
import { Lab, OFFER } from './support/labpage.mjs';
import { Page } from '../tna_register/support/page.mjs';
import { answer, build, rand } from '../tna_register/support/sip.mjs';
import { uriOf } from '../tna_register/support/site.mjs';

let lab;
test.before(async () => { lab = await Lab.start('lab-lua', ['WITH_LUA', 'WITH_METRICS']); });
test.after(() => lab.stop());

async function page(t, user, more) {
	const p = await lab.page(user, more);
	t.after(() => p.drop());
	return p;
}

test('kemi_lua_is_what_runs', async () => {
	assert.match(lab.kamcmd('app_lua.list'), /epcscf\.lua/);
	assert.doesNotMatch(lab.log(), /ERROR|CRITICAL/);
});

test('kemi_lua_register_with_a_token_and_without', async (t) => {
	const p = await page(t, 'user1');
	const { token } = p;
	p.token = '';
	const asked = await p.register();
	assert.equal(asked.status, 401);
	assert.match(asked.get('WWW-Authenticate'), /^Bearer realm="/);
	p.token = token;
	const ok = await p.register();
	assert.equal(ok.status, 200, ok.text);
	assert.match(ok.get('P-Associated-URI'), /sip:user1@home1\.net/);
	assert.equal((await p.register({ expires: 0 })).status, 200);
});

test('kemi_lua_bad_token_closes_with_4001', async (t) => {
	const p = await page(t, 'user1', { sign: 'foreign' });
	assert.equal((await p.register()).status, 401);
	assert.equal((await p.closed).code, 4001);
});

test('kemi_lua_token_that_ends_too_soon_is_asked_to_be_renewed', async (t) => {
	const p = await page(t, 'user1', { expires_in: 3 });
	const asked = await p.register();
	assert.equal(asked.status, 401);
	assert.match(asked.get('WWW-Authenticate'), /error="invalid_token"/);
});

test('kemi_lua_call_between_two_pages_through_the_core', async (t) => {
	const [a, b] = [await page(t, 'user1'), await page(t, 'user2')];
	for (const p of [a, b]) assert.equal((await p.register()).status, 200);
	const { invite, ok } = await lab.call(a, b);
	assert.match(invite.get('P-Asserted-Identity'), /sip:user1@home1\.net/);
	assert.doesNotMatch(invite.text, /Bearer|Authorization/);
	assert.match(invite.body, /a=fingerprint:/, 'WebRTC media towards the page');
	assert.match(ok.body, /a=fingerprint:/);
	assert.match(lab.kamcmd('dlg.stats_active'), /all: [12]/);
	a.send(a.request('BYE', { uri: uriOf(ok.get('Contact')), to: uriOf(ok.get('To')), toTag: ok.toTag, fromTag: ok.fromTag,
		callId: ok.callId, routes: ok.list('Record-Route').reverse() }));
	b.send(answer(await b.inbox.request('BYE'), 200));
	assert.equal((await a.inbox.final('BYE')).status, 200);
	await until('no call', () => lab.kamcmd('tna.show', 'sip:user1@home1.net').includes('calls: 0'), 12000);
	assert.doesNotMatch(lab.log(), /media of .* failed/);
});

test('kemi_lua_call_to_nobody_and_cancel', async (t) => {
	const [a, b] = [await page(t, 'user3'), await page(t, 'user4')];
	for (const p of [a, b]) assert.equal((await p.register()).status, 200);
	const options = { uri: b.aor, callId: rand(), fromTag: 'x', cseq: 50, via: a.via() };
	a.send(a.request('INVITE', { ...options, body: OFFER }));
	const invite = await b.inbox.request('INVITE');
	b.send(answer(invite, 180, { tag: 'b', more: [...invite.all('Record-Route').map((r) => `Record-Route: ${r}`), `Contact: <${b.contact}>`] }));
	await a.inbox.reply('INVITE', 180);
	a.send(a.request('CANCEL', options));
	b.send(answer(await b.inbox.request('CANCEL'), 200, { tag: 'b' }));
	b.send(answer(invite, 487, { tag: 'b' }));
	assert.equal((await a.inbox.final('INVITE')).status, 487);
	const no = await a.ask('INVITE', { uri: 'sip:nobody@home1.net', body: OFFER });
	assert.ok([404, 480, 604].includes(no.status), no.text);
});

test('kemi_lua_origin_and_strangers_and_hops', async (t) => {
	await assert.rejects(Page.open(lab, { origin: 'https://evil.example' }), /403/);
	const p = await page(t, 'user1');
	assert.equal((await p.register()).status, 200);
	p.send(build('OPTIONS sip:home1.net SIP/2.0', [p.via(), 'Max-Forwards: 0', `From: <${p.aor}>;tag=1`, 'To: <sip:home1.net>', `Call-ID: ${rand()}`, 'CSeq: 1 OPTIONS']));
	assert.equal((await p.inbox.final('OPTIONS')).status, 483);
	assert.equal((await p.ask('OPTIONS', { uri: 'sip:home1.net' })).status, 200);
	assert.equal((await p.ask('BYE', { uri: 'sip:user2@home1.net' })).status, 481);
});

test('kemi_lua_metrics', async () => {
	const res = await get('/metrics');
	assert.equal(res.status, 200);
	assert.match(res.text, /^kamailio_webrtc_auth_check_ok \d+/m);
	assert.equal((await get('/RPC')).status, 404);
});

function get(url) {
	return new Promise((ok, bad) => {
		http.get({ host: '127.0.0.1', port: 9090, path: url, agent: false }, (res) => {
			let text = '';
			res.on('data', (d) => { text += d; });
			res.on('end', () => ok({ status: res.statusCode, text }));
		}).on('error', bad);
	});
}
