// SPDX-License-Identifier: BSD-2-Clause
// A SIP over WebSocket client with nothing between test and wire, so that a
// test can send frames behind a close, leave a close unanswered, or put
// several messages into one write. RFC 6455, RFC 7118.
import { randomBytes } from 'node:crypto';
import net from 'node:net';
import tls from 'node:tls';

function frame(opcode, payload, fin = true) {
	const mask = randomBytes(4);
	const n = payload.length;
	const head = n < 126 ? Buffer.from([(fin ? 0x80 : 0) | opcode, 0x80 | n])
		: Buffer.from([(fin ? 0x80 : 0) | opcode, 0x80 | 126, n >> 8, n & 255]);
	const body = Buffer.from(payload);
	for (let i = 0; i < n; i++) body[i] ^= mask[i & 3];
	return Buffer.concat([head, mask, body]);
}

export class Client {
	// origin: a string, undefined for none, or an array for several headers.
	// host: where to connect to; from: the local address; preface: octets before
	// TLS (a PROXY header).
	static async open(site, { origin = 'https://shop.example', echo = true, path = '/', host = '127.0.0.1', from, preface } = {}) {
		const c = new Client(site, echo);
		await c.#connect({ host, from, preface });
		c.status = await c.#upgrade(path, origin === undefined ? [] : [origin].flat());
		return c;
	}

	constructor(site, echo) {
		Object.assign(this, { site, echo, replies: [], waiting: [], closes: [], buf: Buffer.alloc(0), cseq: 0 });
		this.callId = randomBytes(6).toString('hex');
		this.closed = new Promise((resolve) => { this.resolveClosed = resolve; });
		this.ended = new Promise((resolve) => { this.resolveEnded = resolve; });
	}

	#connect({ host, from, preface }) {
		return new Promise((resolve, reject) => {
			const socket = net.connect({ host, port: this.site.ports.wss, localAddress: from });
			socket.on('error', reject);
			if (preface) socket.write(preface);
			this.socket = tls.connect({ socket,
				ca: this.site.ca.ca, servername: 'localhost' }, resolve);
			this.socket.on('error', (e) => { reject(e); this.resolveEnded(Date.now()); });
			this.socket.on('data', (d) => { this.buf = Buffer.concat([this.buf, d]); this.#read(); });
			this.socket.on('end', () => this.resolveEnded(Date.now()));
			this.socket.on('close', () => this.resolveEnded(Date.now()));
		});
	}

	#upgrade(path, origins) {
		this.socket.write([
			`GET ${path} HTTP/1.1`, 'Host: localhost', 'Upgrade: websocket', 'Connection: Upgrade',
			`Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
			'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Protocol: sip',
			...origins.map((o) => `Origin: ${o}`), '', ''].join('\r\n'));
		return new Promise((resolve) => {
			this.onHead = resolve;
			this.ended.then(() => resolve(0));
		});
	}

	#read() {
		if (this.onHead) {
			const end = this.buf.indexOf('\r\n\r\n');
			if (end < 0) return;
			const status = Number(this.buf.toString('latin1', 9, 12));
			this.buf = this.buf.subarray(end + 4);
			this.onHead(status);
			this.onHead = undefined;
			if (status !== 101) this.buf = Buffer.alloc(0);
		}
		for (;;) {
			if (this.buf.length < 2) return;
			let n = this.buf[1] & 127, at = 2;
			if (n === 126) { if (this.buf.length < 4) return; n = this.buf.readUInt16BE(2); at = 4; }
			if (n === 127) { if (this.buf.length < 10) return; n = Number(this.buf.readBigUInt64BE(2)); at = 10; }
			if (this.buf.length < at + n) return;
			const opcode = this.buf[0] & 15, payload = this.buf.subarray(at, at + n);
			this.buf = this.buf.subarray(at + n);
			this.#onFrame(opcode, payload);
		}
	}

	#onFrame(opcode, payload) {
		if (opcode === 8) {
			this.closes.push(payload.length < 2 ? undefined : payload.readUInt16BE(0));
			this.resolveClosed({ code: payload.readUInt16BE(0), reason: payload.toString('utf8', 2), at: Date.now() });
			if (this.echo) this.socket.write(frame(8, payload));
		} else if (opcode === 1 || opcode === 2) {
			const text = payload.toString('utf8');
			const reply = { text, status: Number(text.slice(8, 11)), at: Date.now(),
				cseq: Number(/^CSeq:\s*(\d+)/mi.exec(text)?.[1]),
				header: (name) => new RegExp(`^${name}:\\s*(.*?)\\r?$`, 'mi').exec(text)?.[1] };
			this.replies.push(reply);
			this.waiting = this.waiting.filter((w) => !(reply.status >= 200 && w.cseq === reply.cseq && (w.resolve(reply), true)));
		}
	}

	// The text of a request. headers: lines to add.
	request(method, { to = 'sip:user1@home1.net', from = to, headers = [], cseq = ++this.cseq, callId = this.callId, uri } = {}) {
		return [
			`${method} ${uri ?? (method === 'REGISTER' ? 'sip:home1.net' : to)} SIP/2.0`,
			`Via: SIP/2.0/WSS ${this.callId}.invalid;branch=z9hG4bK${randomBytes(6).toString('hex')}`,
			'Max-Forwards: 70', `From: <${from}>;tag=${this.callId}`, `To: <${to}>`,
			`Call-ID: ${callId}`, `CSeq: ${cseq} ${method}`,
			`Contact: <sip:x@${this.callId}.invalid;transport=ws>`, ...headers, 'Content-Length: 0', '', ''].join('\r\n');
	}

	sendText(...texts) {
		this.socket.write(Buffer.concat(texts.map((t) => frame(1, Buffer.from(t)))));
	}

	// One message in as many frames as texts.
	sendFragments(...texts) {
		this.socket.write(Buffer.concat(texts.map((t, i) => frame(i === 0 ? 1 : 0, Buffer.from(t), i === texts.length - 1))));
	}

	// Sends a request, gives its final answer.
	ask(method, options = {}) {
		const cseq = options.cseq ?? ++this.cseq;
		const answer = new Promise((resolve, reject) => {
			this.waiting.push({ cseq, resolve });
			setTimeout(() => reject(new Error(`no final answer to ${method} ${cseq}`)), 8000).unref();
		});
		this.sendText(this.request(method, { ...options, cseq }));
		return answer;
	}

	register(token, options = {}) {
		const headers = token === undefined ? [] : [`Authorization: Bearer ${token}`];
		return this.ask('REGISTER', { ...options, headers: [...headers, ...(options.headers ?? [])] });
	}

	end() { this.socket.destroy(); }
}
