// SPDX-License-Identifier: BSD-2-Clause
// What sounds before the answer, and answers that change: announcements in an
// unreliable 183, another description in the 200, and calls that the core forks
// to two phones of one user.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Session, MICROPHONE_HZ } from './session.mjs';
import { imsPhone, pageHears, phoneHears } from './imsphone.mjs';

const EARLY_HZ = 620, ANSWER_HZ = 440, OTHER_EARLY_HZ = 800, OTHER_ANSWER_HZ = 520;

// In asynchronous mode (media_async) with rtpengine-iq.
const PARTS = ['icscf', 'scscf', 'pcscf', 'hss', 'rtpengine', 'waf-home', 'waf-partner', 'epcscf', 'wwsf-home',
	...(process.env.EP_DEFINES?.includes('WITH_IQ') ? ['rtpengine-iq'] : [])];

export let session, page, desk;
let mobile;

test.before(async () => {
	session = await Session.begin('media_early', { parts: PARTS });
	desk = await imsPhone(session, 'carol', '127.0.0.20');
	page = await session.signedIn('user1');
});
test.after(async () => {
	await Promise.all([desk, mobile].map((phone) => phone?.stop()));
	await session?.end();
});
test.afterEach(async () => {
	await page.page.evaluate(() => globalThis.line?.hangup());
	for (const phone of [desk, mobile]) for (const call of phone?.calls.values() ?? []) await call.hangup();
});

/** The page calls carol; every phone of hers that rings. */
export async function ringing(...phones) {
	const calls = phones.map((phone) => phone.nextCall());
	await page.dial('carol');
	return Promise.all(calls);
}

export async function over(...calls) {
	await Promise.all(calls.map((call) => call.ended));
	await page.callState('ended');
	await session.noMedia();
}

test('early_media_is_heard_before_the_answer', async () => {
	const [call] = await ringing(desk);
	assert.ok(await call.early({ tone_hz: EARLY_HZ }));
	await page.callState('ringing');
	await pageHears(page, EARLY_HZ);
	// Nobody has answered.
	assert.equal(await page.page.evaluate(() => globalThis.line.currentCall.state), 'ringing');
	assert.ok(await call.answer({ tone_hz: ANSWER_HZ }));
	await page.callState('connected');
	await Promise.all([pageHears(page, ANSWER_HZ), phoneHears(call, MICROPHONE_HZ)]);
	await page.hangup();
	await over(call);
});

test('early_media_and_then_another_answer', async () => {
	const [call] = await ringing(desk);
	assert.ok(await call.early({ tone_hz: EARLY_HZ, codecs: ['PCMU'] }));
	await pageHears(page, EARLY_HZ);
	const { port } = call.rtp;
	assert.ok(await call.answer({ tone_hz: ANSWER_HZ, codecs: ['PCMA'], elsewhere: true }));
	assert.notEqual(call.rtp.port, port);
	await page.callState('connected');
	await Promise.all([pageHears(page, ANSWER_HZ), phoneHears(call, MICROPHONE_HZ)]);
	await call.hangup();
	await over(call);
});

test('an_announcement_and_a_refusal', async () => {
	const [call] = await ringing(desk);
	assert.ok(await call.early({ tone_hz: EARLY_HZ }));
	await pageHears(page, EARLY_HZ);
	call.reject(486, 'Busy Here');
	await over(call);
	assert.equal(await page.page.evaluate(() => globalThis.lastCall.code), 486);
});

test('a_fork_rings_twice_and_one_answers', async () => {
	mobile = await imsPhone(session, 'carol', '127.0.0.21');
	for (const [answering, other] of [[0, 1], [1, 0]]) {
		const calls = await ringing(desk, mobile);
		assert.ok(await calls[0].early({ tone_hz: EARLY_HZ }));
		await pageHears(page, EARLY_HZ);
		assert.ok(await calls[1].early({ tone_hz: OTHER_EARLY_HZ }));
		const last = [ANSWER_HZ, OTHER_ANSWER_HZ][answering];
		assert.ok(await calls[answering].answer({ tone_hz: last }));
		await page.callState('connected');
		await calls[other].ended;
		await Promise.all([pageHears(page, last, { limit_ms: 12000 }), phoneHears(calls[answering], MICROPHONE_HZ)]);
		await page.hangup();
		await over(calls[answering]);
	}
});

test('a_fork_of_which_both_answer', async () => {
	const calls = await ringing(desk, mobile);
	// Neither speaks before it is clear who is left: one packet of the other's
	// stream, in the first moments, and Chromium plays that one for good.
	const quiet = calls.map(async (call) => {
		const answered = call.answer({ tone_hz: call === calls[0] ? ANSWER_HZ : OTHER_ANSWER_HZ });
		call.on('media', () => { call.rtp.sending = false; });
		assert.ok(await answered);
	});
	await Promise.all(quiet);
	await page.callState('connected');
	await Promise.race(calls.map((call) => call.ended));
	const [taken] = calls.filter((call) => call.state !== 'ended');
	assert.ok(taken, 'both calls were ended');
	taken.rtp.sending = true;
	await Promise.all([pageHears(page, taken === calls[0] ? ANSWER_HZ : OTHER_ANSWER_HZ), phoneHears(taken, MICROPHONE_HZ)]);
	assert.notEqual(taken.state, 'ended');
	await page.hangup();
	await over(...calls);
});

test('the_page_saw_no_script_error', () => {
	assert.deepEqual(page.errors, []);
});
