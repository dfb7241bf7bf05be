// SPDX-License-Identifier: BSD-2-Clause
// What a page may not say, over a real WebSocket and through the whole module:
// every header of the trust domain in odd spelling, folded, repeated and with
// space before the colon, in REGISTER, in requests outside and inside a dialog,
// and in answers (CVE-2020-28361 was a removal that an odd spelling went round).
import test from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { answer, build, rand } from '../tna_register/support/sip.mjs';
import { Page } from '../tna_register/support/page.mjs';
import { Site } from '../tna_register/support/site.mjs';

const HEADERS = ['P-Asserted-Identity', 'P-Asserted-Service', 'P-Associated-URI', 'P-Called-Party-ID', 'P-Served-User', 'P-Profile-Key', 'P-User-Database', 'P-Private-Network-Indication',
	'Additional-Identity', 'Remote-Party-ID', 'Identity', 'Attestation-Info', 'Origination-Id', 'History-Info', 'Diversion', 'P-Access-Network-Info', 'Cellular-Network-Info', 'P-Visited-Network-ID',
	'P-Charging-Vector', 'P-Charging-Function-Addresses', 'P-Charge-Info', 'P-DCS-Billing-Info', 'P-DCS-LAES', 'P-DCS-OSPS', 'P-DCS-Redirect', 'P-DCS-Trace-Party-ID', 'Relayed-Charge',
	'Path', 'Service-Route', 'Record-Route', 'Feature-Caps', 'Restoration-Info', 'Service-Interact-Info', 'Response-Source', 'P-Answer-State', 'Resource-Share', 'Resource-Priority',
	'Priority-Share', 'P-Media-Authorization', 'Security-Client', 'Security-Verify', 'Security-Server'];
const COMPACT = { Identity: 'y' };
// Not of answers: docs/w2.md says which.
const REQUESTS_ONLY = ['Record-Route', 'Resource-Priority', 'Security-Client', 'Security-Verify'];

let site, registrar;
test.before(async () => {
	site = await Site.start();
	registrar = site.registrar;
});
test.after(() => site.stop());

async function page(t, user) {
	const p = await Page.open(site, { user });
	t.after(() => { site.registrar = registrar; p.drop(); });
	assert.equal((await p.register()).status, 200);
	p.path = site.path();
	return p;
}

const value = (name) => (/Route|Path|History|Diversion|Identity|URI|Party|User|Called/i.test(name) ? '<sip:evil@evil.example;lr>' : 'evil=evil');
const odd = (text) => [...text].map((c, i) => (i % 2 ? c.toLowerCase() : c.toUpperCase())).join('');
// Every way to write one header that is one all the same.
const spellings = (name) => [`${name}: ${value(name)}`, `${odd(name)}:${value(name)}`, `${name.toUpperCase()} \t: ${value(name)}, ${value(name)}`,
	`${name}:\r\n ${value(name)}`, `${name} :\r\n\t${value(name)}`, `${name.toLowerCase()}: ${value(name)}`, ...(COMPACT[name] ? [`${COMPACT[name]}: ${value(name)}`] : [])];
const clean = (m, what) => assert.ok(m && !/evil/i.test(m.text), `${what}: ${m?.text}`);

test('trust_list_here_is_that_of_the_library', () => {
	const source = readFileSync(new URL('../../../lib/tna/trust.c', import.meta.url), 'utf8');
	assert.deepEqual([...HEADERS].sort(), [...source.matchAll(/ROW\("([\w-]+)"/g)].map((m) => m[1]).sort());
});

for (const name of HEADERS)
	test(`trust_over_wss_${name.replace(/-/g, '_')}`, async (t) => {
		const p = await page(t, `t${HEADERS.indexOf(name)}`), lines = spellings(name);
		// One at a time, then all together: taking one out must not save another.
		for (const headers of [...lines.map((l) => [l]), lines]) {
			const n = site.registers.length;
			assert.equal((await p.register({ headers })).status, 200);
			clean(site.registers[n], 'REGISTER');
			const callId = rand();
			p.send(p.request('MESSAGE', { uri: 'sip:peer@home1.net', callId, headers }));
			const message = await site.inbox.request('MESSAGE', (m) => m.callId === callId);
			clean(message, 'MESSAGE');
			site.reply(message, 200);
			await p.inbox.final('MESSAGE');
		}
		if (REQUESTS_ONLY.includes(name)) return;
		// The answer of a page, and its requests within the call.
		const callId = rand();
		site.send(site.request('INVITE', { uri: p.contact, to: p.aor, routes: [p.path], callId, body: 'v=0\r\n', headers: [`Record-Route: <sip:scscf@127.0.0.1:${site.ports.core};lr>`] }));
		const invite = await p.inbox.request('INVITE', (m) => m.callId === callId);
		p.send(answer(invite, 200, { tag: 'page', body: 'v=0\r\n', more: [...invite.all('Record-Route').map((r) => `Record-Route: ${r}`), `Contact: <${p.contact}>`, ...lines] }));
		const ok = await site.inbox.reply('INVITE', 200, (m) => m.callId === callId);
		clean(ok, 'answer');
		const routes = invite.list('Record-Route');
		p.send(p.request('INFO', { uri: `sip:peer@127.0.0.1:${site.ports.core}`, to: 'sip:peer@home1.net', toTag: invite.fromTag, fromTag: 'page', callId, routes, headers: lines }));
		const info = await site.inbox.request('INFO', (m) => m.callId === callId);
		clean(info, 'INFO');
		site.reply(info, 200);
	});

for (const [what, lines] of Object.entries({
	plain: ['Authorization: Digest username="evil", integrity-protected="auth-done"'],
	proxy: ['Proxy-Authorization: Digest username="evil", integrity-protected="auth-done", authorization-entity="evil@example.net"'],
	odd_case: ['aUTHORIZATION: dIGEST username="evil", Integrity-Protected="auth-done"'],
	space_before_the_colon: ['Authorization \t: Digest username="evil", integrity-protected=auth-done'],
	folded: ['Authorization:\r\n Digest\r\n username="evil",\r\n\tintegrity-protected="auth-done"'],
	folded_before_the_colon: ['Authorization\r\n : Digest username="evil", integrity-protected="auth-done"'],
	twice: ['Authorization: Digest username="evil"', 'Authorization: Digest username="evil2", integrity-protected="tls-yes", authorization-entity="evil@example.net"'],
	other_scheme: ['Authorization: Basic evil'],
	akav1: ['Authorization: Digest username="evil", algorithm=AKAv1-MD5, response="evil"'],
}))
	test(`trust_authorization_beside_the_bearer_${what}`, async (t) => {
		const p = await page(t, `a-${what.replace(/_/g, '-')}`), n = site.registers.length;
		const r = await Promise.race([p.register({ headers: lines }), p.closed]).catch(() => ({}));
		for (const m of site.registers.slice(n)) {
			clean(m, 'REGISTER');
			assert.equal(m.all('Authorization').length, 1);
			assert.match(m.get('Authorization'), new RegExp(`^Digest username="${p.user}_private@home1\\.net".*, integrity-protected="auth-done"$`));
			assert.ok(!m.get('Proxy-Authorization'));
		}
		// Refused, dropped by the guard, or cleaned: nothing else.
		assert.ok([undefined, 200, 400].includes(r.status), r.first);
		if (r.status === 200) assert.equal(site.registers.length, n + 1);
		const callId = rand();
		p.send(p.request('MESSAGE', { uri: 'sip:peer@home1.net', callId, headers: lines }));
		const sent = await site.inbox.request('MESSAGE', (m) => m.callId === callId, 500).catch(() => undefined);
		if (!sent) return;
		// Digest for a service behind the core passes (docs/w2.md); nothing that speaks of trust.
		assert.doesNotMatch(sent.text, /integrity-protected|authorization-entity|auth-done|tls-yes|Bearer|Basic/i);
		for (const h of [...sent.all('Authorization'), ...sent.all('Proxy-Authorization')]) assert.match(h, /^Digest /i);
		site.reply(sent, 200);
	});

for (const [what, contact] of Object.entries({
	parameter: (c) => `<${c};alias=192.0.2.66~5060~1>`, odd_case: (c) => `<${c};ALIAS=192.0.2.66~5060~1>`,
	of_the_header: (c) => `<${c}>;alias=192.0.2.66~5060~1`, escaped: (c) => `<${c};%61lias=192.0.2.66~5060~1>`, twice: (c) => `<${c};alias=192.0.2.66~5060~1;x;alias=192.0.2.67~5060~1>`,
}))
	test(`trust_alias_in_contact_leads_nowhere_${what}`, async (t) => {
		const p = await page(t, `c-${what.replace(/_/g, '-')}`), callId = rand();
		p.send(build('INVITE sip:peer@home1.net SIP/2.0', [p.via(), 'Max-Forwards: 69', 'To: <sip:peer@home1.net>', `From: <${p.aor}>;tag=1`, `Call-ID: ${callId}`, 'CSeq: 1 INVITE',
			`Contact: ${contact(p.contact)}`, `Authorization: Bearer ${p.token}`, 'Content-Type: application/sdp'], 'v=0\r\n'));
		const invite = await site.inbox.request('INVITE', (m) => m.callId === callId, 1000).catch(() => undefined);
		if (!invite) return void assert.ok((await p.inbox.final('INVITE')).status >= 400);
		assert.doesNotMatch(invite.get('Contact'), /[;]alias=/i);
		site.reply(invite, 200);
		const ok = await p.inbox.reply('INVITE', 200);
		p.send(p.ackText(invite, ok));
		await site.inbox.request('ACK', (m) => m.callId === callId);
		// Back inside the dialog it comes over the page's own connection.
		site.send(site.request('INFO', { uri: /<([^>]+)>/.exec(invite.get('Contact'))[1], to: p.aor, toTag: '1', fromTag: ok.toTag, callId, cseq: 2, routes: invite.list('Record-Route') }));
		await p.inbox.request('INFO', (m) => m.callId === callId);
	});
