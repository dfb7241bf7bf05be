// SPDX-License-Identifier: BSD-2-Clause
// What tests may do to a WAF: JSON over HTTP on a loopback port or a Unix
// socket. README.md lists the requests. Refuses to listen anywhere else.
import { createServer } from 'node:http';
import { rmSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { logOut } from './logout.mjs';
import { imsClaims } from './provider.mjs';

const BODY_MAX = 65536;

async function mint(waf, order) {
	const { config, accounts, keys } = waf;
	const now = Math.floor(Date.now() / 1000);
	const account = order.user ? accounts.bySub.get(order.user)
		: accounts.byImpi.get(order.impi);
	if (!account) throw new Error('mint: no such user or impi');
	const client = config.clients.find((c) => c.client_id === order.client_id)
		?? config.clients.find((c) => c.wwsf);
	const resource = config.resources[0];
	const payload = {
		...imsClaims(config, client, account),
		iss: config.issuer, aud: resource.audience, scope: resource.scope,
		sub: account.sub, client_id: client.client_id, jti: randomUUID(),
		iat: now, exp: now + (order.expires_in ?? resource.lifetime_s),
		...order.claims,
	};
	return { access_token: await keys.mint(payload, order.header, order.sign), claims: payload };
}

const actions = {
	async rotate(waf) {
		await waf.keys.rotate();
		waf.rebuild();
		return { kids: waf.keys.kids() };
	},
	async retire(waf, { kid }) {
		waf.keys.retire(kid);
		waf.rebuild();
		return { kids: waf.keys.kids() };
	},
	mint,
	async revoke(waf, order) {
		if (!Object.keys(order).length) throw new Error('revoke: name at least one claim');
		waf.revoked.push(order);
		return { revoked: waf.revoked };
	},
	async unrevoke(waf) {
		waf.revoked.length = 0;
		return {};
	},
	async logout(waf, { user }) {
		if (!waf.accounts.bySub.has(user)) throw new Error('logout: no such user');
		return { told: await logOut(waf, user) };
	},
	async format(waf, { client_id: id, format }) {
		const client = waf.config.clients.find((c) => c.client_id === id);
		if (!client || !['jwt', 'opaque'].includes(format)) throw new Error('format: "client_id", and "jwt" or "opaque"');
		client.format = format;
		return { client_id: id, format };
	},
	async lifetime(waf, { seconds }) {
		if (!(Number.isInteger(seconds) && seconds > 0)) throw new Error('lifetime: "seconds" is a whole number');
		for (const resource of waf.config.resources) resource.lifetime_s = seconds;
		return { seconds };
	},
	async pause(waf, { mode = 'hang' }) {
		await waf.pause(mode);
		return { mode };
	},
	async resume(waf) {
		await waf.resume();
		return {};
	},
	async state(waf) {
		return { kids: waf.keys.kids(), mode: waf.mode, counters: waf.counters,
			revoked: waf.revoked };
	},
};

async function serve(waf, req, res) {
	const reply = (status, value) => {
		res.writeHead(status, { 'Content-Type': 'application/json' });
		res.end(`${JSON.stringify(value)}\n`);
	};
	// A page in a browser can post here too; it cannot choose this type.
	const action = actions[req.url.slice(1)];
	if (!action) return reply(404, { error: 'no such action' });
	if (req.method !== 'POST' || req.headers['content-type'] !== 'application/json') {
		return reply(405, { error: 'POST with Content-Type: application/json' });
	}
	let body = '';
	for await (const chunk of req) {
		body += chunk;
		if (body.length > BODY_MAX) return reply(413, { error: 'too long' });
	}
	try {
		const result = await action(waf, body ? JSON.parse(body) : {});
		waf.log('control', { action: req.url.slice(1) });
		return reply(200, result);
	} catch (error) {
		return reply(400, { error: error.message });
	}
}

export async function startControl(waf) {
	const where = waf.config.control;
	if (!where) return undefined;
	const host = where.host ?? '127.0.0.1';
	if (!where.socket && !/^(127(\.\d+){3}|::1)$/.test(host)) {
		throw new Error('control: only a loopback address or a Unix socket');
	}
	const server = createServer((req, res) => serve(waf, req, res));
	if (where.socket) rmSync(where.socket, { force: true });
	await new Promise((resolve, reject) => {
		server.once('error', reject);
		server.listen(where.socket ? { path: where.socket } : { host, port: where.port ?? 0 }, resolve);
	});
	return server;
}
