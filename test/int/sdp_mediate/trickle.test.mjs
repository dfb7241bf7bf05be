// SPDX-License-Identifier: BSD-2-Clause
// Trickle ICE in SIP (RFC 8840) through the eP-CSCF as shipped, with the real
// gateway and the real core behind it: a page trickles, nobody behind the
// eP-CSCF hears of it, and what the core says of it reaches no page.
import test from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Lab, OFFER } from '../webrtc_auth/support/labpage.mjs';
import { rand } from '../tna_register/support/sip.mjs';
import { SipUe } from '../../lab/phones/sipue.mjs';

const FRAGMENT = 'application/trickle-ice-sdpfrag';
const PACKAGE = 'Info-Package: trickle-ice';
const ufrag = /a=ice-ufrag:(\S+)/.exec(OFFER)[1], pwd = /a=ice-pwd:(\S+)/.exec(OFFER)[1], mid = /a=mid:(\S+)/.exec(OFFER)[1];
const level = `a=ice-ufrag:${ufrag}\r\na=ice-pwd:${pwd}\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:${mid}\r\n`;
const host = 'a=candidate:1 1 udp 2130706431 127.0.0.1 40000 typ host\r\n';
const mdns = 'a=candidate:2 1 udp 2130706431 0f3a2b1c-5a5d-4d5c-8f60-0d0f6e7f1a2b.local 40001 typ host\r\n';
// An offer of somebody who did not gather anything yet.
const BARE = OFFER.replace(/^a=(candidate|end-of-candidates).*\r?\n/gm, '').replace(/^m=audio \d+/m, 'm=audio 9').replace(/^c=.*$/m, 'c=IN IP4 0.0.0.0');

let lab, page, carol, dialog;
const counter = (name) => Number(new RegExp(`${name} = (\\d+)`).exec(lab.kamcmd('stats.fetch', `sdp_mediate.${name}`).replace(/: /g, ' = '))[1]);

test.before(async () => {
	lab = await Lab.start('lab-trickle', undefined, ['pcscf']);
	page = await lab.page('user1');
	assert.equal((await page.register()).status, 200);
	carol = await SipUe.open({ address: '127.0.0.20', lab, user: lab.users.carol });
	assert.equal((await carol.register()).status, 200);
	// The call that all is about: the page's offer has no candidates.
	const ringing = carol.next('INVITE');
	page.send(page.request('INVITE', { uri: carol.aor, body: BARE, headers: ['Supported: 100rel;x=1, Trickle-ICE,outbound', 'Recv-Info: infoDtmf, trickle-ice', 'Allow: INVITE,ACK,BYE,INFO'] }));
	const invite = await ringing;
	carol.reply(invite, 180, 'Ringing', [['Contact', carol.contact], ['Supported', 'trickle-ice'], ['Recv-Info', 'trickle-ice']]);
	const early = await page.inbox.reply('INVITE', 180);
	const body = ['v=0', 'o=- 1 1 IN IP4 127.0.0.20', 's=-', 'c=IN IP4 127.0.0.20', 't=0 0', `m=audio 6000 RTP/AVP ${/^m=audio \d+ \S+ (\d+)/m.exec(invite.body)[1]}`, ''].join('\r\n')
		.replace(/$/, /^a=rtpmap:.*$/m.exec(invite.body)[0].trim() + '\r\n');
	carol.reply(invite, 200, 'OK', [['Contact', carol.contact], ['Supported', 'timer, trickle-ice'], ['Recv-Info', 'trickle-ice, infoDtmf'], ['Content-Type', 'application/sdp']], body);
	const ok = await page.inbox.reply('INVITE', 200);
	const acked = carol.next('ACK');
	page.send(page.ackText(invite, ok));
	await acked;
	dialog = { invite, early, ok };
});
test.after(async () => { carol?.close(); await lab?.stop(); });

// An INFO of the page within the call.
function info(body, { headers = [PACKAGE], type = FRAGMENT, ...more } = {}) {
	const { ok } = dialog;
	return page.ask('INFO', { uri: /<([^>]+)>/.exec(ok.get('Contact'))[1], to: /<([^>]+)>/.exec(ok.get('To'))[1], toTag: ok.toTag, fromTag: ok.fromTag,
		callId: ok.callId, routes: ok.list('Record-Route').reverse(), headers, body, type, ...more });
}
const heard = () => carol.trace.filter((m) => !m.out && m.text.startsWith('INFO ')).length;

test('trickle_option_and_package_do_not_reach_the_core', () => {
	const text = dialog.invite.text ?? carol.trace.find((m) => !m.out && m.text.startsWith('INVITE ')).text;
	assert.doesNotMatch(text, /trickle|candidate|ice-/i, text);
	assert.match(text, /^Supported: 100rel;x=1, ?outbound\r$/m);
	assert.match(text, /^Recv-Info: infoDtmf\r$/m);
});

test('trickle_offer_without_candidates_is_answered_with_the_gateways', () => {
	assert.match(dialog.ok.body, /a=candidate:/);
	assert.match(dialog.ok.body, /a=end-of-candidates/);
	assert.doesNotMatch(dialog.ok.body, /ice-options/);
});

test('trickle_of_the_far_side_does_not_reach_the_page', () => {
	assert.doesNotMatch(dialog.early.text, /trickle/i);
	assert.doesNotMatch(dialog.ok.text, /trickle/i);
	assert.equal(dialog.ok.get('Supported'), 'timer');
	assert.equal(dialog.ok.get('Recv-Info'), 'infoDtmf');
});

test('trickle_candidates_are_taken_and_go_nowhere', async () => {
	const before = counter('fragments'), none = heard();
	assert.equal((await info(level + host)).status, 200);
	assert.equal((await info(level + mdns)).status, 200);
	assert.equal((await info(`${level}a=end-of-candidates\r\n`)).status, 200);
	assert.equal(counter('fragments'), before + 3);
	// Another package in the same dialog comes behind them, and arrives.
	const other = carol.next('INFO');
	const answered = info('Signal=1\r\n', { headers: ['Info-Package: infoDtmf'], type: 'application/dtmf-relay' });
	carol.reply(await other, 200, 'OK');
	assert.equal((await answered).status, 200);
	assert.equal(heard(), none + 1);
});

for (const [name, body, more] of [
	['fragment_without_credentials', host],
	['fragment_of_rubbish', 'candidates!\r\n'],
	['whole_description', OFFER],
	['another_body', level + host, { type: 'application/sdp' }],
	['no_package', level + host, { headers: [] }],
	['nothing_in_it', '', { headers: [PACKAGE, 'Content-Type: application/trickle-ice-sdpfrag'] }],
	['a_control_octet', level + host.replace('host', 'ho\0st')],
])
	test(`trickle_${name}_is_400`, async () => {
		const none = heard();
		assert.equal((await info(body, more)).status, 400);
		assert.equal(heard(), none);
	});

test('trickle_for_no_call_is_481', async () => {
	const none = heard();
	assert.equal((await page.ask('INFO', { uri: carol.aor, headers: [PACKAGE], type: FRAGMENT, body: level + host })).status, 481);
	// A call that nobody knows: the page's right to it ends before the candidates count.
	assert.ok([403, 481].includes((await info(level + host, { callId: rand() })).status));
	assert.equal(heard(), none);
});

test('trickle_from_the_core_is_469_and_does_not_reach_the_page', async () => {
	const { ok, invite } = dialog;
	const routes = invite.all('Record-Route').map((r) => ['Route', r]);
	const seen = page.inbox.seen.filter((m) => m.method === 'INFO' && !m.status).length;
	const res = await carol.transact('INFO', /<([^>]+)>/.exec(invite.header('Contact'))[1], [...routes, ['From', ok.get('To')], ['To', ok.get('From')], ['Call-ID', ok.callId],
		['Contact', carol.contact], ['Info-Package', 'trickle-ice'], ['Content-Type', FRAGMENT]], { body: level + host });
	assert.equal(res.status, 469);
	assert.equal(res.header('Recv-Info'), '');
	assert.equal(page.inbox.seen.filter((m) => m.method === 'INFO' && !m.status).length, seen);
});

test('trickle_leaves_nothing_in_the_log_that_is_secret', () => {
	const log = lab.log();
	assert.ok(!log.includes(pwd) && !log.includes(page.token), 'a secret in the log');
	assert.doesNotMatch(readFileSync(lab.parts.epcscf.log, 'latin1'), /CRITICAL|BUG/);
});
