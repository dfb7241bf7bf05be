// SPDX-License-Identifier: BSD-2-Clause
// The main cases of media in asynchronous mode, rtpengine-iq in front of
// rtpengine: early media and forks as media_early.test.mjs has them, and what
// changes in mid-call: hold and resume from both sides, and keys.
import test from 'node:test';
import assert from 'node:assert/strict';

process.env.EP_DEFINES = 'WITH_IQ';
const early = await import('./media_early.test.mjs');
const { MICROPHONE_HZ, until } = await import('./session.mjs');
const { pageHears, pageHearsNothing, phoneHears } = await import('./imsphone.mjs');

const PHONE_HZ = 440, QUIET = 100;

/** The page calls the phone of the desk; the other one of its user rings in vain. */
async function inCall() {
	early.desk.nextCall().then((call) => call.answer({ tone_hz: PHONE_HZ }));
	const coming = until('the call', () => [...early.desk.calls.values()].find((call) => call.state === 'established'));
	await early.page.dial('carol');
	const call = await coming;
	await early.page.callState('connected');
	await bothHear(call);
	return call;
}

const bothHear = (call) => Promise.all([pageHears(early.page, PHONE_HZ), phoneHears(call, MICROPHONE_HZ)]);
const phoneHearsNothing = (call) => until('silence at the phone', async () => (await call.listen(300)).rms < QUIET, 5000);

test('media_async_the_gateway_is_rtpengine_iq', () => {
	assert.match(early.session.rpc('epcscf', 'sdp_mediate.nodes'), /127\.0\.0\.8:2223/);
});

test('media_async_hold_and_resume_by_both_sides', async () => {
	const call = await inCall(), line = (fn) => early.page.page.evaluate(fn);
	await line(() => globalThis.line.currentCall.hold());
	await phoneHearsNothing(call);
	await line(() => globalThis.line.currentCall.hold(false));
	await bothHear(call);
	await call.offer('INVITE', 'inactive');
	call.silence();
	await until('the page on hold', () => line(() => globalThis.line.currentCall.remoteHeld));
	await pageHearsNothing(early.page);
	await call.offer('UPDATE');
	call.tone(PHONE_HZ);
	await bothHear(call);
	await call.hangup();
	await early.over(call);
});

test('media_async_keys_to_the_phone', async () => {
	const call = await inCall();
	let keys = '';
	call.on('digit', (key) => { keys += key; });
	await early.page.page.evaluate(() => globalThis.line.dtmf('159#'));
	await until('the keys', () => keys === '159#').catch(() => assert.equal(keys, '159#'));
	await early.page.hangup();
	await early.over(call);
});
