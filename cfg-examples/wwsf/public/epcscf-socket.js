// SPDX-License-Identifier: BSD-2-Clause
// The WebSocket below epcscf.js: carries the token, and tells why it fails.

/** Why the WebSocket does not open. A browser does not tell a page; so ask around. */
export async function diagnose(url, probeUrl) {
	const { host } = new URL(url);
	const direct = await fetch(url.replace(/^ws/, 'http'),
		{ mode: 'no-cors', cache: 'no-store', credentials: 'omit' }).then(() => true, () => false);
	const seen = probeUrl && await fetch(probeUrl, { method: 'POST' })
		.then((answer) => answer.json(), () => undefined);
	// Asked last: a browser that sees loopback only calls itself offline too.
	if (!direct && !seen && !navigator.onLine) return { code: 'offline', text: 'this device is offline' };
	const refused = seen?.handshake && seen.handshake !== 101;
	if (direct || refused) {
		const status = refused ? ` (status ${seen.handshake})` : '';
		return { code: 'handshake',
			text: `${host} refuses this page's WebSocket${status}: is ${location.origin} an allowed origin?` };
	}
	if (seen && !seen.reached) {
		return { code: 'down', text: `${host} does not answer: the server is down or cut off` };
	}
	if (seen?.certificate) {
		const more = seen.certificate === 'ok' ? '' : ` (${seen.certificate})`;
		return { code: 'certificate', text: `this browser does not accept the certificate of ${host}${more}` };
	}
	return { code: 'unknown', text: `${host} does not answer, or its certificate is not accepted` };
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lax = new TextDecoder('utf-8', { ignoreBOM: true });
const single = new TextDecoder('windows-1252');
const encoder = new TextEncoder();

// Where the octets of a message's body begin.
function bodyAt(octets) {
	for (let i = 3; i < octets.length; i++) {
		if (octets[i] === 10 && octets[i - 1] === 13 && octets[i - 2] === 10 && octets[i - 3] === 13) return i + 1;
	}
	return octets.length;
}

// {text, octets}: the message for JsSIP, and its body as it came. A body that
// is no UTF-8 stands in the text with one character for each octet.
function readFrame(data) {
	const all = typeof data === 'string' ? encoder.encode(data) : new Uint8Array(data);
	const at = bodyAt(all);
	const octets = all.subarray(at);
	try {
		return { text: utf8.decode(all), octets };
	} catch {
		return { text: lax.decode(all.subarray(0, at)) + single.decode(octets), octets };
	}
}

const callId = (text) => /\r\n(?:Call-ID|i)\s*:\s*([^\r]*)/i.exec(text)?.[1];

/**
 * NOTIFYs that overtook the answer to their SUBSCRIBE (RFC 6665 4.1.2.4): JsSIP
 * would answer 481, which ends the subscription. They wait for the answer.
 */
class EarlyNotifies {
	#waiting = new Map(); // Call-ID -> frames

	sent(text) {
		if (/^SUBSCRIBE [^]*?\r\nTo:(?![^\r]*;\s*tag=)/i.test(text)) this.#waiting.set(callId(text), []);
	}

	hold(frame) {
		const held = this.#waiting.size && frame.text.startsWith('NOTIFY ') && this.#waiting.get(callId(frame.text));
		held?.push?.(frame);
		return Boolean(held);
	}

	release({ text }) {
		if (!this.#waiting.size || !/^SIP\/2\.0 [2-6][^]*?\r\nCSeq:\s*\d+\s+SUBSCRIBE\r\n/i.test(text)) return [];
		const id = callId(text);
		const held = this.#waiting.get(id) ?? [];
		this.#waiting.delete(id);
		return held;
	}

	clear() { this.#waiting.clear(); }
}

/** A JsSIP socket that puts the current token into every request it sends. */
export class BearerSocket {
	#early = new EarlyNotifies();
	#bodies = new Map(); // what stands for them in JsSIP -> octets

	constructor(url, hooks) {
		const { host, protocol } = new URL(url);
		Object.assign(this, { url, hooks, ws: null, via_transport: protocol.slice(0, -1).toUpperCase(),
			sip_uri: `sip:${host};transport=ws` });
	}

	connect() {
		if (this.ws) return;
		const ws = new WebSocket(this.url, 'sip');
		let opened = false;
		this.ws = ws;
		ws.onopen = () => { opened = true; this.onconnect(); };
		ws.binaryType = 'arraybuffer';
		ws.onmessage = ({ data }) => {
			const frame = readFrame(data);
			if (this.#early.hold(frame)) return;
			for (const { text, octets } of [frame, ...this.#early.release(frame)]) {
				this.hooks.received(text, octets);
				this.ondata(text);
			}
		};
		ws.onclose = ({ wasClean, code, reason }) => {
			this.ws = null;
			this.#early.clear();
			this.hooks.closed(opened, code, reason);
			this.ondisconnect(!wasClean, code, reason);
		};
	}

	disconnect() {
		const { ws } = this;
		this.ws = null;
		if (ws) ws.onopen = ws.onmessage = ws.onclose = null;
		ws?.close();
	}

	/** false as soon as the other side has begun to close. */
	get open() { return this.ws?.readyState === WebSocket.OPEN; }

	get closing() { return this.ws?.readyState === WebSocket.CLOSING; }

	/** A text that stands for these octets as a body, until it is given back. */
	lend(octets) {
		const stand = `octets ${crypto.randomUUID()}`;
		this.#bodies.set(stand, new Uint8Array(octets.buffer ?? octets, octets.byteOffset ?? 0, octets.byteLength));
		return stand;
	}

	giveBack(stand) { this.#bodies.delete(stand); }

	send(text) {
		if (!this.open) return false;
		this.#early.sent(text);
		// Behind the first header field, which is Via; a response has no token.
		const credentials = this.hooks.credentials(text);
		const stamped = !credentials ? text : text.replace(/^[A-Z]+ [^\r]*\r\n[^\r]*\r\n/,
			(start) => `${start}Authorization: ${credentials}\r\n`);
		const at = stamped.indexOf('\r\n\r\n') + 4;
		const octets = this.#bodies.get(stamped.slice(at));
		this.ws.send(octets ? withBody(stamped.slice(0, at), octets) : stamped);
		return true;
	}
}

// A text frame must be UTF-8 (RFC 6455 5.6); these octets need not be.
function withBody(head, octets) {
	const start = encoder.encode(head.replace(/\r\nContent-Length:[^\r]*/i, `\r\nContent-Length: ${octets.length}`));
	const all = new Uint8Array(start.length + octets.length);
	all.set(start);
	all.set(octets, start.length);
	return all;
}
