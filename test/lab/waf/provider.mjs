// SPDX-License-Identifier: BSD-2-Clause
// One OAuth 2.0 / OpenID provider object for a WAF's configuration. Rotating a
// key makes a new one over the same store, so only documented interfaces are used.
import { createHash } from 'node:crypto';
import { Agent } from 'node:https';
import Provider, { errors } from 'oidc-provider';
import { matchesPattern } from './accounts.mjs';
import { page } from './signin.mjs';

const HOURS_S = 3600;

// The IMS identities a client may ask for with client credentials: procedures
// of TS 33.203 X.4.2.3, "the WAF authenticates the WWSF and checks that it may
// use the IMS account asked for".
export function lentAccount(client, impi, accounts) {
	const patterns = client.impi_patterns ?? [];
	if (!patterns.length) {
		throw new errors.UnauthorizedClient('this client has no pool of IMS accounts');
	}
	if (typeof impi !== 'string' || !impi) {
		throw new errors.InvalidRequest('parameter "impi" names the IMS account and is missing');
	}
	if (!patterns.some((pattern) => matchesPattern(pattern, impi))) {
		throw new errors.AccessDenied('this IMS account is not of this client\'s pool');
	}
	const account = accounts.byImpi.get(impi);
	if (!account) throw new errors.AccessDenied('no such IMS account');
	return account;
}

export function imsClaims(config, client, account) {
	return { impi: account.impi, impu: account.impu, wwsf: client.wwsf, waf: config.waf_id };
}

function clientMetadata(config, client) {
	const grants = client.grants ?? [];
	return {
		client_id: client.client_id,
		client_secret: client.client_secret,
		redirect_uris: client.redirect_uris ?? [],
		grant_types: grants,
		response_types: grants.includes('authorization_code') ? ['code'] : [],
		token_endpoint_auth_method: 'client_secret_basic',
		id_token_signed_response_alg: config.alg,
		...(client.backchannel_logout && {
			backchannel_logout_uri: client.backchannel_logout,
			// Only then tokens and log-out tokens name the session.
			backchannel_logout_session_required: client.backchannel_session ?? true,
		}),
	};
}

function resourceServerInfo(config, keys, resource, client) {
	const found = config.resources.find((r) => r.audience === resource);
	if (!found) throw new errors.InvalidTarget('unknown resource');
	const own = config.clients.find((c) => c.client_id === client.clientId);
	return {
		audience: found.audience,
		scope: found.scope,
		accessTokenTTL: own.lifetime_s ?? found.lifetime_s,
		accessTokenFormat: own.format ?? found.format ?? 'jwt',
		jwt: { sign: { alg: config.alg, kid: keys.current.kid } },
	};
}

// The clients are the operator's own, so the user is not asked for consent.
async function firstPartyGrant(config, ctx) {
	const { client, session, provider } = ctx.oidc;
	const known = session.grantIdFor(client.clientId);
	const old = known && await provider.Grant.find(known);
	if (old) return old;
	const grant = new provider.Grant({
		clientId: client.clientId, accountId: session.accountId });
	grant.addOIDCScope('openid profile');
	for (const { audience, scope } of config.resources) {
		grant.addResourceScope(audience, scope);
	}
	await grant.save();
	return grant;
}

function renderError(ctx, out) {
	const text = `${out.error}${out.error_description ? `: ${out.error_description}` : ''}`;
	ctx.type = 'html';
	ctx.set('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'");
	ctx.body = page('Sign in', `<h1>Sign-in failed</h1><p class="bad">${
		text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`)}</p>`);
}

// RFC 7662 for JWTs: the provider only knows what it stored, and it stores no
// JWT. It has authenticated the client by the time this runs.
async function introspectJwt(ctx, waf) {
	const own = waf.config.clients.find((c) => c.client_id === ctx.oidc.client?.clientId);
	if (ctx.status !== 200 || ctx.body?.active !== false || !own?.introspect) return;
	const payload = await waf.keys.verify(ctx.oidc.params.token, waf.config.issuer);
	if (payload && !waf.isRevoked(payload)) {
		ctx.body = { active: true, token_type: 'Bearer', ...payload };
	}
}

// RFC 7009 for JWTs, for the same reason.
async function revokeJwt(ctx, waf) {
	if (ctx.status !== 200) return;
	const { jti, client_id: owner } = await waf.keys.verify(ctx.oidc.params.token, waf.config.issuer) ?? {};
	if (jti && owner === ctx.oidc.client.clientId) waf.revoked.push({ jti });
}

const STAY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";

function askWhetherToSignOut(ctx, form) {
	ctx.set('Content-Security-Policy', STAY);
	ctx.body = page('Sign out', `<h1>Sign out</h1><p>Of everything that you signed in to here.</p>${form}
<button type="submit" form="op.logoutForm" name="logout" value="yes" id="sign-out">Sign out</button>`);
}

function saySignedOut(ctx) {
	ctx.set('Content-Security-Policy', STAY);
	ctx.body = page('Signed out', '<h1>Signed out</h1>');
}

export function makeProvider(waf) {
	const { config, keys, accounts, store, signIn } = waf;
	// Cookies do not tell ports apart: two WAFs on one host need two names.
	const tag = createHash('sha256').update(config.issuer).digest('hex').slice(0, 8);
	const lax = { httpOnly: true, sameSite: 'lax', secure: true, signed: true };
	const lifetime = (ctx, token) => token.resourceServer.accessTokenTTL;
	const ownClient = (id) => config.clients.find((c) => c.client_id === id);

	const provider = new Provider(config.issuer, {
		adapter: store.adapter(),
		clients: config.clients.map((client) => clientMetadata(config, client)),
		jwks: keys.jwks(),
		responseTypes: ['code'],
		scopes: ['openid', 'profile'],
		claims: { openid: ['sub', 'impi', 'impu'], profile: ['name'] },
		conformIdTokenClaims: false,
		pkce: { methods: ['S256'], required: () => true },
		cookies: {
			keys: waf.cookieKeys,
			long: lax,
			short: lax,
			names: { session: `waf_${tag}`, interaction: `waf_${tag}_signin`,
				resume: `waf_${tag}_resume` },
		},
		features: {
			devInteractions: { enabled: false },
			rpInitiatedLogout: { enabled: true, logoutSource: askWhetherToSignOut,
				postLogoutSuccessSource: saySignedOut },
			backchannelLogout: { enabled: true },
			clientCredentials: { enabled: true },
			revocation: { enabled: true },
			introspection: {
				enabled: true,
				allowedPolicy: (ctx, client, token) => Boolean(ownClient(client.clientId)?.introspect)
					&& !waf.isRevoked({ jti: token.jti, client_id: token.clientId,
						sub: token.accountId, ...token.extra }),
			},
			resourceIndicators: {
				enabled: true,
				defaultResource: () => (config.resources.length === 1
					? config.resources[0].audience : undefined),
				useGrantedResource: () => true,
				getResourceServerInfo: (ctx, resource, client) => (
					resourceServerInfo(config, keys, resource, client)),
			},
		},
		interactions: { url: (ctx, interaction) => signIn.path(interaction.uid) },
		ttl: { AccessToken: lifetime, ClientCredentials: lifetime, Session: 8 * HOURS_S, Grant: 8 * HOURS_S, RefreshToken: 8 * HOURS_S,
			Interaction: 600, AuthorizationCode: 60, IdToken: HOURS_S },
		issueRefreshToken: (ctx, client) => client.grantTypeAllowed('refresh_token'),
		loadExistingGrant: (ctx) => firstPartyGrant(config, ctx),
		findAccount: (ctx, sub) => {
			const account = accounts.bySub.get(sub);
			return account && { accountId: sub, claims: () => ({ sub, name: account.name,
				impi: account.impi, impu: account.impu }) };
		},
		extraTokenClaims: (ctx, token) => {
			const client = ownClient(token.clientId);
			const account = token.kind === 'ClientCredentials'
				? lentAccount(client, ctx.oidc.body?.impi, accounts)
				: accounts.bySub.get(token.accountId);
			return { ...imsClaims(config, client, account), ...(token.sid && { sid: token.sid }) };
		},
		renderError,
		// For the log-out tokens that it posts.
		...(config.trust && { httpOptions: (url) => (url.protocol === 'https:' ? { agent: new Agent({ ca: config.trust }) } : {}) }),
	});

	provider.use(async (ctx, next) => {
		// RFC 8414 3: the same document under the name that plain OAuth uses.
		if (ctx.path === '/.well-known/oauth-authorization-server') ctx.path = '/.well-known/openid-configuration';
		await next();
		if (ctx.oidc?.route === 'introspection') await introspectJwt(ctx, waf);
		if (ctx.oidc?.route === 'revocation') await revokeJwt(ctx, waf);
	});
	provider.on('server_error', (ctx, error) => waf.log('error', { text: error.message }));
	provider.on('backchannel.success', (ctx, client) => waf.log('log-out-told', { client: client.clientId }));
	provider.on('backchannel.error', (ctx, error, client) => waf.log('log-out-not-told',
		{ client: client.clientId, text: error.message }));
	return provider;
}
