// SPDX-License-Identifier: BSD-2-Clause
// What a WAF that hangs does to everybody else: one UDP and one TCP worker of a
// real Kamailio, 200 REGISTERs with opaque tokens waiting for it. Counted: how
// many of 100 OPTIONS, half over WSS and half over UDP, are answered within
// 50 ms. Measured: the time of REGISTERs with a fresh JWT, without and with the
// 200 that wait, in slices that take turns. Addresses are fixed: run inside
// test/lab/in-netns. Argument: where to write the figures.
import dgram from 'node:dgram';
import { writeFileSync } from 'node:fs';
import { Client } from '../int/webrtc_auth/support/client.mjs';
import { opaque, opaqueSite } from '../int/webrtc_auth/support/opaque.mjs';
import { until } from '../int/webrtc_auth/support/site.mjs';
import { tokenOf } from '../int/webrtc_auth/support/waf.mjs';

const WAITING = 200;
const OPTIONS = 100;
const LIMIT_ms = 50;
const ROUNDS = 10; // of two slices without and two with the dead WAF
const EACH = 60;
const RATIO = 1.2;

// Answered on the spot: the worker's own work, and no core's.
const first = `
		if($rm == "OPTIONS" || $hdr(X-Local) == "1") {
			if(!webrtc_auth_check()) webrtc_auth_challenge();
			else sl_send_reply("200", "OK");
			exit;
		}`;

const median = (list) => {
	const sorted = [...list].sort((a, b) => a - b);
	return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
};

// The WAF takes questions and gives no answers, until release().
function hang(site) {
	const plain = site.waf.introspect;
	let release;
	const open = new Promise((resolve) => { release = resolve; });
	site.waf.introspect = async (token) => { await open; return plain(token); };
	return () => { release(); site.waf.introspect = plain; };
}

const pending = async (site) => (await site.stats()).introspect_pending;

// Four may wait on one connection.
async function begin(site, pages) {
	const release = hang(site);
	for (let i = 0; i < WAITING; i++) pages[i >> 2].sendText(pages[i >> 2].request('REGISTER', { headers: [`Authorization: Bearer ${opaque(site)}`] }));
	await until(`${WAITING} to wait`, async () => await pending(site) === WAITING, 20000);
	return async () => {
		release();
		await until('the end of the wait', async () => await pending(site) === 0, 40000);
	};
}

function udpOptions(port) {
	const socket = dgram.createSocket('udp4');
	let n = 0;
	const ask = () => new Promise((resolve) => {
		const branch = `z9hG4bKbench${n++}`;
		const at = performance.now();
		socket.once('message', () => resolve(performance.now() - at));
		socket.send(['OPTIONS sip:127.0.0.1 SIP/2.0', `Via: SIP/2.0/UDP 127.0.0.1:${socket.address().port};branch=${branch}`, 'Max-Forwards: 70',
			'From: <sip:probe@home1.net>;tag=1', 'To: <sip:127.0.0.1>', `Call-ID: ${branch}`, 'CSeq: 1 OPTIONS', 'Content-Length: 0', '', ''].join('\r\n'), port, '127.0.0.1');
	});
	return new Promise((resolve) => { socket.bind(0, '127.0.0.1', () => resolve({ ask, close: () => socket.close() })); });
}

async function wssOptions(page, token) {
	const at = performance.now();
	const answer = await page.ask('OPTIONS', { headers: [`Authorization: Bearer ${token}`] });
	if (answer.status !== 200) throw new Error(`OPTIONS: ${answer.status}`);
	return performance.now() - at;
}

// ms of one REGISTER.
async function slice(site, page) {
	const tokens = Array.from({ length: EACH }, () => tokenOf(site.keys.es));
	const at = performance.now();
	for (const token of tokens) {
		const answer = await page.register(token, { headers: ['X-Local: 1'] });
		if (answer.status !== 200) throw new Error(`REGISTER: ${answer.status}`);
	}
	return (performance.now() - at) / EACH;
}

const site = await opaqueSite({ timeout: 30000, globals: `max_pending = ${WAITING}`, first,
	async: 'async_workers=1\nchildren=1\ntcp_children=1' });
try {
	const page = await Client.open(site), waiting = [];
	for (let i = 0; i < WAITING; i += 4) waiting.push(await Client.open(site));
	const jwt = tokenOf(site.keys.es);
	if ((await page.register(jwt)).status !== 200) throw new Error('no registration');
	const udp = await udpOptions(site.ports.sip);

	let end = await begin(site, waiting);
	const took = { WSS: [], UDP: [] };
	for (let i = 0; i < OPTIONS / 2; i++) {
		took.WSS.push(await wssOptions(page, jwt));
		took.UDP.push(await udp.ask());
	}
	if (await pending(site) !== WAITING) throw new Error('they did not wait all the time');
	await end();

	const without = [], withDead = [];
	await slice(site, page); // warms up
	for (let round = 0; round < ROUNDS; round++) {
		for (let i = 0; i < 2; i++) without.push(await slice(site, page));
		end = await begin(site, waiting);
		for (let i = 0; i < 2; i++) withDead.push(await slice(site, page));
		if (await pending(site) !== WAITING) throw new Error('they did not wait all the time');
		await end();
	}
	udp.close();
	page.end();
	for (const c of waiting) c.end();

	const all = [...took.WSS, ...took.UDP];
	const inTime = all.filter((ms) => ms <= LIMIT_ms).length;
	const row = (name, list) => console.log([name.padEnd(44), ...[median(list), Math.min(...list), Math.max(...list)].map((v) => v.toFixed(2).padStart(9))].join(''));
	console.log(`one UDP, one TCP worker; ${WAITING} REGISTERs wait for a WAF that hangs; ms`);
	console.log(`${''.padEnd(44)}${['median', 'least', 'most'].map((t) => t.padStart(9)).join('')}`);
	for (const [name, list] of Object.entries(took)) row(`OPTIONS over ${name}, them waiting`, list);
	row('REGISTER with a JWT, nobody waiting', without);
	row('REGISTER with a JWT, them waiting', withDead);
	const ratio = median(withDead) / median(without);
	console.log(`OPTIONS answered in ${LIMIT_ms} ms: ${inTime} of ${OPTIONS}; ratio ${ratio.toFixed(3)} (<= ${RATIO})`);
	const figures = [
		{ name: 'options_in_50ms', value: inTime, unit: `of ${OPTIONS}`, against: '', goal: OPTIONS },
		{ name: 'waf_dead_ratio', value: Number(ratio.toFixed(4)), unit: 'ratio', against: 'the same REGISTERs with nobody waiting', goal: RATIO },
	];
	if (process.argv[2]) writeFileSync(process.argv[2], `${JSON.stringify(figures, null, '  ')}\n`);
	process.exitCode = inTime >= OPTIONS && ratio <= RATIO ? 0 : 1;
} finally {
	await site.stop();
}
