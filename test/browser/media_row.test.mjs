// SPDX-License-Identifier: BSD-2-Clause
// Calls in a row, out and in by turns, as fast as they go: in each of them both
// ends hear the other's tone. `make soak-calls` makes more of them (CALLS=<n>).
import test from 'node:test';
import assert from 'node:assert/strict';
import { Session, MICROPHONE_HZ, PHONE_HZ } from './session.mjs';
import { imsPhone, pageHears, phoneHears } from './imsphone.mjs';

const CALLS = Number(process.env.CALLS ?? 50);
const HEARD = { ms: 200, limit_ms: 3000 };
const PARTS = ['icscf', 'scscf', 'pcscf', 'hss', 'rtpengine', 'waf-home', 'waf-partner', 'epcscf', 'wwsf-home'];

let session, page, phone;

test.before(async () => {
	session = await Session.begin('media_row', { parts: PARTS });
	phone = await imsPhone(session, 'carol', '127.0.0.20');
	page = await session.signedIn('user1');
});
test.after(async () => {
	await phone?.stop();
	await session?.end();
});

async function out() {
	const coming = phone.nextCall();
	await page.page.evaluate(() => { globalThis.lastCall = globalThis.line.call('carol'); });
	const call = await coming;
	await call.answer({ tone_hz: PHONE_HZ });
	return call;
}

async function back() {
	const calling = phone.call('sip:user1@home1.net', { tone_hz: PHONE_HZ });
	calling.catch(() => {}); // awaited below
	await page.callState('incoming');
	await page.page.evaluate(() => globalThis.line.answer());
	return calling;
}

/** {connected_ms, heard_ms}: since the call began. */
async function oneCall(n) {
	const begun = performance.now();
	const call = await (n % 2 ? back() : out());
	await page.callState('connected');
	const connected_ms = performance.now() - begun;
	await Promise.all([pageHears(page, PHONE_HZ, HEARD), phoneHears(call, MICROPHONE_HZ, HEARD)]);
	const heard_ms = performance.now() - begun;
	// Four ways to end: either side, of either direction.
	if (n & 2) await call.hangup();
	else await page.page.evaluate(() => globalThis.line.hangup());
	await Promise.all([call.ended, page.callState('ended')]);
	return { connected_ms, heard_ms };
}

const middle = (list) => Math.round(list.sort((a, b) => a - b)[list.length >> 1]);

test(`${CALLS}_calls_in_a_row_without_a_dead_leg`, async (t) => {
	const figures = [];
	const begun = performance.now();
	for (let n = 0; n < CALLS; n++) {
		figures.push(await oneCall(n).catch((error) => { throw new Error(`call ${n + 1} (${n % 2 ? 'in' : 'out'}): ${error.message}`); }));
	}
	const of = (name) => figures.map((f) => f[name]);
	t.diagnostic(`${CALLS} calls in ${((performance.now() - begun) / 1000).toFixed(1)} s; connected within ${middle(of('connected_ms'))} ms (median), ${
		Math.round(Math.max(...of('connected_ms')))} (most); heard at both ends within ${middle(of('heard_ms'))}, ${Math.round(Math.max(...of('heard_ms')))}`);
	await session.noMedia();
	assert.deepEqual(page.errors, []);
});
