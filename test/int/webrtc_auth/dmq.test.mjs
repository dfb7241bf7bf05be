// SPDX-License-Identifier: BSD-2-Clause
// Several nodes share their revocations over KDMQ, which authenticates nobody.
import test from 'node:test';
import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import dgram from 'node:dgram';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Site, sleep, until } from './support/site.mjs';
import { Client } from './support/client.mjs';
import { claimsOf, tokenOf } from './support/waf.mjs';

const key = randomBytes(24).toString('hex'), old = randomBytes(24).toString('hex');
const ports = (i) => ({ wss: 8443 + i, rpc: 8080 + i, sip: 5060 + 20 * i, core: 5070 + 20 * i, waf: 9443 + i });

function edit(name, first, params = '') {
	return (text, s) => {
		writeFileSync(join(s.dir, 'node.key'), `# the nodes' key\n${name === 'c' ? `${old}\n${key}` : `${key}\n${old}`}\n`);
		return text.replace('loadmodule "ctl.so"', `loadmodule "ctl.so"\nloadmodule "dmq.so"
modparam("dmq", "server_address", "sip:127.0.0.1:${s.ports.sip}")
${first ? `modparam("dmq", "notification_address", "sip:127.0.0.1:${first.ports.sip}")` : ''}
modparam("dmq", "num_workers", 2)
modparam("dmq", "ping_interval", 60)`)
			.replace('request_route {', 'request_route {\n	if($rm == "KDMQ") { dmq_handle_message(); exit; }')
			+ `modparam("webrtc_auth", "dmq", 1)\nmodparam("webrtc_auth", "node", "${name}")
modparam("webrtc_auth", "node_key_file", "${s.dir}/node.key")\n${params}\n`;
	};
}

const revoked = async (s) => (await s.rpc('webrtc_auth.revoked', 0, 1000)).map((e) => `${e.kind} ${e.issuer} ${e.value} ${e.until} ${e.issued}`).sort();
const same = (what, ...nodes) => until(what, async () => new Set(await Promise.all(nodes.map(async (n) => JSON.stringify(await revoked(n))))).size === 1, 8000);

let a, b, c;
test.before(async () => {
	a = await Site.start({ ports: ports(0), edit: edit('a') });
	b = await Site.start({ ports: ports(1), pairs: a.keys, edit: edit('b', a) });
	await until('two nodes that know each other', async () => {
		for (const [from, to, at] of [[a, b, 'x'], [b, a, 'y']]) {
			await from.rpc('webrtc_auth.revoke', 'impi', `warm-${at}`, 1);
			if ((await to.stats()).node_taken < 1) return false;
		}
		return true;
	}, 15000);
});
test.after(async () => { for (const s of [c, b, a]) await s?.stop(); });

async function client(t, s, more) {
	const x = await Client.open(s);
	t.after(() => x.end());
	assert.equal((await x.register(tokenOf(s.keys.es, claimsOf(more)))).status, 200);
	return x;
}

test('dmq_revocation_ends_a_connection_of_another_node', async (t) => {
	const there = await client(t, b, { sub: 'far' }), stays = await client(t, b, { sub: 'near' });
	const from = Date.now();
	assert.equal((await a.rpc('webrtc_auth.revoke', 'sub', 'home/far', 600)).connections, 0);
	const end = await there.closed;
	assert.equal(end.code, 4003);
	assert.ok(end.at - from < 1000, `${end.at - from} ms`);
	assert.equal((await stays.ask('MESSAGE')).status, 401);
	assert.equal((await b.rpc('webrtc_auth.revoked')).find((e) => e.value === 'far').by, 'node');
	t.diagnostic(`${end.at - from} ms from the revocation at one node to the close frame of another`);
});

test('dmq_lifting_counts_everywhere', async (t) => {
	await a.rpc('webrtc_auth.revoke', 'sub', 'home/lift', 600);
	await until('it at b', async () => (await revoked(b)).some((l) => l.startsWith('sub home lift')));
	await b.rpc('webrtc_auth.unrevoke', 'sub', 'home/lift');
	await until('it gone at a', async () => !(await revoked(a)).some((l) => l.startsWith('sub home lift')));
	await client(t, a, { sub: 'lift' });
});

test('dmq_a_node_that_joins_gets_everything_and_tells_what_it_has', { timeout: 60000 }, async (t) => {
	for (let i = 0; i < 300; i++) await a.rpc('webrtc_auth.revoke', 'jti', `home/${i}-${'x'.repeat(50)}`, 600);
	await same('the same list', a, b);
	c = await Site.start({ ports: ports(2), pairs: a.keys, wafUp: false, edit: (text, s) => {
		writeFileSync(join(s.dir, 'revoked'), '# webrtc_auth revoked 1\nimpi - brought 2000000000 * 1700000000000 revoked rpc\nend 1\n');
		return edit('c', a, `modparam("webrtc_auth", "revoked_file", "${s.dir}/revoked")`)(text, s);
	} });
	await same('the same list everywhere', a, b, c);
	const list = await revoked(c);
	assert.ok(list.length >= 301 && list.includes('impi - brought 2000000000 -1'), list.length);
	// Its signing key is the others' second one.
	await c.rpc('webrtc_auth.revoke', 'impi', 'of-c', 600);
	await same('what the third one says', a, b, c);
	t.diagnostic(`${list.length} entries`);
});

test('dmq_a_restarted_node_gets_the_state_back', { timeout: 60000 }, async () => {
	const before = await revoked(a);
	b.process.kill('SIGTERM');
	await b.exited;
	await a.rpc('webrtc_auth.revoke', 'impi', 'while-away', 600);
	b.log = '';
	await b.kamailio();
	await same('the same list', a, b, c);
	assert.ok((await revoked(b)).length > before.length - 5);
	// A new life of a node is heard, though its numbers begin again.
	await b.rpc('webrtc_auth.revoke', 'impi', 'new-life', 600);
	await same('what it says now', a, b, c);
});

// --- strangers ---

function kdmq(s, body, user = 'webrtc_auth') {
	const udp = dgram.createSocket('udp4');
	return new Promise((ok, bad) => {
		const late = setTimeout(() => { udp.close(); bad(new Error('no answer')); }, 3000);
		udp.on('message', (d) => { clearTimeout(late); udp.close(); ok(Number(d.toString().slice(8, 11))); });
		udp.bind(0, '127.0.0.1', () => {
			const port = udp.address().port;
			udp.send([`KDMQ sip:${user}@127.0.0.1:${s.ports.sip} SIP/2.0`, `Via: SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bK${randomBytes(6).toString('hex')}`,
				`To: <sip:${user}@127.0.0.1:${s.ports.sip}>`, `From: <sip:${user}@127.0.0.1:${a.ports.sip}>;tag=x`, `CSeq: 10 KDMQ`, `Call-ID: ${randomBytes(6).toString('hex')}`,
				'Max-Forwards: 1', 'Content-Type: application/octet-stream', `Content-Length: ${Buffer.byteLength(body)}`, '', body].join('\r\n'), s.ports.sip, '127.0.0.1');
		});
	});
}

const seconds = () => Math.floor(Date.now() / 1000);
function seal(payload, { node = 'x', epoch = Date.now(), number = 1, at = seconds(), by = key, purpose = 'webrtc_auth' } = {}) {
	const head = `EPSEAL1 ${node} ${epoch} ${number} ${at}`;
	return `${head} ${createHmac('sha256', by).update(`${purpose}\n${head}\n${payload}`).digest('base64url')}\n${payload}`;
}
const entry = (value) => `entries\nimpi - ${value} 2000000000 * ${Date.now()} revoked rpc\n`;
const has = async (s, value) => (await s.rpc('webrtc_auth.revoked', 0, 1000)).some((e) => e.value === value);

test('dmq_our_seal_is_the_documented_one', async () => {
	assert.equal(await kdmq(a, seal(entry('sealed'))), 200);
	await until('it', () => has(a, 'sealed'));
	assert.equal(await kdmq(a, seal(entry('sealed-old'), { number: 2, by: old })), 200);
	await until('it', () => has(a, 'sealed-old'));
});

test('dmq_forged_payloads_are_refused_and_counted', async () => {
	const before = await a.stats(), list = await revoked(a);
	const good = seal(entry('forged'), { node: 'f' });
	const bodies = [entry('forged'), seal(entry('forged'), { node: 'f', by: randomBytes(24).toString('hex') }), seal(entry('forged'), { node: 'f', purpose: 'tna_bar' }),
		good.replace('forged', 'forger'), good.replace(' 1 ', ' 2 '), good.replace('EPSEAL1 f', 'EPSEAL1 g'), `${good}x`, good.slice(0, -1), good.replace(/ [^ ]{43}\n/, ` ${'A'.repeat(43)}\n`),
		good.replace('\n', '\r\n'), 'EPSEAL1', seal(entry('forged'), { node: 'a' }), seal(entry('forged'), { node: '../a' })];
	for (const body of bodies) assert.equal(await kdmq(a, body), 403, body);
	assert.deepEqual(await revoked(a), list);
	const after = await a.stats();
	assert.equal(after.node_refused - (before.node_refused ?? 0), bodies.length);
	await until('the line', () => /KDMQ refused: /.test(a.log));
	// What is sealed but is no entry is not one.
	assert.equal(await kdmq(a, seal('entries\nnonsense\nimpi - sound 2000000000 * 5 revoked rpc\n', { node: 'n' })), 200);
	await until('the good one', () => has(a, 'sound'));
	for (const [i, payload] of ['', 'what', 'sum', 'sum x y z\n', 'sum 1 2', 'want', 'entries'].entries()) assert.equal(await kdmq(a, seal(payload, { node: `n${i}` })), 200);
});

test('dmq_replays_are_refused_and_counted', async () => {
	const before = (await a.stats()).node_replayed ?? 0, epoch = Date.now();
	const first = seal(entry('once'), { node: 'r', epoch, number: 10 });
	assert.equal(await kdmq(a, first), 200);
	assert.equal(await kdmq(a, first), 403);
	assert.equal(await kdmq(a, seal(entry('late'), { node: 'r', epoch, number: 9 })), 200, 'overtaken is not replayed');
	assert.equal(await kdmq(a, seal(entry('late'), { node: 'r', epoch, number: 9 })), 403);
	assert.equal(await kdmq(a, seal(entry('jump'), { node: 'r', epoch, number: 1000 })), 200);
	assert.equal(await kdmq(a, seal(entry('behind'), { node: 'r', epoch, number: 11 })), 403, 'out of the window');
	assert.equal(await kdmq(a, seal(entry('past'), { node: 'r', epoch: epoch - 1, number: 5000 })), 403, 'of an earlier life');
	assert.equal(await kdmq(a, seal(entry('new'), { node: 'r', epoch: epoch + 1, number: 1 })), 200);
	assert.equal(await kdmq(a, seal(entry('stale'), { node: 's', at: seconds() - 100 })), 403);
	assert.equal(await kdmq(a, seal(entry('future'), { node: 's', at: seconds() + 100 })), 403);
	assert.equal((await a.stats()).node_replayed - before, 6);
	for (const no of ['behind', 'past', 'stale', 'future']) assert.ok(!await has(a, no), no);
});

test('dmq_nodes_that_missed_something_find_out', { timeout: 60000 }, async () => {
	// Told to a alone, so only the sums can tell the others.
	assert.equal(await kdmq(a, seal(entry('only-a'), { node: 'm' })), 200);
	await until('it at a', () => has(a, 'only-a'));
	await until('it at b and c', async () => await has(b, 'only-a') && await has(c, 'only-a'), 45000);
});

test('dmq_needs_its_parameters', async () => {
	const bad = (change) => assert.rejects(Site.start({ ports: ports(3), wafUp: false, edit: (text, s) => change(edit('d')(text, s), s) }), /Kamailio ended/);
	await bad((text) => text.replace('"node", "d"', '"node", "d d"'));
	await bad((text) => text.replace(/modparam\("webrtc_auth", "node_key_file".*/, ''));
	await bad((text, s) => { writeFileSync(join(s.dir, 'node.key'), 'short\n'); return text; });
	await bad((text) => text.replace('loadmodule "dmq.so"', '').replace(/modparam\("dmq".*/g, '').replace('dmq_handle_message();', ''));
});
