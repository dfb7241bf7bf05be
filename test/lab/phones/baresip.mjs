// SPDX-License-Identifier: BSD-2-Clause
// A running baresip phone over its ctrl_tcp port (netstrings of JSON).
//
//   const alice = await Phone.connect(lab.users.alice);
//   await alice.dial('sip:bob@home1.net');
//   await alice.event('CALL_ESTABLISHED');
//   const { frequency, rms } = await alice.heard({ atLeast_s: 1 });
//   await alice.hangup();
import net from 'node:net';
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { begin } from '../lib/process.mjs';
import { writePhone } from './config.mjs';
import { measure } from './wav.mjs';

const later = (ms) => new Promise((done) => setTimeout(done, ms));
const CONNECT_ms = 5000;
const ANSWER_ms = 5000;

export class Phone {
	/** user: an entry of lab.json's users with address, ctrl and wav. */
	static async connect(user) {
		const phone = new Phone(user);
		const end = Date.now() + CONNECT_ms;
		while (!await phone.#open())
			if (Date.now() > end)
				throw new Error(`no phone at ${user.address}:${user.ctrl}`);
			else
				await later(20);
		return phone;
	}

	/** One more in a running lab, for a user who has none there: ends with the lab. */
	static async start(lab, name, { address, codecs }) {
		const { dir, nodes } = lab;
		const at = (...names) => path.join(dir, ...names);
		const user = { ...lab.users[name], address, ctrl: 4444, wav: at('wav', name) };
		writePhone(at('etc', name), { name, ...user, codecs, proxy: `${nodes.pcscf.address}:${nodes.pcscf.sip}` });
		await begin({ name, cwd: at('etc', name), command: ['baresip', '-f', at('etc', name)], ready: { log: /200 OK .*\[1 binding\]/ } },
			{ log: at('log', `${name}.log`), pidFile: at('run', `${name}.pid`), wave: 1 });
		return Phone.connect(user);
	}

	constructor(user) {
		this.user = user;
		this.events = [];
		this.listeners = new Set();
		this.pending = new Map();
		this.token = 0;
	}

	#open() {
		return new Promise((resolve) => {
			const { address, ctrl } = this.user;
			const socket = net.connect({ host: address, port: ctrl });
			let rest = Buffer.alloc(0);
			socket.on('error', () => resolve(false));
			socket.on('connect', () => { this.socket = socket; resolve(true); });
			socket.on('data', (chunk) => { rest = this.#frames(Buffer.concat([rest, chunk])); });
		});
	}

	#frames(buffer) {
		for (;;) {
			const colon = buffer.indexOf(':');
			const length = colon > 0 ? Number(buffer.toString('latin1', 0, colon)) : NaN;
			if (!(buffer.length >= colon + 1 + length + 1))
				return buffer;
			this.#message(JSON.parse(buffer.toString('utf8', colon + 1, colon + 1 + length)));
			buffer = buffer.subarray(colon + 1 + length + 1);
		}
	}

	#message(message) {
		if (message.response) {
			this.pending.get(message.token)?.(message);
			this.pending.delete(message.token);
			return;
		}
		this.events.push(message);
		for (const listener of [...this.listeners])
			listener(message);
	}

	/** One command of baresip's menu; resolves with its text output. */
	async command(command, params = '') {
		const token = String(++this.token);
		const text = JSON.stringify({ command, params, token });
		const answer = new Promise((resolve, reject) => {
			const timer = setTimeout(() => reject(new Error(`${command}: no answer`)), ANSWER_ms);
			this.pending.set(token, (message) => { clearTimeout(timer); resolve(message); });
		});
		this.socket.write(`${Buffer.byteLength(text)}:${text},`);
		const { ok, data } = await answer;
		if (!ok)
			throw new Error(`${command} ${params}: ${data}`);
		return data;
	}

	dial(uri) { return this.command('dial', uri); }
	accept() { return this.command('accept'); }
	hangup() { return this.command('hangup'); }
	mute() { return this.command('mute'); }
	hold() { return this.command('hold'); }
	resume() { return this.command('resume'); }
	dtmf(keys) { return this.command('sndcode', keys); }

	/** Answers every incoming call from now on, or no longer. */
	autoAnswer(on = true) {
		this.auto?.();
		this.auto = on ? this.#onEvent('CALL_INCOMING', () => this.accept().catch(() => {}))
			: undefined;
	}

	#onEvent(type, action) {
		const listener = (message) => {
			if (message.type === type)
				action(message);
		};
		this.listeners.add(listener);
		return () => this.listeners.delete(listener);
	}

	/** Forgets the events so far, so that event() waits for a new one. */
	clear() { this.events.length = 0; }

	/** The first event of this type since clear(), waited for if need be. */
	event(type, { limit_ms = 10000 } = {}) {
		const find = () => this.events.find((e) => e.type === type);
		return new Promise((resolve, reject) => {
			const done = (value) => {
				clearTimeout(timer);
				this.listeners.delete(check);
				return value;
			};
			const check = () => {
				const event = find();
				if (event)
					resolve(done(event));
			};
			const timer = setTimeout(() => reject(done(new Error(`${this.user.impi}: no ${type} in `
				+ `${limit_ms} ms; saw ${this.events.map((e) => e.type).join(' ')}`))), limit_ms);
			this.listeners.add(check);
			check();
		});
	}

	/** Recordings of what the phone heard, newest last. */
	recordings() {
		const { wav } = this.user;
		return readdirSync(wav).filter((name) => name.endsWith('-dec.wav'))
			.map((name) => path.join(wav, name))
			.sort((a, b) => statSync(a).mtimeMs - statSync(b).mtimeMs);
	}

	/**
	 * Waits until the newest recording has this much sound in it and measures
	 * it: {rms, frequency, share, length_s}. Resolves after limit_ms in any case.
	 * newerThan: so many recordings there were before this call.
	 */
	async heard({ atLeast_s = 1, minRms = 0.01, limit_ms = 8000, newerThan = 0 } = {}) {
		const end = Date.now() + limit_ms;
		for (;;) {
			const file = this.recordings().slice(newerThan).at(-1);
			const found = file ? measure(file) : { rms: 0, frequency: 0, share: 0, length_s: 0 };
			if ((found.length_s >= atLeast_s && found.rms >= minRms) || Date.now() > end)
				return found;
			await later(100);
		}
	}

	close() { this.socket?.destroy(); }
}
