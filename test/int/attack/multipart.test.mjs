// SPDX-License-Identifier: BSD-2-Clause
// Session descriptions inside multipart bodies, through the whole eP-CSCF: the
// SDP part is mediated, the others pass as they are (RFC 5621), and a body with
// two SDP parts is refused, for nobody knows which one the other side takes.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Lab, OFFER } from '../webrtc_auth/support/labpage.mjs';
import { answer, build, rand } from '../tna_register/support/sip.mjs';

const B = 'a-boundary';
const XML = '<?xml version="1.0"?><presence xmlns="urn:ietf:params:xml:ns:pidf"/>\r\n';
const part = (type, text, more = '') => `--${B}\r\nContent-Type: ${type}\r\n${more}\r\n${text}`;
const multipart = (...parts) => `${parts.join('\r\n')}\r\n--${B}--\r\n`;

let lab, a, b;
test.before(async () => {
	lab = await Lab.start('lab-multipart');
	[a, b] = [await lab.page('user1'), await lab.page('user2')];
	for (const p of [a, b]) assert.equal((await p.register()).status, 200);
});
test.after(() => lab?.stop());

// -> {status} or {body, type} of what reached the called page.
async function invite(body, { type = `multipart/mixed;boundary=${B}`, headers = [] } = {}) {
	const callId = rand();
	a.send(a.request('INVITE', { uri: b.aor, callId, body, type, headers }));
	const final = a.inbox.reply('INVITE', (s) => s >= 300, (m) => m.callId === callId, 8000);
	const got = await Promise.race([final, b.inbox.request('INVITE', (m) => m.callId === callId, 8000).catch(() => final)]);
	if (!got.status) b.send(answer(got, 486, { tag: rand(4) }));
	const end = await final;
	a.send(build(`ACK ${b.aor} SIP/2.0`, [`Via: ${end.get('Via').replace(/;(rport|received)=[^;]*/g, '')}`, 'Max-Forwards: 70', `To: ${end.get('To')}`, `From: ${end.get('From')}`, `Call-ID: ${callId}`, `CSeq: ${end.cseq} ACK`]));
	return got.status ? { status: got.status } : { body: got.body, type: got.get('Content-Type'), invite: got };
}

// The called page's own eP-CSCF mediates once more: what it has is an offer for
// a browser, made of the core's.
function check(got) {
	assert.match(got.type ?? '', /^multipart\/mixed/, JSON.stringify(got));
	const parts = got.body.split(`--${B}`);
	const sdp = parts.find((p) => /application\/sdp/i.test(p));
	assert.match(sdp, /\r\nm=audio \d+ UDP\/TLS\/RTP\/SAVPF /);
	assert.doesNotMatch(got.body, new RegExp(/a=ice-ufrag:(.*)/.exec(OFFER)[1].trim()));
	assert.doesNotMatch(sdp, /a=(ssrc|msid|extmap)/);
	assert.match(got.body, /--\r\n$/);
	return parts;
}

test('multipart_sdp_is_mediated_and_the_rest_passes', async () => {
	const parts = check(await invite(multipart(part('application/pidf+xml', XML, 'Content-ID: <x@y>\r\n'), part('application/sdp', OFFER))));
	assert.ok(parts[1].includes(XML) && parts[1].includes('Content-ID: <x@y>'));
});

test('multipart_sdp_first_and_with_headers_of_its_own', async () => {
	const parts = check(await invite(multipart(part('Application/SDP ; charset=utf-8', OFFER, 'Content-Disposition: session;handling=required\r\n'), part('text/plain', 'v=0 is no start of a line here\r\n'))));
	assert.ok(parts[1].includes('handling=required') && parts[2].includes('v=0 is no start'));
});

test('multipart_sdp_without_an_end_of_its_last_line', async () => {
	check(await invite(multipart(part('application/sdp', OFFER.replace(/\r\n$/, '')))));
});

// RFC 3312: the SDP of a page or of a UE may have them, that of a page does not.
test('multipart_or_not_preconditions_end_with_their_option_tags', async () => {
	const body = `${OFFER}a=curr:qos local none\r\na=curr:qos remote none\r\na=des:qos optional local sendrecv\r\n`;
	const got = await invite(body, { type: 'application/sdp', headers: ['Supported: precondition, 100rel', 'Supported: precondition', 'k: timer,precondition'] });
	assert.doesNotMatch(got.body, /a=(curr|des)/);
	const supported = got.invite.all('Supported').concat(got.invite.all('k')).join(',');
	assert.doesNotMatch(supported, /precondition/);
	assert.match(supported, /100rel/);
	assert.match(supported, /timer/);
});

test('multipart_with_two_sdps_is_refused', async () => {
	assert.deepEqual(await invite(multipart(part('application/sdp', OFFER), part('application/sdp', OFFER))), { status: 400 });
	assert.deepEqual(await invite(multipart(part('text/plain', OFFER), part('application/sdp', OFFER))), { status: 400 });
});
