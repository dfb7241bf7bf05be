// SPDX-License-Identifier: BSD-2-Clause
// Several answers to one offer, through the whole eP-CSCF and a real gateway:
// early media of one end and the answer of another, in another codec; and two
// 2xx of a fork (RFC 3261 13.2.2.4).
import test from 'node:test';
import assert from 'node:assert/strict';
import { Lab, OFFER } from '../webrtc_auth/support/labpage.mjs';
import { answer } from '../tna_register/support/sip.mjs';

let lab, a, b;
test.before(async () => {
	lab = await Lab.start('lab-answers');
	[a, b] = [await lab.page('user1'), await lab.page('user2')];
	for (const p of [a, b]) assert.equal((await p.register()).status, 200);
});
test.after(() => lab?.stop());

const line = (sdp, pattern) => pattern.exec(sdp)?.[0].trim();
// What one end answers to `invite`: some payload types of it, from a port.
const body = (invite, types, port) => OFFER.replace(/a=setup:\w+/g, 'a=setup:active').replace(/a=mid:.*/g, line(invite.body, /a=mid:.*/))
	.replace(/^m=audio \d+ (\S+) .*/m, `m=audio ${port} $1 ${types}`).replace(/^a=(rtpmap|fmtp|rtcp-fb):(\d+) .*\r\n/gm, (l, _, pt) => (types.split(' ').includes(pt) ? l : ''));
const more = (invite) => [...invite.all('Record-Route').map((r) => `Record-Route: ${r}`), `Contact: <${b.contact}>`, 'Content-Type: application/sdp'];
const types = (sdp) => /^m=audio [1-9]\d* \S+ (.*)\r$/m.exec(sdp)?.[1];

async function ring() {
	const callId = `answers-${Math.random()}`;
	a.send(a.request('INVITE', { uri: b.aor, body: OFFER, callId }));
	const invite = await b.inbox.request('INVITE', (m) => m.body.includes('m=audio'));
	return { invite, says: (status, tag, sdp) => b.send(answer(invite, status, { tag, more: more(invite), body: sdp })), hears: (status, tag) => a.inbox.reply('INVITE', status, (m) => m.callId === callId && (!tag || m.toTag.endsWith(tag))) };
}

test('answers_of_another_end_in_another_codec', async () => {
	const call = await ring();
	call.says(183, 'one', body(call.invite, '0', 50000));
	const early = await call.hears(183);
	assert.equal(types(early.body), '0');
	call.says(200, 'two', body(call.invite, '8 126', 50010));
	const ok = await call.hears(200);
	assert.equal(types(ok.body), '8 126');
	assert.match(ok.body, /^a=rtcp-mux\r$/m);
	// It is the same transport of the gateway's: the browser has connected.
	for (const same of [/^m=audio \d+/m, /^a=ice-ufrag:.*/m, /^a=ice-pwd:.*/m, /^a=fingerprint:.*/m, /^a=setup:.*/m, /^a=group:.*/m, /^a=mid:.*/m]) assert.equal(line(ok.body, same), line(early.body, same));
});

test('answers_of_the_first_end_behind_those_of_another', async () => {
	const call = await ring();
	const first = body(call.invite, '0', 50000);
	call.says(183, 'one', first);
	assert.equal(types((await call.hears(183, 'one')).body), '0');
	call.says(183, 'two', body(call.invite, '8', 50010));
	assert.equal(types((await call.hears(183, 'two')).body), '8');
	call.says(200, 'one', first);
	assert.equal(types((await call.hears(200, 'one')).body), '0');
});

test('answers_of_a_fork_the_first_2xx_counts', async () => {
	const call = await ring();
	call.says(200, 'one', body(call.invite, '111 110', 50000));
	const ok = await call.hears(200, 'one');
	assert.equal(types(ok.body), '111 110');
	call.says(200, 'two', body(call.invite, '8 126', 50010));
	const other = await call.hears(200, 'two');
	assert.equal(other.body, ok.body);
	// And it comes again, as it was.
	call.says(200, 'one', body(call.invite, '111 110', 50000));
	assert.equal(types((await call.hears(200, 'one')).body), '111 110');
});

test('answers_behind_a_refusal_keep_no_worker_for_each', async () => {
	const call = await ring();
	call.says(487, 'one');
	await call.hears(487);
	const since = Date.now();
	for (const tag of ['one', 'two', 'three', 'four', 'five', 'six']) call.says(200, tag, body(call.invite, '0', 50000));
	// Read behind them, by the same worker.
	b.send(b.request('OPTIONS', { uri: 'sip:home1.net' }));
	await b.inbox.final('OPTIONS', 8000);
	const ms = Date.now() - since;
	assert.ok(ms < 900, `${ms} ms`);
});

test('answers_of_refusal_describe_nothing', async () => {
	const call = await ring();
	call.says(488, 'one', body(call.invite, '0', 50000));
	const no = await call.hears(488);
	assert.equal(no.body, '');
	assert.doesNotMatch(no.text, /m=audio/);
});

// Kamailio corrects the length of what it sends on.
for (const [what, length] of [['shorter', (n) => n], ['none', () => 0]])
	test(`answers_whose_length_is_${what}_are_clean_to_their_end`, async () => {
		const call = await ring(), sdp = body(call.invite, '0', 50000);
		const text = answer(call.invite, 200, { tag: 'one', more: more(call.invite), body: sdp });
		b.send(text.replace(/Content-Length: \d+/, `Content-Length: ${length(Buffer.byteLength(sdp))}`) + 'a=x-evil:1\r\n');
		const ok = await call.hears(200);
		assert.equal(types(ok.body), '0');
		assert.doesNotMatch(ok.text, /x-evil|50000/);
	});
