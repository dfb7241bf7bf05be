// SPDX-License-Identifier: BSD-2-Clause
// What the server says to others over HTTPS: JSON requests to the WAF, and one
// WebSocket handshake to the eP-CSCF to tell people why theirs fails.
import { request } from 'node:https';
import { isIPv6 } from 'node:net';
import { checkServerIdentity as checkName } from 'node:tls';
import { lookup as dnsLookup } from 'node:dns';
import { randomBytes } from 'node:crypto';

const ANSWER_MAX = 65536;
const TIMEOUT_MS = 5000;

// Names of the site file's "hosts" come before DNS.
export function makeLookup(hosts = {}) {
	return (name, options, done) => {
		const address = hosts[name];
		if (!address) return dnsLookup(name, options, done);
		const family = address.includes(':') ? 6 : 4;
		return options.all ? done(null, [{ address, family }]) : done(null, address, family);
	};
}

// Node 18 finds no IPv6 address in a certificate: it takes it for a name. Names in
// quotes may hold anything, commas too: such a certificate is left to Node.
const canonical = (address) => new URL(`http://[${address}]`).hostname;
export function checkServerIdentity(host, cert) {
	const names = cert.subjectaltname ?? '';
	if (!isIPv6(host) || names.includes('"')) return checkName(host, cert);
	const addresses = names.split(', ').filter((n) => n.startsWith('IP Address:')).map((n) => n.slice(11)).filter((n) => isIPv6(n));
	return addresses.some((n) => canonical(n) === canonical(host)) ? undefined : checkName(host, cert);
}

export function askJson(where, { method = 'GET', headers = {}, form, ca, lookup }) {
	const body = form && new URLSearchParams(form).toString();
	const all = { accept: 'application/json', ...headers };
	if (body) {
		all['content-type'] = 'application/x-www-form-urlencoded';
		all['content-length'] = Buffer.byteLength(body);
	}
	return new Promise((resolve, reject) => {
		const req = request(where, { method, headers: all, ca, lookup, checkServerIdentity, timeout: TIMEOUT_MS }, (res) => {
			let text = '';
			res.setEncoding('utf8');
			res.on('data', (chunk) => {
				text += chunk;
				if (text.length > ANSWER_MAX) req.destroy(new Error('answer too long'));
			});
			res.on('end', () => {
				try {
					resolve({ status: res.statusCode, body: JSON.parse(text) });
				} catch {
					reject(new Error(`no JSON from ${new URL(where).host} (status ${res.statusCode})`));
				}
			});
		});
		req.on('timeout', () => req.destroy(new Error('no answer in time')));
		req.on('error', reject);
		req.end(body);
	});
}

// {reached, certificate, handshake}: how far a WebSocket gets from here with
// the page's own Origin. Certificate errors are Node's codes in words.
export function probeWebSocket(url, { origin, ca, lookup }) {
	const where = url.replace(/^ws/, 'http');
	return new Promise((resolve) => {
		const req = request(where, {
			ca, lookup, checkServerIdentity, timeout: TIMEOUT_MS, agent: false,
			headers: {
				Connection: 'Upgrade', Upgrade: 'websocket', Origin: origin,
				'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Protocol': 'sip',
				'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
			},
		});
		const tell = (result) => {
			resolve(result);
			req.destroy();
		};
		req.on('upgrade', () => tell({ reached: true, certificate: 'ok', handshake: 101 }));
		req.on('response', (res) => tell({ reached: true, certificate: 'ok', handshake: res.statusCode }));
		req.on('timeout', () => tell({ reached: false, problem: 'no answer in time' }));
		req.on('error', (error) => {
			if (/CERT|SIGNATURE|ALTNAME|SELF_SIGNED/.test(error.code ?? '')) {
				tell({ reached: true, certificate: error.code });
			} else tell({ reached: false, problem: error.code ?? error.message });
		});
		req.end();
	});
}
