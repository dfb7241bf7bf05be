// SPDX-License-Identifier: BSD-2-Clause
// Signing keys, newest first, and tokens made to order for tests.
import { createHmac, createPublicKey, randomBytes } from 'node:crypto';
import * as jose from 'jose';

const b64 = (value) => Buffer.from(value).toString('base64url');

async function newKey(alg) {
	const pair = await jose.generateKeyPair(alg, { extractable: true, modulusLength: 2048 });
	const jwk = await jose.exportJWK(pair.privateKey);
	return { ...jwk, alg, use: 'sig', kid: randomBytes(9).toString('base64url') };
}

export class Keys {
	static async create(alg) {
		const keys = new Keys();
		keys.alg = alg;
		keys.ring = [await newKey(alg)];
		keys.foreign = await newKey(alg);
		return keys;
	}

	get current() {
		return this.ring[0];
	}

	jwks() {
		return { keys: this.ring };
	}

	kids() {
		return this.ring.map((key) => key.kid);
	}

	// The old keys stay published: tokens signed with them are still around.
	async rotate() {
		this.ring.unshift(await newKey(this.alg));
	}

	// Drops every key but the current one, or the named one.
	retire(kid) {
		this.ring = this.ring.filter((key, i) => (kid ? key.kid !== kid : i === 0));
		if (this.ring.length === 0) throw new Error('the last key stays');
	}

	// The payload of one of our own tokens, or undefined.
	async verify(token, issuer) {
		const local = jose.createLocalJWKSet({ keys: this.ring.map(publicPart) });
		try {
			return (await jose.jwtVerify(token, local, { issuer, typ: 'at+jwt' })).payload;
		} catch {
			return undefined;
		}
	}

	// sign: current | previous | foreign (another key under the current kid) |
	// none | hs256 (MAC keyed with the public key's PEM: the classic confusion)
	async mint(payload, header, sign = 'current') {
		const key = { current: this.current, previous: this.ring[1], foreign: this.foreign,
			none: this.current, hs256: this.current }[sign];
		if (!key) throw new Error(`no key for sign=${sign}`);
		const alg = { none: 'none', hs256: 'HS256' }[sign] ?? this.alg;
		const kid = sign === 'previous' ? key.kid : this.current.kid;
		const fields = withoutNull({ alg, typ: 'at+jwt', kid, ...header });
		const body = withoutNull(payload);
		if (sign === 'none' || sign === 'hs256') {
			const input = `${b64(JSON.stringify(fields))}.${b64(JSON.stringify(body))}`;
			if (sign === 'none') return `${input}.`;
			const pem = createPublicKey({ key: publicPart(key), format: 'jwk' })
				.export({ type: 'spki', format: 'pem' });
			return `${input}.${createHmac('sha256', pem).update(input).digest('base64url')}`;
		}
		const signer = new jose.CompactSign(Buffer.from(JSON.stringify(body)));
		return signer.setProtectedHeader({ ...fields, alg })
			.sign(await jose.importJWK(key, this.alg));
	}
}

function publicPart(jwk) {
	const { d, p, q, dp, dq, qi, ...rest } = jwk;
	return rest;
}

const withoutNull = (object) => Object.fromEntries(
	Object.entries(object).filter(([, value]) => value !== null && value !== undefined));
