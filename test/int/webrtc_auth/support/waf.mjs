// SPDX-License-Identifier: BSD-2-Clause
// A WAF reduced to what a P-CSCF sees of it: keys and metadata at https URLs,
// tokens, and what it says about them.
import { createHmac, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import https from 'node:https';
import { readFileSync } from 'node:fs';

export const b64 = (x) => Buffer.from(typeof x === 'string' || Buffer.isBuffer(x) ? x : JSON.stringify(x)).toString('base64url');
export const now = () => Math.floor(Date.now() / 1000);

export function makeKey(alg, kid) {
	const pair = alg === 'ES256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
		: generateKeyPairSync('rsa', { modulusLength: 2048 });
	const jwk = { ...pair.publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' };
	return { alg, kid, jwk, ...pair };
}

export function signWith(key, input) {
	return sign('sha256', Buffer.from(input), { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
}

export const claimsOf = (more = {}) => ({
	iss: 'https://waf.home1.net', aud: 'epcscf', sub: 'alice', client_id: 'shop', jti: randomUUID(),
	iat: now() - 1, exp: now() + 300, scope: 'openid webrtc-ims-client-access-to-ims',
	impi: 'user1@home1.net', impu: ['sip:user1@home1.net', 'sip:alias1@home1.net'], ...more });

export function tokenOf(key, claims = claimsOf(), header = {}) {
	const input = `${b64({ alg: key.alg, kid: key.kid, typ: 'at+jwt', ...header })}.${b64(claims)}`;
	return `${input}.${b64(signWith(key, input))}`;
}

// Not signed by key, but MACed with text that everybody can read.
export function macTokenOf(secret, kid, claims = claimsOf()) {
	const input = `${b64({ alg: 'HS256', kid, typ: 'at+jwt' })}.${b64(claims)}`;
	return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

// What a WAF says of a good token (RFC 7662 2.2).
export const activeOf = (more = {}) => ({ active: true, token_type: 'Bearer', ...claimsOf(), ...more });

export class Waf {
	// answer(req, res): in place of all that is below. introspect(token, req,
	// res, form): an object, or undefined when it answered by itself.
	constructor(ca, port) {
		Object.assign(this, { ca, port, keys: [], hits: 0, sockets: new Set(), answer: undefined,
			connections: 0, peak: 0, asked: [], tokens: new Map(), metadata: undefined, metadataHits: 0, headers: {},
			introspect: (token) => this.tokens.get(token) ?? { active: false } });
	}

	get url() { return `${this.base}/jwks`; }
	get base() { return `https://127.0.0.1:${this.port}`; }

	start() {
		this.server = https.createServer({ key: readFileSync(this.ca.key), cert: readFileSync(this.ca.cert) }, (req, res) => {
			const path = new URL(req.url, this.base).pathname;
			if (path.startsWith('/introspect')) return this.#asked(req, res);
			if (path.includes('/.well-known/')) return this.#metadata(req, res, path);
			this.hits++;
			if (this.answer) return this.answer(req, res);
			res.writeHead(200, { 'Content-Type': 'application/json', ...this.headers });
			res.end(JSON.stringify({ keys: this.keys.map((k) => k.jwk) }));
		});
		this.server.on('connection', (s) => {
			this.connections++;
			this.sockets.add(s);
			this.peak = Math.max(this.peak, this.sockets.size);
			s.on('error', () => {});
			s.on('close', () => this.sockets.delete(s));
		});
		return new Promise((resolve) => this.server.listen(this.port, '127.0.0.1', 1024, resolve));
	}

	#asked(req, res) {
		let body = '';
		req.on('data', (d) => { body += d; });
		req.on('end', async () => {
			const form = new URLSearchParams(body);
			this.asked.push({ token: form.get('token'), form, headers: req.headers, method: req.method, path: req.url });
			const said = await this.introspect(form.get('token'), req, res, form);
			if (said === undefined) return;
			res.writeHead(200, { 'Content-Type': 'application/json' });
			res.end(JSON.stringify(said));
		});
	}

	#metadata(req, res, path) {
		this.metadataHits++;
		const said = typeof this.metadata === 'function' ? this.metadata(req, res, path) : this.metadata;
		if (typeof this.metadata === 'function' && said === undefined) return;
		res.writeHead(said ? 200 : 404, { 'Content-Type': 'application/json' });
		res.end(said ? JSON.stringify(said) : '');
	}

	stop() {
		for (const s of this.sockets) s.destroy();
		return new Promise((resolve) => this.server.close(resolve));
	}
}
