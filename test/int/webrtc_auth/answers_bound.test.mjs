// SPDX-License-Identifier: BSD-2-Clause
// What W2 answers by credentials to a connection that carries a registration:
// BYE and PRACK pass without a token, so that a call can be ended and set up
// while one is fetched; nothing else does, and no token goes on.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Page } from '../tna_register/support/page.mjs';
import { Site, uriOf } from '../tna_register/support/site.mjs';
import { now } from './support/waf.mjs';

let site;
test.before(async () => { site = await Site.start(); });
test.after(() => site.stop());

async function registered(t, user) {
	const p = await Page.open(site, { user });
	t.after(() => p.drop());
	assert.equal((await p.register()).status, 200);
	return p;
}
const within = (ok) => ({ uri: uriOf(ok.get('Contact')), to: uriOf(ok.get('To')), toTag: ok.toTag, fromTag: ok.fromTag,
	callId: ok.callId, routes: ok.list('Record-Route').reverse() });

test('answers_bound_BYE_and_PRACK_pass_whatever_their_token', async (t) => {
	const p = await registered(t, 'user1');
	const expired = site.token('user1', { iat: now() - 900, exp: now() - 300 });
	for (const headers of [[], [`Authorization: Bearer ${expired}`], ['Authorization: Bearer not.a.token'], ['Authorization: Bearer']]) {
		p.send(p.request('INVITE', { uri: 'sip:peer@home1.net', body: 'v=0\r\n' }));
		const invite = await site.inbox.request('INVITE');
		site.reply(invite, 183);
		const early = await p.inbox.reply('INVITE', 183);
		p.send(p.request('PRACK', { ...within(early), token: '', headers: [...headers, 'RAck: 1 1 INVITE'] }));
		const prack = await site.inbox.request('PRACK');
		assert.doesNotMatch(prack.text, /Bearer/);
		site.reply(prack, 200);
		assert.equal((await p.inbox.final('PRACK')).status, 200);
		site.reply(invite, 200);
		const ok = await p.inbox.reply('INVITE', 200);
		p.send(p.request('ACK', { ...within(ok), cseq: ok.cseq, token: '', headers, contact: false }));
		assert.doesNotMatch((await site.inbox.request('ACK')).text, /Bearer/);
		// UPDATE, INFO, MESSAGE and a re-INVITE do not.
		for (const method of ['UPDATE', 'INFO', 'INVITE', 'MESSAGE'])
			if (!headers.length) assert.equal((await p.ask(method, { ...within(ok), token: '' })).status, 401, method);
		p.send(p.request('BYE', { ...within(ok), token: '', headers }));
		const bye = await site.inbox.request('BYE');
		assert.doesNotMatch(bye.text, /Bearer/);
		site.reply(bye, 200);
		assert.equal((await p.inbox.final('BYE')).status, 200);
	}
	assert.equal(p.ws.readyState, 1, 'the connection is open');
});

test('answers_bound_CANCEL_passes_without_a_token', async (t) => {
	const p = await registered(t, 'user2');
	const options = { uri: 'sip:peer@home1.net', callId: 'c1', cseq: 9, fromTag: 'f', via: p.via() };
	p.send(p.request('INVITE', { ...options, body: 'v=0\r\n' }));
	const invite = await site.inbox.request('INVITE');
	site.reply(invite, 180);
	await p.inbox.reply('INVITE', 180);
	p.send(p.request('CANCEL', { ...options, token: '', headers: ['Authorization: Bearer x.y.z'] }));
	const cancel = await site.inbox.request('CANCEL');
	assert.doesNotMatch(cancel.text, /Bearer/);
	site.reply(cancel, 200);
	site.reply(invite, 487);
	assert.equal((await p.inbox.final('INVITE')).status, 487);
});

test('answers_bound_no_credentials_go_on_in_any_method', async (t) => {
	const p = await registered(t, 'user3');
	const secret = p.token.slice(0, 40);
	for (const method of ['INVITE', 'MESSAGE', 'SUBSCRIBE', 'PUBLISH', 'REFER', 'OPTIONS', 'INFO', 'NOTIFY', 'FOO']) {
		p.send(p.request(method, { uri: 'sip:peer@home1.net', token: '', headers: [
			'Authorization: Digest username="x", realm="home1.net", nonce="n", uri="sip:h", response="0"', `Proxy-Authorization: Bearer ${p.token}`,
			...({ REFER: ['Refer-To: <sip:other@home1.net>'], SUBSCRIBE: ['Event: presence'],
				NOTIFY: ['Event: presence', 'Subscription-State: active'] }[method] ?? [])] }));
		const m = await site.inbox.request(method);
		assert.doesNotMatch(m.text, /Bearer/, method);
		assert.ok(!m.text.includes(secret));
		site.reply(m, 486);
		assert.equal((await p.inbox.final(method)).status, 486);
	}
});

test('answers_bound_register_with_both_schemes_is_the_tokens', async (t) => {
	const p = await Page.open(site, { user: 'user4' });
	t.after(() => p.drop());
	const headers = ['Authorization: Digest username="boss@home1.net", realm="home1.net", nonce="n", uri="sip:home1.net", response="0", integrity-protected="tls-yes"'];
	assert.equal((await p.register({ headers })).status, 200);
	const sent = site.registers.at(-1).all('Authorization');
	assert.equal(sent.length, 1, sent.join('\n'));
	assert.match(sent[0], /username="user4_private@home1\.net"/);
	assert.match(sent[0], /integrity-protected="?auth-done/);
	assert.doesNotMatch(sent[0], /boss|tls-yes|Bearer/);
});
