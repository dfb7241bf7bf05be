// SPDX-License-Identifier: BSD-2-Clause
// Signing keys with the certificate that products publish beside them.
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes, sign, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeKey } from '../../webrtc_auth/support/waf.mjs';

const b64 = (value) => Buffer.from(Buffer.isBuffer(value) ? value : JSON.stringify(value)).toString('base64url');

/** The DER of a self-signed certificate, as JWK members of RFC 7517 4.7 to 4.9. */
function certificateOf(key, name) {
	const dir = mkdtempSync(join(tmpdir(), 'epcscf-idp-'));
	const file = join(dir, 'key');
	writeFileSync(file, key.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
	const pem = execFileSync('openssl', ['req', '-x509', '-key', file, '-subj', `/CN=${name}`, '-days', '3650'], { stdio: 'pipe' });
	rmSync(dir, { recursive: true });
	const der = new X509Certificate(pem).raw;
	const thumb = (alg) => createHash(alg).update(der).digest('base64url');
	return { x5c: [der.toString('base64')], x5t: thumb('sha1'), 'x5t#S256': thumb('sha256') };
}

/** {kid, privateKey, n, e, x5c, x5t, x5t#S256}: an RSA key of 2048 bit. */
export function rsaKey(name, kid = randomBytes(32).toString('base64url')) {
	const key = makeKey('RS256', kid);
	return { alg: 'RS256', kid, privateKey: key.privateKey, n: key.jwk.n, e: key.jwk.e, ...certificateOf(key, name) };
}

/** A compact JWS (RFC 7515 3.1) by RS256 over exactly this header and payload. */
export function signed(key, header, payload) {
	const input = `${b64(header)}.${b64(payload)}`;
	return `${input}.${sign('sha256', Buffer.from(input), key.privateKey).toString('base64url')}`;
}
