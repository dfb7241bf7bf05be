// SPDX-License-Identifier: BSD-2-Clause
// With an rtpengine that takes bundles apart (mr14 and later): whatever policy
// a browser has, all of its media pass; in a bundle where it can do no other
// (bundle=needed), or where the core offered the media. It runs beside the
// installed one, in a root of its own (mk/rtpengine.sh).
import test from 'node:test';
import assert from 'node:assert/strict';
import { Media, MICROPHONE_HZ, PHONE_HZ, VIDEO, until } from './media.mjs';

const OTHER_HZ = 660, SECOND_HZ = 1300;
let m;

test.before(async () => {
	m = await Media.begin('media-bundle', { rtpengine: 'sid', profile: `${VIDEO};gateway=26.0;bundle=needed`, capture: true });
	await m.twoLines(SECOND_HZ);
});
test.after(() => m?.end());
test.afterEach(() => m.clear());

const ports = (sdp) => [...sdp.matchAll(/^m=\S+ (\d+) /gm)].map(([, port]) => Number(port));
const onOnePort = (sdp) => assert.equal(new Set(ports(sdp)).size, 1, `ports ${ports(sdp)}`);
const transports = () => m.inCall(async (c) => [...(await c.peerConnection.getStats()).values()]
	.filter((s) => s.type === 'transport').map((s) => s.dtlsState));

test('media_bundle_audio_and_video_out_max_bundle', async () => {
	const call = await m.callOut({ video: true, bundlePolicy: 'max-bundle' }, { video: {} });
	assert.match(m.gotAnswer(), /^a=group:BUNDLE 0 1\r$/m);
	onOnePort(m.gotAnswer());
	assert.equal(new Set(ports(call.offers[0])).size, 2, 'towards the core each has its own');
	await m.heardAtBothEnds(call);
	await m.seenAtBothEnds(call);
	assert.deepEqual(await transports(), ['connected']);
	await m.hangup(call);
});

// Each section on its own has its RTCP, too.
for (const bundlePolicy of ['balanced', 'max-compat']) {
	test(`media_bundle_audio_and_video_out_${bundlePolicy}_has_none`, async () => {
		const call = await m.callOut({ video: true, bundlePolicy }, { video: {} });
		assert.doesNotMatch(m.gotAnswer(), /^a=group:BUNDLE/m);
		await m.heardAtBothEnds(call);
		await m.seenAtBothEnds(call);
		assert.deepEqual(await transports(), ['connected', 'connected']);
		const { askedUs_n: before } = call.video;
		call.video.drop_n = 3;
		await until('PLI at the phone', () => call.video.askedUs_n > before);
		await m.pageSees();
		await m.hangup(call);
	});
}

for (const bundlePolicy of ['balanced', 'max-bundle']) {
	test(`media_bundle_audio_and_video_in_${bundlePolicy}`, async () => {
		const call = await m.callIn({ video: true, bundlePolicy }, { video: {}, proto: 'RTP/AVPF' });
		await m.heardAtBothEnds(call);
		await m.seenAtBothEnds(call);
		assert.deepEqual(await transports(), ['connected']);
		await m.inCall((c) => c.hold());
		await m.pageHearsNothing();
		await m.inCall((c) => c.hold(false));
		await m.heardAtBothEnds(call);
		await m.hangup(call);
	});
}

test('media_bundle_two_audio_lines_max_bundle', async () => {
	const both = { tones_hz: [PHONE_HZ, OTHER_HZ], microphones_hz: [MICROPHONE_HZ, SECOND_HZ] };
	const call = await m.callOut({ stream: 'twoLines', bundlePolicy: 'max-bundle' }, { tones_hz: both.tones_hz });
	onOnePort(m.gotAnswer());
	await m.heardAtBothEnds(call, both);
	await m.hangup(call);
});

test('media_bundle_video_refused_by_the_phone', async () => {
	const call = await m.callOut({ video: true, bundlePolicy: 'max-bundle' }, {});
	assert.match(m.gotAnswer(), /^a=group:BUNDLE 0\r$/m);
	await m.heardAtBothEnds(call);
	await m.hangup(call);
});

test('media_bundle_video_added_hold_and_ice_restart', async () => {
	const call = await m.callOut({ bundlePolicy: 'max-bundle' }, { video: {} });
	await m.heardAtBothEnds(call);
	await m.inCall((c) => c.setVideo(true));
	await m.seenAtBothEnds(call);
	await m.inCall((c) => c.restartIce());
	await m.heardAtBothEnds(call);
	await m.seenAtBothEnds(call);
	await m.inCall((c) => c.hold());
	await m.pageHearsNothing();
	await m.inCall((c) => c.hold(false));
	await m.heardAtBothEnds(call);
	await m.seenAtBothEnds(call);
	await m.hangup(call);
});

// What follows the offer or the answer is for the gateway (RFC 8840).
const infos = () => m.page.messages(/^INFO [^]*\r\nInfo-Package: trickle-ice\r\n/, true);
const fragments = () => Number(/sdp_mediate\.fragments: (\d+)/.exec(m.session.rpc('epcscf', 'stats.fetch', 'sdp_mediate:'))[1]);

for (const video of [false, true]) {
	test(`media_bundle_no_candidates_in_the_offer_of_${video ? 'video' : 'audio'}_they_follow`, async () => {
		const before = infos().length, given = fragments();
		const call = await m.callOut({ video, bundlePolicy: 'max-bundle', gathering: 'none' }, { video: {} });
		assert.match(m.sentOffer(), /^a=ice-ufrag:/m);
		assert.doesNotMatch(m.sentOffer(), /^a=(candidate|end-of-candidates)|^m=\S+ (?!9 )|^c=(?!IN IP4 0\.0\.0\.0\r)/m);
		await until('INFO', () => infos().length > before && /\na=end-of-candidates\r\n/.test(infos().at(-1)));
		const [head, fragment] = infos().at(-1).split('\r\n\r\n');
		assert.match(head, /\r\nContent-Type: application\/trickle-ice-sdpfrag\r\n/);
		assert.match(fragment, /^a=ice-ufrag:\S+\r\na=ice-pwd:\S+\r\nm=audio 9 [^\n]*\na=mid:0\r\n[^]*a=candidate:\S+ 1 udp /);
		await m.heardAtBothEnds(call);
		if (video) await m.seenAtBothEnds(call);
		assert.deepEqual(m.page.messages(/^SIP\/2\.0 [3-6][^]*\r\nCSeq: \d+ INFO/, false), []);
		assert.ok(fragments() > given);
		await m.hangup(call);
	});
}

test('media_bundle_no_candidates_in_the_answer_they_follow', async () => {
	const before = infos().length;
	const call = await m.callIn({ gathering: 'none' });
	assert.doesNotMatch(m.page.messages(/^SIP\/2\.0 200 [^]*\r\nm=audio /, true).at(-1), /\r\na=candidate/);
	await until('INFO', () => infos().length > before);
	await m.heardAtBothEnds(call);
	await m.hangup(call);
});

// rtpengine 26.0.1 forwards no RTCP of a bundle's second section to the core:
// the phone's requests reach the page, the page's do not reach the phone.
test('media_bundle_keyframes_are_asked_for_by_the_phone', async (t) => {
	const call = await m.callOut({ video: true, bundlePolicy: 'max-bundle' }, { video: {} });
	await m.seenAtBothEnds(call); // from a keyframe on that the phone asked for
	const { asked_n: asked, keys_n: keys } = call.video;
	assert.ok(asked > 0);
	call.video.askKey(Infinity);
	await until('another keyframe', () => call.video.keys_n > keys);
	t.diagnostic(`RTCP reports of the page that reached the phone: ${call.video.reports_n}`);
	await m.hangup(call);
});

test('media_bundle_no_webrtc_attribute_reached_ims', async () => {
	await m.session.stopCapture();
	const { address } = m.session.lab.nodes.epcscf;
	const bodies = m.session.core().filter((s) => s.src === address && /\r\nm=audio /.test(s.text));
	assert.ok(bodies.length > 10, `only ${bodies.length} descriptions`);
	assert.deepEqual(m.session.core().filter((s) => /^INFO /.test(s.text) || /\r\n(Supported|Recv-Info|Require): [^\r]*trickle-ice/i.test(s.text)), []);
	for (const { text } of bodies)
		assert.doesNotMatch(text, /\r\na=(candidate|end-of-candidates|ice-|fingerprint|setup|tls-id|msid|extmap|group|mid|rtcp-mux|rtcp-rsize|ssrc|rid|simulcast)/);
});
