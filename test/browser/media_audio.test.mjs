// SPDX-License-Identifier: BSD-2-Clause
// Sound between a page and an IMS phone in all that may happen to a call: what
// of the candidates is in the offer, answers at once and late, hold, other
// ports and codecs, new paths, keys, refusals. Heard at both ends each time.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Media, PHONE_HZ, until } from './media.mjs';
import { readDtmf } from '../lab/numbers/dsp.mjs';

const HOLD_HZ = 880, MUSIC_HZ = 1500;
let m;

test.before(async () => { m = await Media.begin('media-audio', { profile: 'video=no;core=avp', capture: true }); });
test.after(() => m?.end());
test.afterEach(() => m.clear());

const ufrag = (sdp) => /^a=ice-ufrag:(\S+)/m.exec(sdp)[1];
const direction = (sdp) => /^a=(sendrecv|sendonly|recvonly|inactive)/m.exec(sdp)?.[1] ?? 'sendrecv';
const failure = (promise) => promise.then(() => undefined, (error) => error.message);

for (const bundlePolicy of ['balanced', 'max-bundle', 'max-compat']) {
	test(`media_audio_bundle_policy_${bundlePolicy}`, async () => {
		const call = await m.callOut({ bundlePolicy });
		await m.heardAtBothEnds(call);
		assert.match(m.gotAnswer(), bundlePolicy === 'max-bundle' ? /^a=group:BUNDLE 0\r$/m : /^m=audio \d+ /m);
		await m.hangup(call);
	});
}

test('media_audio_in_with_bundle_policy_max_bundle', async () => {
	const call = await m.callIn({ bundlePolicy: 'max-bundle' });
	await m.heardAtBothEnds(call);
	await m.hangup(call);
});

test('media_audio_all_candidates_in_the_offer', async () => {
	const call = await m.callOut({ gathering: 'all' });
	assert.match(m.sentOffer(), /^a=candidate:\S+ 1 tcp /m);
	await m.heardAtBothEnds(call);
	await m.hangup(call);
});

// This gateway cannot be told of them, so the page does not try: checks do.
test('media_audio_no_candidates_in_the_offer_nor_later', async () => {
	const call = await m.callOut({ gathering: 'none' });
	assert.match(m.sentOffer(), /^a=ice-ufrag:/m);
	assert.doesNotMatch(m.sentOffer(), /^a=(candidate|end-of-candidates)/m);
	await m.heardAtBothEnds(call);
	assert.deepEqual(m.page.messages(/^INFO /), []);
	await m.hangup(call);
});

test('media_audio_answer_after_3_s', async () => {
	const calling = m.callOut({}, { tones_hz: [PHONE_HZ], delay_ms: 3000 });
	await m.page.callState('ringing');
	const call = await calling;
	await m.heardAtBothEnds(call);
	await m.hangup(call);
});

test('media_audio_hold_by_the_page', async () => {
	const call = await m.callOut();
	await m.heardAtBothEnds(call);
	await m.inCall((c) => c.hold());
	assert.equal(direction(call.offers.at(-1)), 'sendonly');
	assert.deepEqual(await m.inCall((c) => [c.held, c.text]), [true, `${m.phone.impu} is on hold`]);
	await Promise.all([m.phoneHearsNothing(call), m.pageHearsNothing()]);
	await m.inCall((c) => c.hold(false));
	assert.equal(direction(call.offers.at(-1)), 'sendrecv');
	await m.heardAtBothEnds(call);
	await m.hangup(call);
});

test('media_audio_hold_by_the_page_with_music', async () => {
	const call = await m.callOut();
	await m.inCall((c, hz) => {
		const context = new AudioContext();
		const music = new OscillatorNode(context, { frequency: hz });
		const out = context.createMediaStreamDestination();
		music.connect(out);
		music.start();
		return c.hold(true, { music: out.stream.getAudioTracks()[0] });
	}, MUSIC_HZ);
	await Promise.all([m.phoneHears(call, MUSIC_HZ), m.pageHearsNothing()]);
	await m.inCall((c) => c.hold(false));
	await m.heardAtBothEnds(call);
	await m.hangup(call);
});

test('media_audio_hold_by_the_phone', async () => {
	const call = await m.callOut();
	await m.heardAtBothEnds(call);
	call.tone(HOLD_HZ);
	await call.reoffer('INVITE', { direction: 'sendonly' });
	assert.equal(direction(call.remoteAnswer), 'recvonly');
	assert.equal(await m.inCall((c) => c.remoteHeld), true);
	await Promise.all([m.pageHears(HOLD_HZ), m.phoneHearsNothing(call)]);
	await call.reoffer('UPDATE', { direction: 'inactive' });
	await m.pageHearsNothing();
	call.tone(PHONE_HZ);
	await call.reoffer('INVITE');
	assert.equal(await m.inCall((c) => c.remoteHeld), false);
	await m.heardAtBothEnds(call);
	await m.hangup(call);
});

test('media_audio_hold_by_both_and_back', async () => {
	const call = await m.callOut();
	await m.inCall((c) => c.hold());
	await call.reoffer('INVITE', { direction: 'sendonly' });
	await Promise.all([m.phoneHearsNothing(call), m.pageHearsNothing()]);
	await m.inCall((c) => c.hold(false));
	await call.reoffer('INVITE');
	await m.heardAtBothEnds(call);
	await m.hangup(call);
});

test('media_audio_ice_restart_by_the_page', async () => {
	const call = await m.callOut();
	await m.heardAtBothEnds(call);
	const before = { sent: ufrag(m.sentOffer()), got: ufrag(m.gotAnswer()), ims: call.offers.at(-1) };
	await m.inCall((c) => c.restartIce());
	assert.notEqual(ufrag(m.sentOffer()), before.sent);
	assert.notEqual(ufrag(m.gotAnswer()), before.got, 'the gateway restarts, too');
	assert.equal(call.offers.length, 2);
	await m.heardAtBothEnds(call);
	await m.hangup(call);
});

test('media_audio_other_codec_and_port_of_the_phone', async () => {
	const call = await m.callOut();
	await m.heardAtBothEnds(call);
	assert.equal((await m.inCall((c) => c.stats())).codec, 'audio/PCMA');
	await call.reoffer('INVITE', { have: { audio: ['PCMU'] }, move: true });
	await m.heardAtBothEnds(call);
	assert.equal((await m.inCall((c) => c.stats())).codec, 'audio/PCMU');
	await call.reoffer('UPDATE', { have: { audio: ['PCMA'] } });
	await m.heardAtBothEnds(call);
	await m.hangup(call);
});

test('media_audio_reinvite_without_an_offer', async () => {
	const call = await m.callIn();
	await m.heardAtBothEnds(call);
	await call.askForOffer();
	await m.heardAtBothEnds(call);
	await m.hangup(call);
});

test('media_audio_keys_to_the_phone_and_read_back', async () => {
	const call = await m.callOut();
	let keys = '';
	call.on('digit', (key) => { keys += key; });
	await m.inCall((c) => c.dtmf('159#'));
	await until('keys at the phone', () => keys === '159#', 5000);
	await m.hangup(call);
	await m.dial({}, 'sip:602@home1.net');
	await m.page.callState('connected');
	await m.pageSound({ ms: 600 }); // its beep
	await m.inCall((c) => c.dtmf('27'));
	assert.equal(readDtmf(await m.pageSound({ ms: 3500 })), '27');
	await m.page.hangup();
	await m.session.noMedia();
});

test('media_audio_keys_to_the_page', async () => {
	const call = await m.callOut();
	await m.pageHears();
	call.silence();
	// The browser plays telephone events as tones; on a busy machine what is
	// recorded of them may have holes.
	const heard = [];
	for (let tries = 0; tries < 4 && heard.at(-1) !== '380*'; tries++) {
		const [pcm] = await Promise.all([m.pageSound({ ms: 2000 }), call.digits('380*', { duration_ms: 200, gap_ms: 120 })]);
		heard.push(readDtmf(pcm));
	}
	assert.equal(heard.at(-1), '380*', `heard ${heard}`);
	await m.hangup(call);
});

test('media_audio_refused_with_488_by_the_phone', async () => {
	m.phone.answerWith({ audio: ['AMR'] }); // which the page does not offer
	await m.dial();
	await m.page.callState('ended');
	assert.deepEqual(await m.inCall((c) => [c.code, c.text]), [488, 'no common media format']);
	await m.session.noMedia();
});

test('media_audio_change_refused_with_488_leaves_the_call', async () => {
	const call = await m.callOut({}, { refuseReoffer: 488 });
	await m.heardAtBothEnds(call);
	assert.match(await failure(m.inCall((c) => c.hold())), /refused by the other side \(488 /);
	assert.equal(await m.inCall((c) => c.held), false);
	assert.match(await failure(m.inCall((c) => c.restartIce())), /refused by the other side \(488 /);
	await m.heardAtBothEnds(call);
	m.phone.have = {};
	await m.inCall((c) => c.hold());
	await m.inCall((c) => c.hold(false));
	await m.heardAtBothEnds(call);
	await m.hangup(call);
});

test('media_audio_the_page_refuses_what_it_cannot_play', async () => {
	const calling = m.phone.call('sip:user1@home1.net', { tones_hz: [PHONE_HZ], audio: ['AMR'] });
	const refused = failure(calling);
	await m.page.callState('incoming');
	await m.page.page.evaluate(() => globalThis.line.answer());
	assert.match(await refused, /^488 /);
	await m.page.callState('ended');
	assert.equal(await m.inCall((c) => c.code), 488);
	await m.session.noMedia();
});

test('media_audio_video_alone_is_refused_where_the_site_has_none', async () => {
	m.phone.answerWith({ video: {} });
	await m.dial({ audio: false, video: true });
	await m.page.callState('ended');
	assert.equal(await m.inCall((c) => c.code), 488);
	assert.match(m.page.messages(/^SIP\/2\.0 488 /).at(-1), /\r\nWarning: 304 /);
	const call = await m.callOut({ video: true }, { video: {} });
	assert.match(call.offers[0], /\r\nm=video 0 /);
	await m.heardAtBothEnds(call);
	await m.hangup(call);
});

test('media_audio_no_webrtc_attribute_reached_ims', async () => {
	await m.session.stopCapture();
	const { address } = m.session.lab.nodes.epcscf;
	const bodies = m.session.core().filter((s) => s.src === address && /\r\nm=audio /.test(s.text));
	assert.ok(bodies.length > 30, `only ${bodies.length} descriptions`);
	assert.deepEqual(m.session.core().filter((s) => /^INFO /.test(s.text) || /\r\n(Supported|Recv-Info|Require): [^\r]*trickle-ice/i.test(s.text)), []);
	for (const { text } of bodies)
		assert.doesNotMatch(text, /\r\na=(candidate|end-of-candidates|ice-|fingerprint|setup|tls-id|msid|extmap|group|mid|rtcp-mux|rtcp-rsize|rtcp-fb|ssrc)/);
});

test('media_audio_the_page_saw_no_script_error', () => {
	assert.deepEqual(m.page.errors, []);
});
