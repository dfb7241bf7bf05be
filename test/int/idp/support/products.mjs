// SPDX-License-Identifier: BSD-2-Clause
// What identity providers issue when nobody has added an IMS claim: header and
// payload of their access tokens, their key sets, and the sections that an
// operator writes for them. Every value is invented, every member is not.
import { randomBytes, randomUUID } from 'node:crypto';
import { rsaKey, signed } from './keys.mjs';

const now = () => Math.floor(Date.now() / 1000);
const text = (n) => randomBytes(n).toString('base64url');
const SCOPE = 'webrtc-ims-client-access-to-ims';
const section = (title, values) => [`[${title}]`, ...Object.entries(values).map(([k, v]) => `${k} = ${v}`), ''].join('\n');
const pick = (key, ...names) => Object.fromEntries(names.map((name) => [name, key[name]]));

/* Keycloak: server_admin/ "Keys", securing_apps/ "OIDC token claims".
 * GET {realm}/protocol/openid-connect/certs lists the RSA-OAEP key for request
 * objects and ID tokens (use=enc) beside the signing keys; all with x5c, x5t,
 * x5t#S256. The access token's header has typ "JWT"; what it is stands in the
 * claim typ: Bearer, ID or Refresh. aud is "account", the client of every
 * realm, for nobody asked for another; the client that got it is azp. Scopes
 * are the realm's defaults. */
export function keycloak(base) {
	const key = rsaKey('ims'), old = rsaKey('ims'), enc = rsaKey('ims'), other = rsaKey('other');
	const iss = 'https://sso.example.com/realms/ims';
	const jwk = (k, more) => ({ kid: k.kid, kty: 'RSA', ...more, ...pick(k, 'x5c', 'x5t', 'x5t#S256', 'n', 'e') });
	const header = { alg: 'RS256', typ: 'JWT', kid: key.kid };
	const alice = { sub: randomUUID(), preferred_username: 'alice', email: 'alice@example.com', name: 'Alice Liddell', given_name: 'Alice', family_name: 'Liddell' };
	const claims = (user, more) => ({
		exp: now() + 300, iat: now(), auth_time: now() - 2, jti: `onrtac:${randomUUID()}`, iss, aud: 'account', sub: user.sub, typ: 'Bearer',
		azp: 'webphone', sid: randomUUID(), acr: '1', 'allowed-origins': ['https://phone.example.com'],
		realm_access: { roles: ['default-roles-ims', 'offline_access', 'uma_authorization'] },
		resource_access: { account: { roles: ['manage-account', 'manage-account-links', 'view-profile'] } },
		scope: 'openid email profile', email_verified: true, ...user, ...more });
	const idToken = (user) => ({
		exp: now() + 300, iat: now(), auth_time: now() - 2, jti: randomUUID(), iss, aud: 'webphone', sub: user.sub, typ: 'ID',
		azp: 'webphone', nonce: text(16), sid: randomUUID(), at_hash: text(16), acr: '1', email_verified: true, ...user });
	return {
		name: 'keycloak', key, files: {}, user: 'alice_private@home1.net', impus: ['sip:alice@home1.net', 'sip:alice.private@home1.net'], sub: alice.sub,
		paths: { '/realms/ims/protocol/openid-connect/certs': () => ({ keys: [
			jwk(enc, { alg: 'RSA-OAEP', use: 'enc' }), jwk(key, { alg: 'RS256', use: 'sig' }), jwk(old, { alg: 'RS256', use: 'sig' })] }) },
		config: section('issuer:keycloak', { iss, jwks: `${base}/realms/ims/protocol/openid-connect/certs`, alg: 'RS256', aud: 'account', scope: 'profile',
			waf: 'sso@home1.net', domain: 'operator', map: 'keycloak' })
			+ section('map:keycloak', { impi: '{preferred_username}_private@home1.net', impu: 'sip:{preferred_username}@home1.net, sip:{preferred_username}.private@home1.net' }),
		client: 'webphone',
		token: () => signed(key, header, claims(alice)),
		refused: [
			// Keycloak lets people use an e-mail address as user name.
			{ what: 'a user name that is no user part', token: () => signed(key, header, claims({ ...alice, preferred_username: 'alice@example.com' })), cause: ['mapping_missing', 'claim_value'] },
			{ what: 'a user without user name', token: () => signed(key, header, claims({ sub: alice.sub })), cause: 'mapping_missing' },
			{ what: 'another realm', token: () => signed(other, { ...header, kid: other.kid }, claims(alice, { iss: 'https://sso.example.com/realms/other' })), cause: 'issuer_unknown', status: 401, code: 4001 },
			{ what: 'an ID token', token: () => signed(key, header, idToken(alice)), cause: 'audience_wrong', status: 401, code: 4001 },
			{ what: 'a token of another client', token: () => signed(key, header, claims(alice, { azp: 'account-console' })), cause: ['wwsf_unknown', 'wwsf_client'], status: 403, code: 4004 },
			{ what: 'a token signed with the encryption key', token: () => signed(enc, { ...header, kid: enc.kid }, claims(alice)), cause: 'key_use', status: 401, code: 4001 },
		],
	};
}

/* Ory Hydra with `strategies.access_token: jwt`: docs/hydra/guides/jwt. Keys at
 * /.well-known/jwks.json: those of ID tokens and those of access tokens, no
 * certificates. aud is empty unless the consent app grants one; scopes are a
 * list in scp; claims of the consent app stand in ext; client_id names the
 * client. */
export function hydra(base) {
	const key = rsaKey('hydra', randomUUID()), idKey = rsaKey('hydra', randomUUID());
	const iss = 'https://auth.example.com', client = randomUUID(), alice = randomUUID();
	const jwk = (k) => ({ use: 'sig', kty: 'RSA', kid: k.kid, alg: 'RS256', ...pick(k, 'n', 'e') });
	const header = { alg: 'RS256', kid: key.kid, typ: 'JWT' };
	const claims = (more) => ({
		aud: [], client_id: client, exp: now() + 3599, ext: {}, iat: now(), iss, jti: randomUUID(), nbf: now(),
		scp: ['openid', 'offline', SCOPE], sub: alice, ...more });
	const idToken = () => ({
		amr: [], at_hash: text(16), aud: [client], auth_time: now() - 2, exp: now() + 3599, iat: now(), iss, jti: randomUUID(),
		nonce: text(16), rat: now() - 3, sid: randomUUID(), sub: alice });
	return {
		name: 'hydra', key, files: {}, user: `${alice}@home1.net`, impus: [`sip:${alice}@home1.net`], sub: alice,
		paths: { '/.well-known/jwks.json': () => ({ keys: [jwk(idKey), jwk(key)] }) },
		config: section('issuer:hydra', { iss, jwks: `${base}/.well-known/jwks.json`, alg: 'RS256', aud: 'epcscf', aud_rule: 'optional',
			waf: 'hydra@home1.net', domain: 'operator', map: 'hydra' })
			+ section('map:hydra', { impi: '{sub}@home1.net', impu: 'sip:{sub}@home1.net' }),
		client,
		token: () => signed(key, header, claims()),
		refused: [
			{ what: 'a user whose subject is no user part', token: () => signed(key, header, claims({ sub: 'foo@bar.com' })), cause: ['mapping_missing', 'claim_value'] },
			{ what: 'another installation', token: () => signed(key, header, claims({ iss: 'https://auth.example.net' })), cause: 'issuer_unknown', status: 401, code: 4001 },
			{ what: 'an ID token', token: () => signed(idKey, { ...header, kid: idKey.kid }, idToken()), cause: 'audience_wrong', status: 401, code: 4001 },
			{ what: 'a token for another resource', token: () => signed(key, header, claims({ aud: ['https://api.example.com'] })), cause: 'audience_wrong', status: 401, code: 4001 },
			{ what: 'a token of another client', token: () => signed(key, header, claims({ client_id: randomUUID() })), cause: ['wwsf_unknown', 'wwsf_client'], status: 403, code: 4004 },
		],
	};
}

/* Auth0, profile "Auth0": docs/secure/tokens/access-tokens/access-token-profiles.
 * typ "JWT", no jti; aud is the API asked for and, with scope openid, /userinfo
 * too; the client is azp; sub is connection|id. iss ends in a slash. Scopes are
 * the API's permissions, so that of IMS is one of them. Without an audience in
 * the request the access token is a JWE for /userinfo. */
export function auth0(base) {
	const key = rsaKey('example.eu.auth0.com', text(15)), next = rsaKey('example.eu.auth0.com', text(15));
	const iss = 'https://example.eu.auth0.com/', client = 'K1AUPhZq8mRi0Q0pjhkfu1D7y6KjDQja', alice = 'auth0|6553da60a54af58e29493993';
	const api = 'https://epcscf.home1.net/';
	const jwk = (k) => ({ kty: 'RSA', use: 'sig', ...pick(k, 'n', 'e', 'kid', 'x5t', 'x5c'), alg: 'RS256' });
	const header = { alg: 'RS256', typ: 'JWT', kid: key.kid };
	const claims = (more) => ({ iss, sub: alice, aud: [api, `${iss}userinfo`], iat: now(), exp: now() + 86400, scope: `openid profile email ${SCOPE}`, azp: client, ...more });
	const idToken = () => ({
		nickname: 'alice', name: 'Alice Liddell', picture: 'https://cdn.example.com/a.png', updated_at: '2026-01-01T00:00:00.000Z',
		email: 'alice@example.com', email_verified: true, iss, aud: client, sub: alice, iat: now(), exp: now() + 36000, sid: text(24), nonce: text(24) });
	return {
		name: 'auth0', key, user: 'alice_private@home1.net', impus: ['sip:alice@home1.net', 'tel:+15551001'], sub: alice,
		files: { 'auth0.map': [[alice, 'alice_private@home1.net', 'sip:alice@home1.net', 'tel:+15551001'], ['google-oauth2|108204268033311374519', 'bob_private@home1.net', 'sip:bob@home1.net']] },
		paths: { '/.well-known/auth0/jwks.json': () => ({ keys: [jwk(key), jwk(next)] }) },
		config: (dir) => section('issuer:auth0', { iss, jwks: `${base}/.well-known/auth0/jwks.json`, alg: 'RS256', aud: api,
			waf: 'auth0@partner.net', domain: 'third-party', map: 'auth0' })
			+ section('map:auth0', { key: 'sub', table: `${dir}/auth0.map` }),
		client, thirdParty: true,
		token: () => signed(key, header, claims()),
		refused: [
			{ what: 'a user who is not in the table', token: () => signed(key, header, claims({ sub: 'auth0|000000000000000000000000' })), cause: 'mapping_missing', status: 403, code: 4002 },
			{ what: 'another tenant', token: () => signed(key, header, claims({ iss: 'https://other.eu.auth0.com/' })), cause: 'issuer_unknown', status: 401, code: 4001 },
			{ what: 'another tenant by a slash', token: () => signed(key, header, claims({ iss: iss.slice(0, -1) })), cause: 'issuer_unknown', status: 401, code: 4001 },
			{ what: 'an ID token', token: () => signed(key, header, idToken()), cause: 'audience_wrong', status: 401, code: 4001 },
			{ what: 'an encrypted token for /userinfo', token: () => [JSON.stringify({ alg: 'dir', enc: 'A256GCM', iss })].map((h) => `${Buffer.from(h).toString('base64url')}..${text(12)}.${text(80)}.${text(16)}`)[0], cause: 'token_encrypted', status: 401, code: 4001 },
			{ what: 'a machine\'s token', token: () => signed(key, header, claims({ sub: `${client}@clients`, aud: api, gty: 'client-credentials', scope: SCOPE })), cause: ['mapping_missing', 'user_absent'], status: 403, code: 4002 },
		],
	};
}

/* Entra ID: identity-platform/access-token-claims-reference and /access-tokens.
 * One key set serves all tenants, with x5c, x5t, issuer and without alg; kid and
 * x5t are the same thumbprint. Tokens are dated back five minutes. uti is the
 * token's id. v1.0: x5t in the header, iss at sts.windows.net with a slash, aud
 * the URI of the API, client in appid. v2.0: iss ends in /v2.0, aud is the API's
 * GUID, client in azp. Both: scp with the short names of scopes, oid and tid. */
const TENANT = 'aaaabbbb-0000-cccc-1111-dddd2222eeee', OTHER_TENANT = 'bbbbcccc-1111-dddd-2222-eeee3333ffff';
const API = '00001111-aaaa-2222-bbbb-3333cccc4444', APP = '11112222-bbbb-3333-cccc-4444dddd5555';
const OID = 'aaaaaaaa-0000-1111-2222-bbbbbbbbbbbb';

const entraOwn = Array.from({ length: 4 }, () => {
	const key = rsaKey('accounts.accesscontrol.windows.net');
	return { ...key, kid: key.x5t };
});

function entraKeys(base, path) {
	const keys = entraOwn;
	const jwk = (k) => ({ kty: 'RSA', use: 'sig', kid: k.kid, x5t: k.x5t, n: k.n, e: k.e, x5c: k.x5c,
		cloud_instance_name: 'microsoftonline.com', issuer: `https://login.microsoftonline.com/${TENANT}/v2.0` });
	return { key: keys[2], url: `${base}${path}`, paths: { [path]: () => ({ keys: keys.map(jwk) }) } };
}

const entraIdToken = (iss) => ({ aud: APP, iss, iat: now() - 300, nbf: now() - 300, exp: now() + 3600, aio: text(40), name: 'Alice Liddell', nonce: text(16),
	oid: OID, preferred_username: 'alice@contoso.com', rh: `0.${text(20)}.`, sub: text(32), tid: TENANT, uti: text(16), ver: '2.0' });

export function entraV1(base) {
	const { key, url, paths } = entraKeys(base, '/common/discovery/keys');
	const iss = `https://sts.windows.net/${TENANT}/`, sub = text(32);
	const header = { typ: 'JWT', alg: 'RS256', x5t: key.x5t, kid: key.kid };
	const claims = (more) => ({
		aud: `api://${API}`, iss, iat: now() - 300, nbf: now() - 300, exp: now() + 4500, acr: '1', aio: text(40), amr: ['pwd', 'mfa'], appid: APP, appidacr: '1',
		family_name: 'Liddell', given_name: 'Alice', ipaddr: '203.0.113.7', name: 'Alice Liddell', oid: OID, rh: `0.${text(20)}.`,
		scp: SCOPE, sid: randomUUID(), sub, tid: TENANT, unique_name: 'alice@contoso.com', upn: 'alice@contoso.com', uti: text(16), ver: '1.0', ...more });
	return {
		name: 'entra-v1', key, paths, sub, user: 'alice_private@home1.net', impus: ['sip:alice@home1.net'],
		files: { 'entra.map': [[OID, 'alice_private@home1.net', 'sip:alice@home1.net']] },
		config: (dir) => section('issuer:entra-v1', { iss, jwks: url, alg: 'RS256', aud: `api://${API}`, claim_client: 'appid',
			waf: 'entra@partner.net', domain: 'third-party', map: 'entra-v1' })
			+ section('map:entra-v1', { key: 'oid', table: `${dir}/entra.map` }),
		client: APP, thirdParty: true,
		token: () => signed(key, header, claims()),
		refused: [
			{ what: 'a user who is not in the table', token: () => signed(key, header, claims({ oid: randomUUID() })), cause: 'mapping_missing', status: 403, code: 4002 },
			{ what: 'another tenant with the same keys', token: () => signed(key, header, claims({ iss: `https://sts.windows.net/${OTHER_TENANT}/`, tid: OTHER_TENANT })), cause: 'issuer_unknown', status: 401, code: 4001 },
			{ what: 'an ID token', token: () => signed(key, header, { ...entraIdToken(iss), ver: '1.0' }), cause: 'audience_wrong', status: 401, code: 4001 },
			{ what: 'a token for Microsoft Graph', token: () => signed(key, header, claims({ aud: 'https://graph.microsoft.com' })), cause: 'audience_wrong', status: 401, code: 4001 },
			{ what: 'an application\'s own token', token: () => signed(key, header, claims({ scp: undefined, roles: ['Calls.All'], idtyp: 'app', oid: randomUUID() })), cause: ['scope_too_small', 'mapping_missing'], status: 403 },
			{ what: 'a token of another application', token: () => signed(key, header, claims({ appid: randomUUID() })), cause: ['wwsf_unknown', 'wwsf_client'], status: 403, code: 4004 },
		],
	};
}

export function entraV2(base) {
	const { key, url, paths } = entraKeys(base, '/common/discovery/v2.0/keys');
	const iss = `https://login.microsoftonline.com/${TENANT}/v2.0`, sub = text(32);
	const header = { typ: 'JWT', alg: 'RS256', kid: key.kid };
	const claims = (more) => ({
		aud: API, iss, iat: now() - 300, nbf: now() - 300, exp: now() + 4500, aio: text(40), azp: APP, azpacr: '1', name: 'Alice Liddell', oid: OID,
		preferred_username: 'alice@contoso.com', rh: `0.${text(20)}.`, scp: SCOPE, sid: randomUUID(), sub, tid: TENANT, uti: text(16), ver: '2.0', ...more });
	return {
		name: 'entra-v2', key, paths, sub, user: `${OID}@home1.net`, impus: [`sip:${OID}@home1.net`], files: {},
		config: section('issuer:entra-v2', { iss, jwks: url, alg: 'RS256', aud: API,
			waf: 'entra@partner.net', domain: 'third-party', map: 'entra-v2' })
			+ section('map:entra-v2', { impi: '{oid}@home1.net', impu: 'sip:{oid}@home1.net' }),
		client: APP, thirdParty: true,
		token: () => signed(key, header, claims()),
		refused: [
			{ what: 'a user without object id', token: () => signed(key, header, claims({ oid: undefined })), cause: 'mapping_missing' },
			{ what: 'another tenant with the same keys', token: () => signed(key, header, claims({ iss: `https://login.microsoftonline.com/${OTHER_TENANT}/v2.0`, tid: OTHER_TENANT })), cause: 'issuer_unknown', status: 401, code: 4001 },
			{ what: 'an ID token', token: () => signed(key, header, entraIdToken(iss)), cause: 'audience_wrong', status: 401, code: 4001 },
			{ what: 'a v1.0 token', token: () => signed(key, header, claims({ iss: `https://sts.windows.net/${TENANT}/`, ver: '1.0' })), cause: ['issuer_unknown', 'audience_wrong'], status: 401, code: 4001 },
			{ what: 'a token of another application', token: () => signed(key, header, claims({ azp: randomUUID() })), cause: ['wwsf_unknown', 'wwsf_client'], status: 403, code: 4004 },
		],
	};
}

/* Ory Hydra as it comes: ory_at_ and ory_rt_ tokens are references, two parts
 * with a dot between; POST /admin/oauth2/introspect says the rest (API
 * reference, schema introspectedOAuth2Token). */
export function hydraOpaque(base) {
	const iss = 'https://hydra.example.com', client = randomUUID(), alice = randomUUID();
	const known = new Map();
	const issue = (prefix, more) => {
		const token = `${prefix}${text(32)}.${text(32)}`;
		known.set(token, { active: true, aud: [], client_id: client, exp: now() + 3599, iat: now(), iss, nbf: now(), scope: `openid offline ${SCOPE}`,
			sub: alice, token_type: 'Bearer', token_use: prefix === 'ory_rt_' ? 'refresh_token' : 'access_token', ...more });
		return token;
	};
	return {
		name: 'hydra-opaque', opaque: true, user: 'alice_private@home1.net', impus: ['sip:alice@home1.net'], sub: alice, known,
		files: { 'hydra.map': [[alice, 'alice_private@home1.net', 'sip:alice@home1.net']], 'hydra.secret': 'x' },
		paths: { '/admin/oauth2/introspect': ({ form }) => known.get(form.get('token')) ?? { active: false } },
		config: (dir) => section('issuer:hydra-opaque', { iss, introspect: `${base}/admin/oauth2/introspect`, introspect_client: 'epcscf', introspect_secret_file: `${dir}/hydra.secret`,
			aud: 'epcscf', aud_rule: 'optional', waf: 'hydra2@home1.net', domain: 'operator', map: 'hydra-opaque' })
			+ section('map:hydra-opaque', { key: 'sub', table: `${dir}/hydra.map` }),
		client,
		token: () => issue('ory_at_'),
		refused: [
			{ what: 'a user who is not in the table', token: () => issue('ory_at_', { sub: randomUUID() }), cause: 'mapping_missing', status: 403, code: 4002 },
			{ what: 'another installation', token: () => issue('ory_at_', { iss: 'https://hydra.example.net' }), cause: ['issuer_unknown', 'introspect_answer'] },
			{ what: 'a token that it does not know', token: () => `ory_at_${text(32)}.${text(32)}`, cause: 'token_inactive', status: 401 },
			// Introspection tells of refresh tokens too (token_use); they are no access.
			{ what: 'a refresh token', token: () => issue('ory_rt_', { token_type: undefined }), cause: ['introspect_answer', 'token_inactive', 'typ_refused'] },
			{ what: 'a token for another resource', token: () => issue('ory_at_', { aud: ['https://api.example.com'] }), cause: 'audience_wrong', status: 401, code: 4001 },
			{ what: 'a token of another client', token: () => issue('ory_at_', { client_id: randomUUID() }), cause: ['wwsf_unknown', 'wwsf_client'], status: 403, code: 4004 },
		],
	};
}
