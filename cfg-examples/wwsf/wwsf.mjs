// SPDX-License-Identifier: BSD-2-Clause
// A WebRTC web server function: node wwsf.mjs --config site.json
// Serves the page, signs people in at the WAF, hands the token to its own page.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { basename, dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { IdentityMap, Leases } from './identities.mjs';
import { makeLookup, probeWebSocket } from './http.mjs';
import { OAuthClient, OAuthError } from './oauth.mjs';
import { commonHeaders, loadPages, sendPage } from './pages.mjs';
import { Sessions } from './sessions.mjs';

const BODY_MAX = 1024;
const PROBE_EVERY_MS = 2000;

// One line per event; values are plain words, never a token or a cookie.
export function logLine(event, fields = {}) {
	const rest = Object.entries(fields).map(([k, v]) => `${k}=${JSON.stringify(v)}`);
	console.log([new Date().toISOString(), 'wwsf', event, ...rest].join(' '));
}

async function readJson(req) {
	let text = '';
	for await (const chunk of req) {
		text += chunk;
		if (text.length > BODY_MAX) return {};
	}
	try {
		return JSON.parse(text || '{}') ?? {};
	} catch {
		return {};
	}
}

// The eP-CSCF for a UE in this network (TS 23.228 U.2.1.2 step 1): MCC and MNC
// in digits; one that the site does not name gets the ordinary one.
export const edgeOf = ({ epcscf }, plmn) => (Object.hasOwn(epcscf.plmn ?? {}, plmn) ? epcscf.plmn[plmn] : epcscf.url);

export class Wwsf {
	static async start(site, log = logLine) {
		const wwsf = new Wwsf();
		const lookup = makeLookup(site.hosts);
		const trust = (file) => ({ lookup, ca: file && readFileSync(file) });
		Object.assign(wwsf, { site, log });
		wwsf.pages = loadPages(site);
		wwsf.pool = site.mode === 'pool';
		wwsf.anonymous = wwsf.pool && site.sign_in !== 'required';
		wwsf.identities = new IdentityMap(site.identities);
		wwsf.leases = new Leases({ pool: site.pool, file: site.leases, grace_s: site.lease_grace_s, token_max_s: site.token_max_s });
		wwsf.sessions = new Sessions(site.origin);
		wwsf.probeNet = { ...trust(site.epcscf.ca), origin: site.origin };
		wwsf.oauth = new OAuthClient(site.waf, site.epcscf, `${site.origin}/callback`, trust(site.waf.ca));
		wwsf.server = createServer({ cert: readFileSync(site.tls.cert),
			key: readFileSync(site.tls.key), minVersion: 'TLSv1.2' }, (req, res) => wwsf.serve(req, res));
		await new Promise((done, reject) => {
			wwsf.server.once('error', reject);
			wwsf.server.listen(site.listen, done);
		});
		return wwsf;
	}

	async stop() {
		this.sessions.close();
		await new Promise((done) => {
			this.server.close(done);
			this.server.closeAllConnections();
		});
	}

	async serve(req, res) {
		const url = new URL(req.url, this.site.origin);
		res.once('finish', () => this.log('http', { method: req.method, path: url.pathname,
			status: res.statusCode }));
		try {
			await this.route(req, res, url);
		} catch (error) {
			this.log('error', { path: url.pathname, text: error.message });
			if (!res.headersSent) this.json(res, 502, { error: error.code ?? 'server_error' });
		}
	}

	async route(req, res, url) {
		const page = this.pages.get(url.pathname);
		if (page && ['GET', 'HEAD'].includes(req.method)) return sendPage(page, req, res);
		switch (`${req.method} ${url.pathname}`) {
			case 'GET /login': return this.login(req, res);
			case 'GET /callback': return this.callback(req, res, url.searchParams);
			case 'POST /token': return this.ownPage(req, res, this.token);
			case 'POST /probe': return this.ownPage(req, res, this.probe);
			case 'POST /logout': return this.ownPage(req, res, this.logout);
			default: return this.json(res, 404, { error: 'not_found' });
		}
	}

	json(res, status, value) {
		res.writeHead(status, { ...commonHeaders(this.site), 'Cache-Control': 'no-store',
			'Content-Type': 'application/json' });
		res.end(JSON.stringify(value));
	}

	goTo(res, where) {
		res.writeHead(303, { ...commonHeaders(this.site), 'Cache-Control': 'no-store', Location: where });
		res.end();
	}

	// Only a script of this very origin: a browser adds Origin to every POST and
	// no page can choose it.
	ownPage(req, res, handler) {
		if (req.headers.origin !== this.site.origin) {
			return this.json(res, 403, { error: 'foreign_origin' });
		}
		return handler.call(this, req, res);
	}

	async login(req, res) {
		const old = this.sessions.find(req);
		const identify = this.pool || Boolean(this.identities.template);
		const { url, login } = await this.oauth.begin({ again: old?.signedOut, identify });
		this.sessions.end(old);
		this.sessions.begin(res, { login });
		this.goTo(res, url);
	}

	async callback(req, res, query) {
		const old = this.sessions.find(req);
		try {
			const { tokens, who } = await this.oauth.finish(old?.login, query);
			this.sessions.begin(res, this.signedIn(tokens, who));
			this.log('signed-in', this.pool ? {} : { impi: who.impi });
		} catch (error) {
			if (!(error instanceof OAuthError)) throw error;
			this.log('sign-in-failed', { error: error.code });
			return this.goTo(res, `/?problem=${encodeURIComponent(error.code)}`);
		} finally {
			this.sessions.end(old);
		}
		return this.goTo(res, '/');
	}

	// What the session holds, by where this user's identity comes from: the pool,
	// this server's own table, or the WAF.
	signedIn(tokens, { claims, ...who }) {
		if (this.pool) return { who: { name: who.name }, holder: `user:${claims.sub}`, signIn: tokens };
		const own = this.identities.of(claims);
		if (own) return { who: Object.assign(who, { impi: own.impi, impu: own.impu }), own: true, signIn: tokens };
		if (this.identities.template || !who.impi || !who.impu?.length) throw new OAuthError('no_identity', 'no IMS identity for this user');
		return { who, tokens };
	}

	// A guest without a name is known by the session cookie, of which only a hash
	// is kept; the same browser finds its account again after a restart.
	guest(req, res) {
		const hash = (id) => `guest:${createHash('sha256').update(id).digest('hex')}`;
		const was = this.sessions.idOf(req);
		this.sessions.end(this.sessions.find(req));
		const session = this.sessions.begin(res, {});
		session.holder = hash(session.id);
		if (was) this.leases.rename(hash(was), session.holder);
		return session;
	}

	logout(req, res) {
		const session = this.sessions.find(req);
		this.sessions.end(session);
		if (this.anonymous && !session?.holder?.startsWith('user:')) this.guest(req, res);
		else this.sessions.begin(res, { signedOut: true });
		this.json(res, 200, {});
	}

	// The page's own token and identities; `fresh` asks for one never seen.
	async token(req, res) {
		const { fresh, plmn } = await readJson(req);
		let session = this.sessions.find(req);
		if (this.anonymous && !session?.holder) session = this.guest(req, res);
		if (!session?.holder && !session?.who) {
			return this.json(res, 401, { error: 'signed_out', sign_in: '/login' });
		}
		// Two tabs that ask at once share one request to the WAF.
		session.asking ??= this.renew(session, fresh).finally(() => { session.asking = undefined; });
		try {
			await session.asking;
		} catch (error) {
			if (!(error instanceof OAuthError)) throw error;
			this.log('renewal-refused', { error: error.code });
			if (error.code === 'pool_empty') return this.poolEmpty(res);
			this.sessions.end(session);
			return this.json(res, 401, { error: error.code, sign_in: '/login' });
		}
		const { tokens, who } = session;
		return this.json(res, 200, {
			access_token: tokens.access_token,
			expires_in: Math.floor((tokens.ends_ms - Date.now()) / 1000),
			impi: who.impi, impu: who.impu, name: who.name,
			epcscf: edgeOf(this.site, plmn), domain: this.site.domain,
			hints: this.site.hints ?? [], mode: this.site.mode ?? 'sign-in', anonymous: this.anonymous,
		});
	}

	poolEmpty(res) {
		const wait_s = this.leases.wait_s();
		res.setHeader('Retry-After', wait_s);
		this.json(res, 503, { error: 'pool_empty', retry_after_s: wait_s });
	}

	async renew(session, fresh) {
		const { tokens } = session;
		const left = tokens ? tokens.ends_ms - Date.now() : 0;
		if (!fresh && left > (tokens?.expires_in ?? 0) * 500) return;
		// The token that follows is the server's own: whose it is, the WAF is asked here.
		const { refresh_token: signIn } = session.signIn ?? {};
		if (signIn) Object.assign(session.signIn, await this.oauth.stillSignedIn(signIn));
		if (this.pool) await this.lend(session);
		else if (session.own) session.tokens = await this.oauth.lend(session.who.impi);
		else session.tokens = { ...tokens, ...await this.oauth.renew(tokens.refresh_token) };
		this.log('token', { impi: session.who.impi, expires_in: session.tokens.expires_in });
	}

	// Client credentials alone (TS 33.203 X.4): who the user is stays here.
	async lend(session) {
		const account = this.leases.take(session.holder);
		if (!account) throw new OAuthError('pool_empty');
		try {
			session.tokens = await this.oauth.lend(account.impi);
		} catch (error) {
			this.leases.failed(account.impi);
			throw error;
		}
		this.leases.granted(account.impi, session.tokens.ends_ms);
		session.who = { name: session.who?.name ?? 'guest', impi: account.impi, impu: account.impu };
		// Nobody renews: the session goes soon after its token, and the cookie's hash stays with the lease.
		if (!session.holder.startsWith('user:')) session.idle_ms = 2 * session.tokens.expires_in * 1000;
	}

	// Answers from memory for a while: nobody floods the eP-CSCF through us.
	async probe(req, res) {
		if (!this.lastProbe || this.lastProbe.at < Date.now() - PROBE_EVERY_MS) {
			this.lastProbe = { at: Date.now(), result: probeWebSocket(this.site.epcscf.url, this.probeNet) };
		}
		this.json(res, 200, await this.lastProbe.result);
	}
}

export function readSite(path) {
	const site = JSON.parse(readFileSync(path, 'utf8'));
	const file = (name) => name && resolve(dirname(resolve(path)), name);
	for (const key of ['listen', 'origin', 'tls', 'waf', 'epcscf', 'domain']) {
		if (!site[key]) throw new Error(`${path}: "${key}" is missing`);
	}
	if (site.mode === 'pool') site.leases = file(site.leases ?? `${basename(path, '.json')}.leases.json`);
	site.tls = { cert: file(site.tls.cert), key: file(site.tls.key) };
	site.waf.ca = file(site.waf.ca);
	site.epcscf.ca = file(site.epcscf.ca);
	if (site.waf.client_secret_file) {
		site.waf.client_secret = readFileSync(file(site.waf.client_secret_file), 'utf8').trim();
	}
	return site;
}

async function main() {
	const { values } = parseArgs({ options: { config: { type: 'string' } } });
	if (!values.config) throw new Error('use: node wwsf.mjs --config site.json');
	const site = readSite(values.config);
	const wwsf = await Wwsf.start(site);
	for (const signal of ['SIGTERM', 'SIGINT']) {
		process.once(signal, () => wwsf.stop().then(() => process.exit(0)));
	}
	console.log(`ready wwsf ${site.mode ?? 'sign-in'} ${site.origin}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	main().catch((error) => {
		console.error(`wwsf: ${error.message}`);
		process.exit(1);
	});
}
