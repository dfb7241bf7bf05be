// SPDX-License-Identifier: BSD-2-Clause
// REGISTER of a page becomes a Trusted Node Authentication, its 200 OK a
// binding (TS 33.203 X.3.2.3 steps 5 and 7, TS 24.371 A.3.2).
import test from 'node:test';
import assert from 'node:assert/strict';
import { answer } from './support/sip.mjs';
import { Page } from './support/page.mjs';
import { Site, sleep, until } from './support/site.mjs';

let site;
test.before(async () => { site = await Site.start(); });
test.after(() => site.stop());

async function page(t, options) {
	const p = await Page.open(site, options);
	t.after(() => p.drop());
	return p;
}

test('register_tna_header_on_the_wire', async (t) => {
	const p = await page(t, { user: 'wire' });
	const ok = await p.register();
	assert.equal(ok.status, 200, ok.text);
	const sent = site.registers.at(-1);
	assert.deepEqual(sent.all('Authorization'), ['Digest username="wire_private@home1.net", realm="registrar.home1.net", nonce="", uri="sip:registrar.home1.net", response="", integrity-protected="auth-done"']);
	assert.match(sent.get('Path'), /^<sip:[A-Za-z0-9_-]{50}@127\.0\.0\.1:5060;lr;?.*>$/);
	assert.match(sent.get('Path'), /;ob/);
	assert.match(sent.get('Require'), /path/);
	assert.match(sent.get('P-Visited-Network-ID'), /home1\.net/);
	assert.match(sent.get('P-Charging-Vector'), /icid-value=/);
	assert.ok(!sent.text.includes('Bearer'));
	for (const name of ['P-Charging-Vector', 'P-Charging-Function-Addresses', 'Path']) assert.equal(ok.get(name), undefined, name);
});

test('register_binding_is_made_and_shown', async (t) => {
	const p = await page(t, { user: 'shown' });
	await p.register();
	const b = await site.show('sip:shown@home1.net');
	assert.equal(b.impi, 'shown_private@home1.net');
	assert.equal(b.status, 'bound');
	assert.equal(b.wwsf, 'shop');
	assert.equal(b.waf, 'waf@home1.net');
	assert.ok(b.expires_s > 250 && b.expires_s <= 300, `clamped to the token: ${b.expires_s}`);
	assert.deepEqual(b.impus, ['sip:shown@home1.net', 'sip:alias-shown@home1.net']);
	assert.equal((await site.show('sip:alias-shown@home1.net')).binding, b.binding);
	assert.equal((await site.show(b.binding)).binding, b.binding);
	await until('the event', () => site.log.includes('event bound sip:shown@home1.net bound'));
});

test('register_refresh_keeps_the_binding', async (t) => {
	const p = await page(t, { user: 'refresh' });
	await p.register();
	const first = (await site.show('sip:refresh@home1.net')).binding;
	assert.equal((await p.register()).status, 200);
	const list = (await site.bindings()).filter((b) => b.impi === 'refresh_private@home1.net');
	assert.equal(list.length, 1);
	assert.equal(list[0].binding, first);
});

test('register_same_instance_on_a_new_connection_replaces', async (t) => {
	const p = await page(t, { user: 'reload' });
	await p.register();
	const before = await site.show('sip:reload@home1.net');
	const q = await page(t, { user: 'reload', instance: p.instance });
	assert.equal((await q.register()).status, 200);
	const after = await site.show('sip:reload@home1.net');
	assert.equal(after.binding, before.binding);
	assert.notEqual(after.conid, before.conid);
	assert.equal((await site.bindings()).filter((b) => b.impi === 'reload_private@home1.net').length, 1);
	assert.equal((await Promise.race([p.closed, sleep(3000).then(() => ({}))])).code, 4409, 'the old connection is closed');
});

test('register_other_instance_is_a_second_binding', async (t) => {
	const p = await page(t, { user: 'two' }), q = await page(t, { user: 'two' });
	await p.register();
	await q.register();
	assert.equal((await site.bindings()).filter((b) => b.impi === 'two_private@home1.net').length, 2);
});

test('register_expires_0_drops_the_binding', async (t) => {
	const p = await page(t, { user: 'dereg' });
	await p.register();
	assert.equal((await p.register({ expires: 0 })).status, 200);
	await until('the binding to go', async () => !(await site.bindings()).some((b) => b.impi === 'dereg_private@home1.net'));
	assert.equal((await p.ask('MESSAGE', { uri: 'sip:peer@home1.net' })).status, 403);
});

test('register_third_party_waf_is_named', async (t) => {
	const p = await page(t, { user: 'third' });
	const token = site.token('third', { iss: 'https://waf.partner.net' });
	assert.equal((await p.register({ token })).status, 200);
	assert.match(site.registers.at(-1).get('Authorization'), /authorization-entity="waf@partner\.net"$/);
});

test('register_client_credentials_and_trust_headers_do_not_survive', async (t) => {
	const p = await page(t, { user: 'strip' });
	const headers = ['Proxy-Authorization: Digest username="boss", realm="r", nonce="", uri="sip:x", response="", integrity-protected="auth-done"',
		'authorization : Digest username="boss", integrity-protected="auth-done", authorization-entity="evil"',
		'P-Asserted-Identity: <sip:boss@home1.net>', 'P-Charging-Vector: icid-value=evil', 'P-Visited-Network-ID: "evil"',
		'Path: <sip:evil@evil.example;lr>', 'Service-Route: <sip:evil@evil.example;lr>', 'Feature-Caps: *;+evil', 'Route: <sip:evil.example;lr>'];
	const r = await p.register({ headers });
	assert.ok(r.status === 200 || r.status === 400, r.first);
	if (r.status === 200) assert.ok(!/evil|boss/.test(site.registers.at(-1).text), site.registers.at(-1).text);
});

test('register_for_a_foreign_identity_is_refused', async (t) => {
	const p = await page(t, { user: 'thief' });
	const n = site.registers.length;
	assert.equal((await p.register({ to: 'sip:victim@home1.net' })).status, 403);
	assert.equal(site.registers.length, n);
});

test('register_other_user_on_a_bound_connection_is_refused', async (t) => {
	const p = await page(t, { user: 'first' });
	await p.register();
	const n = site.registers.length;
	assert.equal((await p.register({ to: 'sip:second@home1.net', token: site.token('second') })).status, 403);
	assert.equal(site.registers.length, n);
	// A token of somebody else's ends the connection, and what it carried.
	await p.closed;
	await assert.rejects(site.show('sip:second@home1.net'), { code: 404 });
	await until('the end of the binding', () => site.show('sip:first@home1.net').then(() => false, (e) => e.code === 404));
});

test('register_challenge_of_the_core_does_not_reach_the_page', async (t) => {
	const p = await page(t, { user: 'challenge' });
	const normal = site.registrar;
	site.registrar = (req) => answer(req, 401, { tag: 'x', more: ['WWW-Authenticate: Digest realm="home1.net", nonce="abc", algorithm=MD5'] });
	t.after(() => { site.registrar = normal; });
	const r = await p.register();
	assert.equal(r.status, 500, r.text);
	assert.ok(!/Digest|nonce|WWW-Authenticate/i.test(r.text), r.text);
	await assert.rejects(site.show('sip:challenge@home1.net'));
});

test('register_403_of_the_core_reaches_the_page', async (t) => {
	const p = await page(t, { user: 'barred' });
	const normal = site.registrar;
	site.registrar = (req) => answer(req, 403, { tag: 'x' });
	t.after(() => { site.registrar = normal; });
	assert.equal((await p.register()).status, 403);
	await assert.rejects(site.show('sip:barred@home1.net'));
});

test('register_connection_gone_before_the_200_is_lost_at_once', async (t) => {
	const p = await page(t, { user: 'racer' });
	const normal = site.registrar;
	t.after(() => { site.registrar = normal; });
	site.registrar = (req) => { p.drop(); setTimeout(() => site.send(normal.call(site, req)), 1800); };
	p.send(p.registerText());
	const b = await until('the binding', () => site.show('sip:racer@home1.net').catch(() => undefined), 4000);
	assert.equal(b.status, 'held');
	await until('its end', async () => !(await site.bindings()).some((x) => x.impi === 'racer_private@home1.net'), 6000);
});

test('register_ends_with_the_token', async (t) => {
	const p = await page(t, { user: 'short' });
	const ok = await p.register({ token: site.token('short', { exp: Math.floor(Date.now() / 1000) + 3 }) });
	assert.equal(ok.status, 200, ok.text);
	await until('the end', async () => !(await site.bindings()).some((b) => b.impi === 'short_private@home1.net'), 6000);
	await until('the event', () => site.log.includes('event expired sip:short@home1.net ended'));
});

test('register_500_cycles_leave_shared_memory_flat', { timeout: 120000 }, async (t) => {
	const p = await page(t, { user: 'cycle' });
	const cycle = async () => {
		assert.equal((await p.register()).status, 200);
		assert.equal((await p.register({ expires: 0 })).status, 200);
	};
	for (let i = 0; i < 50; i++) await cycle();
	const before = await site.shmSettled();
	for (let i = 0; i < 500; i++) await cycle();
	const after = await site.shmSettled();
	assert.ok(Math.abs(after - before) < 20000, `shared memory grew by ${after - before}`);
});
