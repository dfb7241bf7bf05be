// SPDX-License-Identifier: BSD-2-Clause
// The configuration as shipped, from outside: SIP on the browsers' port without
// a WebSocket, strangers on Mw, answers that nobody waits for, and what the
// log keeps of a broken message.
import test from 'node:test';
import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import { createRequire } from 'node:module';
import { ROOT } from '../../lab/lib/plan.mjs';
import { start, stop } from '../../lab/lab.mjs';
import { build, rand } from '../tna_register/support/sip.mjs';

const WebSocket = createRequire(new URL('../../package.json', import.meta.url))('ws');
const dir = path.join(ROOT, 'build/test/lab-attack');
const STRANGER = '127.0.0.66', TOKEN = `ey${rand(40)}.${rand(60)}.${rand(40)}`;
const later = (ms) => new Promise((done) => { setTimeout(done, ms); });
let lab, stranger, heard = '';

test.before(async () => {
	await stop({ dir });
	lab = await start({ dir, parts: ['hss', 'icscf', 'scscf', 'rtpengine', 'waf-home', 'waf-partner', 'epcscf'] });
	stranger = dgram.createSocket('udp4');
	stranger.on('message', (data) => { heard += data; });
	await new Promise((done) => { stranger.bind(5060, STRANGER, done); });
});
test.after(async () => { stranger?.close(); await stop({ dir }); });

// Ways in: each gives send(text) and what came back.
const ways = {
	async wss() {
		const ws = new WebSocket(lab.urls.wss, 'sip', { rejectUnauthorized: false, origin: new URL(lab.urls.page).origin });
		let got = '';
		ws.on('message', (d) => { got += d; });
		ws.on('error', () => {});
		await new Promise((done, fail) => { ws.on('open', done); ws.on('close', fail); });
		return { send: (t) => ws.send(t), got: () => got, end: () => ws.terminate() };
	},
	tls: () => stream((done) => tls.connect({ host: lab.host, port: lab.nodes.epcscf.wss, rejectUnauthorized: false }, done)),
	tcp: () => stream((done) => net.connect({ host: lab.nodes.epcscf.address, port: lab.nodes.epcscf.sip, localAddress: STRANGER }, done)),
	async udp() {
		heard = '';
		return { send: (t) => stranger.send(t, lab.nodes.epcscf.sip, lab.nodes.epcscf.address), got: () => heard, end: () => {} };
	},
};

async function stream(open) {
	let got = '';
	const socket = await new Promise((done) => { const s = open(() => done(s)); });
	socket.on('data', (d) => { got += d; });
	socket.on('error', () => {});
	return { send: (t) => socket.write(t), got: () => got, end: () => socket.destroy() };
}

const request = (method, more = [], forwards = 70) => build(`${method} sip:home1.net SIP/2.0`,
	[`Via: SIP/2.0/TCP ${STRANGER}:5060;branch=z9hG4bK${rand()};rport`, `Max-Forwards: ${forwards}`, 'From: <sip:x@home1.net>;tag=1',
		'To: <sip:user1@home1.net>', `Call-ID: ${rand()}`, `CSeq: 1 ${method}`, ...more]);

for (const way of ['tls', 'tcp', 'udp'])
	test(`edge_${way}_without_a_right_to_be_here_gets_no_sip_answer`, async () => {
		for (const text of [request('OPTIONS'), request('OPTIONS', [], 0), request('REGISTER', [`Authorization: Bearer ${TOKEN}`]),
			request('INVITE', [`Route: <sip:${rand(25)}@${lab.nodes.epcscf.name}:${lab.nodes.epcscf.sip};lr>`])]) {
			const to = await ways[way]();
			to.send(text);
			await later(200);
			assert.equal(to.got(), '', `answered to ${text.split('\r\n')[0]}`);
			to.end();
		}
	});

for (const way of ['wss', 'tls', 'tcp', 'udp'])
	test(`edge_${way}_answer_of_no_transaction_is_not_passed_on`, async () => {
		heard = '';
		const to = await ways[way]();
		to.send(build('SIP/2.0 200 OK', [`Via: SIP/2.0/UDP ${lab.nodes.epcscf.address}:${lab.nodes.epcscf.sip};branch=z9hG4bK${rand()}.0`,
			`Via: SIP/2.0/UDP ${STRANGER}:5060;branch=z9hG4bK${rand()}`, 'From: <sip:boss@home1.net>;tag=1', 'To: <sip:x@home1.net>;tag=2',
			`Call-ID: ${rand()}`, 'CSeq: 1 MESSAGE', 'P-Asserted-Identity: <sip:boss@home1.net>']));
		await later(300);
		assert.equal(heard, '');
		to.end();
	});

for (const [what, broken] of Object.entries({
	header_without_colon: ['Not a header'], header_without_name: [': x'], via: ['Via: garbage'], cseq: ['CSeq: x y z']
}))
	test(`edge_token_not_in_the_log_behind_a_broken_${what}`, async () => {
		const to = await ways.wss(), token = `ey${rand(40)}.${rand(60)}.${rand(40)}`;
		to.send(build('REGISTER sip:home1.net SIP/2.0', [...broken, `Authorization: Bearer ${token}`,
			`Via: SIP/2.0/WSS x.invalid;branch=z9hG4bK${rand()}`, 'Max-Forwards: 70', 'From: <sip:user1@home1.net>;tag=1',
			'To: <sip:user1@home1.net>', `Call-ID: ${rand()}`, 'CSeq: 1 REGISTER']));
		await later(200);
		assert.ok(!fs.readFileSync(lab.parts.epcscf.log, 'latin1').includes(token.slice(0, 40)), 'the token is in the log');
		to.end();
	});
