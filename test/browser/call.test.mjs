// SPDX-License-Identifier: BSD-2-Clause
// The main job: a page registers with a token and talks with an IMS phone, both
// ways, heard at both ends by energy and frequency; either side hangs up.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Session, MICROPHONE_HZ, PHONE_HZ } from './session.mjs';

let session, page, alice;

test.before(async () => {
	session = await Session.begin('call', { capture: true });
	alice = await session.phone('alice');
	page = await session.signedIn('user1');
});
test.after(() => session?.end());
// A test that failed in mid-call leaves nothing to the next.
test.afterEach(async () => {
	await page.page.evaluate(() => globalThis.line?.hangup());
	await alice.hangup().catch(() => {});
});

async function heardAtBothEnds() {
	const here = await page.heard(1500);
	assert.ok(here.level > 0.05, `the browser hears silence (${here.level})`);
	assert.ok(Math.abs(here.hz - PHONE_HZ) < 15, `the browser hears ${here.hz} Hz, not ${PHONE_HZ}`);
	const there = await alice.heard({ atLeast_s: 1 });
	assert.ok(there.rms > 0.05, `the phone hears silence (${there.rms})`);
	assert.ok(Math.abs(there.frequency - MICROPHONE_HZ) < 15, `the phone hears ${there.frequency} Hz, not ${MICROPHONE_HZ}`);
	assert.ok(there.share > 0.8, `the phone hears other things too (${there.share})`);
}

async function callOut() {
	alice.clear();
	alice.autoAnswer();
	await page.dial('alice');
	await page.callState('connected');
	await alice.event('CALL_ESTABLISHED');
}

async function callIn() {
	alice.clear();
	alice.autoAnswer(false);
	await alice.dial('sip:user1@home1.net');
	await page.callState('incoming');
	await page.page.click('#answer');
	await page.callState('connected');
	await alice.event('CALL_ESTABLISHED');
}

test('call_out_is_heard_at_both_ends_and_the_browser_hangs_up', async () => {
	await callOut();
	await heardAtBothEnds();
	await page.hangup();
	await alice.event('CALL_CLOSED');
	await page.callState('ended');
	await session.noMedia();
});

test('call_out_and_the_phone_hangs_up', async () => {
	await callOut();
	await heardAtBothEnds();
	await alice.hangup();
	await page.callState('ended');
	await session.noMedia();
});

test('call_in_is_heard_at_both_ends_and_the_browser_hangs_up', async () => {
	await callIn();
	await heardAtBothEnds();
	await page.hangup();
	await alice.event('CALL_CLOSED');
	await session.noMedia();
});

test('call_in_and_the_phone_hangs_up', async () => {
	await callIn();
	await heardAtBothEnds();
	await alice.hangup();
	await page.callState('ended');
	await session.noMedia();
});

test('call_in_declined_by_the_browser', async () => {
	alice.clear();
	await alice.dial('sip:user1@home1.net');
	await page.callState('incoming');
	await page.page.click('#decline');
	await alice.event('CALL_CLOSED');
	await session.noMedia();
});

test('call_out_cancelled_before_the_answer', async () => {
	alice.clear();
	alice.autoAnswer(false);
	await page.dial('alice');
	await alice.event('CALL_INCOMING');
	await page.callState('ringing');
	await page.hangup();
	await alice.event('CALL_CLOSED');
	await session.noMedia();
});

test('call_in_cancelled_by_the_phone', async () => {
	alice.clear();
	await alice.dial('sip:user1@home1.net');
	await page.callState('incoming');
	await alice.hangup();
	await page.callState('ended');
	await session.noMedia();
});

test('call_to_nobody_fails_in_words', async () => {
	await page.dial('nobody');
	await page.callState('ended');
	const code = await page.page.evaluate(() => globalThis.lastCall.code);
	assert.ok([404, 480, 604].includes(code), `answered ${code}`);
	await session.noMedia();
});

test('no_webrtc_attribute_reached_ims_and_no_token', async () => {
	await session.stopCapture();
	const messages = session.core();
	const offers = messages.filter((m) => /^INVITE /.test(m.text) && m.src === session.lab.nodes.epcscf.address && /\r\nm=audio /.test(m.text));
	assert.ok(offers.length >= 3, `only ${offers.length} offers of the eP-CSCF in the capture`);
	for (const { text } of offers) {
		assert.doesNotMatch(text, /\r\na=(candidate|end-of-candidates|ice-|fingerprint|setup|tls-id|msid|extmap|group|mid|rtcp-mux|rtcp-rsize|rtcp-fb|ssrc)/);
		assert.match(text, /\r\nm=audio \d+ RTP\/AVP /);
	}
	for (const { text } of messages) assert.doesNotMatch(text, /bearer/i);
});

test('the_pages_saw_no_script_error', () => {
	assert.deepEqual(page.errors, []);
});
