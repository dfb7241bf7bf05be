// SPDX-License-Identifier: BSD-2-Clause
// More than calls over a Line: MESSAGE, SUBSCRIBE and NOTIFY, REFER.
import { Emitter, LineError } from './epcscf-base.js';

const UNSUBSCRIBE_WAIT_MS = 5000;
const ENDS = ['no answer', 'the connection was lost', 'refused', 'the answer has no Contact',
	'the token was not accepted', 'no answer', 'ended by the network', 'the network sent a wrong NOTIFY'];
const READERS = { 'application/simple-message-summary': readMessageSummary, 'application/conference-info+xml': readRoster };

const typeOf = (request) => request.getHeader('Content-Type')?.split(';')[0].trim().toLowerCase();
const utf8 = new TextDecoder();

/** RFC 3842: {waiting, account, classes: {'voice-message': {new_n, old_n}}}. */
export function readMessageSummary(text) {
	const lines = text.split(/\r?\n/).map((line) => /^([\w-]+)\s*:\s*(.*)$/.exec(line)).filter(Boolean);
	const fields = Object.fromEntries(lines.map(([, name, value]) => [name.toLowerCase(), value.trim()]));
	const classes = Object.entries(fields).map(([name, value]) => [name, /^(\d+)\/(\d+)/.exec(value)])
		.filter(([, counts]) => counts).map(([name, [, fresh, old]]) => [name, { new_n: Number(fresh), old_n: Number(old) }]);
	return { waiting: fields['messages-waiting']?.toLowerCase() === 'yes', account: fields['message-account'],
		classes: Object.fromEntries(classes) };
}

/** RFC 4575, a document of state "full": {users: [uri]}. */
export function readRoster(text) {
	const document = new DOMParser().parseFromString(text, 'application/xml');
	return { users: [...document.getElementsByTagNameNS('*', 'user')].map((user) => user.getAttribute('entity')) };
}

/** States: subscribing, pending, active, terminated. Events: notify, state. */
export class Subscription extends Emitter {
	#services; #subscriber; #retried = false;

	constructor(services, target, event, options) {
		super();
		this.#services = services;
		Object.assign(this, { target, event, options, state: 'subscribing', reason: undefined });
		this.#start();
	}

	#start() {
		const { accept = '*/*', expires_s = 600, headers = {} } = this.options;
		const subscriber = this.#services.ua.subscribe(this.target, this.event, accept,
			{ expires: expires_s, extraHeaders: Object.entries(headers).map(([name, value]) => `${name}: ${value}`) });
		this.#subscriber = subscriber;
		subscriber.on('pending', () => this.#set('pending'));
		subscriber.on('active', () => this.#set('active'));
		subscriber.on('notify', (final, request) => this.emit('notify', { final, ...this.#services.content(request) }));
		subscriber.on('terminated', (code, reason) => this.#ended(code, reason));
		subscriber.subscribe();
	}

	// A refused token: another one, and once more.
	async #ended(code, reason) {
		if (code === this.#subscriber.C.SUBSCRIBE_AUTHENTICATION_FAILED && !this.#retried) {
			this.#retried = true;
			if (await this.#services.line.renewed()) return void this.#start();
		}
		this.#set('terminated', reason ?? ENDS[code]);
	}

	#set(state, reason) {
		if (this.state === 'terminated' || this.state === state) return;
		Object.assign(this, { state, reason });
		this.emit('state', { state, reason });
	}

	/** Now; by itself it is refreshed before it ends. */
	refresh() { if (this.state !== 'terminated') this.#subscriber.subscribe(); }

	/** Resolves when the network has confirmed it, or does not answer. */
	unsubscribe() {
		if (this.state === 'terminated') return Promise.resolve();
		return new Promise((done) => {
			const off = this.on('state', ({ state }) => { if (state === 'terminated') done(off()); });
			// JsSIP would wait for the last NOTIFY for ever, and subscribe again.
			setTimeout(() => this.#subscriber.onRequestTimeout(), UNSUBSCRIBE_WAIT_MS);
			this.#subscriber.terminate();
		});
	}
}

export class Services {
	#octets = new Uint8Array();

	constructor(line, ua, socket) {
		Object.assign(this, { line, ua, socket });
		ua.on('newMessage', ({ originator, message, request }) => {
			if (originator === 'remote') this.#incoming(message, request);
		});
	}

	/** The body's octets of the message that JsSIP is about to get. */
	received(octets) { this.#octets = octets; }

	/** {type, text, octets, value}: `text` where the octets are some, `value` where the type is known. */
	content(request) {
		const type = typeOf(request);
		const octets = this.#octets.slice(0, Number(request.getHeader('Content-Length') ?? this.#octets.length));
		const text = /^(text|message)\/|[+/](xml|json)$|simple-message-summary$/.test(type ?? '') ? utf8.decode(octets) : undefined;
		return { type, text, octets, value: text && READERS[type]?.(text) };
	}

	#incoming(message, request) {
		if (!this.line.heeds('message')) return void message.reject({ status_code: 405 });
		const { uri, display_name: name } = request.from;
		const detail = { from: uri.toString(), name: name || uri.user,
			asserted: request.getHeader('P-Asserted-Identity'), ...this.content(request) };
		// A listener that fails must not cost the answer, or it all comes again.
		queueMicrotask(() => this.line.emit('message', detail));
		return undefined;
	}

	/** Text, or any octets: those go in a binary frame (RFC 7118 allows both), as they are. */
	async sendMessage(target, body, { type, headers = {} } = {}) {
		const plain = typeof body === 'string';
		const send = () => new Promise((done) => {
			// JsSIP knows text only: the socket puts the octets in its place.
			const stand = plain ? body : this.socket.lend(body);
			const finish = (answer) => { if (!plain) this.socket.giveBack(stand); done(answer); };
			this.ua.sendMessage(target, stand, {
				contentType: type ?? (plain ? 'text/plain;charset=UTF-8' : 'application/octet-stream'),
				extraHeaders: Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
				eventHandlers: { succeeded: ({ response }) => finish({ code: response.status_code }),
					failed: ({ response, cause }) => finish({ code: response?.status_code, cause }) },
			});
		});
		let answer = await send();
		if (answer.code === 401 && await this.line.renewed()) answer = await send();
		if (!(answer.code < 300)) {
			throw new LineError('message', `the message was not taken: ${answer.code ?? answer.cause}`, { status: answer.code });
		}
		return answer;
	}
}

/** REFER within the call; resolves when the other side got there. */
export function referAway(session, target) {
	return new Promise((done, fail) => {
		const no = (text, status) => fail(new LineError('transfer', text, { status }));
		const sent = session.refer(target, { eventHandlers: {
			accepted: ({ status_line: line }) => done({ code: line.status_code }),
			failed: ({ status_line: line }) => no(`the transfer failed (${line.status_code})`, line.status_code),
			requestFailed: ({ response, cause }) => no(`the transfer was refused (${response?.status_code ?? cause})`, response?.status_code),
		} });
		if (!sent) no('there is no call to transfer');
		else session.on('ended', () => no('the call ended before the transfer'));
	});
}
