// SPDX-License-Identifier: BSD-2-Clause
// Records what a real rtpengine makes of the golden cases: plays every case's
// offer and answer (as planned by lib/mediate) to it over the ng protocol and
// writes 3-offer-from-gateway.sdp and 7-answer-from-gateway.sdp, with what
// changes from run to run masked.
//
//   make build/rel/unit/mediate/golden_test
//   EP_GOLDEN_UPDATE=1 build/rel/unit/mediate/golden_test   (plans: 2, 6)
//   unshare -n sh -c 'ip link set lo up; node test/golden/record.mjs'
//   EP_GOLDEN_UPDATE=1 build/rel/unit/mediate/golden_test   (results: 4, 8)
//   git diff test/golden                                    (read it!)
import dgram from 'node:dgram';
import fs from 'node:fs';
import path from 'node:path';
import { spawn, execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const ADDRESS = '192.0.2.10'; // of the gateway
const NG = { host: '127.0.0.1', port: 22222 };

function bencode(v) {
	if (typeof v === 'number') return `i${v}e`;
	if (typeof v === 'string') return `${Buffer.byteLength(v)}:${v}`;
	if (Array.isArray(v)) return `l${v.map(bencode).join('')}e`;
	return `d${Object.entries(v).map(([k, x]) => bencode(k) + bencode(x)).join('')}e`;
}

function bdecode(buf) {
	let at = 0;
	function next() {
		const c = String.fromCharCode(buf[at]);
		if (c === 'i') {
			const end = buf.indexOf('e', at);
			const n = Number(buf.subarray(at + 1, end).toString());
			at = end + 1;
			return n;
		}
		if (c === 'l' || c === 'd') {
			const out = [];
			at++;
			while (String.fromCharCode(buf[at]) !== 'e') out.push(next());
			at++;
			if (c === 'l') return out;
			const d = {};
			for (let i = 0; i < out.length; i += 2) d[out[i]] = out[i + 1];
			return d;
		}
		const colon = buf.indexOf(':', at);
		const n = Number(buf.subarray(at, colon).toString());
		at = colon + 1 + n;
		return buf.subarray(colon + 1, at).toString();
	}
	return next();
}

// A flag string as Kamailio's rtpengine module reads it.
function flagsToDict(text) {
	const d = { flags: [], replace: [], 'rtcp-mux': [], SDES: [], direction: [] };
	for (const word of text.trim().split(/ +/)) {
		const eq = word.indexOf('=');
		const key = eq < 0 ? word : word.slice(0, eq);
		const value = eq < 0 ? null : word.slice(eq + 1);
		const list = ['replace', 'rtcp-mux', 'SDES'].find((p) => key.startsWith(p + '-'));
		if (list) d[list].push(key.slice(list.length + 1));
		else if (/^(UDP\/TLS\/)?RTP\/S?AVPF?$/.test(key)) d['transport-protocol'] = key;
		else if (key === 'direction') d.direction.push(value);
		else if (value !== null) d[key] = value;
		else d.flags.push(key);
	}
	for (const k of Object.keys(d)) if (Array.isArray(d[k]) && !d[k].length) delete d[k];
	return d;
}

const sock = dgram.createSocket('udp4');
let cookie = 0;
function ng(dict) {
	const id = `c${++cookie}`;
	return new Promise((resolve, reject) => {
		const timer = setTimeout(() => reject(new Error('no answer from rtpengine')), 2000);
		const on = (msg) => {
			const sp = msg.indexOf(' ');
			if (msg.subarray(0, sp).toString() !== id) return;
			clearTimeout(timer);
			sock.off('message', on);
			resolve(bdecode(msg.subarray(sp + 1)));
		};
		sock.on('message', on);
		sock.send(`${id} ${bencode(dict)}`, NG.port, NG.host);
	});
}

function mask(sdp) {
	const ports = new Map();
	return sdp
		.replace(/\b30\d{3}\b/g, (p) => {
			const port = Number(p); // an RTCP port stays the RTP port's neighbour
			if (ports.has(port - 1)) return String(ports.get(port - 1) + 1);
			if (!ports.has(port)) ports.set(port, 40000 + 2 * ports.size);
			return String(ports.get(port));
		})
		.replace(/^a=ice-ufrag:.*$/gm, 'a=ice-ufrag:MASKUFRG')
		.replace(/^a=ice-pwd:.*$/gm, 'a=ice-pwd:MASKPWDMASKPWDMASKPWDMASK')
		.replace(/^a=fingerprint:sha-256 .*$/gm, 'a=fingerprint:sha-256 ' + Array(32).fill('AB').join(':'))
		.replace(/^a=tls-id:.*$/gm, 'a=tls-id:MASKTLSIDMASKTLSIDMASK')
		.replace(/^a=candidate:\S+/gm, 'a=candidate:MASKFOUNDATION')
		.replace(/\r?\n/g, '\r\n');
}

async function step(dir, call, in_, flags, out) {
	const sdp = fs.readFileSync(path.join(dir, in_), 'utf8');
	const answer = in_.includes('answer');
	const dict = flagsToDict(fs.readFileSync(path.join(dir, flags), 'utf8'));
	const reply = await ng({
		...dict,
		sdp,
		'call-id': call,
		'received-from': ['IP4', '127.0.0.1'],
		'from-tag': 'caller',
		...(answer ? { 'to-tag': 'callee' } : {}),
		command: answer ? 'answer' : 'offer',
	});
	if (reply.result !== 'ok') throw new Error(`${dir}: ${JSON.stringify(reply)}`);
	fs.writeFileSync(path.join(dir, out), mask(reply.sdp));
}

execFileSync('ip', ['addr', 'add', `${ADDRESS}/32`, 'dev', 'lo']);
const daemon = spawn('rtpengine', ['--config-file=none', '--table=-1', '--foreground', '--log-stderr', '--log-level=4',
	'-i', ADDRESS, '-n', `${NG.host}:${NG.port}`, '-m', '30000', '-M', '30999'], { stdio: ['ignore', 'inherit', 'inherit'] });
try {
	for (let i = 0; ; i++) {
		try { await ng({ command: 'ping' }); break; } catch (e) { if (i > 5) throw e; }
	}
	const only = process.argv.slice(2);
	for (const name of fs.readdirSync(here).sort()) {
		const dir = path.join(here, name);
		if (!fs.existsSync(path.join(dir, '2-offer-to-gateway.sdp')) || (only.length && !only.includes(name))) continue;
		await step(dir, name, '2-offer-to-gateway.sdp', '2-offer-flags.txt', '3-offer-from-gateway.sdp');
		if (fs.existsSync(path.join(dir, '6-answer-to-gateway.sdp')))
			await step(dir, name, '6-answer-to-gateway.sdp', '6-answer-flags.txt', '7-answer-from-gateway.sdp');
		await ng({ command: 'delete', 'call-id': name, 'from-tag': 'caller' });
		console.log(`recorded ${name}`);
	}
} finally {
	daemon.kill();
	sock.close();
}
