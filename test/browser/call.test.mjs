// SPDX-License-Identifier: BSD-2-Clause
// The main job: a page registers with a token and talks with an IMS phone, both
// ways, heard at both ends by energy and frequency; either side hangs up.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Pair } from './pair.mjs';

let pair, session, page, alice;

test.before(async () => {
	pair = await Pair.begin('call', { capture: true });
	({ session, page, alice } = pair);
});
test.after(() => pair?.end());
test.afterEach(() => pair.quiet());

test('call_out_is_heard_at_both_ends_and_the_browser_hangs_up', async () => {
	await pair.callOut();
	await pair.heardAtBothEnds();
	await pair.pageHangsUp();
});

test('call_out_and_the_phone_hangs_up', async () => {
	await pair.callOut();
	await pair.heardAtBothEnds();
	await pair.phoneHangsUp();
});

test('call_in_is_heard_at_both_ends_and_the_browser_hangs_up', async () => {
	await pair.callIn();
	await pair.heardAtBothEnds();
	await pair.pageHangsUp();
});

test('call_in_and_the_phone_hangs_up', async () => {
	await pair.callIn();
	await pair.heardAtBothEnds();
	await pair.phoneHangsUp();
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
