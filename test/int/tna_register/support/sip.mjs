// SPDX-License-Identifier: BSD-2-Clause
// SIP messages as text with headers in order, and a queue to wait on.
import { randomBytes } from 'node:crypto';

export const rand = (n = 6) => randomBytes(n).toString('hex');

export class Msg {
	constructor(text) {
		this.text = text;
		const end = text.indexOf('\r\n\r\n');
		const [first, ...lines] = text.slice(0, end).replace(/\r\n[ \t]+/g, ' ').split('\r\n');
		this.first = first;
		this.body = text.slice(end + 4);
		this.headers = lines.map((l) => [l.slice(0, l.indexOf(':')).trim(), l.slice(l.indexOf(':') + 1).trim()]);
		this.status = first.startsWith('SIP/2.0 ') ? Number(first.slice(8, 11)) : 0;
		this.method = this.status ? this.get('CSeq').split(/\s+/)[1] : first.split(' ')[0];
		this.uri = this.status ? undefined : first.split(' ')[1];
	}

	all(name) { return this.headers.filter(([n]) => n.toLowerCase() === name.toLowerCase()).map(([, v]) => v); }
	get(name) { return this.all(name)[0]; }
	// Elements of a list header, over all its lines.
	list(name) { return this.all(name).flatMap((v) => v.split(/,\s*(?=<)/)).map((v) => v.trim()); }
	get callId() { return this.get('Call-ID'); }
	get fromTag() { return /;tag=([^;]+)/.exec(this.get('From'))?.[1]; }
	get toTag() { return /;tag=([^;]+)/.exec(this.get('To'))?.[1]; }
	get cseq() { return Number(this.get('CSeq').split(/\s+/)[0]); }
}

export function build(first, headers, body = '') {
	const length = Buffer.byteLength(body);
	return [first, ...headers.filter(Boolean), `Content-Length: ${length}`, '', body].join('\r\n');
}

// An answer to `req`. more: header lines.
export function answer(req, status, { tag, more = [], body } = {}) {
	const to = req.toTag || !tag || status === 100 ? req.get('To') : `${req.get('To')};tag=${tag}`;
	return build(`SIP/2.0 ${status} Test`, [...req.all('Via').map((v) => `Via: ${v}`), `From: ${req.get('From')}`,
		`To: ${to}`, `Call-ID: ${req.callId}`, `CSeq: ${req.get('CSeq')}`, ...more], body);
}

// Messages that came and are not yet taken.
export class Inbox {
	constructor(name) { Object.assign(this, { name, queue: [], waiting: [], seen: [] }); }

	put(msg) {
		this.seen.push(msg);
		const i = this.waiting.findIndex((w) => w.match(msg));
		if (i < 0) this.queue.push(msg);
		else this.waiting.splice(i, 1)[0].resolve(msg);
	}

	take(what, match, ms = 4000) {
		const i = this.queue.findIndex(match);
		if (i >= 0) return Promise.resolve(this.queue.splice(i, 1)[0]);
		return new Promise((resolve, reject) => {
			// Not left running: the program would only end behind it.
			const late = setTimeout(() => {
				this.waiting.splice(this.waiting.indexOf(w), 1);
				reject(new Error(`${this.name}: waited for ${what}; has\n${this.queue.map((m) => m.first).join('\n')}`));
			}, ms);
			const w = { match, resolve: (msg) => { clearTimeout(late); resolve(msg); } };
			this.waiting.push(w);
		});
	}

	request(method, more = () => true, ms) { return this.take(method, (m) => !m.status && m.method === method && more(m), ms); }
	reply(method, status, more = () => true, ms) {
		const fits = (s) => (typeof status === 'number' ? s === status : status(s));
		return this.take(`${method} ${status}`, (m) => m.status && m.method === method && fits(m.status) && more(m), ms);
	}

	final(method, ms) { return this.reply(method, (s) => s >= 200, undefined, ms); }
	// Nothing of the kind within ms.
	async none(what, match, ms = 300) {
		await new Promise((r) => setTimeout(r, ms));
		const found = this.queue.find(match);
		if (found) throw new Error(`${this.name}: unexpected ${what}:\n${found.text}`);
	}
}
