// SPDX-License-Identifier: BSD-2-Clause
// A lab of one's own, a browser, and pages in it, for the end-to-end tests.
import fs from 'node:fs';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { start, stop } from '../lab/lab.mjs';
import { ROOT } from '../lab/lib/plan.mjs';
import { Phone } from '../lab/phones/baresip.mjs';
import { launchBrowser, heardInPage, MICROPHONE_HZ } from './chromium.mjs';
import { watchFrames } from './frames.mjs';
import { startCapture, sipMessages } from './capture.mjs';

export { MICROPHONE_HZ };
export const PHONE_HZ = 440;
const later = (ms) => new Promise((done) => { setTimeout(done, ms); });

/** Polls until `probe` gives something true; for what has no event. */
export async function until(what, probe, limit_ms = 10000) {
	const end = Date.now() + limit_ms;
	for (;;) {
		const value = await probe();
		if (value) return value;
		if (Date.now() > end) throw new Error(`${what}: not within ${limit_ms} ms`);
		await later(25);
	}
}

/** The strings of the list under this key of a bencoded dictionary. */
function listed(text, key) {
	const mark = `${key.length}:${key}l`, found = [];
	for (let at = text.includes(mark) ? text.indexOf(mark) + mark.length : text.length; /\d/.test(text[at]);) {
		const length = Number.parseInt(text.slice(at), 10), from = text.indexOf(':', at) + 1;
		found.push(text.slice(from, from + length));
		at = from + length;
	}
	return found;
}

export class Session {
	// tls: the capture has the pages' side too, with the keys to read it (wire.mjs).
	// launch: another browser than Chromium (firefox.mjs), or Chromium elsewhere.
	// EP_DEFINES (WITH_A,WITH_B): what is switched on where a test says nothing.
	static async begin(name, { host, ims, parts, without, say, capture, tls, defines = process.env.EP_DEFINES?.split(','), site, camera, rtpengine, agw, launch = launchBrowser } = {}) {
		const session = new Session();
		session.dir = path.join(ROOT, 'build/test', `lab-${name}`);
		await stop({ dir: session.dir }); // of a run that was killed
		const { NODE_OPTIONS } = process.env;
		if (tls) {
			session.keys = path.join(session.dir, 'tls-keys.txt');
			fs.rmSync(session.keys, { force: true });
			// WAFs and WWSFs write theirs too.
			process.env.NODE_OPTIONS = `${NODE_OPTIONS ?? ''} --tls-keylog=${session.keys}`;
		}
		session.lab = await start({ dir: session.dir, host, ims, parts, without, say, defines, site, rtpengine, agw });
		if (NODE_OPTIONS === undefined) delete process.env.NODE_OPTIONS;
		else process.env.NODE_OPTIONS = NODE_OPTIONS;
		try {
			if (capture) await session.startCapture();
			session.browser = await launch({ dir: session.dir, keys: session.keys, camera });
		} catch (error) {
			await stop({ dir: session.dir });
			throw error;
		}
		session.phones = [];
		return session;
	}

	async end() {
		await this.stopCapture();
		for (const phone of this.phones) phone.close();
		await this.browser?.close();
		await stop({ dir: this.dir });
	}

	/** Mw and Cx (and, for events, the gateway's control) from now on. */
	async startCapture(onEvent = () => {}, file = path.join(this.dir, 'core.pcapng')) {
		const { icscf, rtpengine, epcscf } = this.lab.nodes;
		const https = ['page', 'pagePartner', 'waf', 'wafPartner'].map((name) => this.lab.urls[name]).map((url) => Number(new URL(url).port));
		this.ports = { sip: [icscf.sip, 5060], diameter: [icscf.diameter], ng: [rtpengine.ng], tls: this.keys ? [epcscf.wss, ...https] : [] };
		this.captureFile = file;
		this.capture = await startCapture({ file, ports: this.ports, onEvent });
	}

	async stopCapture() {
		await this.capture?.stop();
		this.capture = undefined;
	}

	/** SIP messages of the capture: {src, dst, text}. */
	core(filter = 'sip') { return sipMessages(this.captureFile, this.ports, filter); }

	/** The IMS phone of one of the lab's users. */
	async phone(name) {
		const phone = await Phone.connect(this.lab.users[name]);
		this.phones.push(phone);
		return phone;
	}

	/** An empty browser profile at a page of the lab. */
	async open(url = this.lab.urls.page) {
		const context = await this.browser.newContext({ ignoreHTTPSErrors: true, permissions: ['microphone', 'camera'] });
		const page = await context.newPage();
		const client = new Page(this, page);
		page.on('pageerror', (error) => client.errors.push(error.message));
		client.cdp = await context.newCDPSession(page);
		await watchFrames(client.cdp, (frame) => client.saw(frame), (socket) => client.sawClosed(socket));
		await page.goto(url);
		return client;
	}

	/** A page where this user has signed in and is registered. */
	async signedIn(user, url = this.lab.urls.page) {
		const client = await this.open(url);
		await client.signIn(user);
		await client.registered();
		// The browser's noise suppression takes a steady tone for noise.
		await client.page.check('#raw');
		return client;
	}

	log(part) { return fs.readFileSync(path.join(this.dir, 'log', `${part}.log`), 'utf8'); }

	/** kamcmd at one of the Kamailio nodes. */
	rpc(node, ...command) {
		return execFileSync('kamcmd', ['-s', `unix:${this.lab.nodes[node].rpc}`, ...command], { encoding: 'utf8' });
	}

	/** The WAF's control port (test/lab/waf/README.md). */
	async waf(action, order = {}, url = this.lab.urls.wafControl) {
		const answer = await fetch(`${url}/${action}`, { method: 'POST',
			headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(order) });
		const body = await answer.json();
		if (!answer.ok) throw new Error(`waf ${action}: ${body.error}`);
		return body;
	}

	/** Calls that rtpengine still holds. */
	mediaSessions() {
		const { address, ng } = this.lab.nodes.rtpengine;
		return new Promise((resolve, reject) => {
			import('node:dgram').then(({ createSocket }) => {
				const socket = createSocket('udp4');
				const timer = setTimeout(() => { socket.close(); reject(new Error('rtpengine: no answer')); }, 2000);
				socket.on('message', (message) => {
					clearTimeout(timer);
					socket.close();
					resolve(listed(message.toString('latin1'), 'calls').length);
				});
				// A cookie of its own: to the same one comes the same answer.
				socket.send(`t${randomUUID()} d7:command4:list5:limiti100ee`, ng, address);
			});
		});
	}

	noMedia() { return until('rtpengine without calls', async () => await this.mediaSessions() === 0); }
}

export class Page {
	constructor(session, page) {
		Object.assign(this, { session, page, frames: [], sockets: [], errors: [] });
	}

	saw(frame) {
		this.frames.push(frame);
		this.onFrame?.(frame);
	}

	sawClosed(socket) {
		this.sockets.push(socket);
		this.onSocket?.(socket);
	}

	async signIn(user) {
		const { login, password } = this.session.lab.users[user];
		await this.page.click('#sign-in');
		await this.page.fill('#user', login);
		await this.page.fill('#password', password);
		await this.page.click('button[type=submit]');
	}

	registered(limit_ms = 10000) {
		return this.page.waitForFunction(() => globalThis.line?.registered, null, { timeout: limit_ms })
			.catch(async () => { throw new Error(`not registered: ${await this.status()}`); });
	}

	status() { return this.page.textContent('#status'); }

	/** A line of its own making, with a token from anywhere: {states, closed}. */
	connectWith(token, options = {}) {
		return this.page.evaluate(async ([given, more, url]) => {
			const { connect } = await import('/epcscf.js');
			globalThis.line = await connect({ url, probe: '', ...more, token: async () => ({ ...given }) });
			globalThis.states = [];
			globalThis.line.on('status', (s) => globalThis.states.push(s));
		}, [token, options, this.session.lab.urls.wss]);
	}

	state(wanted, limit_ms = 10000) {
		return this.page.waitForFunction((name) => globalThis.line?.state === name, wanted, { timeout: limit_ms });
	}

	// A call may be over before anybody looks: then it is not the one before it.
	async dial(number) {
		await this.page.evaluate(() => {
			globalThis.lastCall = undefined;
			const off = globalThis.line.on('call', ({ call }) => { globalThis.lastCall = call; off(); });
		});
		await this.page.fill('#number', number);
		await this.page.click('#call');
	}

	async hangup() { await this.page.click('#hangup'); }

	/** never: states from which the wanted one does not come any more. */
	callState(wanted, limit_ms = 10000, never = []) {
		return this.page.waitForFunction(([name, over]) => {
			const { line } = globalThis;
			if (line.currentCall) globalThis.lastCall = line.currentCall;
			if (over.includes(globalThis.lastCall?.state)) throw new Error(globalThis.lastCall.state);
			return globalThis.lastCall?.state === name;
		}, [wanted, never], { timeout: limit_ms }).catch(async () => {
			const seen = await this.page.evaluate(() => [globalThis.lastCall?.state, globalThis.lastCall?.text]);
			throw new Error(`call not ${wanted}: ${seen.join(', ')}`);
		});
	}

	heard(ms, nth) { return heardInPage(this.page, 'globalThis.line.currentCall.peerConnection', ms, nth); }

	/** SIP messages of this page's WebSocket that match, in order. */
	messages(pattern, sent) {
		return this.frames.filter((f) => (sent === undefined || f.sent === sent) && pattern.test(f.text)).map((f) => f.text);
	}

	close() { return this.page.context().close(); }
}
