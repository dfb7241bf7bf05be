// SPDX-License-Identifier: BSD-2-Clause
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { checkServerIdentity } from '../../cfg-examples/wwsf/http.mjs';
import { Wwsf, edgeOf } from '../../cfg-examples/wwsf/wwsf.mjs';
import { makeCa } from './ca.mjs';
import { Client, signIn } from './http.mjs';
import { Edge } from './edge.mjs';
import { freePort, startWaf, startWwsf } from './site.mjs';

let ca;
let waf;
let edge;
let home;
let guests;

before(async () => {
	ca = makeCa();
	const [a, b] = [await freePort(), await freePort()];
	waf = await startWaf(ca, { callback: `https://127.0.0.1:${a}/callback`, lifetime_s: 20 });
	edge = await Edge.start({ tls: ca, policy: { origin: `https://127.0.0.1:${a}` } });
	home = await startWwsf(ca, waf, edge, { port: a });
	guests = await startWwsf(ca, waf, edge, { port: b, pool: 2 });
});

after(async () => {
	for (const part of [home, guests, waf, edge]) await part.stop();
	ca.remove();
});

const own = (wwsf, more = {}) => ({ headers: { origin: wwsf.site.origin, ...more } });
const atHome = (url) => url === `${home.site.origin}/`;

async function signedIn() {
	const browser = new Client(ca.ca);
	const page = await browser.follow(`${home.site.origin}/login`);
	const back = await signIn(browser, page, 'alice', 'wonder', atHome);
	assert.equal(back.stoppedAt, `${home.site.origin}/`);
	return browser;
}

const ask = (browser, wwsf, json = {}) => browser.post(`${wwsf.site.origin}/token`, { ...own(wwsf), json });

test('wwsf_signs_in_and_hands_the_token_to_its_own_page', async () => {
	const browser = new Client(ca.ca);
	const page = await browser.follow(`${home.site.origin}/login`);
	const query = new URL(page.seen[1]).searchParams;
	assert.equal(query.get('code_challenge_method'), 'S256');
	assert.equal(query.get('resource'), 'sip:epcscf.home1.net');
	const back = await signIn(browser, page, 'alice', 'wonder', atHome);
	assert.equal(back.stoppedAt, `${home.site.origin}/`);
	const cookie = [...browser.jar.values()].find((c) => c.name.startsWith('__Host-wwsf'));
	assert.match(cookie.line, /; Path=\/; Secure; HttpOnly; SameSite=Lax$/);
	const answer = await ask(browser, home);
	assert.equal(answer.status, 200, answer.text);
	assert.equal(answer.headers['cache-control'], 'no-store');
	const given = answer.json();
	assert.equal(given.impi, 'alice_private@home1.net');
	assert.deepEqual(given.impu, ['sip:alice@home1.net', 'tel:+15551001']);
	assert.equal(given.epcscf, `wss://127.0.0.1:${edge.wssPort}/`);
	const claims = await waf.keys.verify(given.access_token, waf.config.issuer);
	assert.equal(claims.impi, given.impi);
	assert.equal(claims.wwsf, 'wwsf1.home1.net');
	assert.ok(!JSON.stringify(given).includes('refresh'));
});

test('wwsf_keeps_a_token_until_a_fresh_one_is_asked_for', async () => {
	const browser = await signedIn();
	const first = (await ask(browser, home)).json();
	assert.equal((await ask(browser, home)).json().access_token, first.access_token);
	const [a, b] = await Promise.all([ask(browser, home, { fresh: true }), ask(browser, home, { fresh: true })]);
	assert.notEqual(a.json().access_token, first.access_token);
	assert.equal(a.json().access_token, b.json().access_token);
});

test('wwsf_refuses_a_token_to_others', async () => {
	const browser = await signedIn();
	const url = `${home.site.origin}/token`;
	assert.equal((await browser.post(url, { json: {} })).status, 403);
	assert.equal((await browser.post(url, { json: {}, headers: { origin: 'https://evil.example' } })).status, 403);
	assert.equal((await browser.post(url, { json: {}, headers: { origin: 'null' } })).status, 403);
	assert.equal((await browser.send(url)).status, 404);
	const stranger = await ask(new Client(ca.ca), home);
	assert.equal(stranger.status, 401);
	assert.equal(stranger.json().error, 'signed_out');
});

test('wwsf_refuses_an_answer_that_belongs_to_no_signin', async () => {
	for (const query of ['?code=x&state=y', '?error=access_denied', '']) {
		const answer = await new Client(ca.ca).send(`${home.site.origin}/callback${query}`);
		assert.equal(answer.location, `${home.site.origin}/?problem=invalid_state`);
	}
	const browser = new Client(ca.ca);
	await browser.follow(`${home.site.origin}/login`);
	const forged = await browser.send(`${home.site.origin}/callback?code=x&state=y`);
	assert.equal(forged.location, `${home.site.origin}/?problem=invalid_state`);
});

test('wwsf_changes_the_session_id_at_signin', async () => {
	const browser = new Client(ca.ca);
	const id = () => [...browser.jar.values()].find((c) => c.name.startsWith('__Host-wwsf')).value;
	const page = await browser.follow(`${home.site.origin}/login`);
	const before_ = id();
	await signIn(browser, page, 'alice', 'wonder', atHome);
	assert.notEqual(id(), before_);
});

test('wwsf_signs_out_and_asks_for_the_password_again', async () => {
	const browser = await signedIn();
	assert.equal((await browser.post(`${home.site.origin}/logout`, { json: {} })).status, 403);
	assert.equal((await browser.post(`${home.site.origin}/logout`, own(home))).status, 200);
	assert.equal((await ask(browser, home)).status, 401);
	const page = await browser.follow(`${home.site.origin}/login`, atHome);
	assert.match(page.text, /type="password"/);
});

test('wwsf_stays_signed_in_while_the_waf_is_away', async () => {
	const browser = await signedIn();
	await waf.pause('error');
	assert.equal((await ask(browser, home, { fresh: true })).status, 502);
	await waf.pause('drop');
	assert.equal((await ask(browser, home, { fresh: true })).status, 502);
	await waf.resume();
	assert.equal((await ask(browser, home, { fresh: true })).status, 200);
});

test('wwsf_pool_lends_each_guest_an_account', async () => {
	const [one, two, three] = [1, 2, 3].map(() => new Client(ca.ca));
	const a = (await ask(one, guests)).json();
	const b = (await ask(two, guests)).json();
	assert.notEqual(a.impi, b.impi);
	assert.match(a.impi, /^pool[12]_private@home1\.net$/);
	assert.equal((await waf.keys.verify(a.access_token, waf.config.issuer)).wwsf, 'www.thirdparty.net');
	const none = await ask(three, guests);
	assert.deepEqual([none.status, none.json().error], [503, 'pool_empty']);
	assert.equal((await ask(one, guests, { fresh: true })).json().impi, a.impi);
	assert.equal(none.headers['retry-after'], String(none.json().retry_after_s));
});

test('wwsf_pages_carry_the_headers', async () => {
	const browser = new Client(ca.ca);
	for (const path of ['/', '/minimal.html', '/epcscf.js', '/jssip.js', '/app.js', '/style.css', '/nothing']) {
		const { headers, status } = await browser.send(home.site.origin + path);
		assert.equal(status, path === '/nothing' ? 404 : 200, path);
		const csp = headers['content-security-policy'];
		assert.ok(csp.includes("default-src 'none'") && !csp.includes('unsafe'), csp);
		assert.ok(csp.includes(`connect-src 'self' wss://127.0.0.1:${edge.wssPort}`));
		assert.equal(headers['x-frame-options'], 'DENY');
		assert.equal(headers['x-content-type-options'], 'nosniff');
		assert.equal(headers['strict-transport-security'], undefined);
	}
	const minimal = await browser.send(`${home.site.origin}/minimal.html`);
	const script = /<script[^>]*>([^]*?)<\/script>/.exec(minimal.text)[1];
	assert.ok(minimal.headers['content-security-policy'].includes(createHash('sha256').update(script).digest('base64')));
	assert.ok(minimal.text.trim().split('\n').length <= 30);
	const page = await browser.send(`${home.site.origin}/`);
	const again = await browser.send(`${home.site.origin}/`, { headers: { 'if-none-match': page.headers.etag } });
	assert.equal(again.status, 304);
	assert.equal((await browser.send(`${home.site.origin}/..%2fwwsf.mjs`)).status, 404);
});

test('wwsf_probe_says_how_far_a_websocket_gets', async () => {
	const probe = async (wwsf) => {
		wwsf.lastProbe = undefined;
		return (await new Client(ca.ca).post(`${wwsf.site.origin}/probe`, own(wwsf))).json();
	};
	assert.deepEqual(await probe(home), { reached: true, certificate: 'ok', handshake: 101 });
	assert.deepEqual(await probe(guests), { reached: true, certificate: 'ok', handshake: 403 });
	const other = makeCa();
	const strict = await Wwsf.start({ ...home.site, listen: { host: '127.0.0.1', port: 0 },
		epcscf: { ...home.site.epcscf, ca: other.caFile } }, () => {});
	strict.site.origin = home.site.origin;
	const at = `https://127.0.0.1:${strict.server.address().port}/probe`;
	const untrusted = (await new Client(ca.ca).post(at, own(strict))).json();
	assert.equal(untrusted.reached, true);
	assert.match(untrusted.certificate, /UNABLE_TO_VERIFY|SIGNATURE|SELF_SIGNED/);
	await strict.stop();
	other.remove();
	const { wssPort } = edge;
	await edge.closeWss();
	assert.deepEqual(await probe(home), { reached: false, problem: 'ECONNREFUSED' });
	await edge.openWss(ca, wssPort);
});

test('wwsf_logs_no_token', async () => {
	const lines = [];
	const log = home.log;
	home.log = (event, fields) => lines.push(JSON.stringify([event, fields]));
	const browser = await signedIn();
	const given = (await ask(browser, home, { fresh: true })).json();
	home.log = log;
	assert.ok(lines.length >= 4);
	const secrets = [given.access_token, 'secret-of-wwsf1', ...[...browser.jar.values()].map((c) => c.value)];
	for (const line of lines) for (const secret of secrets) assert.ok(!line.includes(secret));
	assert.ok(!lines.join().includes('code='));
});

test('wwsf_gives_the_epcscf_of_the_plmn', () => {
	const site = { epcscf: { url: 'wss://a.example', plmn: { 26201: 'wss://b.example' } } };
	assert.equal(edgeOf(site, '26201'), 'wss://b.example');
	for (const other of [undefined, '', '26202', '2620', 'constructor', '__proto__', {}, ['26202'], 5])
		assert.equal(edgeOf(site, other), 'wss://a.example');
	assert.equal(edgeOf({ epcscf: { url: 'wss://a.example' } }, '26201'), 'wss://a.example');
});

test('wwsf_certificates_of_ipv6_addresses', () => {
	const says = (names, host) => checkServerIdentity(host, { subject: { CN: 'x' }, subjectaltname: names })?.code ?? 'good';
	const long = 'DNS:localhost, IP Address:127.0.0.1, IP Address:FD99:0:0:0:0:0:0:1';
	assert.equal(says(long, 'fd99::1'), 'good');
	assert.equal(says(long, '127.0.0.1'), 'good');
	assert.equal(says(long, 'localhost'), 'good');
	for (const other of ['fd99::2', '::1', '127.0.0.2', 'example.net', '[fd99::1]']) assert.equal(says(long, other), 'ERR_TLS_CERT_ALTNAME_INVALID', other);
	// A name that pretends to be an address.
	for (const forged of ['DNS:"a, IP Address:fd99::3"', 'URI:"x, IP Address:FD99:0:0:0:0:0:0:3"', 'DNS:fd99::3', undefined])
		assert.equal(says(forged, 'fd99::3'), 'ERR_TLS_CERT_ALTNAME_INVALID', forged);
});
