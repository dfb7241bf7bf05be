// SPDX-License-Identifier: BSD-2-Clause
// A hundred calls of pages, one every 30 ms, through one Kamailio with one
// worker of each kind and two rtpengines, of which the first has a fault in the
// middle. Meanwhile another client, in a process of its own, asks for OPTIONS
// every 20 ms; beside it one that asks a program that only answers: what this
// machine makes everybody wait.
import { fork } from 'node:child_process';
import dgram from 'node:dgram';
import { fileURLToPath } from 'node:url';
import { rand } from '../../tna_register/support/sip.mjs';
import { CORE_ANSWER, Page, PAGE_OFFER, Site, sleep, until } from './asite.mjs';
import { Gateway } from './nodes.mjs';

const self = fileURLToPath(import.meta.url);
const CALLS = 100, EVERY_ms = 30, FAULT_AT = 40, PAGES = 5, RINGS_ms = 200;

export const spread = (list) => {
	const v = list.map((x) => x ?? Infinity).sort((a, b) => a - b), at = (q) => Math.round(10 * v[Math.min(v.length - 1, Math.floor(v.length * q))]) / 10;
	return { n: v.length, median: at(0.5), p99: at(0.99), max: at(1) };
};

class Prober {
	static async open() {
		const p = Object.assign(new Prober(), { child: fork(self, ['probe'], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }) });
		await p.#said('ready');
		return p;
	}
	#said(name) { return new Promise((ok) => { const on = (m) => { if (name in m) { this.child.off('message', on); ok(m[name]); } }; this.child.on('message', on); }); }
	// Since the last time: { udp, ws, echo }, ms each; null: no answer.
	take() { const got = this.#said('times'); this.child.send('take'); return got; }
	stop() { this.child.kill('SIGKILL'); }
}

async function probe() {
	const page = await Page.open(), udp = dgram.createSocket('udp4'), echo = dgram.createSocket('udp4');
	echo.on('message', (d, from) => echo.send(d, from.port, from.address));
	await Promise.all([udp, echo].map((s) => new Promise((r) => s.bind(0, '127.0.0.1', r))));
	const asked = new Map();
	let times = { udp: [], ws: [], echo: [] };
	const heard = (d) => {
		const id = /^Call-ID: (\S+)/m.exec(d.toString())?.[1], a = asked.get(id);
		if (!a) return;
		asked.delete(id);
		a.list[a.at] = Number(process.hrtime.bigint() - a.since) / 1e6;
	};
	udp.on('message', heard);
	page.ws.on('message', heard);
	const ask = (list, send) => {
		const id = rand();
		asked.set(id, { since: process.hrtime.bigint(), list, at: list.push(null) - 1 });
		send(id);
	};
	const options = (id) => `OPTIONS sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:${udp.address().port};branch=z9hG4bK${id}\r\nMax-Forwards: 9\r\nFrom: <sip:a@b>;tag=${id}\r\n`
		+ `To: <sip:b@b>\r\nCall-ID: ${id}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n`;
	setInterval(() => {
		ask(times.udp, (id) => udp.send(options(id), 5060, '127.0.0.1'));
		ask(times.ws, (id) => page.send(page.request('OPTIONS', { uri: 'sip:home1.net', callId: id })));
		ask(times.echo, (id) => udp.send(options(id), echo.address().port, '127.0.0.1'));
		page.inbox.seen.length = page.inbox.queue.length = 0;
	}, 20);
	process.on('message', () => {
		const were = times;
		times = { udp: [], ws: [], echo: [] };
		setTimeout(() => process.send({ times: were }), 500);
	});
	process.send({ ready: true });
}

// One call: its final answer, how long that took, and how it is ended.
async function call(page, callId) {
	const fromTag = rand(), cseq = ++page.cseq, since = Date.now();
	page.send(page.request('INVITE', { callId, fromTag, cseq, body: PAGE_OFFER }));
	const of = (m) => m.callId === callId && m.cseq === cseq;
	const final = await page.inbox.reply('INVITE', (s) => s >= 200, of, 8000).catch(() => null);
	const out = { callId, since, status: final?.status ?? 0, ms: Date.now() - since, ended: async () => {} };
	if (out.status !== 200) return out;
	out.body = final.body;
	const dialog = { uri: 'sip:peer@127.0.0.1:5070', callId, fromTag, toTag: final.toTag, routes: final.list('Record-Route').reverse() };
	page.send(page.request('ACK', { ...dialog, cseq }));
	out.ended = async () => {
		page.send(page.request('BYE', dialog));
		await page.inbox.reply('BYE', (s) => s >= 200, (m) => m.callId === callId, 8000);
	};
	return out;
}

/**
 * act(gateway): the fault; resolves when it is done (and undone). Resolves with
 *   calls    { status, ms, when: 'before' | 'after' the fault, node }
 *   options  { quiet, busy } of { udp, ws, echo }
 *   left     calls that a gateway still has when all were ended
 */
export async function fault(act) {
	const [a, b] = await Promise.all([Gateway.start('127.0.0.7:2223'), Gateway.start('127.0.0.8:2223', { min: 35000, max: 39999 })]);
	let site, prober;
	const pages = [];
	try {
		site = await Site.start({ agw: ['name=a;address=127.0.0.7:2223', 'name=b;address=127.0.0.8:2223'] });
		await site.nodes('up');
		// The core takes every call after a moment, in which the fault may come.
		site.inbox.put = (m) => {
			if (m.method === 'INVITE' && !m.status) setTimeout(() => site.reply(m, 200, { tag: rand(4), body: CORE_ANSWER }), RINGS_ms);
			else if (!m.status && m.method !== 'ACK') site.reply(m, 200);
		};
		for (let i = 0; i < PAGES; i++) pages.push(await Page.open());
		prober = await Prober.open();
		await sleep(1000);
		const quiet = await prober.take();
		const calls = [];
		let undone, struck = Infinity;
		for (let i = 0; i < CALLS; i++) {
			if (i === FAULT_AT) {
				struck = Date.now();
				// One that is told to end still answers for a moment.
				a.exited.then(() => { if (Date.now() - struck < 2000) struck = Date.now(); });
				undone = act(a);
			}
			calls.push(call(pages[i % PAGES], `f${i}-${rand(4)}`));
			await sleep(EVERY_ms);
		}
		const all = await Promise.all(calls);
		const busy = await prober.take();
		await undone;
		// Some more, when all is as it will be.
		await site.nodes('up', ['b']);
		const later = await Promise.all(Array.from({ length: 20 }, (_, i) => call(pages[i % PAGES], `later${i}-${rand(4)}`)));
		await Promise.all([...all, ...later].map((c) => c.ended()));
		const left = {};
		for (const [name, g] of Object.entries({ a, b })) {
			if (g.process.exitCode !== null || g.process.signalCode !== null) continue;
			left[name] = await until(`${name} to have no calls`, async () => (await g.calls())?.length === 0, 15000).then(() => 0, async () => (await g.calls())?.length);
		}
		await until('nothing to be under way', async () => (await site.rpc('sdp_mediate.stats')).under_way === 0);
		return { calls: all.map((c) => ({ ...c, when: c.since < struck ? 'before' : 'after' })), later, left,
			options: Object.fromEntries(Object.entries({ quiet, busy }).map(([k, v]) => [k, Object.fromEntries(Object.entries(v).map(([n, l]) => [n, spread(l)]))])), site: { log: site.log } };
	} finally {
		prober?.stop();
		for (const p of pages) p.drop();
		await site?.stop();
		await Promise.all([a, b].map((g) => g.down()));
	}
}

export const faults = {
	dead: (a) => a.down('SIGKILL'),
	// It comes back with everything in its socket that it was told meanwhile.
	hung: async (a) => {
		a.signal('SIGSTOP');
		await sleep(5000);
		a.signal('SIGCONT');
	},
	restart: async (a) => {
		await a.down('SIGTERM');
		await sleep(700);
		await a.up();
	},
};

if (process.argv[1] === self) probe().catch((e) => { console.error(e); process.exit(1); });
