// SPDX-License-Identifier: BSD-2-Clause
// Very many registered pages in processes of their own, which die all at once:
// a process that is killed takes its connections along. And one other client
// that asks for OPTIONS every 20 ms, from a process of its own, so that what
// it measures is not the work of the test.
import { fork } from 'node:child_process';
import dgram from 'node:dgram';
import { fileURLToPath } from 'node:url';
import { build, rand } from './sip.mjs';
import { Page } from './page.mjs';

const self = fileURLToPath(import.meta.url);

function start(what, site, more = {}) {
	const child = fork(self, [what], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
	const ended = new Promise((r) => child.on('exit', r));
	child.send({ ports: site.ports, ca: site.ca.ca.toString(), ...more });
	const said = (name, ms) => new Promise((ok, bad) => {
		const timer = setTimeout(() => bad(new Error(`${what}: no ${name} in ${ms} ms`)), ms);
		child.on('message', (m) => { if (name in m) { clearTimeout(timer); ok(m[name]); } });
		ended.then(() => bad(new Error(`${what} ended`)));
	});
	return { child, ended, said };
}

export class Crowd {
	// users: names; each registers once. Resolves when all are.
	static async open(site, users, { processes = 2, ms = 90000 } = {}) {
		const c = new Crowd();
		c.parts = Array.from({ length: processes }, (_, i) => {
			const mine = users.filter((_u, k) => k % processes === i);
			return start('pages', site, { pages: mine.map((user) => ({ user, token: site.token(user) })) });
		});
		try {
			await Promise.all(c.parts.map((p) => p.said('registered', ms)));
		} catch (e) { await c.die(); throw e; }
		return c;
	}

	async die() {
		for (const p of this.parts) p.child.kill('SIGKILL');
		await Promise.all(this.parts.map((p) => p.ended));
	}
}

export class Prober {
	static async open(site, user) {
		const p = new Prober();
		p.echo = start('echo', site);
		const echo = await p.echo.said('echo', 10000);
		p.part = start('prober', site, { echo, pages: [{ user, token: site.token(user) }] });
		await p.part.said('ready', 10000);
		return p;
	}

	// What it measured since the last time: { wss, udp, echo }, each a list of
	// ms (null: no answer). `echo` is a program that does nothing but answer:
	// what this machine makes everybody wait.
	take() {
		const got = this.part.said('times', 10000);
		this.part.child.send({ take: true });
		return got;
	}

	async stop() {
		for (const x of [this.part, this.echo]) { x.child.kill('SIGKILL'); await x.ended; }
	}
}

/* --- in the processes --- */

const AT_ONCE = 32; // handshakes

async function pages({ ports, ca, pages: all }) {
	const site = { ports, ca: { ca } };
	let next = 0;
	const one = async () => {
		while (next < all.length) {
			const { user, token } = all[next++];
			const p = await Page.open(site, { user });
			p.token = token;
			const r = await p.register();
			if (r.status !== 200) throw new Error(r.text);
			p.inbox.seen.length = 0;
		}
	};
	await Promise.all(Array.from({ length: AT_ONCE }, one));
	process.send({ registered: all.length });
}

async function echo() {
	const udp = dgram.createSocket('udp4');
	udp.on('message', (d, from) => udp.send(d, from.port, from.address));
	await new Promise((r) => udp.bind(0, '127.0.0.1', r));
	process.send({ echo: udp.address().port });
}

async function prober({ ports, ca, echo: echoPort, pages: [{ user, token }] }) {
	const p = await Page.open({ ports, ca: { ca } }, { user });
	p.token = token;
	if ((await p.register()).status !== 200) throw new Error('the prober cannot register');
	const udp = dgram.createSocket('udp4');
	await new Promise((r) => udp.bind(0, '127.0.0.1', r));
	const asked = new Map(); // Call-ID -> { since, times, at }
	let times = { wss: [], udp: [], echo: [] };
	const answered = (text) => {
		const id = /^Call-ID: (.*)$/m.exec(text)?.[1].trim(), a = asked.get(id);
		if (!a || !text.startsWith('SIP/2.0 200')) return;
		asked.delete(id);
		a.times[a.at] = Number(process.hrtime.bigint() - a.since) / 1e6;
	};
	p.ws.on('message', (d) => answered(d.toString()));
	udp.on('message', (d) => answered(d.toString()));
	const ask = (list, send) => {
		const callId = rand();
		asked.set(callId, { since: process.hrtime.bigint(), times: list, at: list.push(null) - 1 });
		send(callId);
	};
	setInterval(() => {
		ask(times.wss, (callId) => p.send(p.request('OPTIONS', { uri: 'sip:home1.net', callId })));
		ask(times.udp, (callId) => udp.send(build('OPTIONS sip:127.0.0.1 SIP/2.0', [`Via: SIP/2.0/UDP 127.0.0.1:${udp.address().port};branch=z9hG4bK${rand()}`, 'Max-Forwards: 9',
			`From: <sip:a@b>;tag=${rand()}`, 'To: <sip:b@b>', `Call-ID: ${callId}`, 'CSeq: 1 OPTIONS']), ports.sip, '127.0.0.1'));
		ask(times.echo, (callId) => udp.send(`SIP/2.0 200 OK\r\nCall-ID: ${callId}\r\n\r\n`, echoPort, '127.0.0.1'));
		p.inbox.seen.length = p.inbox.queue.length = 0;
	}, 20);
	// Those still on their way get a second.
	process.on('message', ({ take }) => {
		if (!take) return;
		const were = times;
		times = { wss: [], udp: [], echo: [] };
		setTimeout(() => process.send({ times: were }), 1000);
	});
	process.send({ ready: true });
}

if (process.argv[1] === self) process.once('message', (m) => ({ pages, prober, echo })[process.argv[2]](m).catch((e) => { console.error(e); process.exit(1); }));
