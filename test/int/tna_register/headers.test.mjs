// SPDX-License-Identifier: BSD-2-Clause
// Every header of a page's REGISTER on its way to the core, and of the core's
// answer on its way back (TS 24.229 5.2.2.1, 7.2A; TS 24.371 A.3.2).
import test from 'node:test';
import assert from 'node:assert/strict';
import { answer, build, rand } from './support/sip.mjs';
import { Page } from './support/page.mjs';
import { Site, until } from './support/site.mjs';

const IMPI = 'wire_private@home1.net';
let site, p;
test.before(async () => {
	site = await Site.start({ wwsf: 'max_registrations = 0\n', params: `
modparam("tna_register", "wwsf_param", "webrtc-web-server")
modparam("tna_register", "feature_caps", "*;+sip.audio;+sip.ice")
modparam("tna_register", "access_network_info", "IEEE-802.11;network-provided")
modparam("tna_register", "icid_generated_at", "192.0.2.6")
modparam("tna_register", "realm", "home1.net")
modparam("tna_register", "registrar_uri", "sip:registrar.home1.net")` });
	p = await Page.open(site, { user: 'wire' });
});
test.after(() => { p?.drop(); return site?.stop(); });
test.afterEach(() => { delete site.registrar; });

// A REGISTER whose header lines are the test's own, besides those that a
// REGISTER must have.
function raw(lines, { token = site.token('wire'), contact = `Contact: <${p.contact}>;reg-id=1;+sip.instance="<${p.instance}>"`, expires = 'Expires: 600' } = {}) {
	return build('REGISTER sip:registrar.home1.net SIP/2.0', [p.via(), 'Max-Forwards: 69', `To: <${p.aor}>`, `From: <${p.aor}>;tag=${rand(4)}`,
		`Call-ID: ${rand()}`, `CSeq: ${++p.cseq} REGISTER`, token && `Authorization: Bearer ${token}`, contact, expires, ...lines]);
}

async function send(lines, options) {
	const n = site.registers.length;
	p.send(raw(lines, options));
	const reply = await p.inbox.final('REGISTER');
	return { reply, sent: site.registers.length > n ? site.registers.at(-1) : undefined };
}

const core = (fn) => { site.registrar = (req) => fn(req); };
const ok = (req, more) => answer(req, 200, { tag: 'reg', more });

test('headers_what_the_eP-CSCF_adds', async (t) => {
	const mine = p, token = site.token('wire', { iss: 'https://waf.partner.net' });
	p = await Page.open(site, { user: 'wire' });
	t.after(() => { p.drop(); p = mine; });
	const { reply, sent } = await send(['Supported: outbound, gruu'], { token });
	assert.equal(reply.status, 200, reply.text);
	assert.equal(sent.uri, 'sip:registrar.home1.net');
	assert.deepEqual(sent.all('Authorization'), [`Digest username="${IMPI}", realm="home1.net", nonce="", uri="sip:registrar.home1.net", response="",`
		+ ' integrity-protected="auth-done", authorization-entity="waf@partner.net", webrtc-web-server="shop"']);
	assert.deepEqual(sent.all('Feature-Caps'), ['*;+sip.audio;+sip.ice']);
	assert.deepEqual(sent.all('P-Access-Network-Info'), ['IEEE-802.11;network-provided']);
	assert.deepEqual(sent.all('P-Visited-Network-ID'), ['home1.net']);
	assert.deepEqual(sent.all('Require'), ['path']);
	assert.deepEqual(sent.all('Supported').join(', ').split(/,\s*/).sort(), ['gruu', 'outbound', 'path']);
	assert.equal(sent.all('Path').length, 1);
	assert.match(sent.get('Path'), /^<sip:[A-Za-z0-9_-]{50}@127\.0\.0\.1:5060;lr;ob>$/);
	assert.equal(sent.all('P-Charging-Vector').length, 1);
	assert.match(sent.get('P-Charging-Vector'), /^icid-value="[0-9a-f]{32}";icid-generated-at=192\.0\.2\.6;orig-ioi="Type 1home1\.net"$/);
	assert.match(sent.get('Contact'), /;transport=ws>.*reg-id=1.*\+sip\.instance="<urn:uuid:/);
	const icid = sent.get('P-Charging-Vector');
	assert.notEqual((await send([], { token })).sent.get('P-Charging-Vector'), icid, 'a fresh icid for each');
});

// Names as a browser, a script, or somebody with time may write them.
const spellings = (name) => [`${name}: `, `${name.toLowerCase()}:`, `${name.toUpperCase()}  :  `, `${name}\t:\r\n `,
	`${[...name].map((c, i) => (i % 2 ? c.toUpperCase() : c.toLowerCase())).join('')} :\r\n\t\r\n `];
const TRUSTED = { 'P-Asserted-Identity': '<sip:evil@home1.net>', 'P-Associated-URI': '<sip:evil@home1.net>', 'P-Visited-Network-ID': 'evil',
	'P-Charging-Vector': 'icid-value=evil', 'P-Charging-Function-Addresses': 'ccf=evil', 'P-Access-Network-Info': 'IEEE-802.11;evil;network-provided',
	'Feature-Caps': '*;+evil', Path: '<sip:evil@evil.example;lr>', 'Service-Route': '<sip:evil@evil.example;lr>', Route: '<sip:evil.example;lr>',
	'P-Served-User': '<sip:evil@home1.net>', 'P-Profile-Key': '<sip:evil@home1.net>', 'P-User-Database': '<aaa://evil>', 'History-Info': '<sip:evil@home1.net>;index=1',
	'P-Asserted-Service': 'urn:urn-7:3gpp-service.evil', 'Security-Client': 'evil', 'Security-Verify': 'evil', 'Resource-Priority': 'evil.0',
	'Cellular-Network-Info': 'evil', 'Restoration-Info': '"evil"', 'P-Private-Network-Indication': 'evil', 'Response-Source': 'fe=<urn:evil>',
	'Proxy-Authorization': 'Digest username="evil", integrity-protected="auth-done"' };

for (const [name, value] of Object.entries(TRUSTED))
	test(`headers_${name}_of_a_page_never_survives`, async () => {
		for (const start of spellings(name)) {
			const { sent, reply } = await send([`${start}${value}`, 'X-Between: 1', `${name}: ${value}`]);
			assert.ok(sent, `${JSON.stringify(start)}: ${reply.first}`);
			assert.doesNotMatch(sent.text, /evil/, JSON.stringify(start));
		}
	});

test('headers_compact_forms_are_known', async () => {
	const { sent } = await send(['k: sec-agree, gruu', 'y: "evil"', `Subject: kept`],
		{ contact: `m: <${p.contact};alias=10.0.0.1~5060~1>;reg-id=1;+sip.instance="<${p.instance}>";expires=999999`, expires: null });
	assert.doesNotMatch(sent.text, /sec-agree|evil|alias/);
	const contact = sent.get('Contact') ?? sent.get('m');
	assert.ok(Number(/expires=(\d+)/.exec(contact)[1]) <= 300, contact);
	assert.match(sent.text, /Subject: kept/);
});

test('headers_credentials_in_every_spelling_are_replaced', async () => {
	const evil = 'Digest username="evil", realm="home1.net", nonce="", uri="sip:x", response="", integrity-protected="auth-done", authorization-entity="evil"';
	for (const start of spellings('Authorization')) {
		const { sent, reply } = await send([`${start}${evil}`, `Authorization: ${evil}`]);
		assert.ok(sent, reply.first);
		assert.equal(sent.all('Authorization').length, 1);
		assert.doesNotMatch(sent.text, /evil|Bearer/);
	}
	for (const odd of ['integrity-protected=auth-done', 'Basic ZXZpbA==', 'Digest', ', Digest username="evil"', 'Digest username="evil\\"'])
		for (const name of ['Authorization', 'Proxy-Authorization'])
			assert.doesNotMatch((await send([`${name}: ${odd}`])).sent?.text ?? '', /evil|Basic/, odd);
});

test('headers_sec-agree_goes_and_the_rest_of_a_list_stays', async () => {
	const { sent } = await send(['Require: sec-agree', 'Require:\r\n Sec-Agree ,\r\n\tpref', 'Proxy-Require: SEC-AGREE', 'Supported: sec-agree']);
	assert.doesNotMatch(sent.text, /sec-agree/i);
	assert.deepEqual(sent.all('Require').sort(), ['path', 'pref']);
	assert.equal(sent.all('Proxy-Require').length, 0);
});

// --- how long ---

const seconds = (sent) => [...sent.text.matchAll(/^Expires\s*:\s*(\d+)|;\s*expires\s*=\s*"?(\d+)/gim)].map((m) => Number(m[1] ?? m[2]));

test('headers_every_expiry_ends_with_the_token', async () => {
	const at = `<${p.contact}>;reg-id=1;+sip.instance="<${p.instance}>"`;
	for (const [contact, expires] of [
		[`Contact: ${at};expires=999999`, 'Expires: 999999'], [`Contact: ${at};Expires="999999"`, 'EXPIRES  :\r\n 999999'],
		[`Contact: ${at};expires=1;expires=999999`, null], [`Contact: ${at};expires`, null], [`Contact: ${at};expires=-5`, 'Expires: soon'],
		[`Contact: ${at};expires=99999999999999999999`, 'Expires: 99999999999999999999'], [`Contact: ${at}`, null],
		[`Contact: ${at};expires=999999, <sip:second@h.invalid>;expires=888888\r\nm: <sip:third@h.invalid>;expires=777777`, 'Expires: 10\r\nExpires: 999999'],
	]) {
		const { sent, reply } = await send([], { contact, expires });
		assert.ok(sent, `${contact} ${expires}: ${reply.first}`);
		assert.ok(seconds(sent).length > 0, sent.text);
		for (const n of seconds(sent)) assert.ok(n <= 300, `${n} in ${sent.text}`);
	}
});

test('headers_several_contacts_and_their_instances_stay', async () => {
	const { sent } = await send([], { contact: `Contact: <${p.contact}>;reg-id=1;+sip.instance="<${p.instance}>";expires=200, "Other, one" <sip:b@h.invalid>;+sip.instance="<urn:uuid:2>";reg-id=2;q=0.5` });
	assert.match(sent.get('Contact'), new RegExp(`\\+sip\\.instance="<${p.instance}>"`));
	assert.match(sent.get('Contact'), /"Other, one" <sip:b@h\.invalid>.*\+sip\.instance="<urn:uuid:2>";reg-id=2;q=0\.5/);
});

test('headers_star_and_expires_0_end_everything', async () => {
	assert.equal((await send([])).reply.status, 200);
	for (const bad of [{ expires: 'Expires: 600' }, { expires: null }])
		assert.equal((await send([], { contact: 'Contact: *', ...bad })).reply.status, 400);
	assert.equal((await send([], { contact: `Contact: *, <${p.contact}>`, expires: 'Expires: 0' })).reply.status, 400);
	assert.equal((await site.show(p.aor)).status, 'bound');
	core((req) => ok(req, []));
	const { sent, reply } = await send([], { contact: 'Contact: *', expires: 'Expires: 0' });
	assert.equal(reply.status, 200, reply.text);
	assert.equal(sent.get('Contact'), '*');
	assert.equal(sent.get('Expires'), '0');
	await until('the binding to go', async () => !(await site.bindings()).some((b) => b.impi === IMPI));
});

// --- what comes back ---

test('headers_of_the_200_towards_the_page', async () => {
	core((req) => ok(req, [`Contact: ${req.get('Contact').replace(/;expires=\d+/, '')};expires=999999, <sip:other@elsewhere.invalid>;expires=86400`,
		`Path: ${req.get('Path')}`, 'Service-Route: <sip:orig@127.0.0.1:5070;lr>', 'P-Associated-URI: <sip:wire@home1.net>, <tel:+1555>',
		'P-Charging-Function-Addresses: ccf=192.0.2.8', 'P-Charging-Vector: icid-value=1;term-ioi=home1.net', 'Feature-Caps: *;+g.core',
		'Require: outbound', 'Expires: 999999', 'P-Visited-Network-ID: core']));
	const { reply } = await send([]);
	assert.equal(reply.status, 200, reply.text);
	for (const name of ['Path', 'P-Charging-Function-Addresses', 'P-Charging-Vector', 'P-Visited-Network-ID']) assert.equal(reply.get(name), undefined, name);
	assert.equal(reply.get('P-Associated-URI'), '<sip:wire@home1.net>, <tel:+1555>');
	assert.equal(reply.get('Service-Route'), '<sip:orig@127.0.0.1:5070;lr>');
	assert.equal(reply.get('Require'), 'outbound');
	const [own, other] = reply.get('Contact').split(/,\s*(?=<)/);
	assert.ok(Number(/expires=(\d+)/.exec(own)[1]) <= 300, own);
	assert.match(other, /expires=86400/, 'another device has its own token');
	assert.ok((await site.show(p.aor)).expires_s <= 300);
});

test('headers_423_passes_where_the_page_can_ask_for_more', async () => {
	core((req) => answer(req, 423, { tag: 'x', more: ['Min-Expires: 200'] }));
	const { reply } = await send([], { expires: 'Expires: 60' });
	assert.equal(reply.status, 423);
	assert.equal(reply.get('Min-Expires'), '200');
});

test('headers_423_beyond_the_token_asks_for_a_new_token', async () => {
	core((req) => answer(req, 423, { tag: 'x', more: ['Min-Expires: 3600', 'P-Charging-Vector: icid-value=1'] }));
	const { reply } = await send([]);
	assert.equal(reply.status, 401, reply.text);
	assert.deepEqual(reply.all('WWW-Authenticate'), ['Bearer realm="home1.net", error="invalid_token"']);
	assert.equal(reply.get('Min-Expires'), undefined);
	assert.equal(reply.get('P-Charging-Vector'), undefined);
});

test('headers_439_and_420_and_others_pass', async () => {
	for (const [status, more] of [[439, 'X-Why: ob'], [420, 'Unsupported: path'], [480, 'X-Why: gone'], [404, 'X-Why: nobody']]) {
		core((req) => answer(req, status, { tag: 'x', more: [more, 'P-Charging-Vector: icid-value=1'] }));
		const { reply } = await send([]);
		assert.equal(reply.status, status);
		assert.ok(reply.text.includes(more), reply.text);
		assert.equal(reply.get('P-Charging-Vector'), undefined);
	}
});

test('headers_redirections_do_not_name_the_core', async () => {
	for (const status of [305, 302]) {
		core((req) => answer(req, status, { tag: 'x', more: ['Contact: <sip:pcscf2.home1.net>', 'm: <sip:scscf9.home1.net>'] }));
		const { reply } = await send([]);
		assert.equal(reply.status, status);
		assert.doesNotMatch(reply.text, /pcscf2|scscf9/);
	}
});
