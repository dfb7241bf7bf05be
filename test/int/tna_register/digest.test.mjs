// SPDX-License-Identifier: BSD-2-Clause
// Scenario 1: SIP Digest between page and S-CSCF over the page's TLS
// (TS 33.203 X.2, TS 24.229 7.2A.2).
import test from 'node:test';
import assert from 'node:assert/strict';
import { answer } from './support/sip.mjs';
import { Page } from './support/page.mjs';
import { Site, until } from './support/site.mjs';

let site;
test.before(async () => { site = await Site.start({ digest: true, params: 'modparam("tna_register", "sip_digest", 1)' }); });
test.after(() => site.stop());

const credentials = (p, nonce, response, more = '') => `Authorization: Digest username="${p.user}_private@home1.net", realm="home1.net", nonce="${nonce}", uri="sip:registrar.home1.net", response="${response}"${more}`;

async function page(t, user) {
	const p = await Page.open(site, { user });
	t.after(() => p.drop());
	return p;
}

test('digest_challenge_passes_and_the_session_is_bound', async (t) => {
	const p = await page(t, 'dig');
	const normal = site.registrar;
	site.registrar = function (req) {
		return /response="[0-9a-f]+"/.test(req.get('Authorization')) ? normal.call(this, req)
			: answer(req, 401, { tag: 'x', more: ['WWW-Authenticate: Digest realm="home1.net", nonce="abc", algorithm=MD5, qop="auth", ik="00", ck="11"'] });
	};
	t.after(() => { site.registrar = normal; });
	const challenge = await p.register({ token: null, headers: [credentials(p, '', '')] });
	assert.equal(challenge.status, 401);
	assert.match(challenge.get('WWW-Authenticate'), /nonce="abc"/);
	assert.ok(!/ik=|ck=/.test(challenge.get('WWW-Authenticate')));
	assert.ok(!/integrity-protected/.test(site.registers.at(-1).get('Authorization')), 'no response, not bound: absent');
	assert.equal((await p.register({ token: null, headers: [credentials(p, 'abc', '0123456789abcdef0123456789abcdef', ', integrity-protected="yes"')] })).status, 200);
	const first = site.registers.at(-1).all('Authorization');
	assert.equal(first.length, 1);
	assert.match(first[0], /integrity-protected="?tls-pending"?/);
	assert.ok(!/integrity-protected="?yes/.test(first[0]));
	const b = await site.show(p.aor);
	assert.equal(b.auth, 'digest');
	assert.equal(b.impi, 'dig_private@home1.net');
	await p.register({ token: null, headers: [credentials(p, 'abc', '0123456789abcdef0123456789abcdef')] });
	assert.match(site.registers.at(-1).get('Authorization'), /integrity-protected="?tls-yes"?/);
	p.send(p.request('MESSAGE', { uri: 'sip:peer@home1.net', token: null }));
	const m = await site.inbox.request('MESSAGE');
	assert.deepEqual(m.all('P-Asserted-Identity'), ['<sip:dig@home1.net>']);
	site.reply(m, 200);
});

test('digest_other_user_on_a_bound_connection_is_refused', async (t) => {
	const p = await page(t, 'diga');
	await p.register({ token: null, headers: [credentials(p, 'abc', '0123456789abcdef0123456789abcdef')] });
	const n = site.registers.length;
	assert.equal((await p.register({ token: null, headers: [credentials({ user: 'boss' }, 'abc', '0123456789abcdef0123456789abcdef')] })).status, 403);
	assert.equal(site.registers.length, n);
});

// --- which login a connection has ---

const good = 'abc', response = '0123456789abcdef0123456789abcdef';

test('digest_token_on_a_digest_connection_is_refused', async (t) => {
	const p = await page(t, 'digb');
	assert.equal((await p.register({ token: null, headers: [credentials(p, good, response)] })).status, 200);
	const n = site.registers.length;
	assert.equal((await p.register({ token: site.token('digb'), headers: ['X-Check: 1'] })).status, 403);
	assert.equal(site.registers.length, n);
	assert.equal((await site.show(p.aor)).auth, 'digest');
});

test('digest_on_a_token_connection_is_refused', async (t) => {
	const p = await page(t, 'digc');
	assert.equal((await p.register({ token: site.token('digc'), headers: ['X-Check: 1'] })).status, 200);
	const n = site.registers.length;
	assert.equal((await p.register({ token: null, headers: [credentials(p, good, response)] })).status, 403);
	assert.equal((await p.register({ token: null })).status, 403);
	assert.equal(site.registers.length, n);
	assert.equal((await site.show(p.aor)).auth, 'token');
});

test('digest_bearer_beside_it_the_token_counts_alone', async (t) => {
	const p = await page(t, 'digd');
	assert.equal((await p.register({ token: site.token('digd'), headers: ['X-Check: 1', credentials({ user: 'boss' }, good, response)] })).status, 200);
	const sent = site.registers.at(-1);
	assert.equal(sent.all('Authorization').length, 1);
	assert.match(sent.get('Authorization'), /username="digd_private@home1\.net".*integrity-protected="auth-done"$/);
	assert.ok(!/boss|Bearer/.test(sent.text));
});

test('digest_bad_token_beside_it_does_not_become_a_digest_login', async (t) => {
	const p = await page(t, 'dige');
	const n = site.registers.length;
	assert.equal((await p.register({ token: 'x.y.z', headers: ['X-Check: 2', credentials(p, good, response)] })).status, 400);
	assert.equal(site.registers.length, n);
});

test('digest_two_of_one_user_the_answer_counts', async (t) => {
	const p = await page(t, 'digf');
	assert.equal((await p.register({ token: null, headers: [credentials(p, '', ''), credentials(p, good, response)] })).status, 200);
	assert.equal(site.registers.at(-1).all('Authorization').length, 1);
	assert.match(site.registers.at(-1).get('Authorization'), new RegExp(`response="${response}"`));
	const n = site.registers.length;
	for (const other of [credentials(p, good, response), credentials({ user: 'boss' }, '', '')])
		assert.equal((await p.register({ token: null, headers: [credentials(p, good, response), other] })).status, 400, other);
	assert.equal(site.registers.length, n);
});

test('digest_refresh_without_credentials_stays_the_same_user', async (t) => {
	const p = await page(t, 'digg');
	assert.equal((await p.register({ token: null, headers: [credentials(p, good, response)] })).status, 200);
	assert.equal((await p.register({ token: null })).status, 200);
	assert.equal((await site.show(p.aor)).impi, 'digg_private@home1.net');
});

test('digest_reload_of_the_page_replaces_its_binding', async (t) => {
	const p = await page(t, 'digh');
	await p.register({ token: null, headers: [credentials(p, good, response)] });
	const q = await Page.open(site, { user: 'digh', instance: p.instance });
	t.after(() => q.drop());
	assert.equal((await q.register({ token: null, headers: [credentials(q, good, response)] })).status, 200);
	assert.equal((await site.bindings()).filter((b) => b.impi === 'digh_private@home1.net').length, 1);
	assert.equal((await p.closed).code, 4409);
});

// --- the web site the page came from ---

test('digest_counts_for_the_limits_of_its_web_site', async (t) => {
	await site.rewrite('max_registrations = 1\n');
	t.after(() => site.rewrite(''));
	await until('no registration', async () => ((await site.usage())?.registrations ?? 0) === 0, 8000);
	const p = await page(t, 'digi'), q = await page(t, 'digj');
	assert.equal((await p.register({ token: null, headers: [credentials(p, good, response)] })).status, 200);
	assert.equal((await site.show(p.aor)).wwsf, 'shop');
	assert.equal((await site.usage()).registrations, 1);
	const full = await q.register({ token: null, headers: [credentials(q, good, response)] });
	assert.equal(full.status, 503);
	assert.match(full.get('Warning'), /no registration left/);
	assert.equal((await p.register({ token: null, headers: [credentials(p, good, response)] })).status, 200, 'who is in stays in');
	assert.equal((await p.register({ token: null, expires: 0, headers: [credentials(p, good, response)] })).status, 200);
	await until('its place to be free', async () => (await site.usage()).registrations === 0);
	assert.equal((await q.register({ token: null, headers: [credentials(q, good, response)] })).status, 200);
});

test('digest_ends_when_its_user_is_revoked_and_does_not_come_back', async (t) => {
	const p = await page(t, 'digk');
	assert.equal((await p.register({ token: null, headers: [credentials(p, good, response)] })).status, 200);
	await site.rpc('webrtc_auth.revoke', 'impi', 'digk_private@home1.net', 60);
	assert.equal((await p.closed).code, 4003);
	const q = await page(t, 'digk');
	const n = site.registers.length;
	assert.equal((await q.register({ token: null, headers: [credentials(q, good, response)] })).status, 403);
	assert.equal(site.registers.length, n);
});
