// SPDX-License-Identifier: BSD-2-Clause
// SIP over UDP: one socket, client and server transactions (RFC 3261 17).
import { createSocket } from 'node:dgram';
import { EventEmitter } from 'node:events';
import { Message, newBranch, parseAddress, parseUri } from './message.mjs';

const T1_MS = 500;
const T2_MS = 4000;
const LIFE_MS = 64 * T1_MS;

export class SipError extends Error {
	constructor(status, reason, response) {
		super(`${status} ${reason}`);
		Object.assign(this, { status, reason, response });
	}
}

// Emits 'request' (message, transaction) for what no transaction knows, 'ack',
// and 'stray' for a 2xx that comes again.
export class Endpoint extends EventEmitter {
	constructor({ host, port = 0, proxy, hosts = {} }) {
		super();
		Object.assign(this, { host, port, proxy, hosts, clients: new Map(), servers: new Map(), timers: new Set() });
	}

	async start() {
		this.socket = createSocket(this.host.includes(':') ? 'udp6' : 'udp4');
		this.socket.on('message', (data, from) => this.receive(data, from));
		await new Promise((done, reject) => {
			this.socket.once('error', reject);
			this.socket.bind(this.port, this.host, done);
		});
		this.socket.on('error', () => {});
		this.port = this.socket.address().port;
	}

	stop() {
		for (const timer of this.timers) clearTimeout(timer);
		this.socket?.close();
		this.socket = undefined;
	}

	later(ms, fn) {
		const timer = setTimeout(() => {
			this.timers.delete(timer);
			fn();
		}, ms);
		this.timers.add(timer);
		return timer;
	}

	cancelTimer(timer) {
		clearTimeout(timer);
		this.timers.delete(timer);
	}

	get sentBy() {
		return `${this.host.includes(':') ? `[${this.host}]` : this.host}:${this.port}`;
	}

	transmit(message, { host, port }) {
		if (!this.socket) return;
		this.socket.send(message.toBuffer(), port, this.hosts[host] ?? host, () => {});
	}

	// Where a request goes: its first Route, else the outbound proxy (for
	// requests outside a dialog), else its Request-URI.
	nextHop(request, { direct = false } = {}) {
		const route = request.get('Route');
		if (!route && this.proxy && !direct) return { port: 5060, ...this.proxy };
		const { host, port = 5060 } = parseUri(route ? parseAddress(route).uri : request.uri) ?? {};
		if (!host) throw new Error(`no way to ${request.uri}`);
		return { host, port };
	}

	// Resolves with the final response, whatever its status; rejects on none.
	request(request, { direct, onProvisional = () => {} } = {}) {
		const branch = newBranch();
		request.fields.unshift(['Via', `SIP/2.0/UDP ${this.sentBy};branch=${branch};rport`]);
		const hop = this.nextHop(request, { direct });
		const isInvite = request.method === 'INVITE';
		return new Promise((resolve, reject) => {
			const tx = { request, hop, branch, isInvite, provisional: false, onProvisional };
			const key = `${branch} ${request.method}`;
			const again = (wait_ms) => {
				tx.timer = this.later(wait_ms, () => {
					if (isInvite && tx.provisional) return;
					this.transmit(request, hop);
					again(isInvite ? wait_ms * 2 : Math.min(T2_MS, wait_ms * 2));
				});
			};
			const end = () => {
				this.cancelTimer(tx.timer);
				this.cancelTimer(tx.limit);
				// Late copies of the final answer still find the transaction.
				this.later(LIFE_MS, () => this.clients.delete(key));
			};
			tx.final = (response) => {
				if (tx.done) return;
				tx.done = response;
				end();
				resolve(response);
			};
			tx.limit = this.later(LIFE_MS, () => {
				if (isInvite && tx.provisional) return;
				end();
				reject(new SipError(408, 'no answer'));
			});
			this.clients.set(key, tx);
			tx.cancel = () => this.cancel(tx);
			request.transaction = tx;
			this.transmit(request, hop);
			again(T1_MS);
		});
	}

	// CANCEL and the ACK to a failure use the INVITE's branch (9.1, 17.1.1.3).
	sameBranch(tx, method, to) {
		const { request } = tx;
		const message = new Message(`${method} ${request.uri} SIP/2.0`);
		message.add('Via', request.get('Via')).add('Max-Forwards', '70').add('Route', ...request.all('Route'))
			.add('From', request.get('From')).add('To', to).add('Call-ID', request.get('Call-ID'))
			.add('CSeq', `${request.cseq.n} ${method}`);
		return message;
	}

	cancel(tx) {
		if (tx.done) return;
		const send = () => this.transmit(this.sameBranch(tx, 'CANCEL', tx.request.get('To')), tx.hop);
		// Not before a provisional answer (9.1).
		if (tx.provisional) send();
		else tx.cancelWanted = send;
	}

	receive(data, from) {
		if (data.length < 16) return; // keep-alive
		const message = Message.parse(data);
		if (!message) return;
		if (message.status) this.receiveResponse(message);
		else this.receiveRequest(message, from);
	}

	receiveResponse(response) {
		const tx = this.clients.get(`${response.via.params.branch} ${response.cseq.method}`);
		if (!tx) return;
		if (response.status < 200) {
			tx.provisional = true;
			tx.cancelWanted?.();
			tx.cancelWanted = undefined;
			if (!tx.done) tx.onProvisional(response);
			return;
		}
		if (tx.isInvite && response.status >= 300) {
			this.transmit(this.sameBranch(tx, 'ACK', response.get('To')), tx.hop);
		}
		if (tx.done && tx.isInvite && response.status < 300) this.emit('stray', response);
		else tx.final(response);
	}

	receiveRequest(request, from) {
		const { via } = request;
		const back = { host: from.address, port: 'rport' in via.params ? from.port : via.port ?? 5060 };
		const stamped = `${request.get('Via').replace(/;rport(?=;|$)/i, '')};received=${from.address};rport=${from.port}`;
		replaceTopVia(request, stamped);
		if (request.method === 'ACK') return void this.emit('ack', request);
		const key = `${via.params.branch} ${via.host}:${via.port} ${request.method}`;
		const known = this.servers.get(key);
		if (known) {
			if (known.last) this.transmit(known.last, back);
			return;
		}
		const tx = new ServerTransaction(this, request, back, key);
		this.servers.set(key, tx);
		if (request.method === 'CANCEL') return void this.receiveCancel(request, tx, via);
		if (request.method === 'INVITE') tx.respond(100, 'Trying');
		this.emit('request', request, tx);
	}

	receiveCancel(request, tx, via) {
		const invite = this.servers.get(`${via.params.branch} ${via.host}:${via.port} INVITE`);
		tx.respond(invite ? 200 : 481, invite ? 'OK' : 'No Such Transaction');
		if (invite && !invite.finalStatus) invite.onCancel?.();
	}
}

class ServerTransaction {
	constructor(endpoint, request, back, key) {
		Object.assign(this, { endpoint, request, back, key });
	}

	// change(response) may add header fields and a body.
	respond(status, reason, { toTag, change = () => {} } = {}) {
		if (this.finalStatus) return;
		const response = this.request.reply(status, reason, toTag);
		change(response);
		this.last = response;
		this.endpoint.transmit(response, this.back);
		if (status < 200) return;
		this.finalStatus = status;
		this.endpoint.later(LIFE_MS, () => this.endpoint.servers.delete(this.key));
		if (this.request.method === 'INVITE') this.repeat(T1_MS, Date.now() + LIFE_MS);
	}

	// A final answer to INVITE goes out again until its ACK (13.3.1.4, 17.2.1).
	repeat(wait_ms, end_ms) {
		this.timer = this.endpoint.later(wait_ms, () => {
			if (Date.now() >= end_ms) return void this.onNoAck?.();
			this.endpoint.transmit(this.last, this.back);
			this.repeat(Math.min(T2_MS, wait_ms * 2), end_ms);
		});
	}

	acknowledged() {
		this.endpoint.cancelTimer(this.timer);
	}
}

function replaceTopVia(request, value) {
	request.fields[request.fields.findIndex(([n]) => n.toLowerCase() === 'via')] = ['Via', value];
}
