// SPDX-License-Identifier: BSD-2-Clause
// The ng protocol for tests: bencode, and a client that repeats its requests
// and can be asked as a subscriber too (answers what comes as a request).
import dgram from 'node:dgram';
import { randomUUID } from 'node:crypto';

/** Strings, numbers, arrays, objects; text is octets (latin1). */
export function encode(value) {
	if (typeof value === 'number') return `i${value}e`;
	if (typeof value === 'string') return `${value.length}:${value}`;
	if (Array.isArray(value)) return `l${value.map(encode).join('')}e`;
	return `d${Object.entries(value).filter(([, v]) => v !== undefined)
		.map(([k, v]) => encode(k) + encode(v)).join('')}e`;
}

export function decode(text) {
	let at = 0;
	const read = () => {
		const c = text[at];
		if (c === 'i') {
			const end = text.indexOf('e', at), n = Number(text.slice(at + 1, end));
			at = end + 1;
			return n;
		}
		if (c === 'l' || c === 'd') {
			const list = [];
			for (at++; text[at] !== 'e';) list.push(read());
			at++;
			if (c === 'l') return list;
			return Object.fromEntries(list.filter((_, i) => i % 2 === 0).map((k, i) => [k, list[2 * i + 1]]));
		}
		const length = Number.parseInt(text.slice(at), 10), from = text.indexOf(':', at) + 1;
		if (!(length >= 0) || from + length > text.length) throw new Error(`no bencode at ${at}: ${text.slice(at, at + 20)}`);
		at = from + length;
		return text.slice(from, at);
	};
	const value = read();
	if (at !== text.length) throw new Error(`bencode: ${text.length - at} octets behind it`);
	return value;
}

export class Ng {
	/** onRequest(dict) -> the answer to what the other side asks, or nothing. */
	static async open({ host, port, from = '127.0.0.1', fromPort = 0, onRequest = () => undefined }) {
		const ng = new Ng();
		Object.assign(ng, { host, port, onRequest, waiting: new Map(), socket: dgram.createSocket('udp4') });
		ng.socket.on('message', (data) => ng.received(data.toString('latin1')));
		await new Promise((done, failed) => { ng.socket.once('error', failed); ng.socket.bind(fromPort, from, done); });
		return ng;
	}

	received(text) {
		const cut = text.indexOf(' '), cookie = text.slice(0, cut), dict = decode(text.slice(cut + 1));
		if (dict.command !== undefined) {
			const answer = this.onRequest(dict, cookie);
			if (answer) this.socket.send(Buffer.from(`${cookie} ${encode(answer)}`, 'latin1'), this.port, this.host);
			return;
		}
		const answered = this.waiting.get(cookie);
		this.waiting.delete(cookie);
		answered?.(dict);
	}

	/** The answer's dictionary, whatever its result is. */
	ask(dict, { cookie = randomUUID(), limit_ms = 5000, repeat_ms = 1000 } = {}) {
		const datagram = Buffer.from(`${cookie} ${encode(dict)}`, 'latin1');
		return new Promise((resolve, reject) => {
			const send = () => this.socket.send(datagram, this.port, this.host);
			const again = setInterval(send, repeat_ms);
			const end = (act) => (value) => { clearInterval(again); clearTimeout(late); act(value); };
			const late = setTimeout(() => { this.waiting.delete(cookie); end(reject)(new Error(`${dict.command}: no answer`)); }, limit_ms);
			this.waiting.set(cookie, end(resolve));
			send();
		});
	}

	close() {
		for (const answered of this.waiting.values()) answered({ result: 'closed' });
		this.socket.close();
	}
}
