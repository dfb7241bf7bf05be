// SPDX-License-Identifier: BSD-2-Clause
// /metrics as Prometheus reads it, /healthz as a balancer does, and rtpengine's
// callback as it is and as it is not.
import test from 'node:test';
import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import net from 'node:net';
import { execFileSync } from 'node:child_process';
import { Gateway, NORTH, startIq, until } from './support/daemon.mjs';
import { Ng } from './support/ng.mjs';
import { Subscriber } from './support/subscriber.mjs';

const HTTP = 'http://127.0.0.8:8080', TIMEOUT = 'http://127.0.0.8:2225';
const CONF = { http_listen: '127.0.0.8:8080', timeout_listen: '127.0.0.8:2225', ping_interval_ms: 20000 };

async function setUp(t, conf = {}) {
	const c = { gateway: await Gateway.open(), iq: await startIq({ ...CONF, ...conf }), ng: await Ng.open(NORTH) };
	t.after(async () => {
		c.ng.close();
		await c.iq.end();
		c.gateway.close();
	});
	return c;
}

const status = async (url, options) => {
	const answer = await fetch(url, options);
	return [answer.status, await answer.text()];
};
const value = (text, name) => Number(text.match(new RegExp(`^${name} (\\d+)$`, 'm'))?.[1]);
const xml = (...strings) => `<?xml version="1.0"?><methodCall><methodName>dlg.terminate_dlg</methodName><params>${strings
	.map((s) => `<param><value><string>${s}</string></value></param>`).join('')}</params></methodCall>`;

test('http_metrics_are_prometheus_text', async (t) => {
	const { ng } = await setUp(t);
	const before = (await status(`${HTTP}/metrics`))[1];
	await ng.ask({ command: 'ping' });
	await ng.ask({ command: 'ping' });
	const answer = await fetch(`${HTTP}/metrics`);
	assert.equal(answer.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
	const text = await answer.text();
	assert.equal(value(text, 'rtpengine_iq_requests_total') - value(before, 'rtpengine_iq_requests_total'), 2);
	assert.equal(value(text, 'rtpengine_iq_in_service'), 1);
	const lines = text.split('\n');
	assert.equal(lines.pop(), '', 'the last line ends');
	const helped = new Map(), typed = new Map(), seen = new Set();
	for (const line of lines) {
		const [, kind, name, rest] = line.match(/^# (HELP|TYPE) (rtpengine_iq_[a-z_]+) (.+)$/) ?? [];
		if (kind) {
			const map = kind === 'HELP' ? helped : typed;
			assert.ok(!map.has(name), `${kind} ${name} twice`);
			map.set(name, rest);
			continue;
		}
		const sample = line.match(/^(rtpengine_iq_[a-z_]+)(\{([a-z]+="[^"\\\n]*",?)+\})? \d+$/);
		assert.ok(sample, `a sample: ${line}`);
		assert.ok(!seen.has(line.split(' ')[0]), `${line} twice`);
		seen.add(line.split(' ')[0]);
		assert.ok(helped.has(sample[1]), `help of ${sample[1]}`);
		assert.equal(typed.get(sample[1]), sample[1].endsWith('_total') ? 'counter' : 'gauge');
	}
	assert.ok(seen.size > 40, `${seen.size} samples`);
	assert.deepEqual([...helped.keys()], [...typed.keys()]);
});

test('http_healthz_says_whether_rtpengine_is_there', async (t) => {
	const { gateway } = await setUp(t, { ping_interval_ms: 100 });
	assert.deepEqual(await status(`${HTTP}/healthz`), [200, 'in service\n']);
	gateway.hung = true;
	await until('503', async () => (await status(`${HTTP}/healthz`))[0] === 503);
	gateway.hung = false;
	await until('200', async () => (await status(`${HTTP}/healthz`))[0] === 200);
});

test('http_refuses_what_is_not_there', async (t) => {
	await setUp(t);
	assert.equal((await status(`${HTTP}/`))[0], 404);
	assert.equal((await status(`${HTTP}/metrics/`))[0], 404);
	assert.equal((await status(`${HTTP}/metrics`, { method: 'POST', body: 'x' }))[0], 405);
	assert.equal((await status(`${HTTP}/metrics`, { method: 'DELETE' }))[0], 405);
	assert.equal((await status(`${TIMEOUT}/metrics`))[0], 405);
});

test('http_a_connection_that_says_nothing_ends', async (t) => {
	const { ng } = await setUp(t);
	const idle = net.connect(8080, '127.0.0.8');
	const closed = new Promise((done) => { idle.on('close', done); });
	idle.on('error', () => {});
	idle.resume();
	t.after(() => idle.destroy());
	// Meanwhile all goes on.
	assert.equal((await status(`${HTTP}/healthz`))[0], 200);
	assert.equal((await ng.ask({ command: 'ping' })).result, 'pong');
	await closed;
});

test('http_the_callback_is_an_event', async (t) => {
	await setUp(t);
	const sub = await Subscriber.open();
	t.after(() => sub.close());
	await sub.subscribe({ ttl: 60 });
	const post = (body) => status(`${TIMEOUT}/`, { method: 'POST', headers: { 'Content-Type': 'text/xml' }, body });
	const [code, text] = await post(xml('a&lt;b&amp;c', 'w', 'i'));
	assert.equal(code, 200);
	assert.match(text, /<methodResponse>/);
	const { detail } = await sub.got('media-lost', { 'call-id': 'a<b&c' });
	assert.deepEqual(detail, { 'call-deleted': 1 });
	for (const broken of ['', 'x', '<methodCall>', xml(''), xml().replace('dlg.terminate_dlg', 'di')])
		assert.equal((await post(broken))[0], 200, 'rtpengine gets its answer');
	await until('five', async () => value((await status(`${HTTP}/metrics`))[1], 'rtpengine_iq_refused_notice_total') === 5);
	// Too long: the connection ends, the daemon does not.
	await assert.rejects(post('x'.repeat(100000)));
	await post(xml('last'));
	await sub.got('media-lost', { 'call-id': 'last' });
	assert.equal(sub.events.length, 2);
});

test('http_strangers_get_nothing', async (t) => {
	for (const ip of ['192.0.2.8', '192.0.2.9', '192.0.2.10']) execFileSync('ip', ['addr', 'add', `${ip}/32`, 'dev', 'lo']);
	const open = { http_listen: '192.0.2.8:8080', timeout_listen: '192.0.2.8:2225', dtmf_listen: '192.0.2.8:2224', allow: '192.0.2.9' };
	await setUp(t, open);
	const sub = await Subscriber.open(), notices = dgram.createSocket('udp4');
	t.after(() => { sub.close(); notices.close(); });
	await sub.subscribe({ ttl: 60 });
	/** What comes back for a request from this address; nothing: the connection ended. */
	const from = (localAddress, port, text) => new Promise((done) => {
		let got = '';
		const socket = net.connect({ port, host: '192.0.2.8', localAddress }, () => socket.end(text));
		socket.on('data', (data) => { got += data; });
		socket.on('error', () => {});
		socket.on('close', () => done(got));
	});
	const get = 'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
	const post = (id) => `POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${xml(id).length}\r\n\r\n${xml(id)}`;
	assert.equal(await from('192.0.2.10', 8080, get), '');
	assert.match(await from('192.0.2.9', 8080, get), /^HTTP\/1.1 200 /);
	assert.equal(await from('192.0.2.10', 2225, post('theirs')), '');
	assert.match(await from('192.0.2.9', 2225, post('ours')), /^HTTP\/1.1 200 /);
	const key = (callid) => JSON.stringify({ callid, source_tag: 'w', type: 'DTMF', event: 1, duration: 100 });
	await new Promise((done) => { notices.bind(0, '192.0.2.10', done); });
	notices.send(key('theirs'), 2224, '192.0.2.8');
	const friend = dgram.createSocket('udp4');
	t.after(() => friend.close());
	await new Promise((done) => { friend.bind(0, '192.0.2.9', done); });
	friend.send(key('ours'), 2224, '192.0.2.8');
	await sub.got('dtmf', { 'call-id': 'ours' });
	await sub.got('media-lost', { 'call-id': 'ours' });
	assert.equal(sub.events.length, 2);
});
