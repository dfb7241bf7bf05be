// SPDX-License-Identifier: BSD-2-Clause
// A WAF and web servers with fitting configurations, for tests.
import { createServer } from 'node:net';
import { Waf } from '../lab/waf/waf.mjs';
import { Wwsf } from '../../cfg-examples/wwsf/wwsf.mjs';

export const AUDIENCE = 'sip:epcscf.home1.net';
export const SCOPE = 'webrtc-ims-client-access-to-ims';

export function freePort() {
	return new Promise((resolve) => {
		const server = createServer().listen(0, '127.0.0.1', () => {
			const { port } = server.address();
			server.close(() => resolve(port));
		});
	});
}

export async function startWaf(ca, { callback, lifetime_s, clients = [] }) {
	const port = await freePort();
	return Waf.start({
		listen: { host: '127.0.0.1', port }, issuer: `https://127.0.0.1:${port}`, waf_id: 'waf@home1.net',
		alg: 'ES256', tls: ca, resources: [{ audience: AUDIENCE, scope: SCOPE, lifetime_s }],
		users: [
			{ sub: 'alice', password: 'wonder', name: 'Alice', impi: 'alice_private@home1.net',
				impu: ['sip:alice@home1.net', 'tel:+15551001'] },
			{ sub: 'bob', password: 'builder', name: 'Bob', impi: 'bob_private@home1.net', impu: ['sip:bob@home1.net'] },
			{ sub: 'pool{n}', from: 1, to: 30, impi: 'pool{n}_private@home1.net', impu: ['sip:pool{n}@home1.net'] },
		],
		clients: [
			{ client_id: 'wwsf1', client_secret: 'secret-of-wwsf1', wwsf: 'wwsf1.home1.net', redirect_uris: [callback],
				grants: ['authorization_code', 'refresh_token'] },
			{ client_id: 'guests', client_secret: 'secret-of-guests', wwsf: 'www.thirdparty.net',
				grants: ['client_credentials'], impi_patterns: ['pool*_private@home1.net'] },
			...clients,
		],
	}, () => {});
}

// pool: so many accounts to lend, no sign-in. more: further keys of its site file.
export function startWwsf(ca, waf, edge, { port, pool, client, more, log = () => {} }) {
	return Wwsf.start({
		listen: { host: '127.0.0.1', port }, origin: `https://127.0.0.1:${port}`, tls: ca, domain: 'home1.net',
		mode: pool ? 'pool' : 'sign-in',
		pool: pool ? [{ from: 1, to: pool, impi: 'pool{n}_private@home1.net', impu: ['sip:pool{n}@home1.net'] }] : [],
		waf: { issuer: waf.config.issuer, ca: ca.caFile, client_id: client ?? (pool ? 'guests' : 'wwsf1'),
			client_secret: `secret-of-${client ?? (pool ? 'guests' : 'wwsf1')}` },
		epcscf: { url: `wss://127.0.0.1:${edge.wssPort}/`, audience: AUDIENCE, scope: SCOPE, ca: ca.caFile },
		hints: [{ number: '600', text: 'echo' }, { number: '601', text: 'a tone' },
			{ number: '602', text: 'reads your keys back' }, { number: 'bob', text: 'Bob' }],
		...more,
	}, log);
}
