// SPDX-License-Identifier: BSD-2-Clause
// A real rtpengine, and in front of it a relay for ng that tests can stop: a
// command that a gate matches waits until it is opened, or is never answered.
import { spawn } from 'node:child_process';
import dgram from 'node:dgram';

const string = (text, key) => {
	const m = new RegExp(`${key.length}:${key}(\\d+):`).exec(text);
	return m ? text.slice(m.index + m[0].length, m.index + m[0].length + Number(m[1])) : undefined;
};

export class Gateway {
	static async start({ port = 2223, behind = 2224 } = {}) {
		const g = new Gateway();
		Object.assign(g, { port, behind, gates: [], seen: [], waiting: [], clients: new Map(), log: '' });
		g.process = spawn('rtpengine', ['--foreground', '--table=-1', '--log-stderr', '--log-level=4', '--interface=127.0.0.1', `--listen-ng=127.0.0.1:${behind}`,
			'--port-min=30000', '--port-max=39999', '--dtls-passive', '--num-threads=2', '--delete-delay=0'], { stdio: ['ignore', 'pipe', 'pipe'] });
		for (const s of [g.process.stdout, g.process.stderr]) s.on('data', (d) => { g.log += d; });
		g.exited = new Promise((r) => g.process.on('exit', r));
		g.north = dgram.createSocket('udp4');
		g.south = dgram.createSocket('udp4');
		g.north.on('message', (data, from) => g.#command(data, from));
		g.south.on('message', (data) => {
			const cookie = data.subarray(0, data.indexOf(32)).toString('latin1');
			const to = g.clients.get(cookie);
			if (process.env.EP_NG) process.stderr.write(`ng < ${data}\n`);
			if (to) g.north.send(data, to.port, to.address);
			else if (cookie === 'ready') g.up = true;
		});
		await new Promise((r) => g.north.bind(port, '127.0.0.1', r));
		await new Promise((r) => g.south.bind(0, '127.0.0.1', r));
		for (let i = 0; !g.up && i < 200; i++) {
			g.south.send('ready d7:command4:pinge', behind, '127.0.0.1');
			await new Promise((r) => setTimeout(r, 25));
		}
		if (!g.up) throw new Error(`no rtpengine\n${g.log}`);
		return g;
	}

	async #command(data, from) {
		const text = data.toString('latin1');
		const c = { cookie: text.slice(0, text.indexOf(' ')), command: string(text, 'command'), callId: string(text, 'call-id'), sdp: string(text, 'sdp'),
			fromTag: string(text, 'from-tag'), toTag: string(text, 'to-tag') };
		const again = this.clients.has(c.cookie);
		this.clients.set(c.cookie, from);
		if (c.command !== 'ping' && !again) {
			this.seen.push(c);
			this.waiting = this.waiting.filter((w) => !w.match(c) || w.resolve());
		}
		const gate = this.gates.find((x) => x.has.has(c.cookie)) ?? (again ? undefined : this.gates.find((x) => !x.open && x.match(c)));
		if (gate) {
			if (!again) { gate.has.set(c.cookie, c); gate.hit(c); }
			if (gate.never) return;
			await gate.opened;
		}
		if (process.env.EP_NG) process.stderr.write(`ng > ${data}\n`);
		this.south.send(data, this.behind, '127.0.0.1');
	}

	// Commands that match wait. arrived: the first has come. open(): all may go.
	gate(match, { never = false } = {}) {
		const g = { match, never, open: false, has: new Map() };
		g.arrived = new Promise((r) => { g.hit = r; });
		g.opened = new Promise((r) => { g.release = () => { g.open = true; r(); }; });
		this.gates.push(g);
		return g;
	}

	// The next command that matches, or one that came before.
	saw(match) { return this.seen.some(match) ? Promise.resolve() : new Promise((resolve) => { this.waiting.push({ match, resolve }); }); }

	clear() { for (const g of this.gates) { g.never = false; g.release(); } this.gates = []; }
	of(callId, command) { return this.seen.filter((c) => c.callId === callId && (!command || c.command === command)); }

	async stop() {
		this.clear();
		this.process.kill('SIGKILL'); // its calls are nobody's any more
		await this.exited;
		this.north.close();
		this.south.close();
	}
}
