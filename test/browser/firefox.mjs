// SPDX-License-Identifier: BSD-2-Clause
// A real Firefox for the tests: Debian's firefox-esr, headless, its microphone
// a tone of its own making. It is driven over its Marionette port; a tab
// answers to as much of Playwright's Page as session.mjs uses.
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { MICROPHONE_HZ, Page } from './session.mjs';

const PROGRAM = '/usr/bin/firefox-esr';
const PORT = 2828;
const START_MS = 30000;
const ANSWER_MS = 60000;
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';
const later = (ms) => new Promise((done) => { setTimeout(done, ms); });

// What is not about media keeps it from asking the internet anything.
const prefs = (hz) => ({
	'marionette.port': PORT,
	'media.navigator.streams.fake': true,
	'media.navigator.audio.fake_frequency': hz,
	'media.navigator.permission.disabled': true,
	// Without it only the default route's address is used, and a private network has
	// none: a fake microphone does not count as one that is allowed.
	'permissions.default.microphone': 1,
	'media.peerconnection.ice.loopback': true,
	// Addresses instead of names that only mDNS knows.
	'media.peerconnection.ice.obfuscate_host_addresses': false,
	'media.autoplay.default': 0,
	'media.autoplay.blocking_policy': 0,
	'media.gmp-manager.updateEnabled': false,
	'media.gmp-provider.enabled': false,
	'app.normandy.enabled': false,
	'app.update.enabled': false,
	'browser.safebrowsing.malware.enabled': false,
	'browser.safebrowsing.phishing.enabled': false,
	'browser.shell.checkDefaultBrowser': false,
	'browser.startup.homepage_override.mstone': 'ignore',
	'browser.startup.page': 0,
	'captivedetect.canonicalURL': '',
	'datareporting.policy.dataSubmissionEnabled': false,
	'datareporting.healthreport.uploadEnabled': false,
	'toolkit.telemetry.enabled': false,
	'network.captive-portal-service.enabled': false,
	'network.connectivity-service.enabled': false,
	'services.settings.server': 'data:,',
	'extensions.getAddons.cache.enabled': false,
	'extensions.update.enabled': false,
	'signon.rememberSignons': false,
});

/** Requests and answers of Marionette: `length:[kind, id, …]`. */
class Marionette {
	static async connect(gone) {
		const end = Date.now() + START_MS;
		for (;;) {
			const socket = await new Promise((resolve) => {
				const s = net.connect(PORT, '127.0.0.1');
				s.on('error', () => resolve(undefined));
				s.on('connect', () => resolve(s));
			});
			if (socket) return new Marionette(socket);
			if (gone() || Date.now() > end) throw new Error(`no Firefox: ${gone() || 'its port is closed'}`);
			await later(50);
		}
	}

	constructor(socket) {
		Object.assign(this, { socket, waiting: new Map(), n: 0, rest: Buffer.alloc(0) });
		this.hello = new Promise((done) => { this.greeted = done; });
		socket.on('data', (chunk) => this.#read(chunk));
		socket.on('close', () => { for (const { reject } of this.waiting.values()) reject(new Error('Firefox is gone')); });
	}

	#read(chunk) {
		this.rest = Buffer.concat([this.rest, chunk]);
		for (;;) {
			const colon = this.rest.indexOf(':');
			const end = colon < 0 ? Infinity : colon + 1 + Number(this.rest.toString('latin1', 0, colon));
			if (this.rest.length < end) return;
			this.#message(JSON.parse(this.rest.toString('utf8', colon + 1, end)));
			this.rest = this.rest.subarray(end);
		}
	}

	#message(message) {
		if (!Array.isArray(message)) return void this.greeted();
		const [, id, error, value] = message;
		const { resolve, reject } = this.waiting.get(id) ?? {};
		this.waiting.delete(id);
		if (error) reject?.(new Error(`${error.error}: ${error.message}`));
		else resolve?.(value);
	}

	send(command, params = {}) {
		const id = ++this.n;
		const text = JSON.stringify([0, id, command, params]);
		return new Promise((resolve, reject) => {
			const timer = setTimeout(() => { this.waiting.delete(id); reject(new Error(`Firefox: no answer to ${command}`)); }, ANSWER_MS);
			const once = (fn) => (value) => { clearTimeout(timer); fn(value); };
			this.waiting.set(id, { resolve: once(resolve), reject: once(reject) });
			this.socket.write(`${Buffer.byteLength(text)}:${text}`);
		});
	}
}

// Runs over there: a page's function with its argument; promises are waited for.
const CALL = `const done = arguments[arguments.length - 1], argument = arguments[0];
(async () => (function (globalThis) { return (FUNCTION); })(window)(argument))()
	.then((value) => done({ value }), (error) => done({ error: String(error) }));`;

/** The browser's one tab. */
export class Tab {
	constructor(wire) { this.wire = wire; }

	goto(url) { return this.wire.send('WebDriver:Navigate', { url }); }

	async evaluate(fn, argument) {
		const script = CALL.replace('FUNCTION', () => (typeof fn === 'function' ? String(fn) : `() => (${fn})`));
		const { value } = await this.wire.send('WebDriver:ExecuteAsyncScript', { script, args: [argument ?? null], newSandbox: false, sandbox: null });
		if (value.error) throw new Error(value.error);
		return value.value;
	}

	async waitForFunction(fn, argument, { timeout = 30000 } = {}) {
		const end = Date.now() + timeout;
		while (!await this.evaluate(fn, argument)) {
			if (Date.now() > end) throw new Error(`not within ${timeout} ms: ${fn}`);
			await later(25);
		}
	}

	async #element(selector) {
		const end = Date.now() + 10000;
		for (;;) {
			const found = await this.wire.send('WebDriver:FindElements', { using: 'css selector', value: selector });
			for (const id of found.map((f) => f[ELEMENT])) {
				const { value } = await this.wire.send('WebDriver:IsElementDisplayed', { id });
				if (value) return id;
			}
			if (Date.now() > end) throw new Error(`nothing to see of ${selector}`);
			await later(25);
		}
	}

	async click(selector) { await this.wire.send('WebDriver:ElementClick', { id: await this.#element(selector) }); }

	async fill(selector, text) {
		const id = await this.#element(selector);
		await this.wire.send('WebDriver:ElementClear', { id });
		await this.wire.send('WebDriver:ElementSendKeys', { id, text });
	}

	async check(selector) {
		if (!await this.evaluate((s) => document.querySelector(s).checked, selector)) await this.click(selector);
	}

	textContent(selector) { return this.evaluate((s) => document.querySelector(s)?.textContent, selector); }
}

// Runs in the page: records what `pc` receives for about `ms` and measures the
// loudest frequency and the rms of the recording. Without a sound card
// Firefox's AudioContext never runs; recording and decoding do.
async function heardInTab([expression, ms]) {
	const pc = (0, eval)(expression);
	const track = pc.getReceivers().map((r) => r.track).find((t) => t.kind === 'audio');
	const recorder = new MediaRecorder(new MediaStream([track]));
	const piece = new Promise((done) => { recorder.ondataavailable = ({ data }) => done(data); });
	recorder.start();
	await new Promise((done) => { setTimeout(done, ms); });
	recorder.stop();
	const octets = await (await piece).arrayBuffer();
	const rate = 16000;
	const pcm = await new OfflineAudioContext(1, 1, rate).decodeAudioData(octets).then((b) => b.getChannelData(0), () => new Float32Array(0));
	// The end: a recording begins with what the encoder needs to get going.
	const samples = pcm.slice(-Math.floor(rate * 0.25));
	const n = samples.length;
	if (n < 1000) return { hz: 0, level: 0 };
	const at = (hz) => {
		let re = 0, im = 0;
		for (let i = 0; i < n; i++) {
			const windowed = samples[i] * (1 - Math.cos((2 * Math.PI * i) / n));
			re += windowed * Math.cos((2 * Math.PI * hz * i) / rate);
			im += windowed * Math.sin((2 * Math.PI * hz * i) / rate);
		}
		return Math.hypot(re, im);
	};
	let best = { hz: 0, power: 0 };
	const scan = (from, to, step) => {
		for (let hz = from; hz <= to; hz += step) {
			const power = at(hz);
			if (power > best.power) best = { hz, power };
		}
	};
	scan(100, 2000, 4);
	scan(best.hz - 3, best.hz + 3, 1);
	return { hz: best.hz, level: Math.sqrt(samples.reduce((sum, v) => sum + v * v, 0) / n) };
}

/** A page of session.mjs in Firefox. */
export class FirefoxPage extends Page {
	constructor(session) { super(session, session.browser.tab); }

	heard(ms = 600) { return this.page.evaluate(heardInTab, ['globalThis.line.currentCall.peerConnection', ms]); }
}

/** {dir, hz} -> {tab, version, close()}: `dir` takes its profile. */
export async function launchFirefox({ dir, hz = MICROPHONE_HZ }) {
	const profile = path.join(dir, 'firefox');
	fs.rmSync(profile, { recursive: true, force: true });
	fs.mkdirSync(profile, { recursive: true });
	fs.writeFileSync(path.join(profile, 'user.js'), Object.entries(prefs(hz))
		.map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`).join(''));
	const log = fs.openSync(path.join(dir, 'firefox.log'), 'w');
	const program = spawn(PROGRAM, ['--headless', '--no-remote', '--profile', profile, '--marionette'],
		{ stdio: ['ignore', log, log], env: { ...process.env, HOME: profile, MOZ_CRASHREPORTER_DISABLE: '1' } });
	fs.closeSync(log);
	let gone;
	program.on('error', (error) => { gone = error.message; });
	const exited = once(program, 'exit').then(([code, signal]) => { gone ??= `it ended with ${code ?? signal}`; });
	const close = async () => {
		const limit = setTimeout(() => program.kill('SIGKILL'), 5000);
		program.kill('SIGTERM');
		await exited;
		clearTimeout(limit);
	};
	try {
		const wire = await Marionette.connect(() => gone);
		await wire.hello;
		const { capabilities } = await wire.send('WebDriver:NewSession', { acceptInsecureCerts: true });
		await wire.send('WebDriver:SetTimeouts', { script: ANSWER_MS, pageLoad: 20000, implicit: 0 });
		return { tab: new Tab(wire), version: capabilities.browserVersion, async close() {
			await wire.send('Marionette:Quit', { flags: ['eForceQuit'] }).catch(() => {});
			await close();
		} };
	} catch (error) {
		await close();
		throw error;
	}
}
