// SPDX-License-Identifier: BSD-2-Clause
// A site whose issuer `home` is asked about opaque tokens (RFC 7662).
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configOf, Site } from './site.mjs';
import { Client } from './client.mjs';
import { activeOf } from './waf.mjs';

export const SECRET = 's3cret+of/the client';
export const TIMEOUT_MS = 1000;

// more: lines of issuer home; globals: of [global]; secret: null for no file.
export const opaqueConfig = ({ more = '', globals = '', secret = SECRET, timeout = TIMEOUT_MS, endpoint } = {}) => (s) => {
	s.secretFile = join(s.dir, 'secret');
	if (secret !== null) writeFileSync(s.secretFile, `${secret}\n`, { mode: 0o600 });
	return `[global]\n${globals}\n${configOf(s).replace('domain = operator', `domain = operator
introspect = ${endpoint ?? `${s.waf.base}/introspect`}
introspect_client = ep cscf
introspect_secret_file = ${s.secretFile}
introspect_cache_s = 20
introspect_negative_s = 2
http_timeout_ms = ${timeout}
${more}`)}`;
};

export const opaqueSite = async (options = {}) => {
	const site = await Site.start({ async: 'async_workers=2', ...options, config: options.config ?? opaqueConfig(options) });
	site.used = [];
	return site;
};

// A new opaque token, and what the WAF will say of it; undefined: inactive.
export function opaque(site, said = activeOf()) {
	const token = randomBytes(24).toString('base64url');
	site.used?.push(token);
	if (said) site.waf.tokens.set(token, said);
	return token;
}

export const askedFor = (site, token) => site.waf.asked.filter((a) => a.token === token).length;

export async function page(t, site, options) {
	const c = await Client.open(site, options);
	t.after(() => c.end());
	return c;
}
