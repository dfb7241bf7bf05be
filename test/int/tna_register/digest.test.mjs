// SPDX-License-Identifier: BSD-2-Clause
// Scenario 1: SIP Digest between page and S-CSCF over the page's TLS
// (TS 33.203 X.2, TS 24.229 7.2A.2).
import test from 'node:test';
import assert from 'node:assert/strict';
import { answer } from './support/sip.mjs';
import { Page } from './support/page.mjs';
import { Site } from './support/site.mjs';

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
