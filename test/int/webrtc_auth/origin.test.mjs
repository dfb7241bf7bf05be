// SPDX-License-Identifier: BSD-2-Clause
// Only a page of a configured origin gets a WebSocket (TS 33.203 X.3.2.3).
import test from 'node:test';
import assert from 'node:assert/strict';
import { Site, until } from './support/site.mjs';
import { Client } from './support/client.mjs';
import { refused } from './support/refused.mjs';
import { claimsOf, tokenOf } from './support/waf.mjs';

let site;
test.before(async () => { site = await Site.start({ params: 'modparam("webrtc_auth", "max_connections", 3)' }); });
test.after(() => site?.stop());

for (const [what, origin, status] of [
	['the configured one', 'https://shop.example', 101],
	['upper case and default port, the same origin', 'HTTPS://Shop.Example:443', 101],
	['none', [], 403],
	['another host', 'https://shop.example.evil.net', 403],
	['another scheme', 'http://shop.example', 403],
	['another port', 'https://shop.example:8443', 403],
	['null', 'null', 403],
	['a path behind it', 'https://shop.example/', 403],
	['two headers, both allowed', ['https://shop.example', 'https://shop.example'], 403],
	['two headers, one allowed', ['https://shop.example', 'https://evil.example'], 403],
]) {
	test(`origin_${what.replace(/[^a-z]+/g, '_')}`, async () => {
		const c = await Client.open(site, { origin });
		assert.equal(c.status, status);
		if (status === 101) assert.equal((await c.register(tokenOf(site.keys.es))).status, 200);
		c.end();
		await until('the table to be empty', async () => (await site.stats()).connections === 0, 8000);
	});
}

test('origin_decides_the_wwsf', async () => {
	const c = await Client.open(site, { origin: 'https://app.partner.net' });
	const token = tokenOf(site.keys.partner, claimsOf({ iss: 'https://waf.partner.net', client_id: 'app', impi: 'p1@partner.net', impu: 'sip:p1@partner.net' }));
	assert.equal((await c.register(token, { to: 'sip:p1@partner.net' })).status, 200);
	assert.match(site.sentOn(c)[0], /X-Wauth: 1\|ok\|p1@partner\.net\|sip:p1@partner\.net\|waf@partner\.net\|partner\|1\|waf@partner\.net\|partner\|alice\|\d+/);
	c.end();
});

test('origin_not_looked_at_by_the_script_means_no_service', async () => {
	const c = await Client.open(site, { path: '/unasked' });
	assert.equal(c.status, 101);
	await refused(site, c, tokenOf(site.keys.es), { status: 403, code: 4004, cause: 'origin_unknown' });
});

test('origin_entry_is_swept_when_no_websocket_came_of_it', async () => {
	await until('the table to be empty', async () => (await site.stats()).connections === 0, 8000);
	const before = (await site.stats()).origin_ok;
	const res = await new Promise((resolve) => import('node:https').then(({ default: https }) => https.get({
		host: '127.0.0.1', port: site.ports.wss, path: '/plain', servername: 'localhost', ca: site.ca.ca, agent: false,
		headers: { Origin: 'https://shop.example' } }, resolve)));
	assert.equal(res.statusCode, 200);
	res.resume();
	assert.equal((await site.stats()).origin_ok, before + 1);
	await until('the sweep', async () => (await site.stats()).connections === 0, 12000);
});

test('origin_table_full_refuses_and_recovers', async () => {
	const clients = [];
	for (let i = 0; i < 3; i++) clients.push(await Client.open(site));
	assert.deepEqual(clients.map((c) => c.status), [101, 101, 101]);
	const fourth = await Client.open(site);
	assert.equal(fourth.status, 403);
	assert.equal((await clients[0].register(tokenOf(site.keys.es))).status, 200);
	for (const c of [...clients, fourth]) c.end();
	await until('room', async () => (await site.stats()).connections === 0, 8000);
	const again = await Client.open(site);
	assert.equal(again.status, 101);
	again.end();
});
