// SPDX-License-Identifier: BSD-2-Clause
// The main cases with Debian's Firefox, whose session descriptions are another
// dialect than Chromium's: calls out and in with each of its bundle policies,
// hold and resume, ended by both sides; heard at both ends.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Session, MICROPHONE_HZ, PHONE_HZ, until } from './session.mjs';
import { FirefoxPage, launchFirefox } from './firefox.mjs';
import { imsPhone, pageHears, phoneHears } from './imsphone.mjs';

const PARTS = ['icscf', 'scscf', 'pcscf', 'hss', 'rtpengine', 'waf-home', 'waf-partner', 'epcscf', 'wwsf-home'];
let session, page, phone;

test.before(async () => {
	session = await Session.begin('media_firefox', { launch: launchFirefox, parts: PARTS });
	phone = await imsPhone(session, 'carol', '127.0.0.20');
	page = new FirefoxPage(session);
	await page.page.goto(session.lab.urls.page);
	await page.signIn('user1');
	await page.registered();
	await page.page.check('#raw');
});
test.after(async () => {
	await phone?.stop();
	await session?.end();
});
test.afterEach(async () => {
	await page.page.evaluate(() => { globalThis.line?.hangup(); });
	for (const call of phone.calls.values()) await call.hangup();
});

async function heardAtBothEnds(call) {
	await page.callState('connected');
	await Promise.all([pageHears(page, PHONE_HZ, { ms: 600 }), phoneHears(call, MICROPHONE_HZ)]);
}

async function callOut(options = {}) {
	const coming = phone.nextCall();
	await page.page.evaluate((more) => { globalThis.lastCall = globalThis.line.call('carol', more); }, options);
	const call = await coming;
	await call.answer({ tone_hz: PHONE_HZ });
	await heardAtBothEnds(call);
	return call;
}

async function callIn(options = {}) {
	const calling = phone.call('sip:user1@home1.net', { tone_hz: PHONE_HZ });
	calling.catch(() => {}); // awaited below
	await page.callState('incoming');
	await page.page.evaluate((more) => { globalThis.line.answer(more); }, options);
	const call = await calling;
	await heardAtBothEnds(call);
	return call;
}

async function over(call) {
	await call.ended;
	await page.callState('ended');
	await session.noMedia();
}

const offered = () => page.page.evaluate(() => globalThis.lastCall.peerConnection.localDescription.sdp);

test('call_out_and_firefox_hangs_up', async () => {
	const call = await callOut();
	assert.match(await offered(), /^o=mozilla\.\.\.THIS_IS_SDPARTA/m);
	await page.hangup();
	await over(call);
});

test('call_out_and_the_phone_hangs_up', async () => {
	const call = await callOut();
	await call.hangup();
	await over(call);
});

test('call_in_and_firefox_hangs_up', async () => {
	const call = await callIn();
	await page.hangup();
	await over(call);
});

test('call_in_and_the_phone_hangs_up', async () => {
	const call = await callIn();
	await call.hangup();
	await over(call);
});

// The core has no video here: it is refused, and the sound is as without it.
for (const bundlePolicy of ['balanced', 'max-bundle', 'max-compat']) {
	test(`call_out_with_video_${bundlePolicy}`, async () => {
		const call = await callOut({ video: true, bundlePolicy });
		assert.equal((await offered()).match(/^m=/gm).length, 2);
		await page.hangup();
		await over(call);
	});
}

test('hold_and_resume', async () => {
	const call = await callOut();
	await page.page.evaluate(() => globalThis.line.currentCall.hold());
	await until('silence at the phone', async () => (await call.listen(300)).rms < 100);
	await page.page.evaluate(() => globalThis.line.currentCall.hold(false));
	await heardAtBothEnds(call);
	await call.hangup();
	await over(call);
});
