// SPDX-License-Identifier: BSD-2-Clause
// Ways round a WWSF's list of destinations: REFER within a dialog, and the
// Contacts of a page's 3xx answer.
import test from 'node:test';
import assert from 'node:assert/strict';
import { answer } from './support/sip.mjs';
import { Site, uriOf } from './support/site.mjs';
import * as subs from './support/subs.mjs';

let site;
test.before(async () => { site = await Site.start({ wwsf: 'destination = sip:*@home1.net, tel:+1555*\n' }); });
test.after(() => site.stop());

const page = (t, user) => subs.page(t, site, user);
const counter = async (name) => Number((await site.rpc('stats.fetch', 'all'))[`tna_register.${name}`]);

test('destination_refer_within_a_call_and_a_subscription', async (t) => {
	const p = await page(t, 'refers');
	const { ok } = await site.callOut(p);
	const call = { uri: uriOf(ok.get('Contact')), to: uriOf(ok.get('To')), toTag: ok.toTag, fromTag: ok.fromTag, callId: ok.callId, routes: ok.list('Record-Route').reverse() };
	const { d } = await subs.subscribe(site, p);
	for (const dialog of [call, d]) {
		for (const to of ['<tel:+1900555>', '<sip:premium@elsewhere.example>', '<sip:+1900@home1.net;user=phone>']) {
			const no = await p.ask('REFER', { ...dialog, headers: [`Refer-To: ${to}`] });
			assert.equal(no.status, 403, to);
			assert.match(no.get('Warning'), /this destination is not allowed/);
		}
		assert.equal((await p.ask('REFER', { ...dialog, headers: [] })).status, 400, 'no Refer-To');
		assert.equal((await p.ask('REFER', { ...dialog, headers: ['Refer-To: <sip:a@home1.net>', 'r: <tel:+1900>'] })).status, 400, 'two');
		for (const to of ['<sip:carol@home1.net?Replaces=x%3Bto-tag%3D1%3Bfrom-tag%3D2>', '<tel:+1-555-7>', `<${p.aor}>`])
			await subs.within(site, p, 'REFER', dialog, { headers: [`Refer-To: ${to}`] });
	}
	await site.inbox.none('REFER', (m) => m.method === 'REFER' && !m.status);
});

async function redirected(p, contacts, status = 302) {
	site.send(site.request('INVITE', { uri: p.contact, to: p.aor, routes: [p.path], body: 'v=0\r\n' }));
	const invite = await p.inbox.request('INVITE');
	p.send(answer(invite, status, { tag: 'page', more: contacts.map((c) => `Contact: ${c}`) }));
	const r = await site.inbox.final('INVITE');
	site.send(site.request('ACK', { uri: p.contact, to: p.aor, toTag: r.toTag, fromTag: r.fromTag, callId: r.callId, routes: [p.path], via: `Via: ${r.get('Via')}` }));
	return r;
}

test('destination_redirect_of_a_page', async (t) => {
	const p = await page(t, 'redirects'), before = await counter('redirects_removed');
	const good = await redirected(p, ['<sip:carol@home1.net>;q=0.5', '<tel:+15551>']);
	assert.equal(good.status, 302);
	assert.deepEqual(good.list('Contact'), ['<sip:carol@home1.net>;q=0.5', '<tel:+15551>']);
	assert.equal(await counter('redirects_removed'), before);
	const some = await redirected(p, ['<tel:+1900>, "Carol" <sip:carol@home1.net>, <sip:x@elsewhere.example>', '<tel:+1901>', '<sip:dave@home1.net>'], 300);
	assert.equal(some.status, 300);
	assert.deepEqual(some.all('Contact'), ['"Carol" <sip:carol@home1.net>', '<sip:dave@home1.net>']);
	for (const contacts of [['<tel:+1900>'], ['<tel:+1900>', '<sip:x@elsewhere.example>'], ['<sip:carol@home1.net;alias=1.2.3.4~5060~1>, <tel:+1900>']]) {
		const none = await redirected(p, contacts);
		assert.match(none.first, /^SIP\/2\.0 480 Temporarily Unavailable/, contacts.join());
		assert.deepEqual(none.all('Contact'), []);
	}
	assert.equal(await counter('redirects_removed'), before + 4);
	assert.equal((await redirected(p, [])).status, 302, 'nowhere to go is for the caller to see');
	assert.equal((await redirected(p, [`<${p.aor}>`])).status, 302, 'its own other devices');
});

test('destination_redirect_to_emergency_services', async (t) => {
	const p = await page(t, 'sends');
	const r = await redirected(p, ['<sip:112@home1.net>, <sip:carol@home1.net>', '<urn:service:sos>']);
	assert.equal(r.status, 302);
	assert.deepEqual(r.all('Contact'), ['<sip:carol@home1.net>']);
	assert.equal((await redirected(p, ['<sip:112@home1.net>'])).status, 480);
});
