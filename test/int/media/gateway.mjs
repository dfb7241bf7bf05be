// SPDX-License-Identifier: BSD-2-Clause
// Real rtpengines, and the ng protocol to ask them. Addresses are fixed: run
// inside test/lab/in-netns.
import { spawn } from 'node:child_process';
import dgram from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';

export function bencode(v) {
	if (typeof v === 'number') return `i${v}e`;
	if (typeof v === 'string') return `${Buffer.byteLength(v)}:${v}`;
	if (Array.isArray(v)) return `l${v.map(bencode).join('')}e`;
	return `d${Object.entries(v).map(([k, x]) => bencode(k) + bencode(x)).join('')}e`;
}

export function bdecode(buf) {
	let at = 0;
	const next = () => {
		const c = String.fromCharCode(buf[at]);
		if (c === 'i') {
			const end = buf.indexOf('e', at), n = Number(buf.subarray(at + 1, end));
			at = end + 1;
			return n;
		}
		if (c === 'l' || c === 'd') {
			const out = [];
			for (at++; String.fromCharCode(buf[at]) !== 'e';) out.push(next());
			at++;
			return c === 'l' ? out : Object.fromEntries(out.flatMap((k, i) => (i % 2 ? [] : [[k, out[i + 1]]])));
		}
		const colon = buf.indexOf(':', at), n = Number(buf.subarray(at, colon));
		at = colon + 1 + n;
		return buf.subarray(colon + 1, at).toString();
	};
	return next();
}

// One question of ours; the gateway's answer, or null after `ms`.
let cookies = 0;
export function ng(address, dict, ms = 2000) {
	const [host, port] = address.split(':'), socket = dgram.createSocket('udp4');
	return new Promise((done) => {
		const end = (v) => { clearTimeout(timer); socket.close(); done(v); };
		const timer = setTimeout(end, ms, null);
		socket.on('message', (d) => end(bdecode(d.subarray(d.indexOf(' ') + 1))));
		socket.on('error', () => end(null));
		socket.send(`t${process.pid}_${++cookies} ${bencode(dict)}`, Number(port), host);
	});
}

export class Gateway {
	// program: another rtpengine than the installed one. more: options of its.
	static async start(address = '127.0.0.7:2223', { min = 30000, max = 34999, program = 'rtpengine', more = [] } = {}) {
		const g = Object.assign(new Gateway(), { address, min, max, program, more, log: '' });
		await g.up();
		return g;
	}

	async up() {
		this.process = spawn(this.program, ['--config-file=none', '--table=-1', '--foreground', '--log-stderr', '--log-level=5', '--num-threads=2',
			'--interface=web/127.0.0.1', '--interface=ims/127.0.0.1', `--listen-ng=${this.address}`, `--port-min=${this.min}`, `--port-max=${this.max}`,
			'--delete-delay=0', '--timeout=3600', '--silent-timeout=3600', ...this.more], { stdio: ['ignore', 'pipe', 'pipe'] });
		this.exited = new Promise((r) => this.process.on('exit', r));
		for (const out of [this.process.stdout, this.process.stderr]) out.on('data', (d) => { this.log += d; });
		for (let i = 0; i < 100; i++) {
			if ((await this.ask({ command: 'ping' }, 100))?.result === 'pong') return;
			await sleep(20);
		}
		throw new Error(`rtpengine does not start\n${this.log}`);
	}

	ask(dict, ms) { return ng(this.address, dict, ms); }
	async calls() { return (await this.ask({ command: 'list', limit: 10000 })).calls; }
	async has(callId) { return (await this.ask({ command: 'query', 'call-id': callId })).result === 'ok'; }
	signal(name) { this.process.kill(name); }

	async down(name = 'SIGKILL') {
		if (this.process.exitCode === null && this.process.signalCode === null) this.process.kill(name);
		await this.exited;
	}
}

// A gateway that is only a socket: what it hears, and answers of the test's
// making (rtpengine-iq's northbound side; a node that never answers).
export class Scripted {
	static async start(address = '127.0.0.9:2223', answer = () => null) {
		const [host, port] = address.split(':');
		const s = Object.assign(new Scripted(), { address, answer, heard: [], socket: dgram.createSocket('udp4'), from: null });
		s.socket.on('message', (d, from) => {
			const at = d.indexOf(' '), cookie = d.subarray(0, at).toString(), dict = bdecode(d.subarray(at + 1));
			s.from = from;
			s.heard.push({ cookie, dict, at: Date.now() });
			const a = s.answer(dict, cookie);
			if (a) s.send(cookie, a);
		});
		await new Promise((r) => s.socket.bind(Number(port), host, r));
		return s;
	}

	send(cookie, dict) { this.socket.send(`${cookie} ${bencode(dict)}`, this.from.port, this.from.address); }
	of(command) { return this.heard.filter((h) => h.dict.command === command); }
	stop() { this.socket.close(); }
}
