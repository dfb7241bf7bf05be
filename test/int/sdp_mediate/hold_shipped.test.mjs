// SPDX-License-Identifier: BSD-2-Clause
// Held replies in the shipped configuration: what goes on passes the gate of
// webrtc_auth and the routes of tna_register a second time.
import test from 'node:test';
import assert from 'node:assert/strict';
import { answer } from '../tna_register/support/sip.mjs';
import { Lab, OFFER } from '../webrtc_auth/support/labpage.mjs';
import { until } from './support/site.mjs';

let lab, a, b;
test.before(async () => {
	lab = await Lab.start('lab-hold', ['WITH_IQ'], ['rtpengine-iq']);
	await until('the gateway', () => /state: up/.test(lab.kamcmd('sdp_mediate.nodes')), 15000);
	[a, b] = [await lab.page('user1'), await lab.page('user2')];
	for (const p of [a, b]) assert.equal((await p.register()).status, 200);
});
test.after(() => lab?.stop());

const counter = (name) => Number(/= (\d+)/.exec(lab.kamcmd('stats.fetch', name).replace(/: /g, ' = '))[1]);

test('hold_shipped_answer_that_is_none_ends_the_call_and_nothing_else', async () => {
	a.send(a.request('INVITE', { uri: b.aor, body: OFFER }));
	const invite = await b.inbox.request('INVITE'), of = (m) => m.callId === invite.callId;
	const more = [...invite.all('Record-Route').map((r) => `Record-Route: ${r}`), `Contact: <${b.contact}>`, 'Content-Type: application/sdp'];
	b.send(answer(invite, 200, { tag: 'b', more, body: 'v=0\r\nthis is none\r\n' }));
	const final = await a.inbox.reply('INVITE', (st) => st >= 300);
	assert.equal(final.body, '');
	const bye = await b.inbox.request('BYE', of);
	assert.equal(bye.toTag, 'b');
	await b.inbox.request('ACK', of);
	b.send(answer(bye, 200));
	assert.equal(counter('webrtc_auth.frames_malformed'), 0);
	const { ok } = await lab.call(a, b); // on the same connections
	assert.match(ok.body, /a=fingerprint/);
});

test('hold_shipped_credentials_in_a_held_reply_are_masked', async () => {
	a.send(a.request('INVITE', { uri: b.aor, body: OFFER }));
	const invite = await b.inbox.request('INVITE'), of = (m) => m.callId === invite.callId;
	const more = [...invite.all('Record-Route').map((r) => `Record-Route: ${r}`), `Contact: <${b.contact}>`, 'Content-Type: application/sdp', `Authorization: Bearer ${b.token}`];
	const body = OFFER.replace(/a=setup:\w+/g, 'a=setup:active').replace(/a=mid:.*/g, /a=mid:.*/.exec(invite.body)[0].trim());
	b.send(answer(invite, 200, { tag: 'b', more, body }));
	const ok = await a.inbox.reply('INVITE', 200, of);
	assert.ok(!ok.text.includes(b.token), 'nobody else reads it');
	assert.ok(!lab.log().includes(b.token));
});
