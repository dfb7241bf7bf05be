// SPDX-License-Identifier: BSD-2-Clause
// A WAF reduced to what a P-CSCF sees of it: keys at an https URL, and tokens.
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

export class Waf {
	constructor(ca, port) {
		Object.assign(this, { ca, port, keys: [], hits: 0, sockets: new Set(), answer: undefined });
	}

	get url() { return `https://127.0.0.1:${this.port}/jwks`; }

	start() {
		this.server = https.createServer({ key: readFileSync(this.ca.key), cert: readFileSync(this.ca.cert) }, (req, res) => {
			this.hits++;
			if (this.answer) return this.answer(req, res);
			res.setHeader('Content-Type', 'application/json');
			res.end(JSON.stringify({ keys: this.keys.map((k) => k.jwk) }));
		});
		this.server.on('connection', (s) => { this.sockets.add(s); s.on('close', () => this.sockets.delete(s)); });
		return new Promise((resolve) => this.server.listen(this.port, '127.0.0.1', resolve));
	}

	stop() {
		for (const s of this.sockets) s.destroy();
		return new Promise((resolve) => this.server.close(resolve));
	}
}
