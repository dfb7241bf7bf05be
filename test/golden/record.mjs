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
const ADDRESS6 = '2001:db8::10'; // and on its interface `six`
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

// A command in words as Kamailio's rtpengine module reads it.
function wordsToDict(text) {
	const d = { flags: [], replace: [], 'rtcp-mux': [], SDES: [], direction: [], codec: {} };
	for (const word of text.trim().split(/ +/)) {
		const [, key, value] = word.match(/^([^=]*)(?:=(.*))?$/);
		const list = ['replace', 'rtcp-mux', 'SDES'].find((p) => key.startsWith(p + '-'));
		const codec = key.match(/^(?:codec-)?(transcode|mask|strip|offer|except|set)-(.*)$/);
		if (list) d[list].push(key.slice(list.length + 1));
		else if (codec) (d.codec[codec[1]] ??= []).push(codec[2]);
		else if (key === 'direction') d.direction.push(value);
		else if (value !== undefined) d[key] = value;
		else d.flags.push(key);
	}
	for (const k of Object.keys(d)) if (typeof d[k] === 'object' && !Object.keys(d[k]).length) delete d[k];
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
		.replace(/^(a=fingerprint:\S+ ).*$/gm, (_, head) => head + Array(Number(head.match(/-(\d+)/)[1]) / 8).fill('AB').join(':'))
		.replace(/^a=tls-id:.*$/gm, 'a=tls-id:MASKTLSIDMASKTLSIDMASK')
		.replace(/^a=candidate:\S+/gm, 'a=candidate:MASKFOUNDATION')
		.replace(/^(a=crypto:\S+ \S+ inline:)\S+/gm, '$1MASKKEYMASKKEYMASKKEYMASKKEYMASKKEYMASK')
		.replace(/\r?\n/g, '\r\n');
}

// Without `out` nobody looks at what comes back.
async function step(dir, call, tags, in_, words, out) {
	const sdp = fs.readFileSync(path.join(dir, in_), 'utf8');
	const answer = in_.includes('answer');
	const reply = await ng({
		...wordsToDict(fs.readFileSync(path.join(dir, words), 'utf8')),
		sdp,
		'call-id': call,
		'received-from': ['IP4', '127.0.0.1'],
		'from-tag': tags[0],
		'to-tag': tags[1],
		command: answer ? 'answer' : 'offer',
	});
	if (reply.result !== 'ok') throw new Error(`${dir}: ${JSON.stringify(reply)}`);
	if (out) fs.writeFileSync(path.join(dir, out), mask(reply.sdp));
}

const fromWic = (dir) => /^offer-from: wic/.test(fs.readFileSync(path.join(dir, 'about.txt'), 'utf8'));

// An offer and its answer; another answer (fork/), for which the gateway has
// the offer once more; and what comes later in the same call (again/). The
// gateway knows two sides, as in plan.h.
async function exchange(dir, call) {
	const sides = fromWic(dir) ? ['wic', 'core'] : ['core', 'wic'];
	const offer = ['2-offer-to-gateway.sdp', '2-offer-flags.txt'], answer = ['6-answer-to-gateway.sdp', '6-answer-flags.txt', '7-answer-from-gateway.sdp'];
	const has = (...names) => fs.existsSync(path.join(dir, ...names));
	await step(dir, call, sides, ...offer, '3-offer-from-gateway.sdp');
	if (has(answer[0])) await step(dir, call, sides, ...answer);
	if (has('fork', answer[0])) {
		await step(dir, call, sides, ...offer);
		await step(path.join(dir, 'fork'), call, sides, ...answer);
	}
	if (has('again')) await exchange(path.join(dir, 'again'), call);
}

// Cases of a profile with gateway= are played to that version: what
// mk/rtpengine.sh unpacks, or RTPENGINE_SID in the environment; the others to
// the one that is installed.
const needs = (dir) => fs.readFileSync(path.join(dir, 'about.txt'), 'utf8').match(/gateway=(\d+)/)?.[1] ?? 'installed';

async function play(program, names) {
	const daemon = spawn(program, ['--config-file=none', '--table=-1', '--foreground', '--log-stderr', '--log-level=4',
		'-i', `def/${ADDRESS}`, '-i', `six/${ADDRESS6}`, '-n', `${NG.host}:${NG.port}`, '-m', '30000', '-M', '30999'], { stdio: ['ignore', 'inherit', 'inherit'] });
	const ended = new Promise((done) => { daemon.on('exit', done); });
	try {
		for (let i = 0; ; i++) {
			try { await ng({ command: 'ping' }); break; } catch (e) { if (i > 5) throw e; }
		}
		for (const name of names) {
			await exchange(path.join(here, name), name);
			await ng({ command: 'delete', 'call-id': name });
			console.log(`recorded ${name}`);
		}
	} finally {
		daemon.kill();
		await ended;
	}
}

for (const a of [`${ADDRESS}/32`, `${ADDRESS6}/128`]) execFileSync('ip', ['addr', 'add', a, 'dev', 'lo']);
const only = process.argv.slice(2);
const names = fs.readdirSync(here).sort().filter((name) => (!only.length || only.includes(name)) && fs.existsSync(path.join(here, name, '2-offer-to-gateway.sdp')));
const newer = process.env.RTPENGINE_SID ?? path.join(here, '../../build/rtpengine/sid/run');
try {
	await play('rtpengine', names.filter((name) => needs(path.join(here, name)) === 'installed'));
	const bundling = names.filter((name) => needs(path.join(here, name)) !== 'installed');
	if (bundling.length) await play(newer, bundling);
} finally {
	sock.close();
}
