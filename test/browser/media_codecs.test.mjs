// SPDX-License-Identifier: BSD-2-Clause
// A page that speaks Opus, and IMS phones that each speak one codec of their
// own: the gateway transcodes, both ways, with keys as telephone events.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Session, MICROPHONE_HZ, PHONE_HZ, until } from './session.mjs';
import { pageHears } from './imsphone.mjs';
import { Phone } from '../lab/phones/baresip.mjs';

const PARTS = ['icscf', 'scscf', 'pcscf', 'hss', 'rtpengine', 'waf-home', 'waf-partner', 'epcscf', 'wwsf-home'];
const PROFILE = 'video=no;core=avp;transcode=AMR-WB,AMR,G722,PCMA,PCMU';
// Whose phone speaks what.
const PHONES = [['alice', 'AMR-WB', '/16000'], ['bob', 'AMR', ''], ['carol', 'G722', '/16000'], ['dave', 'PCMA', ''], ['frank', 'PCMU', '']];

let session, page;
const phones = {};

test.before(async () => {
	session = await Session.begin('media_codecs', { parts: PARTS, site: { MEDIA_PROFILE: PROFILE } });
	for (const [i, [user, codec, rate]] of PHONES.entries()) {
		phones[codec] = await Phone.start(session.lab, user, { address: `127.0.0.${20 + i}`, codecs: codec + rate });
		session.phones.push(phones[codec]);
	}
	page = await session.signedIn('user1');
	// The browser could speak G.711 and G.722 itself.
	await page.page.evaluate(() => {
		const { addTrack } = RTCPeerConnection.prototype;
		const mine = RTCRtpReceiver.getCapabilities('audio').codecs.filter((c) => /opus|telephone-event/.test(c.mimeType));
		RTCPeerConnection.prototype.addTrack = function add(...args) {
			const sender = addTrack.apply(this, args);
			this.getTransceivers().find((t) => t.sender === sender).setCodecPreferences(mine);
			return sender;
		};
	});
});
test.after(() => session?.end());
test.afterEach(async () => {
	await page.page.evaluate(() => globalThis.line?.hangup());
	for (const phone of Object.values(phones)) await phone.hangup().catch(() => {});
});

const codecOf = () => page.page.evaluate(async () => (await globalThis.line.currentCall.stats()).codec);

/** Both ends hear the other's tone; the page in Opus, the phone in what it speaks. */
async function heardAtBothEnds(phone, codec, before) {
	await pageHears(page, PHONE_HZ);
	const there = await phone.heard({ atLeast_s: 1, newerThan: before });
	assert.ok(there.rms > 0.05, `${codec}: the phone hears silence (${there.rms})`);
	assert.ok(Math.abs(there.frequency - MICROPHONE_HZ) < 15, `${codec}: the phone hears ${there.frequency} Hz`);
	assert.equal(await codecOf(), 'audio/opus');
}

for (const [user, codec] of PHONES) {
	test(`calls_with_a_phone_that_speaks_${codec}_alone`, async () => {
		const phone = phones[codec];
		let before = phone.recordings().length;
		phone.clear();
		phone.autoAnswer();
		await page.dial(user);
		await page.callState('connected');
		await phone.event('CALL_ESTABLISHED');
		await heardAtBothEnds(phone, codec, before);
		await page.page.evaluate(() => globalThis.line.dtmf('15'));
		// baresip takes telephone-event/8000 even beside AMR-WB, so that is what the
		// page is answered; Chromium then sends the ends of keys alone (RFC 4733
		// 2.5.1.4 has receivers take those), which baresip reports without a name.
		await until('the keys at the phone', () => (codec === 'AMR-WB' ? phone.events.some((e) => e.type === 'CALL_DTMF_END')
			: phone.events.filter((e) => e.type === 'CALL_DTMF_START').map((e) => e.param).join('') === '15'));
		await page.hangup();
		await phone.event('CALL_CLOSED');
		await session.noMedia();

		before = phone.recordings().length;
		phone.clear();
		phone.autoAnswer(false);
		await phone.dial('sip:user1@home1.net');
		await page.callState('incoming');
		await page.page.click('#answer');
		await page.callState('connected');
		await phone.event('CALL_ESTABLISHED');
		await heardAtBothEnds(phone, codec, before);
		await phone.hangup();
		await until('the end at the page', () => page.page.evaluate(() => !globalThis.line.currentCall));
		await session.noMedia();
	});
}
