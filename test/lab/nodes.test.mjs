// SPDX-License-Identifier: BSD-2-Clause
// WITH_NODES and WITH_LIST_FILES of the shipped configurations: eP-CSCF (both
// policies) and S-CSCF share what is barred, keep it, and take KDMQ on the
// listener of the nodes from the nodes' network, and nowhere else.
import test from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import dgram from 'node:dgram';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { DEFAULT_DIR, start, startPart, stop, stopPart } from './lab.mjs';
import { compose, random } from './phones/sipmessage.mjs';

const PARTS = ['hss', 'icscf', 'scscf', 'rtpengine', 'waf-home', 'waf-partner', 'epcscf'];
const NODES = ['epcscf', 'scscf'], OUTSIDE = '127.0.0.66';
const QUIET_MS = 400;

async function until(what, probe, limit_ms = 8000) {
	const end = Date.now() + limit_ms;
	while (!await probe()) {
		if (Date.now() > end) throw new Error(`${what}: not in ${limit_ms} ms`);
		await new Promise((done) => { setTimeout(done, 20); });
	}
}

/** The status that one request gets, or 0. */
function ask({ from, to, port, method, user = 'tna_register', body = '' }) {
	const socket = dgram.createSocket('udp4');
	return new Promise((done) => {
		const end = (status) => { clearTimeout(timer); socket.close(); done(status); };
		const timer = setTimeout(() => end(0), QUIET_MS);
		socket.on('message', (data) => { const status = Number(data.toString('latin1').slice(8, 11)); if (status >= 200) end(status); });
		socket.bind(0, from, () => {
			const uri = `sip:${user}@${to}:${port}`;
			socket.send(compose(`${method} ${uri} SIP/2.0`, [['Via', `SIP/2.0/UDP ${from}:${socket.address().port};branch=z9hG4bK${random(8)}`],
				['From', `<sip:x@${from}>;tag=1`], ['To', `<${uri}>`], ['Call-ID', random(8)], ['CSeq', `1 ${method}`], ['Max-Forwards', '1'],
				...(body ? [['Content-Type', 'application/octet-stream']] : [])], body), port, to);
		});
	});
}

/** What a node that has the key would say: this WAF is barred. */
function seal(key, node, waf) {
	const now = Math.floor(Date.now() / 1000), head = `EPSEAL1 ${node} ${Date.now()} 1 ${now}`;
	const payload = `entries\nwaf ${waf} ${now + 60} ${Date.now()} barred rpc\n`;
	return `${head} ${createHmac('sha256', key).update(`tna_register\n${head}\n${payload}`).digest('base64url')}\n${payload}`;
}

for (const [policy, defines] of [['cfg', []], ['lua', ['WITH_LUA']]]) {
	test.describe(`nodes with the policy in ${policy}`, () => {
		let lab, dir;
		const rpc = (node, ...args) => execFileSync('kamcmd', ['-s', `unix:${lab.nodes[node].rpc}`, ...args], { encoding: 'utf8' });
		const lists = (node) => [...rpc(node, 'tna.barred').matchAll(/kind: (\S+)\s+id: (\S+)/g)].map(([, kind, id]) => `${kind} ${id}`).sort();
		const counter = (group, name) => Number(new RegExp(`${group}.${name}: (\\d+)`).exec(rpc('epcscf', 'stats.fetch', `${group}:`))[1]);

		test.before(async () => {
			mkdirSync(path.dirname(DEFAULT_DIR), { recursive: true });
			dir = mkdtempSync(path.join(path.dirname(DEFAULT_DIR), 'lab-nodes-'));
			lab = await start({ dir, parts: PARTS, defines: ['WITH_NODES', 'WITH_LIST_FILES', ...defines] });
		});
		test.after(async () => {
			await stop({ dir });
			rmSync(dir, { recursive: true, force: true });
		});

		test(`nodes_share_what_is_barred_${policy}`, async () => {
			assert.equal(statSync(path.join(dir, 'etc/node.key')).mode & 0o077, 0);
			for (const node of NODES) rpc(node, 'tna.bar', 'waf', `${node}@there.net`);
			const both = NODES.map((node) => `waf ${node}@there.net`).sort();
			await until('both at both', () => NODES.every((node) => lists(node).join() === both.join()));
			rpc('epcscf', 'tna.unbar', 'waf', 'scscf@there.net');
			await until('one of them', () => NODES.every((node) => lists(node).join() === 'waf epcscf@there.net'));
			// A list that only eP-CSCFs have is nobody's failure.
			rpc('epcscf', 'webrtc_auth.revoke', 'impi', 'somebody', '60');
			await new Promise((done) => { setTimeout(done, QUIET_MS); });
			assert.equal(counter('webrtc_auth', 'node_undelivered'), 0);
		});

		test(`nodes_keep_what_is_barred_${policy}`, async () => {
			assert.match(rpc('epcscf', 'tna.bar', 'wwsf', 'kept.net'), /saved: 1/);
			await until('it at the S-CSCF', () => lists('scscf').includes('wwsf kept.net'));
			await until('it on the disk', () => /^wwsf kept\.net 0 \d+ barred node$/m.test(readFileSync(path.join(dir, 'run/scscf/barred'), 'utf8')));
			assert.match(readFileSync(path.join(dir, 'run/epcscf/revoked'), 'utf8'), /^impi - somebody /m);
			for (const node of NODES) await stopPart(lab, node);
			for (const node of NODES) await startPart(lab, node);
			for (const node of NODES) assert.ok(lists(node).includes('wwsf kept.net'), node);
			// And they know each other again.
			rpc('scscf', 'tna.unbar', 'wwsf', 'kept.net');
			await until('it lifted at both', () => NODES.every((node) => !lists(node).includes('wwsf kept.net')), 15000);
		});

		test(`nodes_take_kdmq_on_their_own_listener_only_${policy}`, async () => {
			const key = readFileSync(path.join(dir, 'etc/node.key'), 'utf8').trim();
			let n = 0;
			for (const node of NODES) {
				const { address, sip, shared } = lab.nodes[node], other = lab.nodes[NODES.find((o) => o !== node)];
				const kdmq = (from, to, port, user) => ask({ from, to, port, method: 'KDMQ', user, body: user === 'notification_peer' ? `sip:${OUTSIDE}:5090;status=active` : seal(key, `${node}-${++n}`, 'sneaked.net') });
				assert.equal(await ask({ from: other.shared.address, to: shared.address, port: shared.port, method: 'KDMQ', body: seal(key, `${node}-0`, 'told.net') }), 200);
				await until('what a node says', () => lists(node).includes('waf told.net'));
				assert.equal(await ask({ from: other.shared.address, to: shared.address, port: shared.port, method: 'OPTIONS' }), 0);
				for (const user of ['tna_register', 'notification_peer']) {
					for (const from of [OUTSIDE, other.address]) assert.equal(await kdmq(from, shared.address, shared.port, user), 0, `${node} ${from}`);
					for (const from of [OUTSIDE, other.address, lab.nodes.icscf.address]) assert.notEqual(await kdmq(from, address, sip, user), 200, `${node} ${from}`);
				}
				assert.ok(!lists(node).includes('waf sneaked.net'), node);
			}
			const hosts = [...rpc('epcscf', 'dmq.list_nodes').matchAll(/host: (\S+)/g)].map(([, host]) => host).sort();
			assert.deepEqual(hosts, NODES.map((node) => lab.nodes[node].shared.address).sort());
			assert.equal(counter('tna_register', 'node_refused'), 0);
		});
	});
}
