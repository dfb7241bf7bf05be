// SPDX-License-Identifier: BSD-2-Clause
// A flood of REGISTERs with bad tokens from one address, as many a second as
// a client on the same machine can send, and what a registered user behind
// that address notices of it: the time an OPTIONS takes through the core and
// back. Nobody is closed for it (max_failures 0), so that the SIP workers see
// all of the flood and no TLS handshakes. Addresses are fixed: run inside
// test/lab/in-netns. Argument: where to write the figures.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Client } from '../int/webrtc_auth/support/client.mjs';
import { Site, sleep } from '../int/webrtc_auth/support/site.mjs';
import { tokenOf } from '../int/webrtc_auth/support/waf.mjs';

const FLOOD_MS = 8000, CONNECTIONS = 20, BATCH = 50;
const FROM = '127.0.20.1';
const bearer = (token) => ({ headers: [`Authorization: Bearer ${token}`] });

// The other process: prints how many were answered in a second.
async function flooder({ site, bad }) {
	const clients = await Promise.all(Array.from({ length: CONNECTIONS }, () => Client.open(site, { from: FROM })));
	const end = Date.now() + FLOOD_MS;
	let answered = 0;
	await Promise.all(clients.map(async (c) => {
		while (Date.now() < end) {
			c.replies.length = 0;
			c.sendText(...Array.from({ length: BATCH }, () => c.request('REGISTER', bearer(bad))));
			while (c.replies.length < BATCH && Date.now() < end + 1000) await new Promise((r) => setImmediate(r));
			answered += c.replies.length;
		}
	}));
	console.log(Math.round(answered / FLOOD_MS * 1000));
	process.exit(0);
}

async function latency(c, token, ms) {
	const times = [];
	for (const end = Date.now() + ms; Date.now() < end; await sleep(5)) {
		const from = performance.now();
		const { status } = await c.ask('OPTIONS', bearer(token));
		if (status !== 200) throw new Error(`OPTIONS: ${status}`);
		times.push(performance.now() - from);
	}
	times.sort((a, b) => a - b);
	const at = (q) => Number(times[Math.min(times.length - 1, Math.floor(times.length * q))].toFixed(2));
	return { n: times.length, median_ms: at(0.5), p99_ms: at(0.99), max_ms: at(1) };
}

async function main(file) {
	const site = await Site.start({ params: 'tcp_children=4\nmodparam("webrtc_auth", "max_failures", 0)\nmodparam("webrtc_auth", "log_rate", 10)' });
	const token = tokenOf(site.keys.es);
	const user = await Client.open(site, { from: FROM });
	await user.register(token);
	const quiet = await latency(user, token, 3000);
	// no signature to check, and no close: the limit of failures has to act
	const order = { site: { ports: site.ports, ca: { ca: site.ca.ca.toString() } }, bad: `!${token.slice(1)}` };
	const child = spawn(process.execPath, [fileURLToPath(import.meta.url), '--flood', JSON.stringify(order)], { stdio: ['ignore', 'pipe', 'inherit'] });
	let out = '';
	child.stdout.on('data', (d) => { out += d; });
	const ended = new Promise((r) => child.on('exit', r));
	await sleep(2000);
	const flooded = await latency(user, token, FLOOD_MS - 3000);
	await ended;
	const { source_exceeded, credentials_malformed } = await site.stats();
	user.end();
	await site.stop();
	const figures = { bad_per_s: Number(out), source_exceeded, credentials_malformed, quiet, flooded };
	console.table({ quiet, flooded });
	console.log(`${figures.bad_per_s} bad REGISTERs a second; ${source_exceeded} of ${source_exceeded + credentials_malformed} refused before their token was read`);
	if (file) writeFileSync(file, `${JSON.stringify(figures, null, '\t')}\n`);
	process.exit(0);
}

if (process.argv[2] === '--flood') await flooder(JSON.parse(process.argv[3]));
else await main(process.argv[2]);
