// SPDX-License-Identifier: BSD-2-Clause
// Pictures and several lines of sound between a page and an IMS phone: each
// browser's way to bundle them, both codecs, video that comes and goes from
// either side. What is seen is the camera's known pattern, moving: in the page,
// and decoded from what the phone received.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Media, MICROPHONE_HZ, PHONE_HZ, VIDEO, until } from './media.mjs';

const OTHER_HZ = 660, SECOND_HZ = 1300;
let m;

test.before(async () => { m = await Media.begin('media-video', { profile: VIDEO, capture: true }); });
test.after(() => m?.end());
test.afterEach(() => m.clear());

const failure = (promise) => promise.then(() => undefined, (error) => error.message);
const ports = (sdp, kind) => [...sdp.matchAll(new RegExp(`^m=${kind} (\\d+) `, 'gm'))].map(([, port]) => Number(port));
const count = (name) => Number(new RegExp(`sdp_mediate\\.${name}: (\\d+)`).exec(m.session.rpc('epcscf', 'stats.fetch', 'sdp_mediate:'))[1]);

for (const bundlePolicy of ['balanced', 'max-compat']) {
	test(`media_video_out_bundle_policy_${bundlePolicy}`, async () => {
		const call = await m.callOut({ video: true, bundlePolicy }, { video: {} });
		await m.heardAtBothEnds(call);
		await m.seenAtBothEnds(call);
		const { video } = await m.inCall((c) => c.stats());
		assert.ok(video.decoded_n > 10 && video.width === 320, JSON.stringify(video));
		await m.hangup(call);
	});
}

// This gateway cannot take a bundle apart: what is in it but the first is refused.
test('media_video_out_bundle_policy_max_bundle_has_its_sound', async () => {
	const before = count('warning_unbundle');
	const call = await m.callOut({ video: true, bundlePolicy: 'max-bundle' }, { video: {} });
	assert.deepEqual(ports(call.offers[0], 'video'), [0]);
	assert.deepEqual(ports(m.gotAnswer(), 'video'), [0]);
	await m.heardAtBothEnds(call);
	assert.ok(count('warning_unbundle') > before);
	await m.hangup(call);
});

// A section of its own for each is what this gateway offers; such a page has
// none to take them.
test('media_video_in_bundle_policy_max_bundle_is_refused', async () => {
	const refused = failure(m.phone.call('sip:user1@home1.net', { tones_hz: [PHONE_HZ], video: {}, proto: 'RTP/AVPF' }));
	await m.page.callState('incoming');
	await m.page.page.evaluate(() => globalThis.line.answer({ video: true, bundlePolicy: 'max-bundle' }));
	assert.match(await refused, /^488 /);
	await m.page.callState('ended');
	assert.match(await m.inCall((c) => String(c.error)), /bundle/);
	await m.session.noMedia();
});

test('media_video_no_candidates_in_the_offer', async () => {
	const call = await m.callOut({ video: true, gathering: 'none' }, { video: {} });
	assert.doesNotMatch(m.sentOffer(), /^a=candidate/m);
	await m.heardAtBothEnds(call);
	await m.seenAtBothEnds(call);
	await m.hangup(call);
});

test('media_video_in', async () => {
	const call = await m.callIn({ video: true }, { video: {}, proto: 'RTP/AVPF' });
	await m.heardAtBothEnds(call);
	await m.seenAtBothEnds(call);
	await m.hangup(call);
});

for (const way of ['out', 'in']) {
	test(`media_video_h264_${way}`, async () => {
		const call = way === 'out' ? await m.callOut({ video: true }, { video: { codecs: ['H264'] } })
			: await m.callIn({ video: true }, { video: { codecs: ['H264'] }, proto: 'RTP/AVPF' });
		assert.equal(call.video.codec, 'H264');
		await m.seenAtBothEnds(call);
		await m.hangup(call);
	});
}

// Nobody can ask for a keyframe: what was there from the beginning is decoded,
// and the eP-CSCF counts that somebody may miss it.
test('media_video_in_without_feedback', async () => {
	const before = count('warning_keyframe');
	const call = await m.callIn({ video: true }, { video: {}, proto: 'RTP/AVP' });
	await m.heardAtBothEnds(call);
	await Promise.all([m.pageSees(), m.phoneSees(call, { fresh: false })]);
	assert.equal(call.video.askedUs_n, 0);
	assert.ok(count('warning_keyframe') > before);
	await m.hangup(call);
});

test('media_video_the_pages_requests_for_keyframes_arrive', async () => {
	const call = await m.callOut({ video: true }, { video: {} });
	await m.seenAtBothEnds(call);
	const { askedUs_n: before } = call.video;
	call.video.drop_n = 3; // the echo loses packets
	await until('PLI at the phone', () => call.video.askedUs_n > before);
	await m.pageSees();
	await m.hangup(call);
});

test('media_video_refused_by_the_phone', async () => {
	const call = await m.callOut({ video: true }, {});
	assert.deepEqual(ports(m.gotAnswer(), 'video'), [0]);
	await m.heardAtBothEnds(call);
	assert.equal(await m.inCall((c) => c.remoteVideo), undefined);
	await m.hangup(call);
});

test('media_video_in_answered_without_a_camera', async () => {
	const call = await m.callIn({}, { video: { mode: 'echo' }, proto: 'RTP/AVPF' });
	assert.match(call.remoteAnswer, /m=video [1-9][^]*a=recvonly/);
	await m.heardAtBothEnds(call);
	await m.inCall((c) => c.setVideo(true));
	await m.seenAtBothEnds(call);
	await m.hangup(call);
});

test('media_video_added_and_taken_away_by_the_page', async () => {
	const call = await m.callOut({}, { video: {} });
	await m.heardAtBothEnds(call);
	await m.inCall((c) => c.setVideo(true));
	assert.equal(call.lines.length, 2);
	await m.heardAtBothEnds(call);
	await m.seenAtBothEnds(call);
	await m.inCall((c) => c.setVideo(false));
	assert.match(call.offers.at(-1), /m=video [^]*a=(recvonly|inactive)/);
	const { received_n: before } = call.video;
	await m.heardAtBothEnds(call);
	assert.ok(call.video.received_n - before < 5, 'still pictures at the phone');
	await m.inCall((c) => c.setVideo(true));
	await m.seenAtBothEnds(call);
	await m.hangup(call);
});

test('media_video_that_the_phone_refuses_leaves_the_call', async () => {
	const call = await m.callOut({}, { refuseReoffer: 488 });
	await m.heardAtBothEnds(call);
	assert.match(await failure(m.inCall((c) => c.setVideo(true))), /refused by the other side \(488 /);
	assert.equal(await m.inCall((c) => c.localVideo), undefined);
	m.phone.answerWith({});
	await m.inCall((c) => c.hold());
	assert.match(call.offers.at(-1), /m=audio [^]*a=sendonly[^]*m=video 0 /);
	await m.inCall((c) => c.hold(false));
	await m.heardAtBothEnds(call);
	m.phone.answerWith({ video: {} });
	await m.inCall((c) => c.setVideo(true));
	await m.seenAtBothEnds(call);
	await m.hangup(call);
});

test('media_video_added_and_taken_away_by_the_phone', async () => {
	const call = await m.callIn({}, { proto: 'RTP/AVPF' });
	await m.heardAtBothEnds(call);
	await call.reoffer('INVITE', { have: { video: {} } });
	await m.inCall((c) => c.setVideo(true)); // the user says yes
	await m.heardAtBothEnds(call);
	await m.seenAtBothEnds(call);
	await call.reoffer('INVITE', { without: ['video'] });
	assert.deepEqual(ports(call.remoteAnswer, 'video'), [0]);
	await m.heardAtBothEnds(call);
	await m.hangup(call);
});

test('media_video_hold_and_ice_restart', async () => {
	const call = await m.callOut({ video: true }, { video: {} });
	await m.seenAtBothEnds(call);
	await m.inCall((c) => c.restartIce());
	await m.heardAtBothEnds(call);
	await m.seenAtBothEnds(call);
	// By the page's buttons.
	const { page } = m.page;
	assert.ok(await page.isVisible('#theirs') && await page.isVisible('#ours'));
	await page.click('#hold');
	await page.waitForFunction(() => globalThis.line.currentCall.held && document.getElementById('hold').textContent === 'Take back');
	await Promise.all([m.phoneHearsNothing(call), m.pageHearsNothing()]);
	assert.equal([...call.offers.at(-1).matchAll(/^a=sendonly/gm)].length, 2);
	await page.click('#hold');
	await page.waitForFunction(() => !globalThis.line.currentCall.held);
	await m.heardAtBothEnds(call);
	await m.seenAtBothEnds(call);
	await page.click('#camera');
	await page.waitForSelector('#ours', { state: 'hidden' });
	await m.hangup(call);
	assert.ok(!await page.isVisible('#theirs'));
});

test('media_video_two_audio_lines', async () => {
	await m.twoLines(SECOND_HZ);
	const both = { tones_hz: [PHONE_HZ, OTHER_HZ], microphones_hz: [MICROPHONE_HZ, SECOND_HZ] };
	const call = await m.callOut({ stream: 'twoLines' }, { tones_hz: both.tones_hz });
	await m.heardAtBothEnds(call, both);
	await m.hangup(call);
	// One of the two refused: the other is where it was.
	const one = await m.callOut({ stream: 'twoLines' });
	assert.equal(ports(m.gotAnswer(), 'audio')[1], 0);
	await m.heardAtBothEnds(one);
	await m.hangup(one);
});

test('media_video_no_webrtc_attribute_reached_ims', async () => {
	await m.session.stopCapture();
	const { address } = m.session.lab.nodes.epcscf;
	const bodies = m.session.core().filter((s) => s.src === address && /\r\nm=video /.test(s.text));
	assert.ok(bodies.length > 20, `only ${bodies.length} descriptions`);
	for (const { text } of bodies) {
		assert.doesNotMatch(text, /\r\na=(candidate|end-of-candidates|ice-|fingerprint|setup|tls-id|msid|extmap|group|mid|rtcp-mux|rtcp-rsize|ssrc|rid|simulcast)/);
		assert.doesNotMatch(text, /\b(rtx|ulpfec|red|flexfec-03)\/|goog-remb|transport-cc/);
		for (const section of text.split('\r\nm=').slice(1).filter((s) => / RTP\/S?AVP /.test(s)))
			assert.doesNotMatch(section, /\r\na=rtcp-fb/);
	}
});

test('media_video_the_page_saw_no_script_error', () => {
	assert.deepEqual(m.page.errors, []);
});
