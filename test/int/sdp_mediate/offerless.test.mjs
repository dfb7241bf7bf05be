// SPDX-License-Identifier: BSD-2-Clause
// An INVITE without an offer through the whole eP-CSCF: the 200 has the offer,
// the ACK the answer (RFC 3261 13.2.1), and both are mediated on both legs,
// though nobody has the offer at hand when the ACK comes: the gateway has.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Lab, OFFER } from '../webrtc_auth/support/labpage.mjs';
import { answer } from '../tna_register/support/sip.mjs';

const ANSWER = OFFER.replace(/a=setup:\w+/g, 'a=setup:active');

let lab, a, b;
test.before(async () => {
	lab = await Lab.start('lab-offerless');
	[a, b] = [await lab.page('user1'), await lab.page('user2')];
	for (const p of [a, b]) assert.equal((await p.register()).status, 200);
});
test.after(() => lab?.stop());

// What a browser insists on, and nothing of the other browser's.
function fitForBrowser(sdp, setup) {
	for (const want of [/^m=audio \d+ UDP\/TLS\/RTP\/SAVPF /m, /^a=group:BUNDLE \S+\r$/m, /^a=fingerprint:sha-256 /m, /^a=ice-ufrag:/m, /^a=candidate:/m, /^a=rtcp-mux\r$/m, setup]) assert.match(sdp, want);
	assert.ok(!sdp.includes(/a=ice-ufrag:.*/.exec(OFFER)[0].trim()), 'the other end\'s credentials');
	assert.doesNotMatch(sdp, /^a=(ssrc|msid|extmap)/m);
	// The group names the section as the section is named.
	assert.equal(/^a=group:BUNDLE (\S+)\r$/m.exec(sdp)[1], /^a=mid:(\S+)\r$/m.exec(sdp)[1]);
}

test('offerless_invite_has_its_offer_in_the_200_and_its_answer_in_the_ack', async () => {
	a.send(a.request('INVITE', { uri: b.aor, body: '', headers: ['Supported: 100rel, precondition'] }));
	const invite = await b.inbox.request('INVITE');
	assert.equal(invite.body, '');
	assert.doesNotMatch(invite.text, /precondition/);
	const more = [...invite.all('Record-Route').map((r) => `Record-Route: ${r}`), `Contact: <${b.contact}>`];
	b.send(answer(invite, 180, { tag: 'b', more }));
	await a.inbox.reply('INVITE', 180);
	b.send(answer(invite, 200, { tag: 'b', more: [...more, 'Content-Type: application/sdp'], body: OFFER }));
	const ok = await a.inbox.reply('INVITE', 200);
	fitForBrowser(ok.body, /^a=setup:actpass\r$/m);
	// Every codec of the offer that both browsers have came through.
	assert.match(ok.body, /^a=rtpmap:\d+ opus\/48000\/2\r$/m);

	const routes = ok.list('Record-Route').reverse();
	const mid = /^a=mid:(\S+)\r$/m.exec(ok.body)[1];
	a.send(a.request('ACK', { uri: /<([^>]+)>/.exec(ok.get('Contact'))[1], to: /<([^>]+)>/.exec(ok.get('To'))[1], toTag: ok.toTag, fromTag: ok.fromTag, callId: ok.callId, cseq: ok.cseq, routes, contact: false,
		body: ANSWER.replace(/a=mid:.*/g, `a=mid:${mid}`).replace(/a=group:BUNDLE.*/, `a=group:BUNDLE ${mid}`) }));
	const ack = await b.inbox.request('ACK');
	fitForBrowser(ack.body, /^a=setup:passive\r$/m);
	// The name is the one of b's own offer.
	assert.equal(/^a=mid:(\S+)\r$/m.exec(ack.body)[1], /^a=mid:(\S+)/m.exec(OFFER)[1]);
	assert.match(ack.body, /^a=sendrecv\r$/m);
});
