// SPDX-License-Identifier: BSD-2-Clause
// What is barred at one node is barred at all of them, over KDMQ, which
// authenticates nobody: two eP-CSCFs and the S-CSCF of the lab.
import test from 'node:test';
import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import dgram from 'node:dgram';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Page } from '../tna_register/support/page.mjs';
import { Site, until } from '../tna_register/support/site.mjs';
import { Core, FOREIGN } from './support/core.mjs';

const key = randomBytes(24).toString('hex'), old = randomBytes(24).toString('hex');
const PARTNER = { iss: 'https://waf.partner.net' }, WAF = 'waf@partner.net';
const first = 'sip:127.0.0.1:5060';

function dmq(own, name, dir, joins) {
	writeFileSync(join(dir, 'node.key'), `${key}\n${old}\n`);
	return { load: `loadmodule "dmq.so"
modparam("dmq", "server_address", "${own}")
${joins ? `modparam("dmq", "notification_address", "${first}")` : ''}
modparam("dmq", "num_workers", 2)
modparam("dmq", "ping_interval", 60)
`, set: `
modparam("tna_register", "dmq", 1)
modparam("tna_register", "node", "${name}")
modparam("tna_register", "node_key_file", "${dir}/node.key")
`, route: 'request_route {\n	if($rm == "KDMQ") { dmq_handle_message(); exit; }\n' };
}

const edit = (name, joins, change = (x) => x) => (text, s) => {
	const d = dmq(`sip:127.0.0.1:${s.ports.sip}`, name, s.dir, joins);
	return change(text.replace('loadmodule "jsonrpcs.so"', `$&\nloadmodule "counters.so"\n${d.load}`).replace('request_route {', `${d.set}\n${d.route}`), s);
};
const ports = (i) => ({ wss: 8443 + i, rpc: 8080 + i, sip: 5060 + 20 * i, core: 5070 + 20 * i });

let a, b, core;
test.before(async () => {
	a = await Site.start({ edit: edit('a', false) });
	b = await Site.start({ edit: edit('b', true), ports: ports(1), key: a.key });
	core = await Core.start({ edit: (cfg) => cfg });
	await core.restart('scscf', { edit: (cfg) => {
		const d = dmq('sip:127.0.0.4:15060', 's', core.dir, true);
		return cfg.replace('loadmodule "jsonrpcs.so"', `$&\n${d.load}`)
			.replace('modparam("tna_register", "role", "scscf")', `$&${d.set}modparam("ims_usrloc_scscf", "timer_interval", 1)`)
			.replace('request_route {', d.route);
	} });
	await until('nodes that know each other', async () => {
		for (const [i, bar] of [[0, (x) => a.rpc('tna.bar', 'waf', x, 1)], [1, (x) => b.rpc('tna.bar', 'waf', x, 1)], [2, (x) => core.rpc('tna.bar', 'waf', x, '1')]])
			await bar(`warm-${i}`);
		return (await Promise.all([has(a, 'warm-'), has(b, 'warm-'), core.rpc('tna.barred')])).every((l, i) => [0, 1, 2].every((n) => (i < 2 ? l : l).includes(`warm-${n}`)));
	}, 20000);
});
test.after(async () => { await core?.stop(); for (const s of [b, a]) await s?.stop(); });

async function has(s) { return (await s.rpc('tna.barred')).map((e) => `${e.kind} ${e.id} ${e.by}`).join('\n'); }
const everywhere = (what, check) => until(what, async () => check(await has(a)) && check(await has(b)) && check(await core.rpc('tna.barred')), 8000);
const counter = async (s, name) => Number(/\d+/.exec(JSON.stringify(await s.rpc('cnt.get', 'tna_register', name)))[0]);

async function page(t, s, user, claims) {
	const p = await Page.open(s, { user });
	t.after(() => p.drop());
	p.token = s.token(user, claims);
	assert.equal((await p.register()).status, 200);
	return p;
}

test('bar_at_one_node_ends_at_the_others', { timeout: 30000 }, async (t) => {
	const there = await page(t, b, 'far', PARTNER), stays = await page(t, b, 'near');
	const user = await core.user({ waf: [WAF], wwsf: [] });
	assert.equal((await core.register(user, { waf: WAF })).status, 200);
	const from = Date.now();
	assert.equal((await a.rpc('tna.bar', 'waf', WAF)).registrations, 0);
	assert.equal((await there.closed).code, 4003);
	await until('the HSS to know', async () => await core.state(user) === 'not registered', 3000);
	const ms = Date.now() - from;
	assert.ok(ms < 1000, `${ms} ms`);
	assert.equal((await stays.register()).status, 200);
	assert.match(await has(b), /waf waf@partner\.net node/);
	assert.equal((await core.register(user, { waf: WAF })).status, 403);
	const back = await Page.open(b, { user: 'far' });
	t.after(() => back.drop());
	assert.equal((await back.register({ token: b.token('far', PARTNER) })).status, 403);
	await core.rpc('tna.unbar', 'waf', WAF);
	await everywhere('it lifted', (l) => !l.includes(WAF));
	assert.equal((await core.register(user, { waf: WAF })).status, 200);
	t.diagnostic(`${ms} ms from the RPC at one node to the end at the others`);
});

test('bar_at_the_scscf_ends_at_the_epcscfs', async (t) => {
	const p = await page(t, a, 'one', PARTNER), q = await page(t, b, 'two', PARTNER);
	await core.rpc('tna.bar', 'waf', WAF);
	for (const x of [p, q]) assert.equal((await x.closed).code, 4003);
	await b.rpc('tna.unbar', 'waf', WAF);
	await everywhere('it lifted', (l) => !l.includes(WAF));
});

test('bar_is_told_to_a_node_that_comes_back', { timeout: 60000 }, async (t) => {
	b.process.kill('SIGTERM');
	await b.exited;
	await a.rpc('tna.bar', 'waf', WAF);
	await core.rpc('tna.bar', 'waf', FOREIGN);
	b.log = '';
	await b.kamailio();
	await everywhere('both', (l) => l.includes(WAF) && l.includes(FOREIGN));
	const p = await Page.open(b, { user: 'late' });
	t.after(() => p.drop());
	assert.equal((await p.register({ token: b.token('late', PARTNER) })).status, 403);
	await a.rpc('tna.unbar', 'waf', FOREIGN);
	await a.rpc('tna.unbar', 'waf', WAF);
	await everywhere('both lifted', (l) => !l.includes(WAF) && !l.includes(FOREIGN));
});

// --- strangers ---

function kdmq(body, user = 'tna_register') {
	const udp = dgram.createSocket('udp4');
	return new Promise((ok, bad) => {
		const late = setTimeout(() => { udp.close(); bad(new Error('no answer')); }, 3000);
		udp.on('message', (d) => { clearTimeout(late); udp.close(); ok(Number(d.toString().slice(8, 11))); });
		udp.bind(0, '127.0.0.1', () => {
			const port = udp.address().port;
			udp.send([`KDMQ sip:${user}@127.0.0.1:5060 SIP/2.0`, `Via: SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bK${randomBytes(6).toString('hex')}`,
				`To: <sip:${user}@127.0.0.1:5060>`, `From: <sip:${user}@127.0.0.1:5080>;tag=x`, 'CSeq: 10 KDMQ', `Call-ID: ${randomBytes(6).toString('hex')}`,
				'Max-Forwards: 1', 'Content-Type: application/octet-stream', `Content-Length: ${Buffer.byteLength(body)}`, '', body].join('\r\n'), 5060, '127.0.0.1');
		});
	});
}

const seconds = () => Math.floor(Date.now() / 1000);
function seal(payload, { node = 'x', epoch = Date.now(), number = 1, at = seconds(), by = key, purpose = 'tna_register' } = {}) {
	const head = `EPSEAL1 ${node} ${epoch} ${number} ${at}`;
	return `${head} ${createHmac('sha256', by).update(`${purpose}\n${head}\n${payload}`).digest('base64url')}\n${payload}`;
}
const entry = (name) => `entries\nwaf ${name} ${seconds() + 30} ${Date.now()} barred rpc\n`;

test('bar_forged_payload_is_refused_and_counted', async () => {
	const before = await counter(a, 'node_refused'), good = seal(entry('forged'), { node: 'f' });
	const bodies = [entry('forged'), seal(entry('forged'), { node: 'f', by: randomBytes(24).toString('hex') }),
		// The revocations' seal is another one, though the key may be the same.
		seal(entry('forged'), { node: 'f', purpose: 'webrtc_auth' }),
		good.replace('forged', 'forger'), good.replace(' 1 ', ' 2 '), `${good}x`, good.slice(0, -1), seal(entry('forged'), { node: 'a' })];
	for (const body of bodies) assert.equal(await kdmq(body), 403, body);
	assert.doesNotMatch(await has(a), /forge/);
	assert.equal(await counter(a, 'node_refused') - before, bodies.length);
	assert.equal(await kdmq(seal(`entries\nnonsense\nwaf Not@CANONICAL 0 1 barred rpc\n${entry('sound').slice(8)}`, { node: 'n' })), 200);
	await until('the good one', async () => /waf sound node/.test(await has(a)));
	assert.doesNotMatch(await has(a), /canonical/i);
});

test('bar_replayed_payload_is_refused_and_counted', async () => {
	const before = await counter(a, 'node_replayed'), epoch = Date.now();
	const bar = seal(entry('once'), { node: 'r', epoch, number: 10 });
	assert.equal(await kdmq(bar), 200);
	await until('it', async () => /waf once/.test(await has(a)));
	await a.rpc('tna.unbar', 'waf', 'once');
	assert.equal(await kdmq(bar), 403);
	assert.equal(await kdmq(seal(entry('past'), { node: 'r', epoch: epoch - 1, number: 5000 })), 403);
	assert.equal(await kdmq(seal(entry('stale'), { node: 's', at: seconds() - 100 })), 403);
	assert.equal(await counter(a, 'node_replayed') - before, 3);
	assert.doesNotMatch(await has(a), /once|past|stale/);
});

test('bar_dmq_needs_its_parameters', { timeout: 40000 }, async () => {
	const bad = async (change) => {
		await assert.rejects(Site.start({ ports: ports(2), edit: edit('d', true, change) }), /Kamailio ended/);
	};
	await bad((text) => text.replace('"node", "d"', '"node", "d d"'));
	await bad((text) => text.replace(/modparam\("tna_register", "node_key_file".*/, ''));
	await bad((text, s) => { writeFileSync(join(s.dir, 'node.key'), 'short\n'); return text; });
	await bad((text) => text.replace('request_route {', 'modparam("tna_register", "max_barred", 0)\nrequest_route {'));
});
