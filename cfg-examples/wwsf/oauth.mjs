// SPDX-License-Identifier: BSD-2-Clause
// The WWSF as OAuth client of its WAF (W4). Tokens stay on this side until the
// server's own page asks for them.
import { createHash, randomBytes } from 'node:crypto';
import { askJson } from './http.mjs';

const random = () => randomBytes(32).toString('base64url');

export class OAuthError extends Error {
	constructor(code, description) {
		super(description ? `${code}: ${description}` : code);
		this.code = code;
	}
}

export class OAuthClient {
	// waf: {issuer, client_id, client_secret}; resource: {audience, scope}
	constructor(waf, resource, redirectUri, net) {
		Object.assign(this, { waf, resource, redirectUri, net });
	}

	// RFC 8414 3.3: metadata that names another issuer is not this WAF's.
	async metadata() {
		if (this.known) return this.known;
		const { status, body } = await askJson(
			`${this.waf.issuer}/.well-known/openid-configuration`, this.net);
		if (status !== 200 || body.issuer !== this.waf.issuer) {
			throw new OAuthError('server_error', 'the WAF\'s metadata is not that of its issuer');
		}
		this.known = body;
		return body;
	}

	// Where to send the browser, and what to remember until it comes back.
	// `identify`: only who it is; the token comes by lend().
	async begin({ again = false, identify = false } = {}) {
		const { authorization_endpoint: where } = await this.metadata();
		const login = { state: random(), nonce: random(), verifier: random() };
		const query = new URLSearchParams({
			response_type: 'code', client_id: this.waf.client_id, redirect_uri: this.redirectUri,
			...(identify ? { scope: 'openid profile' }
				: { scope: `openid profile ${this.resource.scope}`, resource: this.resource.audience }),
			state: login.state, nonce: login.nonce, code_challenge_method: 'S256',
			code_challenge: createHash('sha256').update(login.verifier).digest('base64url'),
			...(again && { prompt: 'login' }),
		});
		return { url: `${where}?${query}`, login };
	}

	async finish(login, query) {
		if (!login || query.get('state') !== login.state) {
			throw new OAuthError('invalid_state', 'this answer belongs to no sign-in begun here');
		}
		if (query.get('error')) throw new OAuthError(query.get('error'), query.get('error_description'));
		if (query.has('iss') && query.get('iss') !== this.waf.issuer) {
			throw new OAuthError('invalid_issuer', 'answer of another WAF');
		}
		const tokens = await this.token({ grant_type: 'authorization_code', code: query.get('code') ?? '',
			redirect_uri: this.redirectUri, code_verifier: login.verifier });
		return { tokens, who: this.identity(tokens.id_token, login.nonce) };
	}

	renew(refreshToken) {
		return this.token({ grant_type: 'refresh_token', refresh_token: refreshToken,
			resource: this.resource.audience });
	}

	// Is that user still signed in at the WAF? An OAuthError says no.
	stillSignedIn(refreshToken) {
		return this.token({ grant_type: 'refresh_token', refresh_token: refreshToken });
	}

	// A token for an IMS account that this WWSF may ask for, of its pool (TS 33.203
	// X.4.2.3) or of one of its users (X.3.2.3): parameter "impi".
	lend(impi) {
		return this.token({ grant_type: 'client_credentials', impi,
			scope: this.resource.scope, resource: this.resource.audience });
	}

	async token(form) {
		const { token_endpoint: where } = await this.metadata();
		const pair = [this.waf.client_id, this.waf.client_secret].map(encodeURIComponent).join(':');
		const { status, body } = await askJson(where, { ...this.net, method: 'POST', form,
			headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` } });
		// Its own trouble is no verdict: whoever asked may ask again.
		if (status >= 500) throw new Error(`the WAF answers ${status}`);
		if (status !== 200 || !body.access_token) {
			throw new OAuthError(body.error ?? 'server_error', body.error_description);
		}
		return { ...body, ends_ms: Date.now() + Number(body.expires_in) * 1000 };
	}

	// The ID token came from the token endpoint over TLS, so its signature need
	// not be looked at (OpenID Connect Core 3.1.3.7 point 6); the rest must fit.
	identity(idToken, nonce) {
		const claims = JSON.parse(Buffer.from(String(idToken).split('.')[1] ?? '', 'base64url').toString() || '{}');
		const forUs = [claims.aud].flat().includes(this.waf.client_id);
		if (claims.iss !== this.waf.issuer || !forUs || claims.nonce !== nonce
			|| !(claims.exp * 1000 > Date.now())) {
			throw new OAuthError('invalid_id_token', 'the ID token does not fit this sign-in');
		}
		return { claims, name: claims.name ?? claims.sub, impi: claims.impi, impu: claims.impu };
	}
}
