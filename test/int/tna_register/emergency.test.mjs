// SPDX-License-Identifier: BSD-2-Clause
// Emergency services are not for a WIC: every way to ask for them, the answer
// that sends a device elsewhere, and its settings (TS 24.229 5.2.10).
import test from 'node:test';
import assert from 'node:assert/strict';
import { answer } from './support/sip.mjs';
import { Page } from './support/page.mjs';
import { Site, uriOf } from './support/site.mjs';
import * as subs from './support/subs.mjs';

const counter = async (site, name) => Number((await site.rpc('stats.fetch', 'all'))[`tna_register.${name}`]);
const BODY = '<?xml version="1.0" encoding="UTF-8"?>\n<ims-3gpp version="1"><alternative-service><type>emergency</type>'
	+ '<reason>Emergency calls are not possible from this web page.</reason></alternative-service></ims-3gpp>\n';

async function start(t, options) {
	const site = await Site.start(options);
	t.after(() => site.stop());
	return site;
}

const uris = ['urn:service:sos', 'urn:service:sos.fire', 'URN:SERVICE:SOS', 'urn:service:sos;x=y', 'tel:112', 'tel:1-1-2', 'TEL:(9)1.1', 'tel:112;phone-context=home1.net', 'sip:112@home1.net', 'sip:112@HOME1.NET.',
	'sip:112@home1.net:5060;transport=tcp', 'sips:911@home1.net', 'sip:112@registrar.home1.net', 'sip:112@127.0.0.1:5060', 'sip:112@elsewhere.example;user=phone', 'sip:1%31-2@elsewhere.example;USER=Phone',
	'sip:112;phone-context=+49@elsewhere.example;user=phone', 'sip:911@elsewhere.example;user=dialstring', 'sip:112:secret@home1.net'];
const ordinary = ['tel:1122', 'tel:+112', 'tel:+4911234', 'sip:112@elsewhere.example', 'sip:1123@home1.net', 'sip:bob112@home1.net', 'sip:110@home1.net', 'sip:112.bob@home1.net', 'urn:service:sosx'];

test('emergency_is_refused_however_it_is_written', async (t) => {
	const site = await start(t), p = await subs.page(t, site, 'caller');
	let n = 0;
	for (const uri of uris) {
		const no = await p.ask('INVITE', { uri, to: 'sip:peer@home1.net', body: 'v=0\r\n' });
		assert.equal(no.status, 380, `${uri} ${no.first}`);
		n++;
		assert.equal(no.get('Content-Type'), 'application/3gpp-ims+xml', uri);
		assert.equal(no.get('Content-Length'), String(BODY.length));
		assert.equal(no.body, BODY);
		assert.deepEqual(no.all('P-Asserted-Identity'), ['<sip:127.0.0.1:5060>']);
	}
	for (const method of ['MESSAGE', 'SUBSCRIBE', 'PUBLISH', 'OPTIONS', 'INFO', 'REFER', 'NOTIFY', 'FOO']) {
		const no = await p.ask(method, { uri: 'tel:112', headers: ['Event: presence'] });
		assert.equal(no.status, 380, method);
		n++;
	}
	assert.equal(await counter(site, 'emergency_refused'), n);
	for (const uri of ordinary) {
		p.send(p.request('MESSAGE', { uri, to: 'tel:112' }));
		site.reply(await site.inbox.request('MESSAGE'), 200);
		assert.equal((await p.inbox.final('MESSAGE')).status, 200, uri);
	}
	await site.inbox.none('request', (m) => !m.status);
});

test('emergency_by_refer_in_and_out_of_a_call', async (t) => {
	const site = await start(t), p = await subs.page(t, site, 'referrer');
	const { ok } = await site.callOut(p);
	const d = { uri: uriOf(ok.get('Contact')), to: uriOf(ok.get('To')), toTag: ok.toTag, fromTag: ok.fromTag, callId: ok.callId, routes: ok.list('Record-Route').reverse() };
	for (const to of ['<tel:112>', '<urn:service:sos>', '"Help" <sip:9-1-1@home1.net;method=INVITE>', 'tel:112', '<sip:112@home1.net?Subject=x>', '<sip:carol@home1.net>, <tel:112>']) {
		for (const o of [{ uri: 'sip:peer@home1.net' }, d]) {
			const no = await p.ask('REFER', { ...o, headers: [`Refer-To: ${to}`] });
			assert.equal(no.status, 380, `${to} ${o.toTag ?? ''}`);
			assert.equal(no.body, BODY);
		}
	}
	await site.inbox.none('REFER', (m) => m.method === 'REFER' && !m.status);
});

// A dialog that an emergency centre began is a dialog.
test('emergency_centre_that_calls_back_is_answered_and_hung_up', async (t) => {
	const site = await start(t), p = await subs.page(t, site, 'rescued');
	site.send(site.request('INVITE', { uri: p.contact, to: p.aor, from: 'tel:112', routes: [p.path], headers: [`Record-Route: <sip:scscf@127.0.0.1:${site.ports.core};lr>`], body: 'v=0\r\n' }).replace('<sip:peer@', '<sip:112@'));
	const invite = await p.inbox.request('INVITE');
	p.send(answer(invite, 200, { tag: 'page', more: [...invite.all('Record-Route').map((r) => `Record-Route: ${r}`), `Contact: <${p.contact}>`], body: 'v=0\r\n' }));
	await site.inbox.final('INVITE');
	p.send(p.request('BYE', { uri: uriOf(invite.get('Contact')), to: uriOf(invite.get('From')), toTag: invite.fromTag, fromTag: 'page', callId: invite.callId, routes: invite.list('Record-Route') }));
	const bye = await site.inbox.request('BYE');
	assert.match(bye.uri, /^sip:112@/);
	site.reply(bye, 200);
	assert.equal((await p.inbox.final('BYE')).status, 200);
});

test('emergency_unregistered_page_and_limited_web_site', async (t) => {
	const site = await start(t, { wwsf: 'destination = sip:peer@home1.net\n' });
	const stranger = await Page.open(site, { user: 'nobody' });
	t.after(() => stranger.drop());
	stranger.token = site.token('nobody');
	assert.equal((await stranger.ask('INVITE', { uri: 'tel:112', body: 'v=0\r\n' })).status, 380);
	assert.equal((await stranger.ask('INVITE', { uri: 'tel:113', body: 'v=0\r\n' })).status, 403);
	const p = await subs.page(t, site, 'limited');
	assert.equal((await p.ask('INVITE', { uri: 'tel:112', body: 'v=0\r\n' })).status, 380);
	assert.equal((await p.ask('INVITE', { uri: 'tel:113', body: 'v=0\r\n' })).status, 403);
	assert.equal((await p.ask('INVITE', { uri: 'urn:service:sos', from: 'sip:boss@home1.net', body: 'v=0\r\n' })).status, 380, 'whoever asks');
});

test('emergency_settings', async (t) => {
	const set = (code, numbers) => `modparam("tna_register", "emergency", ${code})\nmodparam("tna_register", "emergency_numbers", "${numbers}")\nmodparam("tna_register", "emergency_reason", "Dial <112> & wait")`;
	const site = await start(t, { params: set(403, '110, 1-1-9') }), p = await subs.page(t, site, 'settings');
	for (const uri of ['tel:110', 'tel:119', 'urn:service:sos']) {
		const no = await p.ask('INVITE', { uri, body: 'v=0\r\n' });
		assert.match(no.first, /^SIP\/2\.0 403 Forbidden/, uri);
		assert.equal(no.body, '');
		assert.equal(no.get('P-Asserted-Identity'), undefined);
	}
	p.send(p.request('INVITE', { uri: 'tel:112', body: 'v=0\r\n' }));
	site.reply(await site.inbox.request('INVITE'), 486);
	await p.inbox.final('INVITE');
	await site.stop();
	site.stop = async () => {};
	const second = await start(t, { params: set(380, '') }), q = await subs.page(t, second, 'settings');
	const no = await q.ask('INVITE', { uri: 'urn:service:sos', body: 'v=0\r\n' });
	assert.equal(no.status, 380);
	assert.ok(no.body.includes('<reason>Dial &lt;112&gt; &amp; wait</reason>'), no.body);
});

test('emergency_setting_that_is_no_refusal_does_not_start', async () => {
	for (const code of [200, 302, 0, 700])
		await assert.rejects(Site.start({ params: `modparam("tna_register", "emergency", ${code})` }), /380, or a refusal/, String(code));
});
