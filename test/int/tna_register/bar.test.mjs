// SPDX-License-Identifier: BSD-2-Clause
// tna.bar: a WAF or a WWSF is shut out. What came through it ends at once, with
// its calls on both sides, the registration at the core and the WebSocket; what
// comes through it is refused; and a restart forgets none of it.
import test from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { answer } from './support/sip.mjs';
import { Page } from './support/page.mjs';
import { Site, until } from './support/site.mjs';

const PARTNER = 'https://waf.partner.net';
const wwsf = `
[wwsf:club]
origin = https://club.example
issuer = home
client_id = club
impi = *@home1.net
impu = sip:*@home1.net
`;

let site, file;
const edit = (text, s) => {
	file = join(s.dir, 'barred');
	return text.replace('"hold_s", 3', '"hold_s", 1').replace('loadmodule "jsonrpcs.so"', 'loadmodule "jsonrpcs.so"\nloadmodule "ctl.so"')
		.replace('request_route {', `modparam("ctl", "binrpc", "unix:${s.dir}/ctl")\nmodparam("tna_register", "barred_file", "${file}")\nmodparam("tna_register", "max_barred", 20)\nrequest_route {`);
};
test.before(async () => { site = await Site.start({ wwsf, edit }); });
test.after(() => site.stop());

const bar = (...args) => site.rpc('tna.bar', ...args);
const unbar = (...args) => site.rpc('tna.unbar', ...args);
const barred = async (s = site) => (await s.rpc('tna.barred')).map((e) => `${e.kind} ${e.id}`).sort();
const gone = (user) => site.registers.find((r) => r.get('To').includes(`sip:${user}@`) && r.get('Expires') === '0');

// Each test begins with nothing barred, and without pages of those before.
test.beforeEach(async () => {
	for (const e of await site.rpc('tna.barred')) await unbar(e.kind, e.id);
	await until('an empty table', async () => (await site.rpc('tna.stats')).bindings === 0);
});

async function open(t, user, claims = {}, options = {}) {
	const p = await Page.open(site, { user, ...options });
	t.after(() => p.drop());
	p.token = site.token(user, claims);
	return p;
}

async function page(t, user, claims, options) {
	const p = await open(t, user, claims, options);
	assert.equal((await p.register()).status, 200);
	p.path = site.path();
	return p;
}

test('bar_waf_ends_calls_registration_and_connection', async (t) => {
	const p = await page(t, 'live', { iss: PARTNER }), other = await page(t, 'other');
	const { invite } = await site.callOut(p);
	const from = Date.now();
	assert.deepEqual(await bar('waf', 'Waf@PARTNER.net'.replace('Waf', 'waf')),
		{ kind: 'waf', id: 'waf@partner.net', registrations: 1, calls: 1, until: 0, saved: 0 });
	// From here on: nothing of it passes any more.
	assert.notEqual((await p.ask('MESSAGE', { uri: 'sip:peer@home1.net' }).catch(() => ({ status: 'closed' }))).status, 200);
	const toPage = await p.inbox.request('BYE', (m) => m.callId === invite.callId);
	p.send(answer(toPage, 200));
	const toCore = await site.inbox.request('BYE', (m) => m.callId === invite.callId);
	site.reply(toCore, 200);
	for (const m of [toPage, toCore]) assert.match(m.get('Reason'), /SIP;cause=403/);
	assert.equal((await p.closed).code, 4003);
	assert.ok(Date.now() - from < 1000, `${Date.now() - from} ms`);
	await until('the end of the registration', () => gone('live'));
	assert.match(gone('live').get('Authorization'), /integrity-protected="auth-done".*authorization-entity="waf@partner\.net"/);
	assert.ok(!site.inbox.seen.some((m) => m.method === 'MESSAGE'), 'and reached the core');
	assert.equal((await other.register()).status, 200);
	assert.equal(other.ws.readyState, 1, 'others stay');

	const back = await open(t, 'live', { iss: PARTNER });
	const refused = await back.register();
	assert.equal(refused.status, 403);
	assert.match(refused.get('Warning'), /^399 127\.0\.0\.1:5060 "web sites or logins of this kind are barred"$/);
	const own = await open(t, 'live');
	assert.equal((await own.register()).status, 200, 'the same user through another WAF');
	assert.deepEqual(await barred(), ['waf waf@partner.net']);
	await unbar('waf', 'waf@PARTNER.NET');
	assert.deepEqual(await barred(), []);
	assert.equal((await back.register()).status, 200);
});

test('bar_wwsf_ends_its_pages_and_no_others', async (t) => {
	const club = { origin: 'https://club.example' }, client = { client_id: 'club' };
	const theirs = await Promise.all([0, 1, 2].map((i) => page(t, `club${i}`, client, club)));
	const ours = await page(t, 'shopper');
	const said = await bar('wwsf', 'club', 60);
	assert.equal(said.registrations, 3);
	assert.equal(said.calls, 0);
	assert.ok(Math.abs(said.until - Date.now() / 1000 - 60) < 3);
	for (const p of theirs) assert.equal((await p.closed).code, 4003);
	const back = await open(t, 'club0', client, club);
	assert.equal((await back.register()).status, 403);
	assert.equal((await ours.register()).status, 200);
	assert.equal((await bar('wwsf', 'club', 60)).registrations, 0);
	await unbar('wwsf', 'club');
	await page(t, 'club0', client, club);
});

test('bar_page_that_comes_anew_ends_no_registration_of_its_user', async (t) => {
	const own = await page(t, 'knock');
	await bar('waf', 'waf@partner.net');
	const p = await open(t, 'knock', { iss: PARTNER });
	const n = site.registers.length;
	for (const contact of ['*', `<${own.contact}>;expires=0`]) {
		p.send(p.registerText({ expires: 0 }).replace(/^Contact: .*$/m, `Contact: ${contact}`));
		assert.equal((await p.inbox.final('REGISTER')).status, 403, contact);
	}
	assert.equal(site.registers.length, n);
	assert.equal((await site.show(own.aor)).status, 'bound');
});

test('bar_ends_by_itself', async (t) => {
	await bar('waf', 'waf@partner.net', 1);
	const p = await open(t, 'brief', { iss: PARTNER });
	assert.equal((await p.register()).status, 403);
	await until('its end', async () => (await barred()).length === 0);
	assert.equal((await p.register()).status, 200);
	await assert.rejects(unbar('waf', 'waf@partner.net'), /not barred/);
});

test('bar_counts_a_call_between_two_pages_once', async (t) => {
	const a = await page(t, 'ann', { iss: PARTNER }), b = await page(t, 'ben', { iss: PARTNER });
	const single = await page(t, 'sam', { iss: PARTNER });
	await site.callOut(single);
	const undo = site.proxyTo(b);
	t.after(undo);
	a.send(a.request('INVITE', { uri: b.aor, body: 'v=0\r\n' }));
	const invite = await b.inbox.request('INVITE');
	b.send(answer(invite, 200, { tag: 'ben', more: [...invite.all('Record-Route').map((r) => `Record-Route: ${r}`), `Contact: <${b.contact}>`], body: 'v=0\r\n' }));
	const ok = await a.inbox.reply('INVITE', 200);
	a.send(a.ackText(invite, ok));
	await b.inbox.request('ACK');
	const said = await bar('waf', 'waf@partner.net');
	assert.equal(said.registrations, 3);
	assert.equal(said.calls, 2);
	for (const p of [a, b, single]) assert.equal((await p.closed).code, 4003);
	await unbar('waf', 'waf@partner.net');
});

test('bar_reaches_a_held_binding', async (t) => {
	const p = await page(t, 'held', { iss: PARTNER });
	const { invite } = await site.callOut(p);
	p.drop();
	await until('the hold', async () => (await site.show('sip:held@home1.net')).status === 'held');
	const said = await bar('waf', 'waf@partner.net');
	assert.deepEqual([said.registrations, said.calls], [1, 1]);
	site.reply(await site.inbox.request('BYE', (m) => m.callId === invite.callId), 200);
	await until('the end of the registration', () => gone('held'));
	await unbar('waf', 'waf@partner.net');
});

test('bar_while_a_200_is_on_its_way', async (t) => {
	const p = await open(t, 'late', { iss: PARTNER });
	const plain = site.registrar;
	let held;
	site.registrar = (m) => { if (m.get('Expires') === '0') return plain.call(site, m); held = m; };
	t.after(() => { site.registrar = plain; });
	p.send(p.registerText());
	await until('the REGISTER', () => held);
	assert.equal((await bar('waf', 'waf@partner.net')).registrations, 0);
	site.send(plain.call(site, held));
	assert.equal((await p.closed).code, 4003);
	await until('the core to hear of it', () => gone('late'));
	await until('no binding', () => site.show('sip:late@home1.net').then(() => false, () => true));
	await unbar('waf', 'waf@partner.net');
});

test('bar_while_an_invite_is_ringing', async (t) => {
	const p = await page(t, 'ring', { iss: PARTNER });
	p.send(p.request('INVITE', { uri: 'sip:peer@home1.net', body: 'v=0\r\n' }));
	const invite = await site.inbox.request('INVITE');
	site.reply(invite, 180);
	await p.inbox.reply('INVITE', 180);
	assert.equal((await bar('waf', 'waf@partner.net')).calls, 1);
	const cancel = await site.inbox.request('CANCEL');
	site.send(answer(cancel, 200));
	site.send(answer(invite, 487, { tag: 'core' }));
	assert.equal((await p.inbox.final('INVITE')).status, 403);
	assert.equal((await p.closed).code, 4003);
	await unbar('waf', 'waf@partner.net');
});

test('bar_refuses_what_is_no_name', async () => {
	for (const args of [[], ['waf'], ['WAF', 'x'], ['jti', 'x'], ['waf', ''], ['waf', 'x'.repeat(256)], ['waf', 'x', 0], ['waf', 'x', -5], ['waf', 'x', 400000000]])
		await assert.rejects(bar(...args), undefined, JSON.stringify(args));
	await assert.rejects(unbar('waf', 'never'), /not barred/);
	assert.deepEqual(await barred(), []);
});

test('bar_is_bounded', async () => {
	let n = 0;
	for (; n < 30; n++) if (await bar('wwsf', `full-${n}`).then(() => false, (e) => /max_barred/.test(e.message))) break;
	assert.ok(n === 20, `${n}`);
	await assert.rejects(bar('wwsf', 'one-more'), /max_barred/);
	assert.equal((await site.rpc('tna.barred', 0, 5)).length, 5);
	assert.equal((await site.rpc('tna.barred', 5, 100)).length, n - 5);
	for (let i = 0; i < n; i++) await unbar('wwsf', `full-${i}`);
	assert.deepEqual(await barred(), []);
	// What is lifted is remembered, but takes nobody's place.
	await bar('wwsf', 'one-more');
});

// --- the disk ---

const kamcmd = (...args) => execFileSync('kamcmd', ['-s', `unix:${site.dir}/ctl`, ...args], { encoding: 'utf8' });
// Killed are all processes at once: one that outlived the first would clear up behind it.
async function restart() {
	const pids = (await site.rpc('core.psx')).map((p) => p.PID);
	for (const pid of pids) process.kill(pid, 'SIGKILL');
	await site.exited;
	await until('all processes to be gone', () => pids.every((pid) => { try { process.kill(pid, 0); return false; } catch { return true; } }));
	site.log = '';
	await site.kamailio();
}

test('bar_survives_a_kill', { timeout: 60000 }, async (t) => {
	// A process that serves no SIP waits for the disk.
	assert.match(kamcmd('tna.bar', 'waf', 'waf@partner.net'), /saved: 1/);
	assert.match(readFileSync(file, 'utf8'), /^# tna_register barred 1\n(?:.*\n)*waf waf@partner\.net 0 \d+ barred rpc\n(?:.*\n)*end \d+\n$/);
	await restart();
	assert.deepEqual(await barred(), ['waf waf@partner.net']);
	const p = await open(t, 'again', { iss: PARTNER });
	assert.equal((await p.register()).status, 403);
	assert.match(kamcmd('tna.unbar', 'waf', 'waf@partner.net'), /saved: 1/);
	await restart();
	assert.deepEqual(await barred(), []);
	await page(t, 'again', { iss: PARTNER });
});

test('bar_damaged_file_is_refused', { timeout: 60000 }, async () => {
	assert.match(kamcmd('tna.bar', 'waf', 'waf@third.net'), /saved: 1/);
	site.process.kill('SIGTERM');
	await site.exited;
	const good = readFileSync(file, 'utf8'), rows = good.split('\n');
	const check = () => { try { execFileSync('kamailio', ['-DD', '-E', '-f', join(site.dir, 'kamailio.cfg'), '-Y', site.dir, '-w', site.dir], { stdio: 'pipe', timeout: 8000 }); return ''; } catch (e) { return e.stderr.toString(); } };
	for (const [text, why] of [[good.slice(0, -1), /barred_file .*line \d+: cut off/], [rows.slice(0, -2).join('\n') + '\n', /cut off/], ['', /line 1: cut off/],
		[good.replace(/end \d+/, 'end 99'), /the number of entries is another/], [good.replace('barred 1', 'barred 2'), /line 1: not a list/],
		[good.replace('waf waf@third.net', 'waf waf@THIRD.net'), /not an entry/], [`${good}x\n`, /something behind the end/]]) {
		writeFileSync(file, text);
		const said = check();
		assert.match(said, why, said.slice(-400));
	}
	writeFileSync(file, good);
	site.log = '';
	await site.kamailio();
	assert.deepEqual(await barred(), ['waf waf@third.net']);
	await unbar('waf', 'waf@third.net');
});

test('bar_leaves_nothing_behind', { timeout: 60000 }, async () => {
	const round = async () => {
		const pages = await Promise.all(Array.from({ length: 30 }, (_, i) => Page.open(site, { user: `n${i}` })));
		await Promise.all(pages.map((p) => p.register()));
		assert.equal((await bar('waf', 'waf@home1.net')).registrations, 30);
		await Promise.all(pages.map((p) => p.closed));
		await until('an empty table', async () => (await site.rpc('tna.stats')).bindings === 0, 15000);
		await unbar('waf', 'waf@home1.net');
	};
	await round();
	const before = await site.ownShm();
	for (let i = 0; i < 3; i++) await round();
	assert.equal(await site.ownShm(), before);
});
