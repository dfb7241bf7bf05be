// SPDX-License-Identifier: BSD-2-Clause
// Debian's Janus with its SIP plugin: the other way to bring a page to a phone.
// It is a SIP client for each page, speaks JSON with it over a secure WebSocket,
// and terminates ICE and DTLS itself; so signalling and media are one process.
// No registration at a core, no identity of a network's, no dialog state beside
// its own: it does less than either proxy.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const WebSocket = createRequire(new URL('../../package.json', import.meta.url))('ws');
const HOST = '127.0.0.202', PORT = 8089;

function configs(dir, tls, plugins) {
	const only = (wanted) => `disable = "${plugins.filter((f) => !f.includes(wanted)).join(',')}"`;

	writeFileSync(path.join(dir, 'janus.jcfg'), `general: { debug_level = 2
	admin_secret = "none"
	protected_folders = [] }
media: { rtp_port_range = "50000-59999" }
nat: { ice_enforce_list = "janus0"
	ice_keepalive_conncheck = false }
plugins: { ${only('libjanus_sip')} }
transports: { ${only('libjanus_websockets')} }
`);
	writeFileSync(path.join(dir, 'janus.transport.websockets.jcfg'), `general: { json = "compact"
	ws = false
	wss = true
	wss_port = ${PORT}
	wss_ip = "${HOST}" }
admin: { admin_ws = false
	admin_wss = false }
certificates: { cert_pem = "${tls.cert}"
	cert_key = "${tls.key}" }
`);
	writeFileSync(path.join(dir, 'janus.plugin.sip.jcfg'), `general: { local_ip = "${HOST}"
	sdp_ip = "${HOST}"
	keepalive_interval = 120
	behind_nat = false
	register_ttl = 3600
	rtp_port_range = "20000-29999" }
`);
}

/** One page: a session, a handle of the SIP plugin, one call at a time. */
class Account {
	static async open(name) {
		const a = Object.assign(new Account(), { waiting: new Map(), events: [], n: 0 });
		a.ws = new WebSocket(`wss://${HOST}:${PORT}`, 'janus-protocol', { rejectUnauthorized: false });
		await new Promise((done, failed) => { a.ws.on('open', done); a.ws.on('error', failed); });
		a.ws.on('message', (d) => a.#take(JSON.parse(d.toString())));
		a.session = (await a.#ask({ janus: 'create' })).data.id;
		a.handle = (await a.#ask({ janus: 'attach', plugin: 'janus.plugin.sip' })).data.id;
		a.#send({ janus: 'message', body: { request: 'register', type: 'guest', username: `sip:${name}@${HOST}` } });
		await a.#event((e) => e === 'registered');
		return a;
	}

	#send(what) {
		const transaction = `t${++this.n}`;
		this.ws.send(JSON.stringify({ transaction, ...(this.session && { session_id: this.session }), ...(this.handle && { handle_id: this.handle }), ...what }));
		return transaction;
	}

	#ask(what) { return new Promise((done) => this.waiting.set(this.#send(what), done)); }

	#take(m) {
		if (m.janus === 'success') this.waiting.get(m.transaction)?.(m);
		const event = m.janus === 'event' ? m.plugindata?.data?.result?.event ?? m.plugindata?.data?.error : `core ${m.janus}`;
		if (this.wanted?.match(event)) this.wanted.done({ ...m, event });
		this.last = event;
	}

	#event(match, ms = 8000) {
		return new Promise((done, failed) => {
			const timer = setTimeout(() => failed(new Error(`Janus: ${this.last}`)), ms);
			this.wanted = { match, done: (m) => { clearTimeout(timer); this.wanted = undefined; done(m); } };
		});
	}

	/** A call up to its end: does it work? */
	async call(uri, sdp) {
		const answered = this.#event((e) => e === 'accepted' || e === 'hangup');
		this.#send({ janus: 'message', body: { request: 'call', uri }, jsep: { type: 'offer', sdp, trickle: false } });
		const m = await answered;
		if (m.event !== 'accepted') return false;
		/* The plugin's end of it, and Janus's of the connection. */
		const left = new Set(['hangup', 'core hangup']), over = this.#event((e) => left.delete(e) && left.size === 0);
		this.#send({ janus: 'message', body: { request: 'hangup' } });
		await over;
		return /a=fingerprint/.test(m.jsep?.sdp ?? '');
	}

	close() { this.ws.terminate(); }
}

export class Janus {
	static async start(tls, at_once, libraries) {
		const j = Object.assign(new Janus(), { dir: mkdtempSync(path.join(tmpdir(), 'janus-')) });
		/* libnice gathers nothing of a loopback. */
		execFileSync('ip', ['link', 'add', 'janus0', 'type', 'veth', 'peer', 'name', 'janus1']);
		execFileSync('ip', ['address', 'add', '192.0.2.202/24', 'dev', 'janus0']);
		for (const end of ['janus0', 'janus1']) execFileSync('ip', ['link', 'set', end, 'up']);
		configs(j.dir, tls, libraries);
		j.process = spawn('janus', ['-F', j.dir, '-C', path.join(j.dir, 'janus.jcfg'), '-L', path.join(j.dir, 'log'), '-N'], { stdio: 'ignore' });
		for (let i = 0; !j.accounts && i < 50; i++) {
			await sleep(200);
			j.accounts = await Promise.all(Array.from({ length: at_once }, (_, k) => Account.open(`page${k}`))).catch((e) => { j.why = e; });
		}
		if (!j.accounts) throw new Error(`Janus does not come up: ${j.why}\n${j.log()}`);
		j.free = [...j.accounts];
		return j;
	}

	log() { try { return readFileSync(path.join(this.dir, 'log'), 'utf8'); } catch (e) { return String(e); } }

	/** There are as many accounts as calls at once. */
	async call(uri, sdp) {
		const account = this.free.pop();
		try {
			return await account.call(uri, sdp);
		} finally {
			this.free.push(account);
		}
	}

	async stop() {
		for (const a of this.accounts) a.close();
		const ended = new Promise((r) => this.process.on('exit', r));
		this.process.kill('SIGTERM');
		await Promise.race([ended, sleep(5000)]);
		if (this.process.exitCode === null) this.process.kill('SIGKILL');
		rmSync(this.dir, { recursive: true, force: true });
	}
}
