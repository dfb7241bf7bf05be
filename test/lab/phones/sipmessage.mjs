// SPDX-License-Identifier: BSD-2-Clause
// SIP messages as text and as objects; Digest and AKA answers to a challenge.
import { createHash, randomBytes } from 'node:crypto';
import { auts, f2345, sqnOfAutn } from '../hss/milenage.mjs';

export const random = (octets = 6) => randomBytes(octets).toString('hex');

const COMPACT = { v: 'via', f: 'from', t: 'to', i: 'call-id', m: 'contact', l: 'content-length',
	c: 'content-type', k: 'supported' };

/**
 * { request, method, uri, status, reason, headers: [[name, value]], body };
 * header(name) is the first value, all(name) are all, split at commas between
 * addresses where the header is a list.
 */
export class Message {
	static parse(text) {
		const message = new Message();
		const split = text.indexOf('\r\n\r\n');
		const [first, ...lines] = text.slice(0, split).replace(/\r\n[ \t]+/g, ' ').split('\r\n');
		const status = /^SIP\/2\.0 (\d{3}) ?(.*)$/.exec(first);
		if (status)
			Object.assign(message, { request: false, status: Number(status[1]), reason: status[2] });
		else
			Object.assign(message, { request: true, method: first.split(' ')[0],
				uri: first.split(' ')[1] });
		message.headers = lines.map((line) => {
			const colon = line.indexOf(':');
			return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
		});
		message.body = text.slice(split + 4);
		return message;
	}

	all(name) {
		const wanted = name.toLowerCase();
		return this.headers.filter(([n]) => {
			const lower = n.toLowerCase();
			return (COMPACT[lower] ?? lower) === wanted;
		}).map(([, value]) => value);
	}

	header(name) { return this.all(name)[0]; }

	/** Addresses of a list header such as Record-Route, in order. */
	addresses(name) {
		return this.all(name).flatMap((value) => value.split(/,\s*(?=<)/));
	}

	/** CSeq's method. */
	get cseqMethod() { return this.header('CSeq').split(' ')[1]; }
	get branch() { return /branch=([^;, ]+)/.exec(this.header('Via'))?.[1]; }
	tag(name) { return /;tag=([^;, ]+)/.exec(this.header(name))?.[1]; }
}

/** Start line and headers (undefined ones left out) and body to text. */
export function compose(first, headers, body = '') {
	return [first, ...headers.filter(([, v]) => v !== undefined).map(([n, v]) => `${n}: ${v}`),
		`Content-Length: ${Buffer.byteLength(body)}`, '', body].join('\r\n');
}

/** Parameters of a Digest header. */
export function parameters(header) {
	const out = {};
	for (const [, name, quoted, bare] of header.replace(/^\S+\s+/, '')
		.matchAll(/([a-z-]+)\s*=\s*(?:"([^"]*)"|([^",\s]+))/gi))
		out[name.toLowerCase()] = quoted ?? bare;
	return out;
}

const md5 = (...parts) => createHash('md5')
	.update(Buffer.concat(parts.map((p) => Buffer.from(p)))).digest('hex');

/** Password of an AKA answer (RFC 3310): RES; or the AUTS when we are ahead. */
function akaAnswer({ k, opc, sqn }, nonce) {
	const octets = Buffer.from(nonce, 'base64');
	const [rand, autn] = [octets.subarray(0, 16), octets.subarray(16, 32)];
	const theirs = sqnOfAutn({ k, opc, rand, autn });
	if (!theirs)
		throw new Error('AUTN has a wrong MAC');
	if (theirs.compare(sqn) <= 0)
		return { password: '', auts: auts({ k, opc, rand, sqn }).toString('base64') };
	theirs.copy(sqn);
	return { password: f2345(k, opc, rand).res };
}

/** Authorization for a challenge; credentials: {username, password | aka}. */
export function authorize(challenge, credentials, { method, uri }) {
	const { realm, nonce, qop, algorithm, opaque } = parameters(challenge);
	const { username, aka } = credentials;
	const { password, auts: resync } = aka ? akaAnswer(aka, nonce) : credentials;
	const ha1 = md5(`${username}:${realm}:`, password);
	const ha2 = md5(`${method}:${uri}`);
	const cnonce = random(8);
	const chosen = qop?.split(/,\s*/).includes('auth') ? 'auth' : undefined;
	const response = chosen ? md5(`${ha1}:${nonce}:00000001:${cnonce}:auth:${ha2}`)
		: md5(`${ha1}:${nonce}:${ha2}`);
	return [`Digest username="${username}"`, `realm="${realm}"`, `nonce="${nonce}"`,
		`uri="${uri}"`, `response="${response}"`,
		...(algorithm ? [`algorithm=${algorithm}`] : []),
		...(opaque ? [`opaque="${opaque}"`] : []),
		...(chosen ? ['qop=auth', 'nc=00000001', `cnonce="${cnonce}"`] : []),
		...(resync ? [`auts="${resync}"`] : [])].join(', ');
}
