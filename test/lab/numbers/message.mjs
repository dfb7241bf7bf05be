// SPDX-License-Identifier: BSD-2-Clause
// SIP messages as objects: a start line, header fields in order, a body: text,
// or a Buffer of octets that need not be any text.
import { randomBytes } from 'node:crypto';

const COMPACT = { v: 'Via', f: 'From', t: 'To', i: 'Call-ID', m: 'Contact', l: 'Content-Length',
	c: 'Content-Type', k: 'Supported', s: 'Subject', e: 'Content-Encoding' };
const LISTS = /^(via|route|record-route|contact|service-route|path|p-associated-uri|require|supported|allow)$/;

export const token = (n = 8) => randomBytes(n).toString('hex');
export const newBranch = () => `z9hG4bK${token()}`;

// Splits at commas outside quotes and angle brackets.
export function splitList(value) {
	const parts = [];
	let quoted = false;
	let depth = 0;
	let start = 0;
	for (let i = 0; i < value.length; i++) {
		const c = value[i];
		if (c === '\\' && quoted) i++;
		else if (c === '"') quoted = !quoted;
		else if (!quoted && c === '<') depth++;
		else if (!quoted && c === '>') depth--;
		else if (!quoted && depth === 0 && c === ',') {
			parts.push(value.slice(start, i).trim());
			start = i + 1;
		}
	}
	return [...parts, value.slice(start).trim()].filter(Boolean);
}

function parseParams(text) {
	const params = {};
	for (const part of text.split(';').map((p) => p.trim()).filter(Boolean)) {
		const [, name, value] = /^([^=]+?)\s*(?:=\s*(.*))?$/.exec(part);
		params[name.toLowerCase()] = value?.replace(/^"(.*)"$/, '$1') ?? '';
	}
	return params;
}

// {uri, params, display} of a From, To, Contact, Route… value.
export function parseAddress(value) {
	const bracket = /^\s*(?:"((?:[^"\\]|\\.)*)"|([^<]*))\s*<([^>]*)>\s*(.*)$/.exec(value);
	if (bracket) {
		const [, quoted, plain, uri, rest] = bracket;
		return { display: (quoted ?? plain).trim(), uri, params: parseParams(rest) };
	}
	const [uri, ...rest] = value.trim().split(';');
	return { display: '', uri, params: parseParams(rest.join(';')) };
}

export function parseUri(uri) {
	const m = /^(sips?|tel):(?:([^@]*)@)?(\[[^\]]+\]|[^:;?]+)(?::(\d+))?(?:;([^?]*))?/i.exec(uri);
	if (!m) return undefined;
	return { scheme: m[1].toLowerCase(), user: m[2], host: m[3].replace(/^\[|\]$/g, ''),
		port: m[4] ? Number(m[4]) : undefined, params: parseParams(m[5] ?? '') };
}

function bodyOf(data) {
	const octets = Buffer.from(data);
	return octets.subarray(octets.indexOf('\r\n\r\n') + 4);
}

export class Message {
	constructor(start, fields = [], body = '') {
		Object.assign(this, { start, fields, body });
		const [first, second, ...rest] = start.split(' ');
		if (first === 'SIP/2.0') Object.assign(this, { status: Number(second), reason: rest.join(' ') });
		else Object.assign(this, { method: first, uri: second });
	}

	// `octets` is the body as it came. undefined: not a SIP message.
	static parse(data) {
		const text = data.toString();
		const end = text.indexOf('\r\n\r\n');
		if (end < 0) return undefined;
		const [start, ...lines] = text.slice(0, end).replace(/\r\n[ \t]+/g, ' ').split('\r\n');
		if (!/^(SIP\/2\.0 \d{3} |SIP\/2\.0 \d{3}$|[A-Z]+ \S+ SIP\/2\.0$)/.test(start)) return undefined;
		const fields = [];
		for (const line of lines) {
			const colon = line.indexOf(':');
			if (colon < 1) continue;
			const written = line.slice(0, colon).trim();
			const name = COMPACT[written.toLowerCase()] ?? written;
			const value = line.slice(colon + 1).trim();
			for (const v of LISTS.test(name.toLowerCase()) ? splitList(value) : [value]) fields.push([name, v]);
		}
		const message = new Message(start, fields, text.slice(end + 4));
		message.octets = bodyOf(data);
		return message.get('Via') && message.get('CSeq') && message.get('Call-ID')
			&& message.get('From') && message.get('To') ? message : undefined;
	}

	all(name) {
		const lower = name.toLowerCase();
		return this.fields.filter(([n]) => n.toLowerCase() === lower).map(([, v]) => v);
	}

	get(name) {
		return this.all(name)[0];
	}

	add(name, ...values) {
		for (const value of values) this.fields.push([name, value]);
		return this;
	}

	set(name, value) {
		const lower = name.toLowerCase();
		const at = this.fields.findIndex(([n]) => n.toLowerCase() === lower);
		this.fields = this.fields.filter(([n], i) => i === at || n.toLowerCase() !== lower);
		if (at < 0) this.fields.push([name, value]);
		else this.fields[this.fields.findIndex(([n]) => n.toLowerCase() === lower)] = [name, value];
		return this;
	}

	get cseq() {
		const [n, method] = this.get('CSeq').split(/\s+/);
		return { n: Number(n), method };
	}

	get via() {
		const value = this.get('Via');
		const [, transport, sentBy, rest] = /^SIP\s*\/\s*2\.0\s*\/\s*(\S+)\s+([^;\s]+)\s*(.*)$/i.exec(value) ?? [];
		const [, host, port] = /^(\[[^\]]+\]|[^:]+)(?::(\d+))?$/.exec(sentBy ?? '') ?? [];
		return { transport, host, port: port ? Number(port) : undefined, params: parseParams(rest ?? '') };
	}

	get fromTag() { return parseAddress(this.get('From')).params.tag; }
	get toTag() { return parseAddress(this.get('To')).params.tag; }

	toBuffer() {
		return Buffer.concat([Buffer.from(this.head()), Buffer.from(this.body)]);
	}

	toString() {
		return this.head() + this.body;
	}

	// Everything up to the body; Content-Length counts octets.
	head() {
		const fields = this.fields.filter(([n]) => n.toLowerCase() !== 'content-length');
		const length = Buffer.byteLength(this.body);
		return [this.start, ...fields.map(([n, v]) => `${n}: ${v}`), `Content-Length: ${length}`, '', '']
			.join('\r\n');
	}

	// A response to this request, with what RFC 3261 8.2.6 copies.
	reply(status, reason, toTag) {
		const answer = new Message(`SIP/2.0 ${status} ${reason}`);
		for (const name of ['Via', 'From', 'To', 'Call-ID', 'CSeq']) answer.add(name, ...this.all(name));
		if (status > 100) answer.add('Record-Route', ...this.all('Record-Route'));
		if (toTag && !this.toTag) answer.set('To', `${this.get('To')};tag=${toTag}`);
		return answer;
	}
}
