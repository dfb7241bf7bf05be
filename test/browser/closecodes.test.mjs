// SPDX-License-Identifier: BSD-2-Clause
// What a page makes of the answers of a real eP-CSCF: a token to renew (401, the
// connection stays; 4001, once more on another one), a ban (no other try, by
// itself or by a button), a pause, a server that went away.
import test from 'node:test';
import assert from 'node:assert/strict';
import { startPart, stopPart } from '../lab/lab.mjs';
import { Session, until } from './session.mjs';

let session;

test.before(async () => { session = await Session.begin('closecodes'); });
test.after(() => session?.end());

const mint = (order) => session.waf('mint', { user: 'user1', client_id: 'portal', ...order });

/** A page whose token source gives these tokens one after the other, the last for ever. */
async function pageWith(orders, { identity } = {}) {
	const minted = await Promise.all(orders.map(mint));
	const { claims } = minted[0];
	const client = await session.open();
	await client.page.evaluate(async ([tokens, about, url]) => {
		const Real = globalThis.WebSocket;
		globalThis.opened = [];
		globalThis.WebSocket = class extends Real {
			constructor(...args) { super(...args); globalThis.opened.push(performance.now()); }
		};
		globalThis.states = [];
		const { connect } = await import('/epcscf.js');
		globalThis.line = await connect({ url, probe: '', token: async () => ({ ...about, access_token: tokens.length > 1 ? tokens.shift() : tokens[0] }) });
		globalThis.line.on('status', (s) => globalThis.states.push(s));
	}, [minted.map((m) => m.access_token), { expires_in: 300, impi: claims.impi, impu: identity ? [identity] : claims.impu }, session.lab.urls.wss]);
	return client;
}

const opened = (client) => client.page.evaluate(() => globalThis.opened.length);
const states = (client) => client.page.evaluate(() => globalThis.states);
const registers = (client) => client.frames.filter((f) => f.sent && /^REGISTER /.test(f.text));

async function stopsAs(client, { code, why, text, sockets }) {
	await client.state('stopped');
	const last = (await states(client)).at(-1);
	assert.deepEqual([last.code, last.why], [code, why], JSON.stringify(last));
	assert.match(last.text, text);
	const tries = registers(client).length;
	await client.page.waitForTimeout(2500);
	assert.equal(await opened(client), sockets, 'connections');
	assert.equal(registers(client).length, tries, 'it tried again');
	await client.close();
}

test('closecodes_401_renews_on_the_same_connection', async () => {
	const client = await pageWith([{ expires_in: -600 }, {}]);
	await client.state('registered');
	assert.equal(await opened(client), 1);
	assert.deepEqual(client.sockets, []);
	assert.ok((await states(client)).some((s) => s.why === 'token' && /asking for another token/.test(s.text)));
	await client.close();
});

test('closecodes_4001_renews_and_connects_once_more', async () => {
	const client = await pageWith([{ sign: 'foreign' }, {}]);
	await client.state('registered');
	assert.equal(await opened(client), 2);
	assert.equal(registers(client).length, 2);
	await client.close();
});

test('closecodes_4001_twice_stops', async () => {
	const client = await pageWith([{ sign: 'foreign' }, { sign: 'foreign' }]);
	await stopsAs(client, { code: 4001, why: 'token', text: /token was not accepted/, sockets: 2 });
});

test('closecodes_4002_another_user_is_banned', async () => {
	const client = await pageWith([{}], { identity: 'sip:user2@home1.net' });
	await stopsAs(client, { code: 4002, why: 'banned', text: /identity may not be used/, sockets: 1 });
});

test('closecodes_4004_another_page_is_banned', async () => {
	const client = await pageWith([{ claims: { client_id: 'another' } }]);
	await stopsAs(client, { code: 4004, why: 'banned', text: /web page is not allowed/, sockets: 1 });
});

test('closecodes_4005_without_the_scope_is_banned', async () => {
	const client = await pageWith([{ claims: { scope: 'openid' } }]);
	await stopsAs(client, { code: 4005, why: 'banned', text: /does not allow IMS access/, sockets: 1 });
});

test('closecodes_503_of_a_new_key_waits_as_asked_and_registers', async () => {
	const client = await pageWith([{}]);
	await client.state('registered');
	await until('keys older than the window', async () => /age: ([6-9]|\d\d)/.test(session.rpc('epcscf', 'webrtc_auth.keys')), 15000);
	await session.waf('rotate');
	const other = await pageWith([{ user: 'user2' }]);
	await other.state('registered');
	const answers = other.frames.filter((f) => !f.sent && /^SIP\/2\.0 [1-6]\d\d /.test(f.text));
	assert.match(answers[0].text, /^SIP\/2\.0 503 [^]*\r\nRetry-After: 1\r\n/);
	const sent = registers(other);
	assert.ok(sent[1].t - answers[0].t >= 950, `came back after ${sent[1].t - answers[0].t} ms`);
	assert.equal(await opened(other), 1);
	assert.ok((await states(other)).some((s) => s.state === 'waiting' && s.why === 'network' && /503/.test(s.text)));
	await other.close();
	await client.close();
});

test('closecodes_1006_connects_again_with_back_off', async () => {
	const client = await session.signedIn('user1');
	await client.page.evaluate(() => {
		globalThis.states = [];
		globalThis.opened = [];
		const Real = globalThis.WebSocket;
		globalThis.WebSocket = class extends Real {
			constructor(...args) { super(...args); globalThis.opened.push(performance.now()); }
		};
		globalThis.line.on('status', (s) => globalThis.states.push(s));
	});
	await stopPart(session.lab, 'epcscf');
	await client.state('waiting');
	const from = await client.page.evaluate(() => performance.now());
	await until('three tries', async () => await opened(client) >= 3, 30000);
	const times = await client.page.evaluate(() => globalThis.opened);
	assert.ok(times[0] - from > 500, `the first try came ${times[0] - from} ms later`);
	for (let i = 1; i < times.length; i++) assert.ok(times[i] - times[i - 1] > 950, `tries ${times}`);
	await startPart(session.lab, 'epcscf');
	await client.registered(40000);
	assert.ok((await states(client)).every((s) => s.why !== 'banned' && s.state !== 'stopped'));
	await client.close();
});
