// SPDX-License-Identifier: BSD-2-Clause
// The binding table of tna_register in the shared memory of a real Kamailio:
// made, looked up by connection and by public identity, copied, expired, at
// 1 k, 100 k and 1 M bindings in one run; then eight workers at once. Each
// binding has one IMPI, three IMPUs, a Service-Route of 60 octets, and what
// else a page's has (contact, instance, names of its token).
// Run inside test/lab/in-netns. Argument: where to write the figures.
import { execFileSync, spawn } from 'node:child_process';
import dgram from 'node:dgram';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const SIZES = [1000, 100000, 1000000];
const LOOKUPS = 1 << 19;
const PROCESSES = 8;
const FIGHT = 20000; // bindings over which eight fight
const ROUNDS = 9;
const PORT = 5060;
const out = process.argv[2];

const script = (dir) => `#!KAMAILIO
debug=1
log_stderror=yes
children=${PROCESSES}
auto_aliases=no
listen=udp:127.0.0.1:${PORT}
mpath="${dirname(execFileSync('dpkg', ['-L', 'kamailio'], { encoding: 'utf8' }).split('\n').find((l) => l.endsWith('/modules/tm.so')))}"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "${resolve('build/bench/bin/bench_binding.so')}"
modparam("bench_binding", "max", ${SIZES.at(-1)})

request_route {
	bench_binding("$rU");
	$var(n) = $rc;
	sl_send_reply("200", "$var(n)");
}
`;

const median = (v) => [...v].sort((a, b) => a - b)[v.length >> 1];
const dir = mkdtempSync(join(tmpdir(), 'epcscf-bench-'));
writeFileSync(join(dir, 'kamailio.cfg'), script(dir));
const kamailio = spawn('kamailio', ['-DD', '-E', '-m', '2048', '-M', '16', '-f', join(dir, 'kamailio.cfg'), '-Y', dir, '-P', join(dir, 'pid'), '-w', dir], { stdio: ['ignore', 'pipe', 'pipe'] });
let log = '';
for (const s of [kamailio.stdout, kamailio.stderr]) s.on('data', (d) => { log += d; });
const exited = new Promise((r) => { kamailio.on('exit', r); });

const socket = dgram.createSocket('udp4');
const waiting = new Map();
socket.on('message', (d) => waiting.get(/^Call-ID: (\d+)/mi.exec(d)[1])?.(d.toString()));
await new Promise((r) => { socket.bind(0, '127.0.0.1', r); });
let calls = 0;

function order(what, n = 0, from = 0, count = 0, ms = 120000) {
	const id = String(++calls);
	socket.send([`OPTIONS sip:${what}.${n}.${from}.${count}@127.0.0.1 SIP/2.0`, `Via: SIP/2.0/UDP 127.0.0.1:${socket.address().port};branch=z9hG4bK${id}`,
		'Max-Forwards: 9', `From: <sip:a@b>;tag=${id}`, 'To: <sip:b@b>', `Call-ID: ${id}`, 'CSeq: 1 OPTIONS', 'Content-Length: 0', '', ''].join('\r\n'), PORT, '127.0.0.1');
	return new Promise((ok, bad) => {
		const timer = setTimeout(() => bad(new Error(`no answer to ${what}\n${log}`)), ms);
		waiting.set(id, (text) => {
			clearTimeout(timer);
			waiting.delete(id);
			const rc = Number(/^SIP\/2.0 200 (-?\d+)/.exec(text)[1]);
			if (rc < 0) bad(new Error(`${what} ${n}: ${rc}\n${log}`));
			else ok(rc - 1);
		});
	});
}

// Eight at once, each its own part.
const together = (what, n, count) => Promise.all(Array.from({ length: PROCESSES }, (_, i) => order(what, n, what === 'bind8' ? i * count : i + 1, count)));

async function size(n) {
	const empty = await order('mem');
	const row = { bindings: n, bind_us: await order('bind', n, 0, n) / n };
	row.bytes = (await order('mem') - empty) * 1024 / n;
	for (const what of ['conn', 'impu', 'get']) {
		const times = [];
		for (let i = 0; i < ROUNDS; i++) times.push(await order(what, n, 0, LOOKUPS) / LOOKUPS);
		row[`${what}_us`] = median(times);
	}
	if (await order('check', n) !== 0 || await order('count') !== n) throw new Error('not all are there');
	row.expire_us = await order('expire', n) / n;
	row.left_kib = await order('mem') - empty;
	return row;
}

const rows = [];
let fresh; // KiB of Kamailio with the empty table
const fight = {};
try {
	for (let i = 0; await order('mem', 0, 0, 0, 200).then(() => false, () => true); i++)
		if (i === 100) throw new Error(`Kamailio does not start\n${log}`);
	fresh = await order('tables');
	await order('bind', 1, 0, 1); // what is made once
	await order('clear');
	for (const n of SIZES) rows.push(await size(n));
	const empty = await order('mem');
	const n = 200000, each = n / PROCESSES;
	fight.bind_us = Math.max(...await together('bind8', n, each)) / each;
	fight.bad = await order('check', n) + Math.abs(n - await order('count'));
	fight.conn_us = Math.max(...await together('conn8', n, LOOKUPS / 4)) / (LOOKUPS / 4);
	if (await order('clear') !== 0) throw new Error('some do not go');
	fight.change_us = Math.max(...await together('mix', FIGHT, 200000)) / 200000;
	await order('settle');
	fight.bad += await order('check', FIGHT);
	fight.left = await order('count');
	if (await order('clear') !== 0) throw new Error('some do not go');
	fight.left_kib = await order('mem') - empty;
} finally {
	kamailio.kill('SIGTERM');
	await exited;
	socket.close();
	rmSync(dir, { recursive: true, force: true });
}

const round = (v) => Number(v.toFixed(3));
console.table(rows.map((r) => Object.fromEntries(Object.entries(r).map(([k, v]) => [k, round(v)]))));
console.log(`${PROCESSES} processes at once: us for each of them`);
console.table([Object.fromEntries(Object.entries(fight).map(([k, v]) => [k, round(v)]))]);
const at = (n) => rows.find((r) => r.bindings === n);
const worst = (r) => Math.max(r.conn_us, r.impu_us);
const big = at(1000000), mid = at(100000);
const tables = fresh * 1024 / SIZES.at(-1);
const figures = [
	{ name: 'lookup_1m_us', value: worst(big), unit: 'us', against: 'the slower of by connection and by public identity, at 1 M', goal: 1.5 },
	{ name: 'lookup_1m_vs_100k', value: (big.conn_us + big.impu_us) / (mid.conn_us + mid.impu_us), unit: 'ratio', against: '100 k in the same run; one by connection and one by public identity', goal: 3 },
	{ name: 'conn_1m_vs_100k', value: big.conn_us / mid.conn_us, unit: 'ratio', against: '100 k in the same run, where the buckets are still in a cache', goal: null },
	{ name: 'impu_1m_vs_100k', value: big.impu_us / mid.impu_us, unit: 'ratio', against: '100 k in the same run', goal: null },
	{ name: 'bytes_per_binding', value: big.bytes + tables, unit: 'octets', against: 'difference of the memory manager\'s real_used at 1 M, and the share of the empty table', goal: 1200 },
	{ name: 'table_bytes_per_binding', value: tables, unit: 'octets', against: 'the empty table for 1 M', goal: null },
	...rows.flatMap((r) => Object.entries(r).filter(([k]) => k !== 'bindings').map(([k, v]) => ({ name: `${k}_at_${r.bindings}`, value: v, unit: /_us$/.test(k) ? 'us' : k, against: '', goal: null }))),
	{ name: 'lost_or_doubled', value: fight.bad, unit: 'bindings', against: `${PROCESSES} processes make 200000, then fight over ${FIGHT}; each looked up by every key`, goal: 0 },
	{ name: 'left_kib', value: Math.max(fight.left_kib, ...rows.map((r) => r.left_kib)), unit: 'KiB', against: 'before the first binding', goal: 0 },
	{ name: 'bind_8_processes_us', value: fight.bind_us, unit: 'us', against: `${PROCESSES} processes on the cores of this machine, a worker's time for one`, goal: null },
	{ name: 'conn_8_processes_us', value: fight.conn_us, unit: 'us', against: 'the same', goal: null },
	{ name: 'change_8_processes_us', value: fight.change_us, unit: 'us', against: 'the same', goal: null },
];
writeFileSync(out, `[\n${figures.map((f) => `  ${JSON.stringify({ ...f, value: round(f.value) })}`).join(',\n')}\n]\n`);
