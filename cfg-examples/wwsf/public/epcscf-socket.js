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

/** A JsSIP socket that puts the current token into every request it sends. */
export class BearerSocket {
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
			const text = typeof data === 'string' ? data : new TextDecoder().decode(data);
			this.hooks.received(text);
			this.ondata(text);
		};
		ws.onclose = ({ wasClean, code, reason }) => {
			this.ws = null;
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

	send(text) {
		if (!this.open) return false;
		// Behind the first header field, which is Via; a response has no token.
		this.ws.send(text.replace(/^[A-Z]+ [^\r]*\r\n[^\r]*\r\n/,
			(start) => `${start}Authorization: Bearer ${this.hooks.token(text)}\r\n`));
		return true;
	}
}
