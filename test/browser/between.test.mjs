// SPDX-License-Identifier: BSD-2-Clause
// Other ends of a call: another page, the number services.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Session, MICROPHONE_HZ, PHONE_HZ, until } from './session.mjs';

let session, page;

test.before(async () => {
	session = await Session.begin('between', { capture: true });
	page = await session.signedIn('user1');
});
test.after(() => session?.end());
test.afterEach(() => page.page.evaluate(() => globalThis.line?.hangup()));

async function hears(client, hz, who) {
	const heard = await client.heard(1500);
	assert.ok(heard.level > 0.02, `${who} hears silence (${heard.level})`);
	assert.ok(Math.abs(heard.hz - hz) < 15, `${who} hears ${heard.hz} Hz, not ${hz}`);
}

test('page_calls_page_and_the_called_one_hangs_up', async () => {
	const other = await session.signedIn('user2');
	await page.dial('user2');
	await other.callState('incoming');
	await other.page.click('#answer');
	await other.callState('connected');
	await page.callState('connected');
	await hears(other, MICROPHONE_HZ, 'the called page');
	await hears(page, MICROPHONE_HZ, 'the calling page');
	await other.hangup();
	await page.callState('ended');
	await session.noMedia();
	await other.close();
});

test('number_600_echoes', async () => {
	await page.dial('600');
	await page.callState('connected');
	await hears(page, MICROPHONE_HZ, 'the page');
	await page.hangup();
	await session.noMedia();
});

test('number_601_plays_a_tone', async () => {
	await page.dial('601');
	await page.callState('connected');
	await hears(page, PHONE_HZ, 'the page');
	await page.hangup();
	await session.noMedia();
});

// DTMF is two tones at once: 5 is 770 and 1336 Hz.
test('number_602_reads_the_digits_back', async () => {
	await page.dial('602');
	await page.callState('connected');
	await page.page.evaluate(() => globalThis.line.dtmf('5'));
	const strong = (bins, hz) => bins.filter((b) => Math.abs(b.hz - hz) < 12).reduce((m, b) => Math.max(m, b.level), 0);
	await until('the digit 5 in tones', async () => {
		const { bins } = await page.heard(250);
		const quiet = strong(bins, 1600) + 1e-6;
		return strong(bins, 770) > 20 * quiet && strong(bins, 1336) > 20 * quiet;
	}, 12000);
	await page.hangup();
	await session.noMedia();
});

test('reload_of_the_page_leaves_one_contact_and_calls_still_arrive', async () => {
	for (let i = 0; i < 3; i++) {
		await page.page.reload();
		await page.registered();
	}
	await page.page.check('#raw');
	const alice = await session.phone('alice');
	await alice.dial('sip:user1@home1.net');
	await page.callState('incoming');
	await page.page.click('#answer');
	await page.callState('connected');
	await hears(page, PHONE_HZ, 'the reloaded page');
	const bindings = session.rpc('epcscf', 'tna.list').match(/user1_private@home1\.net/g) ?? [];
	assert.equal(bindings.length, 1, `the eP-CSCF holds ${bindings.length} bindings`);
	await alice.hangup();
	await page.callState('ended');
	await session.noMedia();
});

test('terminated_by_the_operator_while_it_rings', async () => {
	const alice = await session.phone('alice');
	alice.autoAnswer(false);
	alice.clear();
	await page.dial('alice');
	await alice.event('CALL_INCOMING');
	session.rpc('epcscf', 'tna.terminate', 'sip:user1@home1.net', 'operator');
	await alice.event('CALL_CLOSED');
	await page.state('stopped');
	await session.noMedia();
	await page.page.reload();
	await page.registered();
	await page.page.check('#raw');
});

test('terminated_by_the_operator_in_mid_call', async () => {
	const alice = await session.phone('alice');
	alice.autoAnswer();
	alice.clear();
	await page.dial('alice');
	await page.callState('connected');
	const closed = page.sockets.length;
	const started = Date.now();
	session.rpc('epcscf', 'tna.terminate', 'sip:user1@home1.net', 'operator');
	await alice.event('CALL_CLOSED');
	await page.state('stopped');
	await until('the WebSocket to close', () => page.sockets.length > closed);
	await session.noMedia();
	assert.ok(Date.now() - started < 2000, `it took ${Date.now() - started} ms`);
	assert.match(await page.status(), /closed by the operator/i);
	assert.doesNotMatch(session.rpc('epcscf', 'tna.list'), /user1_private/);
});
