// SPDX-License-Identifier: BSD-2-Clause
// Where a token could be seen by others than the gate: log lines at every
// level, traces, dumps, variables, RPC, the core, shared memory. Once with the
// modules that look at messages loaded before ours, once behind.
import test from 'node:test';
import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import { closeSync, mkdtempSync, openSync, readFileSync, readdirSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Site, until } from './support/site.mjs';
import { Client } from './support/client.mjs';
import { tokenOf } from './support/waf.mjs';

const HEP = 9060;
const watchers = (dump) => `
loadmodule "siptrace.so"
loadmodule "sipdump.so"
modparam("siptrace", "duplicate_uri", "sip:127.0.0.1:${HEP}")
modparam("siptrace", "hep_mode_on", 1)
modparam("siptrace", "hep_version", 3)
modparam("siptrace", "trace_to_database", 0)
modparam("siptrace", "trace_on", 1)
modparam("siptrace", "trace_mode", 1)
modparam("sipdump", "enable", 1)
modparam("sipdump", "mode", 1)
modparam("sipdump", "wait", 10000)
modparam("sipdump", "folder", "${dump}")
modparam("sipdump", "fprefix", "dump")
`;
const loud = 'debug=3\nsip_parser_log=-1\nmodparam("webrtc_auth", "max_failures", 1000)\n';
const route = `
	xlog("L_WARN", "whole [$mb]\\n");
	xlog("L_WARN", "header [$ci][$hdr(Authorization)]\\n");
	sip_trace();
`;

const dump = mkdtempSync(join(tmpdir(), 'epcscf-secrets-'));
let site, hep, packets = [];
const used = [];

function fresh() {
	const token = tokenOf(site.keys.es);
	used.push(token);
	return token;
}

// Neither its claims nor its signature.
const assertClean = (what, text) => {
	for (const token of used)
		for (const part of token.split('.').slice(1))
			assert.ok(!text.includes(part), `${what} has ${part.slice(0, 12)}...`);
};

async function begin(order) {
	packets = [];
	hep = dgram.createSocket('udp4');
	hep.on('message', (d) => packets.push(d.toString('latin1')));
	await new Promise((r) => hep.bind(HEP, '127.0.0.1', r));
	site = await Site.start({ route, before: order === 'before' ? watchers(dump) : '',
		params: `${order === 'behind' ? watchers(dump) : ''}${loud}` });
}

async function end() {
	hep.close();
	await site.stop();
}

async function registered(t) {
	const c = await Client.open(site);
	t.after(() => c.end());
	c.token = fresh();
	assert.equal((await c.register(c.token)).status, 200);
	return c;
}

const dumped = () => readdirSync(dump).map((f) => readFileSync(join(dump, f), 'latin1')).join('');
const bearer = (token) => ({ headers: [`Authorization: Bearer ${token}`] });

// Broken in every way the guard knows, and odd but readable.
const spoilt = {
	header_without_colon: (m) => m.replace('Max-Forwards', 'Bad Header\r\nMax-Forwards'),
	via_garbage: (m) => m.replace(/Via: .*/, 'Via: garbage'),
	start_line_absent: (m) => m.slice(m.indexOf('\r\n') + 2),
	cseq_garbage: (m) => m.replace(/CSeq: .*/, 'CSeq: x y z'),
	to_open_quote: (m) => m.replace(/To: .*/, 'To: "a'),
	content_length: (m) => m.replace(/Content-Length: .*/, 'Content-Length: -1'),
	cut_in_the_token: (m) => m.slice(0, m.indexOf('Authorization') + 200),
	end_absent: (m) => m.replace('\r\n\r\n', '\r\n'),
	lf_alone: (m) => m.replace(/\r\n/g, '\n'),
	contact: (m) => m.replace(/Contact: .*/, 'Contact: <sip:"'),
	uri: (m) => m.replace(/^(\S+) \S+/, '$1 xx:alice'),
	expires: (m) => m.replace('Max-Forwards', 'Expires: x\r\nMax-Forwards'),
	bearer_comma: (m) => m.replace('Bearer ', 'Bearer, '),
	bearer_folded: (m) => m.replace('Bearer ', '\r\n Bearer\r\n\t'),
	bearer_twice: (m) => m.replace(/(Authorization: .*\r\n)/, '$1Proxy-$1'),
	bearer_in_quotes: (m) => m.replace(/Bearer (\S+)/, 'Bearer access_token="$1"'),
	digest: (m) => m.replace('Bearer ', 'Digest '),
	digest_with_it: (m) => m.replace(/Bearer (\S+)/, 'Digest username="a", response="$1", access_token=$1'),
	basic: (m) => m.replace('Bearer ', 'Basic '),
	another_header: (m) => m.replace('Authorization: ', 'X-Token: '),
	in_the_uri: (m) => m.replace(/^(\S+) \S+(.*\r\n(?:.*\r\n)*)Authorization: Bearer (\S+)/, '$1 sip:home1.net;access_token=$3$2X: y'),
	compact_names: (m) => m.replace('Via:', 'v:').replace('From:', 'f:').replace('Call-ID:', 'i:'),
};

for (const order of ['before', 'behind']) {
	test(`secrets_with_watchers_loaded_${order}`, async (t) => {
		await begin(order);
		try {
			const c = await registered(t);
			assert.equal((await c.ask('MESSAGE', bearer(c.token))).status, 200);
			const whole = site.sentOn(c);

			await t.test('secrets_core_bound', () => {
				assert.equal(whole.length, 2);
				assert.match(whole[0], /^Authorization: Bearer \*+\r$/m);
				assertClean('the core', whole.join());
			});
			await t.test('secrets_hep_of_everything', async () => {
				const mine = () => packets.filter((p) => p.includes(c.callId) && p.includes('REGISTER sip:'));
				// the received, what sip_trace() adds, the forwarded
				await until('HEP of the REGISTER', () => mine().length >= 3);
				assert.ok(mine().some((p) => /Authorization: Bearer \*+\r/.test(p)), 'the received one is traced');
				assertClean('HEP', packets.join());
			});
			await t.test('secrets_sipdump', async () => {
				await until('the dump of the REGISTER', () => dumped().includes(c.callId));
				await until('its mask', () => /tag: rcv[^]*Authorization: Bearer \*+\r/.test(dumped()));
				assertClean('sipdump', dumped());
			});
			await t.test('secrets_script_variables', () => {
				assert.match(site.log, new RegExp(`header \\[${c.callId}\\]\\[Bearer \\*+\\]`));
				assert.match(site.log, /whole \[REGISTER sip:home1\.net SIP\/2\.0/);
				assertClean('the log', site.log);
			});
			for (const [name, spoil] of Object.entries(spoilt)) {
				await t.test(`secrets_${name}`, async () => {
					for (const method of ['REGISTER', 'MESSAGE']) {
						const one = await Client.open(site);
						one.sendText(spoil(one.request(method, bearer(fresh()))));
						// the next on another connection shows that it was read
						assert.equal((await c.ask('MESSAGE', bearer(c.token))).status, 200);
						one.end();
					}
					assertClean('the log', site.log);
					assertClean('HEP', packets.join());
				});
			}
			await t.test('secrets_fragments', async () => {
				const one = await registered(t);
				const text = one.request('MESSAGE', { ...bearer(one.token), cseq: 50 });
				const at = text.indexOf('Bearer') + 100;
				one.sendFragments(text.slice(0, at), text.slice(at));
				await until('the answer', () => one.replies.some((r) => r.cseq === 50 && r.status === 200));
				assertClean('the log', site.log);
			});
			await t.test('secrets_http_upgrade', async () => {
				const token = fresh();
				const one = await Client.open(site, { path: `/?x=1&access_token=${token}&y=2`,
					origin: [`https://shop.example\r\nAuthorization: Bearer ${token}\r\nX-Token: ${token}`] });
				assert.equal(one.status, 101);
				assert.equal((await one.register(fresh())).status, 200);
				one.end();
				assertClean('the log', site.log);
				await until('the dump of the upgrade', () => /GET \/\?x=1&access_token=x+&y=2 HTTP/.test(dumped()));
			});
			await t.test('secrets_rpc', async () => {
				const long = await registered(t);
				const invite = long.ask('INVITE', bearer(long.token));
				const texts = [];
				for (const [method, ...params] of [['webrtc_auth.keys'], ['webrtc_auth.stats'], ['webrtc_auth.conns'],
					['tm.list'], ['tm.stats'], ['tls.list'], ['core.tcp_list'], ['ws.dump'], ['pkg.stats'], ['core.shmmem'],
					['stats.fetch', 'all']])
					texts.push(JSON.stringify(await site.rpc(method, ...params).catch((e) => e.message)));
				await invite;
				assertClean('RPC', texts.join());
			});
			await t.test('secrets_log_at_the_end', () => assertClean('the log', site.log));
			await t.test('secrets_sipdump_at_the_end', () => assertClean('sipdump', dumped()));
		} finally { await end(); }
	});
}

test('secrets_websocket_debug_lines_only_by_name', async () => {
	const debugger_ = (level) => `debug=3\nloadmodule "debugger.so"\nmodparam("debugger", "mod_hash_size", 5)\nmodparam("debugger", "mod_level_mode", 1)\nmodparam("debugger", "mod_level", "${level}")\n`;
	for (const [level, printed] of [['core=3', false], ['websocket=3', true]]) {
		site = await Site.start({ params: debugger_(level) });
		try {
			const c = await Client.open(site);
			const token = fresh();
			assert.equal((await c.register(token)).status, 200);
			c.end();
			assert.equal(site.log.includes(token), printed, level);
			used.splice(0);
		} finally { await site.stop(); }
	}
});

// Shared memory once, and what each process has of its own: how often a text
// stands there.
function inMemory(text) {
	const processes = [site.process.pid], shared = [], own = [];
	for (const pid of processes)
		processes.push(...readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean));
	for (const pid of processes) {
		const fd = openSync(`/proc/${pid}/mem`, 'r');
		for (const line of readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')) {
			const [, from, to, mode] = /^([0-9a-f]+)-([0-9a-f]+) (\S+)/.exec(line) ?? [];
			if (!(mode === 'rw-p' || (mode === 'rw-s' && pid === site.process.pid))) continue;
			const block = Buffer.alloc(parseInt(to, 16) - parseInt(from, 16));
			try { readSync(fd, block, 0, block.length, parseInt(from, 16)); } catch (e) { if (e.code === 'EIO') continue; throw e; }
			for (let at = block.indexOf(text); at >= 0; at = block.indexOf(text, at + 1))
				(mode === 'rw-s' ? shared : own).push(`${pid} ${line}`);
		}
		closeSync(fd);
	}
	return { processes: processes.length, shared, own };
}

// Once a message's script has ended: transactions, connections, TLS (whose
// plain text is what the page masked, RFC 6455 5.3), stacks and heaps.
test('secrets_memory_of_all_processes', async () => {
	site = await Site.start();
	try {
		const c = await Client.open(site);
		const token = fresh();
		assert.equal((await c.register(token)).status, 200);
		for (let i = 0; i < 5; i++) assert.equal((await c.ask('MESSAGE', bearer(token))).status, 200);
		const control = inMemory(c.callId);
		assert.ok(control.processes > 8 && control.shared.length > 0 && control.own.length > 0, 'the messages are there');
		const found = inMemory(token.split('.')[2]);
		assert.deepEqual([found.shared, found.own], [[], []]);
		used.splice(0);
		c.end();
	} finally { await site.stop(); }
});

test.after(() => rmSync(dump, { recursive: true, force: true }));
