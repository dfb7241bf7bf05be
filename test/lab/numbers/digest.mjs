// SPDX-License-Identifier: BSD-2-Clause
// SIP Digest with MD5 (RFC 3261 22.4), as an IMS UE does it (TS 33.203 Annex N).
import { createHash, randomBytes } from 'node:crypto';
import { splitList } from './message.mjs';

const md5 = (text) => createHash('md5').update(text).digest('hex');

export function parseChallenge(value) {
	const [, scheme, rest] = /^(\S+)\s+(.*)$/.exec(value) ?? [];
	if (scheme?.toLowerCase() !== 'digest') return undefined;
	return Object.fromEntries(splitList(rest).map((part) => {
		const [, name, text] = /^([^=]+?)\s*=\s*(.*)$/.exec(part);
		return [name.toLowerCase(), text.replace(/^"(.*)"$/, '$1')];
	}));
}

// The first REGISTER names the IMPI in an empty answer (TS 24.229 5.1.1.2).
export const emptyAuthorization = (impi, realm, uri) => (
	`Digest username="${impi}", realm="${realm}", uri="${uri}", nonce="", response=""`);

export function answerChallenge(challenge, { method, uri, impi, password }) {
	const { realm, nonce, opaque, algorithm = 'MD5' } = challenge;
	if (algorithm.toUpperCase() !== 'MD5') throw new Error(`Digest algorithm ${algorithm} is not for this phone`);
	const qop = challenge.qop?.split(/\s*,\s*/).includes('auth') ? 'auth' : undefined;
	const cnonce = randomBytes(8).toString('hex');
	const ha1 = md5(`${impi}:${realm}:${password}`);
	const ha2 = md5(`${method}:${uri}`);
	const response = md5(qop ? `${ha1}:${nonce}:00000001:${cnonce}:auth:${ha2}` : `${ha1}:${nonce}:${ha2}`);
	return [`Digest username="${impi}"`, `realm="${realm}"`, `nonce="${nonce}"`, `uri="${uri}"`,
		`response="${response}"`, 'algorithm=MD5', ...(opaque ? [`opaque="${opaque}"`] : []),
		...(qop ? ['qop=auth', 'nc=00000001', `cnonce="${cnonce}"`] : [])].join(', ');
}
