// SPDX-License-Identifier: BSD-2-Clause
// A WebRTC authorisation function: node waf.mjs --config file.json
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import { Accounts } from './accounts.mjs';
import { Store } from './adapter.mjs';
import { startControl } from './control.mjs';
import { Keys } from './keys.mjs';
import { makeProvider } from './provider.mjs';
import { SignIn } from './signin.mjs';

const PAUSES = ['hang', 'error', 'drop', 'refuse'];

// One line per event; values are plain words, never a token or a password.
export function logLine(event, fields = {}) {
	const rest = Object.entries(fields).map(([k, v]) => `${k}=${JSON.stringify(v)}`);
	console.log([new Date().toISOString(), 'waf', event, ...rest].join(' '));
}

export class Waf {
	static async start(config, log = logLine) {
		const waf = new Waf();
		Object.assign(waf, { config, log, mode: 'run', revoked: [], counters: {} });
		waf.accounts = config.users ? new Accounts(config.users) : Accounts.fromFile(config.users_file);
		waf.keys = await Keys.create(config.alg);
		waf.store = new Store();
		waf.cookieKeys = [randomBytes(32).toString('base64url')];
		waf.signIn = new SignIn(config, waf.accounts, log);
		waf.rebuild();
		waf.server = createServer({
			cert: readFileSync(config.tls.cert), key: readFileSync(config.tls.key),
			minVersion: 'TLSv1.2',
		}, (req, res) => waf.serve(req, res));
		waf.server.keepAliveTimeout = 60_000;
		await waf.listen();
		waf.control = await startControl(waf);
		return waf;
	}

	// A new provider over the same store: sessions and codes live on.
	rebuild() {
		this.provider = makeProvider(this);
		this.callback = this.provider.callback();
	}

	listen() {
		const { host, port } = this.config.listen;
		return new Promise((done, reject) => {
			this.server.once('error', reject);
			this.server.listen({ host, port }, () => {
				this.server.off('error', reject);
				done();
			});
		});
	}

	get port() {
		return this.server.address().port;
	}

	async serve(req, res) {
		const path = req.url.split('?')[0];
		this.count(path);
		if (this.mode === 'hang') return;
		if (this.mode === 'drop') return void req.socket.destroy();
		if (this.mode === 'error') return void res.writeHead(500).end();
		const begun = Date.now();
		res.once('finish', () => this.log('http', { method: req.method,
			path: path.replace(/^\/(signin|auth)\/.*/, '/$1/…'),
			status: res.statusCode, ms: Date.now() - begun }));
		if (!await this.signIn.handle(this.provider, req, res)) this.callback(req, res);
	}

	count(path) {
		const name = { '/jwks': 'jwks', '/token': 'token', '/token/introspection': 'introspection',
			'/token/revocation': 'revocation',
			'/auth': 'authorization' }[path];
		if (name) this.counters[name] = (this.counters[name] ?? 0) + 1;
	}

	// A token is revoked when every member of one revocation equals its claim.
	isRevoked(claims) {
		return this.revoked.some((order) => Object.entries(order)
			.every(([name, value]) => claims[name] === value));
	}

	async pause(mode) {
		if (!PAUSES.includes(mode)) throw new Error(`pause: one of ${PAUSES.join(', ')}`);
		this.mode = mode;
		if (mode === 'refuse') await this.closeListener();
		else if (!this.server.listening) await this.listen();
	}

	async resume() {
		this.mode = 'run';
		if (!this.server.listening) await this.listen();
	}

	async closeListener() {
		if (!this.server.listening) return undefined;
		return new Promise((done) => {
			this.server.close(done);
			this.server.closeAllConnections();
		});
	}

	async stop() {
		this.store.close();
		this.control?.close();
		this.control?.closeAllConnections();
		await this.closeListener();
	}
}

function readConfig(path) {
	const config = JSON.parse(readFileSync(path, 'utf8'));
	const here = dirname(resolve(path));
	for (const name of ['cert', 'key']) config.tls[name] = resolve(here, config.tls[name]);
	if (config.users_file) config.users_file = resolve(here, config.users_file);
	if (config.ca) config.trust = readFileSync(resolve(here, config.ca));
	return config;
}

async function main() {
	const { values } = parseArgs({ options: { config: { type: 'string' } } });
	if (!values.config) throw new Error('use: node waf.mjs --config file.json');
	const config = readConfig(values.config);
	const waf = await Waf.start(config);
	for (const signal of ['SIGTERM', 'SIGINT']) {
		process.once(signal, () => waf.stop().then(() => process.exit(0)));
	}
	console.log(`ready waf ${config.waf_id} ${config.issuer}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	main().catch((error) => {
		console.error(`waf: ${error.message}`);
		process.exit(1);
	});
}
