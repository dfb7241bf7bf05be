// SPDX-License-Identifier: BSD-2-Clause
// rtpengine-iq and rtpengine as processes, an rtpengine that a test plays
// itself, and a socket that says exactly what it is told. Addresses are fixed:
// run inside test/lab/in-netns.
import { spawn } from 'node:child_process';
import dgram from 'node:dgram';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ng, decode, encode } from './ng.mjs';

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../../..');
export const IQ = process.env.EP_IQ ?? path.join(ROOT, 'build/plugin/rtpengine-iq');
export const RTPENGINE = { host: '127.0.0.7', port: 2223 };
export const NORTH = { host: '127.0.0.8', port: 2223 };
const GOLDEN = path.join(ROOT, 'test/golden');

export const golden = (name, file) => readFileSync(path.join(GOLDEN, name, file), 'latin1');
export const later = (ms) => new Promise((done) => { setTimeout(done, ms); });

/** Polls until `probe` gives something true; for what has no event. */
export async function until(what, probe, limit_ms = 5000) {
	for (const end = Date.now() + limit_ms; ; await later(10)) {
		const value = await probe();
		if (value) return value;
		if (Date.now() > end) throw new Error(`${what}: not within ${limit_ms} ms`);
	}
}

/** A child with what it wrote; `gone` resolves with its code or signal. */
export class Program {
	constructor(command, args, options = {}) {
		this.text = '';
		this.child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
		for (const stream of [this.child.stdout, this.child.stderr])
			stream.on('data', (data) => { this.text += data.toString('latin1'); });
		this.gone = new Promise((done) => { this.child.on('close', (code, signal) => { this.ended = code ?? signal; done(this.ended); }); });
	}

	get pid() { return this.child.pid; }

	signal(name) { this.child.kill(name); }

	/** Stops it, all of its threads. */
	async hang() {
		this.signal('SIGSTOP');
		await until('it stopped', () => readdirSync(`/proc/${this.pid}/task`)
			.every((id) => /\) T /.test(readFileSync(`/proc/${this.pid}/task/${id}/stat`, 'latin1'))));
	}

	wrote(pattern, limit_ms) {
		return until(`${pattern} in the log`, () => {
			if (pattern.test(this.text)) return true;
			if (this.ended !== undefined) throw new Error(`ended with ${this.ended}:\n${this.text}`);
			return false;
		}, limit_ms);
	}

	async end(signal = 'SIGTERM') {
		if (this.ended === undefined) {
			this.signal('SIGCONT');
			this.signal(signal);
		}
		await this.gone;
		if (/Sanitizer|runtime error/.test(this.text)) throw new Error(this.text);
		return this.ended;
	}

	/** Resident memory in kB. */
	get rss() { return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))[1]); }

	/** CPU time of the process in ns. */
	get cpu_ns() {
		const dir = `/proc/${this.pid}/task`;
		return readdirSync(dir).reduce((sum, id) => sum
			+ Number(readFileSync(`${dir}/${id}/schedstat`, 'utf8').split(' ')[0]), 0);
	}
}

/** The installed rtpengine, answering. */
export async function startRtpengine({ host = RTPENGINE.host, port = RTPENGINE.port,
	program = '/usr/bin/rtpengine', ports = [30000, 39999], args = [] } = {}) {
	const rtpengine = new Program(program, ['--config-file=none', '--foreground', '--log-stderr', '--table=-1',
		`--interface=web/${host}`, `--interface=ims/${host}`, `--listen-ng=${host}:${port}`, `--port-min=${ports[0]}`,
		`--port-max=${ports[1]}`, '--delete-delay=0', '--timeout=60', '--num-threads=2', '--log-level=5', ...args]);
	await pong(rtpengine, { host, port });
	return rtpengine;
}

async function pong(program, { host, port }) {
	const ng = await Ng.open({ host, port });
	try {
		await until('a pong', async () => {
			if (program.ended !== undefined) throw new Error(`ended with ${program.ended}:\n${program.text}`);
			return (await ng.ask({ command: 'ping' }, { limit_ms: 100, repeat_ms: 1000 }).catch(() => null))?.result === 'pong';
		}, 10000);
	} finally {
		ng.close();
	}
}

/** The lines of a configuration: a key with an array stands as often. */
export const confText = (conf) => Object.entries(conf).flatMap(([key, value]) => [value].flat()
	.map((v) => `${key} = ${v}\n`)).join('');

const at = ({ host, port }) => `${host}:${port}`;
export const CONF = { listen: at(NORTH), rtpengine: at(RTPENGINE) };
export const HTTP = { http_listen: '127.0.0.8:8080' };

/** rtpengine-iq as it is, started or refused. `conf`: keys, or the text. */
export function runIq(conf, { args = [], env = {} } = {}) {
	const dir = mkdtempSync(path.join(tmpdir(), 'iq-'));
	const file = path.join(dir, 'rtpengine-iq.conf');
	writeFileSync(file, typeof conf === 'string' ? conf : confText(conf));
	const iq = new Program(IQ, ['--config', file, ...args], { env: { ...process.env, ...env } });
	iq.file = file;
	iq.gone.then(() => rmSync(dir, { recursive: true, force: true }));
	return iq;
}

/** One that is ready. */
export async function startIq(conf = {}, options) {
	const iq = runIq({ ...CONF, ...conf }, options);
	await iq.wrote(/ready, commands/);
	return iq;
}

/** Counters of a daemon whose http_listen is 127.0.0.8:8080, by name without prefix and suffix. */
export async function counters() {
	const text = await (await fetch('http://127.0.0.8:8080/metrics')).text();
	return Object.fromEntries([...text.matchAll(/^rtpengine_iq_(\w+)_total (\d+)$/gm)].map(([, name, n]) => [name, Number(n)]));
}

/** An rtpengine of the test's own: answers with what `says(dict)` returns. */
export class Gateway {
	static async open(says = () => ({ result: 'ok' }), { host, port } = RTPENGINE) {
		const gateway = new Gateway();
		Object.assign(gateway, { says, requests: [], socket: dgram.createSocket('udp4') });
		gateway.socket.on('message', (data, from) => gateway.received(data.toString('latin1'), from));
		await new Promise((done, failed) => { gateway.socket.once('error', failed); gateway.socket.bind(port, host, done); });
		return gateway;
	}

	async received(text, from) {
		const cut = text.indexOf(' '), cookie = text.slice(0, cut), body = text.slice(cut + 1);
		const dict = decode(body);
		if (dict.command === 'ping' && !this.hung) {
			this.answer(cookie, { result: 'pong' }, from);
			return;
		}
		if (dict.command === 'list' && !this.hung) {
			this.answer(cookie, { calls: [], result: 'ok' }, from);
			return;
		}
		// What it can do is asked by a call that is nobody's (lib/ng/probe.h).
		if (dict['call-id']?.startsWith('rtpengine-iq-probe-') && !this.hung) {
			this.answer(cookie, { result: 'error', 'error-reason': 'not here' }, from);
			return;
		}
		this.requests.push({ cookie, dict, body, from });
		const answer = this.hung ? undefined : await this.says(dict, this.requests.length);
		if (answer !== undefined) this.answer(cookie, answer, from);
	}

	answer(cookie, answer, { port, address }) {
		const text = typeof answer === 'string' ? answer : encode(answer);
		this.socket.send(Buffer.from(`${cookie} ${text}`, 'latin1'), port, address);
	}

	of(command) { return this.requests.filter(({ dict }) => dict.command === command); }

	close() { this.socket.close(); }
}

/** Sends octets, keeps what comes. */
export class Raw {
	static async open({ from = '127.0.0.1', to = NORTH } = {}) {
		const raw = new Raw();
		Object.assign(raw, { to, got: [], socket: dgram.createSocket(from.includes(':') ? 'udp6' : 'udp4') });
		raw.socket.on('message', (data) => raw.got.push(data.toString('latin1')));
		await new Promise((done, failed) => { raw.socket.once('error', failed); raw.socket.bind(0, from, done); });
		return raw;
	}

	send(text) {
		return new Promise((done, failed) => {
			this.socket.send(Buffer.from(text, 'latin1'), this.to.port, this.to.host, (error) => (error ? failed(error) : done()));
		});
	}

	/** The next datagram that nobody has taken. */
	async next(limit_ms = 2000) {
		await until('a datagram', () => this.got.length > 0, limit_ms);
		return this.got.shift();
	}

	/** A datagram that is answered; whatever was sent before it has been looked at. */
	async settled() {
		const cookie = `settled${Math.random()}`;
		await this.send(`${cookie} ${encode({ command: 'ping' })}`);
		await until('the pong', () => this.got.some((text) => text.startsWith(`${cookie} `)));
		this.got = this.got.filter((text) => !text.startsWith(`${cookie} `));
	}

	close() { this.socket.close(); }
}

export const offerOf = (callId, more = {}) => ({ command: 'offer', 'call-id': callId, 'from-tag': 'from',
	sdp: golden('mo-audio', '2-offer-to-gateway.sdp'), ICE: 'remove', DTLS: 'off', 'transport-protocol': 'RTP/AVP',
	flags: ['trust-address'], replace: ['origin', 'session-connection'], 'rtcp-mux': ['demux'], direction: ['web', 'ims'],
	SDES: ['off'], ...more });

export const answerOf = (callId, more = {}) => ({ command: 'answer', 'call-id': callId, 'from-tag': 'from', 'to-tag': 'to',
	sdp: golden('mo-audio', '6-answer-to-gateway.sdp'), ICE: 'force', 'transport-protocol': 'UDP/TLS/RTP/SAVPF',
	flags: ['trust-address'], replace: ['origin', 'session-connection'], 'rtcp-mux': ['accept'], direction: ['ims', 'web'],
	SDES: ['off'], ...more });

export const deleteOf = (callId, more = {}) => ({ command: 'delete', 'call-id': callId, 'from-tag': 'from', ...more });
