// SPDX-License-Identifier: BSD-2-Clause
// The shipped configuration of the eP-CSCF with WITH_IQ, against the lab's core
// and rtpengine-iq: what both its forms, native and Lua, must do.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { answer, rand } from '../../tna_register/support/sip.mjs';
import { uriOf } from '../../tna_register/support/site.mjs';
import { Lab, OFFER } from '../../webrtc_auth/support/labpage.mjs';
import { ng } from './nodes.mjs';
import { until } from './asite.mjs';

export function policy(name, defines) {
	let lab, iq;
	before(async () => {
		lab = await Lab.start(`lab-iq-${name}`, ['WITH_IQ', ...defines], ['rtpengine-iq']);
		iq = `${lab.nodes.rtpengineIq.address}:${lab.nodes.rtpengineIq.ng}`;
		await until('the gateway', () => /state: up/.test(lab.kamcmd('sdp_mediate.nodes')));
	});
	after(() => lab?.stop());
	const page = async (t, user) => {
		const p = await lab.page(user);
		t.after(() => p.drop());
		assert.equal((await p.register()).status, 200);
		return p;
	};
	const calls = async () => (await ng(iq, { command: 'list', limit: 100 })).calls;

	test(`${name}_a_call_between_two_pages_and_its_end`, async (t) => {
		const [a, b] = [await page(t, 'user1'), await page(t, 'user2')];
		const { invite, ok } = await lab.call(a, b);
		assert.match(invite.body, /a=fingerprint:/);
		assert.match(ok.body, /a=fingerprint:/);
		assert.equal((await calls()).length, 2, 'a leg each');
		a.send(a.request('BYE', { uri: uriOf(ok.get('Contact')), to: uriOf(ok.get('To')), toTag: ok.toTag, fromTag: ok.fromTag,
			callId: ok.callId, routes: ok.list('Record-Route').reverse() }));
		b.send(answer(await b.inbox.request('BYE'), 200));
		assert.equal((await a.inbox.final('BYE')).status, 200);
		await until('no call', async () => (await calls()).length === 0);
		assert.doesNotMatch(lab.log(), /CRITICAL|media of .* failed|not asked/);
	});

	test(`${name}_a_call_that_is_cancelled`, async (t) => {
		const [a, b] = [await page(t, 'user3'), await page(t, 'user4')];
		const options = { uri: b.aor, callId: rand(), fromTag: 'x', cseq: 50, via: a.via() };
		a.send(a.request('INVITE', { ...options, body: OFFER }));
		const invite = await b.inbox.request('INVITE');
		b.send(answer(invite, 180, { tag: 'b', more: [...invite.all('Record-Route').map((r) => `Record-Route: ${r}`), `Contact: <${b.contact}>`] }));
		await a.inbox.reply('INVITE', 180);
		a.send(a.request('CANCEL', options));
		b.send(answer(await b.inbox.request('CANCEL'), 200, { tag: 'b' }));
		b.send(answer(invite, 487, { tag: 'b' }));
		assert.equal((await a.inbox.final('INVITE')).status, 487);
		await until('no call', async () => (await calls()).length === 0);
	});

	test(`${name}_an_offer_that_cannot_be_is_488`, async (t) => {
		const [a] = [await page(t, 'user1')];
		const no = await a.ask('INVITE', { uri: 'sip:user2@home1.net', body: OFFER.replaceAll('UDP/TLS/RTP/SAVPF', 'RTP/AVP') });
		assert.equal(no.status, 488);
	});

	// Nobody ever sends media here: what the gateway watches breaks down.
	test(`${name}_media_that_breaks_down_ends_the_call_on_both_sides`, async (t) => {
		const [a, b] = [await page(t, 'user1'), await page(t, 'user2')];
		await lab.call(a, b);
		const [x, y] = await Promise.all([a.inbox.request('BYE', undefined, 45000), b.inbox.request('BYE', undefined, 45000)]);
		for (const bye of [x, y]) assert.match(bye.get('Reason'), /SIP;cause=503;text="Media lost"/);
		a.send(answer(x, 200));
		b.send(answer(y, 200));
		await until('no call', async () => (await calls()).length === 0);
		assert.match(lab.log(), /media of .*: ice-failed/);
	});
}
