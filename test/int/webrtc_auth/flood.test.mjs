// SPDX-License-Identifier: BSD-2-Clause
// Bad tokens in bulk: the connection and the address they come from pay for
// them; the neighbours, a registered user behind the same address, and the
// core do not. 127.0.0.0/8 has addresses enough; IPv6 ones are added to lo.
import test from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { Site, sleep, until } from './support/site.mjs';
import { Client } from './support/client.mjs';
import { assertNoToken } from './support/refused.mjs';
import { tokenOf } from './support/waf.mjs';

let site, plain, bad;
const used = [];
test.before(async () => {
	for (const a of ['2001:db8:1::1', '2001:db8:1::2', '2001:db8:2::1'])
		execFileSync('ip', ['addr', 'add', `${a}/128`, 'dev', 'lo', 'nodad']);
	site = await Site.start({ params: 'listen=tls:[2001:db8:1::1]:8443\nmodparam("webrtc_auth", "max_failures", 20)' });
	plain = site.readConfig();
	const token = tokenOf(site.keys.es);
	bad = `${token.slice(0, -8)}AAAAAAAA`;
	used.push(bad);
});
test.after(async () => { try { assertNoToken(site, used); } finally { await site.stop(); } });

async function limits({ failures = 30, cost = 200 } = {}) {
	site.writeConfig(`[global]\nsource_failures_per_minute = ${failures}\nsource_cost_ms = ${cost}\n${plain}`);
	await site.rpc('webrtc_auth.reload');
}

const open = (t, from, host = '127.0.0.1') => Client.open(site, { from, host }).then((c) => { t.after(() => c.end()); return c; });
const cause = async (name) => Number((await site.rpc('stats.fetch', `webrtc_auth:check_${name}`))[`webrtc_auth.check_${name}`]);
const good = () => { const t = tokenOf(site.keys.es); used.push(t); return t; };
const sourceOf = async (name) => (await site.rpc('webrtc_auth.sources')).find((s) => s.source === name);

// One refused token, on a connection of its own: it is closed for it.
async function oneBad(t, from, host) {
	const c = await open(t, from, host);
	const { status } = await c.register(bad);
	c.end();
	return status;
}

async function fill(t, from, n = 30, host) {
	for (let i = 0; i < n; i += 10)
		assert.deepEqual(new Set(await Promise.all(Array.from({ length: Math.min(10, n - i) }, () => oneBad(t, from, host)))), new Set([401]));
}

test('flood_source_is_refused_before_its_tokens_are_read', async (t) => {
	await limits();
	await fill(t, '127.0.1.1');
	const signatures = await cause('signature_wrong');
	const c = await open(t, '127.0.1.1');
	const answer = await c.register(bad);
	assert.equal(answer.status, 503);
	assert.ok(Number(answer.header('Retry-After')) >= 1);
	assert.ok(Number(answer.header('Retry-After')) <= 15);
	assert.equal((await c.register(good())).status, 503, 'a good one has to wait too');
	assert.equal((await c.ask('MESSAGE', { headers: ['Authorization: Basic x'] })).status, 503);
	assert.equal(await cause('signature_wrong'), signatures);
	assert.ok(await cause('source_exceeded') >= 3);
	const row = await sourceOf('127.0.1.1');
	assert.deepEqual([row.failures, row.total, row.good], [30, 30, 0]);
});

test('flood_other_addresses_go_on', async (t) => {
	await limits();
	await fill(t, '127.0.2.1');
	assert.equal(await oneBad(t, '127.0.2.1'), 503);
	const c = await open(t, '127.0.2.2');
	assert.equal((await c.register(good())).status, 200);
	assert.equal((await sourceOf('127.0.2.2')), undefined, 'nothing against it');
});

test('flood_a_registered_user_behind_the_address_goes_on', async (t) => {
	await limits();
	const c = await open(t, '127.0.3.1');
	const token = good();
	assert.equal((await c.register(token)).status, 200);
	await fill(t, '127.0.3.1');
	assert.equal(await oneBad(t, '127.0.3.1'), 503);
	assert.equal((await c.ask('MESSAGE', { headers: [`Authorization: Bearer ${token}`] })).status, 200);
	assert.equal((await c.register(good())).status, 200, 'it renews');
	assert.equal((await c.ask('MESSAGE', { headers: [`Authorization: Bearer ${good()}`] })).status, 200);
});

test('flood_source_is_served_again_after_the_window', async (t) => {
	await limits({ failures: 60 });
	while (await oneBad(t, '127.0.4.1') !== 503);
	const answer = async () => (await (await open(t, '127.0.4.1')).register(good())).status;
	assert.equal(await answer(), 503);
	await until('its turn', async () => await answer() === 200, 5000);
});

test('flood_good_tokens_and_absent_ones_are_no_failures', async (t) => {
	await limits({ failures: 5 });
	for (let i = 0; i < 12; i++) {
		const c = await open(t, '127.0.5.1');
		assert.equal((await c.register()).status, 401);
		assert.equal((await c.register(good())).status, 200);
		c.end();
	}
});

test('flood_connection_is_closed_for_failures_of_any_method', async (t) => {
	await limits({ failures: 0 });
	const c = await open(t, '127.0.6.1');
	const headers = ['Authorization: Bearer !'];
	for (let i = 0; i < 20; i++)
		assert.equal((await c.ask(['REGISTER', 'MESSAGE', 'OPTIONS'][i % 3], { headers })).status, 400);
	assert.equal((await c.ask('MESSAGE', { headers })).status, 403);
	assert.equal((await c.closed).code, 4006);
});

// One kid may be that of the newest key; one invented after the other is not.
test('flood_invented_kids_close_the_connection', async (t) => {
	await limits();
	const invented = (n) => { const token = tokenOf(site.keys.es, undefined, { kid: `invented-${n}` }); used.push(token); return token; };
	const c = await open(t, '127.0.10.1'), user = await open(t, '127.0.10.1');
	assert.equal((await user.register(good())).status, 200);
	for (let i = 0; i < 20; i++) assert.equal((await c.register(invented(i))).status, 503);
	assert.equal((await c.register(invented(20))).status, 403);
	assert.equal((await c.closed).code, 4006);
	// Not one that had a good token: its WAF may be slow with its keys.
	for (let i = 21; i < 45; i++) assert.equal((await user.register(invented(i))).status, 503);
	assert.equal((await user.register(good())).status, 200);
	// Nor does the source pay.
	assert.equal((await (await open(t, '127.0.10.1')).register(good())).status, 200);
});

test('flood_a_good_request_ends_the_row', async (t) => {
	await limits({ failures: 0 });
	const c = await open(t, '127.0.6.2');
	const token = good();
	assert.equal((await c.register(token)).status, 200);
	for (let round = 0; round < 3; round++) {
		for (let i = 0; i < 15; i++) assert.equal((await c.ask('MESSAGE')).status, 401);
		assert.equal((await c.ask('MESSAGE', { headers: [`Authorization: Bearer ${token}`] })).status, 200);
	}
});

test('flood_connection_of_an_exceeded_source_is_closed_too', async (t) => {
	await limits({ failures: 5 });
	await fill(t, '127.0.7.1', 5);
	const c = await open(t, '127.0.7.1');
	for (let i = 0; i < 25; i++) c.sendText(c.request('REGISTER', { headers: [`Authorization: Bearer ${bad}`] }));
	assert.equal((await c.closed).code, 4006);
});

test('flood_malformed_frames_count_for_their_source', async (t) => {
	await limits({ failures: 5 });
	const c = await open(t, '127.0.8.1');
	for (let i = 0; i < 5; i++) c.sendText('x');
	await until('all to be counted', async () => (await sourceOf('127.0.8.1'))?.total === 5);
	assert.equal((await c.register(good())).status, 503);
});

test('flood_ipv6_sources_are_networks_of_64_bits', async (t) => {
	await limits({ failures: 5 });
	await fill(t, '2001:db8:1::2', 5, '2001:db8:1::1');
	assert.equal(await oneBad(t, '2001:db8:1::1', '2001:db8:1::1'), 503, 'the same network');
	assert.equal(await oneBad(t, '2001:db8:2::1', '2001:db8:1::1'), 401, 'another');
	assert.equal((await sourceOf('2001:db8:1::/64')).total, 5);
});

test('flood_cost_of_signatures', async (t) => {
	// one ES256 of some 80 us passes a millisecond's budget a dozen times
	await limits({ failures: 0, cost: 1 });
	const cs = await Promise.all(Array.from({ length: 40 }, () => open(t, '127.0.9.1')));
	const answers = await Promise.all(cs.map((c) => c.register(bad)));
	const n = (s) => answers.filter((a) => a.status === s).length;
	assert.ok(n(401) >= 12, `${n(401)} were checked`);
	assert.ok(n(503) >= 1, `${n(503)} were put off`);
	assert.equal(n(401) + n(503), 40);
	assert.ok(await cause('cost_exceeded') >= 1);
	// good ones cost nothing in the end
	await sleep(1100);
	for (let i = 0; i < 30; i++) assert.equal((await (await open(t, '127.0.9.1')).register(good())).status, 200);
});

test('flood_fifty_connections', async (t) => {
	await limits({ failures: 300 });
	const user = await open(t, '127.0.10.1');
	const token = good();
	assert.equal((await user.register(token)).status, 200);
	const stranger = await open(t, '127.0.10.2');
	assert.equal((await stranger.register(token)).status, 200);
	const latency = async (n) => {
		const ms = [];
		for (let i = 0; i < n; i++) {
			for (const c of [user, stranger]) {
				const from = performance.now();
				assert.equal((await c.ask('OPTIONS', { headers: [`Authorization: Bearer ${token}`] })).status, 200);
				ms.push(performance.now() - from);
			}
			await sleep(5);
		}
		ms.sort((a, b) => a - b);
		return { median: ms[ms.length >> 1].toFixed(2), p99: ms[Math.floor(ms.length * 0.99)].toFixed(2) };
	};
	const quiet = await latency(50);
	let sent = 0, going = true;
	const before = performance.now();
	// each as fast as it may: a new connection whenever one is closed
	const attack = async () => {
		while (going) {
			const c = await Client.open(site, { from: '127.0.10.1' }).catch(() => undefined);
			if (!c) continue;
			const texts = Array.from({ length: 20 }, () => c.request('REGISTER', { headers: [`Authorization: Bearer ${bad}`] }));
			c.sendText(...texts);
			sent += texts.length;
			await Promise.race([c.ended, sleep(500)]);
			c.end();
		}
	};
	const attacks = Array.from({ length: 50 }, attack);
	await sleep(500);
	const busy = await latency(100);
	going = false;
	await Promise.all(attacks);
	const s = (performance.now() - before) / 1000;
	t.diagnostic(`${sent} bad REGISTERs in ${s.toFixed(1)} s; OPTIONS of registered users: quiet ${JSON.stringify(quiet)} ms, flooded ${JSON.stringify(busy)} ms`);
	assert.ok(Number(busy.median) < 500, `median ${busy.median} ms`);
	assert.ok(await cause('source_exceeded') > 50);
});
