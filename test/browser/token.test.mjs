// SPDX-License-Identifier: BSD-2-Clause
// The token on W2: renewed in mid-call on the same socket; good only for its
// own user; a bad one costs the connection, an absent or expired one does not.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Session, until } from './session.mjs';
import { header } from './frames.mjs';

let session, page, alice;

test.before(async () => {
	session = await Session.begin('token', { capture: true });
	alice = await session.phone('alice');
	page = await session.signedIn('user1');
});
test.after(() => session?.end());

const tokenOf = (text) => header(text, 'Authorization').replace(/^Bearer\s+/, '');

test('token_renewed_on_the_same_socket_in_mid_call', async () => {
	alice.autoAnswer();
	await page.dial('alice');
	await page.callState('connected');
	await page.heard(800);
	const before = page.messages(/^REGISTER /, true);
	await page.page.evaluate(() => globalThis.line.renew());
	const after = await until('a second REGISTER', () => {
		const all = page.messages(/^REGISTER /, true);
		return all.length > before.length && all;
	});
	const oks = await until('its 200', () => {
		const all = page.messages(/^SIP\/2\.0 200 [^]*?CSeq:\s*\d+ REGISTER/i, false);
		return all.length === after.length && all;
	});
	assert.notEqual(tokenOf(after.at(-1)), tokenOf(before[0]), 'the same token again');
	assert.equal(header(after.at(-1), 'Call-ID'), header(before[0], 'Call-ID'));
	assert.ok(oks.at(-1));
	assert.equal(page.sockets.length, 0, 'the WebSocket was closed');
	const heard = await page.heard(1200);
	assert.ok(heard.level > 0.05 && Math.abs(heard.hz - 440) < 15, `after the renewal: ${heard.hz} Hz, ${heard.level}`);
	await page.hangup();
	await session.noMedia();
});

// A page of the right origin with a token of the test's choosing.
async function attempt(order, { identity } = {}) {
	const { access_token, claims } = await session.waf('mint', { client_id: 'portal', ...order });
	const other = await session.open();
	await other.connectWith({ access_token, expires_in: 300, impi: claims.impi, impu: identity ? [identity] : claims.impu });
	return { other, access_token, claims };
}

const registersAtCore = () => session.core('sip.Method == "REGISTER"').filter((m) => m.dst === session.lab.nodes.icscf.address);

async function refusedAndClosed(order, options, { status, code }) {
	const { other, access_token } = await attempt(order, options);
	await until('the WebSocket to close', () => other.sockets.length > 0, 5000);
	const answer = other.messages(/^SIP\/2\.0 [3-6]\d\d /, false)[0] ?? '';
	assert.match(answer, new RegExp(`^SIP/2\\.0 ${status} `), `answered ${answer.split('\r\n')[0]}`);
	const seen = await other.page.evaluate(() => globalThis.states);
	assert.ok(seen.some((s) => s.code === code), `no close code ${code}: ${JSON.stringify(seen)}`);
	assert.doesNotMatch(session.log('epcscf'), new RegExp(access_token.slice(-24).replace(/[-_]/g, '.')), 'the token is in the log');
	await other.close();
}

test('token_of_another_user_refused_and_closed', async () => {
	await refusedAndClosed({ user: 'user2' }, { identity: 'sip:user1@home1.net' }, { status: 403, code: 4002 });
});

test('token_with_a_wrong_signature_refused_and_closed', async () => {
	await refusedAndClosed({ user: 'user2', sign: 'foreign' }, {}, { status: 401, code: 4001 });
});

test('token_unsigned_refused_and_closed', async () => {
	await refusedAndClosed({ user: 'user2', sign: 'none' }, {}, { status: 401, code: 4001 });
});

test('token_for_another_audience_refused_and_closed', async () => {
	await refusedAndClosed({ user: 'user2', claims: { aud: 'sip:elsewhere.example' } }, {}, { status: 401, code: 4001 });
});

test('token_of_an_unknown_issuer_refused_and_closed', async () => {
	await refusedAndClosed({ user: 'user2', claims: { iss: 'https://waf.example' } }, {}, { status: 401, code: 4001 });
});

test('token_without_the_scope_refused_and_closed', async () => {
	await refusedAndClosed({ user: 'user2', claims: { scope: 'openid' } }, {}, { status: 403, code: 4005 });
});

test('token_expired_401_and_the_connection_stays', async () => {
	const { other } = await attempt({ user: 'user2', expires_in: -600 });
	await until('a 401', () => other.messages(/^SIP\/2\.0 401 /, false).length > 0);
	const answer = other.messages(/^SIP\/2\.0 401 /, false)[0];
	assert.match(header(answer, 'WWW-Authenticate'), /^Bearer /);
	assert.match(header(answer, 'WWW-Authenticate'), /error="invalid_token"/);
	const fresh = await session.waf('mint', { user: 'user2', client_id: 'portal' });
	assert.equal(other.sockets.length, 0, 'the connection was closed');
	await other.close();
	assert.ok(fresh.access_token);
});

test('refused_tokens_reached_nobody', async () => {
	await session.stopCapture();
	for (const { text } of registersAtCore()) assert.doesNotMatch(text, /user2/);
});
