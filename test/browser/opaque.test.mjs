// SPDX-License-Identifier: BSD-2-Clause
// A WAF that issues opaque tokens: the browser signs in, registers by way of
// introspection, calls and is heard; renews; and a token that the WAF has
// forgotten is refused without costing the connection.
import test from 'node:test';
import assert from 'node:assert/strict';
import { bearersOf, filesBelow, leaks } from '../demo/leaks.mjs';
import { Session, MICROPHONE_HZ, PHONE_HZ, until } from './session.mjs';
import { header } from './frames.mjs';

let session, page, alice;

test.before(async () => {
	session = await Session.begin('opaque', { capture: true });
	await session.waf('format', { client_id: 'portal', format: 'opaque' });
	alice = await session.phone('alice');
	page = await session.signedIn('user1');
});
test.after(() => session?.end());
test.afterEach(() => page.page.evaluate(() => globalThis.line?.hangup()));

const tokenOf = (text) => header(text, 'Authorization').replace(/^Bearer\s+/, '');
const asked = async () => (await session.waf('state')).counters.introspection ?? 0;

test('opaque_token_registers_by_introspection', async () => {
	const [register] = page.messages(/^REGISTER /, true);
	assert.doesNotMatch(tokenOf(register), /\./, 'not an opaque token');
	assert.ok(await asked() >= 1, 'the WAF was not asked');
	assert.match(session.rpc('epcscf', 'tna.list'), /user1_private@home1\.net/);
});

test('opaque_token_calls_a_number_and_a_phone_heard_at_both_ends', async () => {
	const before = await asked();
	await page.dial('600');
	await page.callState('connected');
	const echo = await page.heard(1500);
	assert.ok(echo.level > 0.02 && Math.abs(echo.hz - MICROPHONE_HZ) < 15, `the page hears ${echo.hz} Hz, ${echo.level}`);
	await page.hangup();
	await page.callState('ended');
	await session.noMedia();
	alice.clear();
	alice.autoAnswer();
	await page.dial('alice');
	await page.callState('connected');
	const here = await page.heard(1500);
	assert.ok(here.level > 0.05 && Math.abs(here.hz - PHONE_HZ) < 15, `the page hears ${here.hz} Hz, ${here.level}`);
	const there = await alice.heard({ atLeast_s: 1 });
	assert.ok(there.rms > 0.05 && Math.abs(there.frequency - MICROPHONE_HZ) < 15, `the phone hears ${there.frequency} Hz, ${there.rms}`);
	await page.hangup();
	await alice.event('CALL_CLOSED');
	await session.noMedia();
	assert.equal(await asked(), before, 'a call asked the WAF about the registered token');
});

test('opaque_token_renewed_in_mid_call_on_the_same_socket', async () => {
	alice.clear();
	alice.autoAnswer();
	await page.dial('alice');
	await page.callState('connected');
	const [old, before] = [tokenOf(page.messages(/^REGISTER /, true).at(-1)), await asked()];
	assert.equal(await page.page.evaluate(() => globalThis.line.renewed()), true, await page.status());
	const fresh = tokenOf(page.messages(/^REGISTER /, true).at(-1));
	assert.notEqual(fresh, old);
	assert.ok(await asked() > before, 'the WAF was not asked about the new token');
	await page.hangup();
	await alice.event('CALL_CLOSED');
	assert.equal(tokenOf(page.messages(/^BYE /, true).at(-1)), fresh);
	assert.deepEqual(page.messages(/^SIP\/2\.0 40[13] /, false), []);
	assert.deepEqual(page.sockets, []);
	await session.noMedia();
});

test('opaque_token_unknown_to_the_waf_is_refused_and_the_connection_stays', async () => {
	const other = await session.open();
	await other.connectWith({ access_token: 'n'.repeat(43), expires_in: 300, impi: 'user3_private@home1.net', impu: ['sip:user3@home1.net'] });
	const [answer] = await until('a 401', () => { const all = other.messages(/^SIP\/2\.0 401 /, false); return all.length && all; });
	assert.match(header(answer, 'WWW-Authenticate'), /^Bearer .*error="invalid_token"/);
	assert.deepEqual(other.sockets, []);
	await other.close();
});

test('opaque_token_is_in_no_log_and_no_capture', async () => {
	await session.stopCapture();
	const sent = session.core('sip.Method == "REGISTER"').filter((m) => m.dst === session.lab.nodes.icscf.address && /user1@/.test(m.text));
	assert.ok(sent.length >= 2);
	for (const { text } of sent) {
		assert.match(header(text, 'Authorization'), /^Digest username="user1_private@home1\.net".*integrity-protected="auth-done"/);
		assert.doesNotMatch(text, /bearer/i);
	}
	const tokens = bearersOf(page.frames);
	assert.ok(tokens.length >= 2);
	assert.deepEqual(leaks(tokens, filesBelow(`${session.dir}/log`, session.captureFile)), []);
	assert.deepEqual(page.errors, []);
});
