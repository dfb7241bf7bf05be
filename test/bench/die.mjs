// SPDX-License-Identifier: BSD-2-Clause
// 5,000 registered pages die at once, three times: what is left of them, and
// how long the answer to OPTIONS took for another page (every 20 ms over WSS)
// and for a neighbour (over UDP) from the moment of death until the core knows
// of all. Pages, core and Kamailio share the machine; a
// program that only echoes is asked at the same moments. Run inside
// test/lab/in-netns; argument: where to write the figures.
import { writeFileSync } from 'node:fs';
import { die } from '../int/tna_register/support/die.mjs';

const N = 5000, RUNS = 3;
const runs = [];
for (let i = 0; i < RUNS; i++) runs.push(await die(N));

const median = (v) => [...v].sort((a, b) => a - b)[v.length >> 1];
const of = (f) => runs.map(f);
const flat = runs.map((r) => ({ register_s: r.register_s, lost_s: r.lost_s, gone_s: r.gone_s, told_s: r.told_s, left: r.left, deregistered: r.deregistered,
	wss_median: r.options.wss.median, wss_p99: r.options.wss.p99, wss_max: r.options.wss.max, udp_median: r.options.udp.median, udp_p99: r.options.udp.p99, udp_max: r.options.udp.max, echo_max: r.options.echo.max }));
console.table(flat);
for (const r of runs) console.log('slowest:', JSON.stringify({ wss: r.options.wss.slow, udp: r.options.udp.slow }));
const both = (what) => of((r) => Math.max(r.options.wss[what], r.options.udp[what]));
const figures = [
	{ name: 'options_max_ms', value: median(both('max')), unit: 'ms', against: `the slowest of ${runs[0].options.wss.n} over WSS and as many over UDP; the middle one of ${RUNS} runs`, goal: 50 },
	{ name: 'echo_max_ms', value: median(of((r) => r.options.echo.max)), unit: 'ms', against: 'a program that only echoes, asked at the same moments: what the machine itself makes wait', goal: null },
	{ name: 'options_p99_ms', value: median(both('p99')), unit: 'ms', against: 'the same', goal: null },
	{ name: 'options_median_ms', value: median(both('median')), unit: 'ms', against: 'the same', goal: null },
	{ name: 'options_max_worst_run_ms', value: Math.max(...both('max')), unit: 'ms', against: `the worst of ${RUNS} runs`, goal: null },
	{ name: 'bindings_left', value: Math.max(...of((r) => r.left)), unit: 'bindings', against: 'all runs', goal: 0 },
	{ name: 'deregisters_sent', value: Math.min(...of((r) => r.deregistered)), unit: 'users', against: `${N} died; the fewest of all runs`, goal: N },
	{ name: 'gone_s', value: median(of((r) => r.gone_s)), unit: 's', against: 'from the death to an empty table; hold_s is 3', goal: null },
	{ name: 'told_s', value: median(of((r) => r.told_s)), unit: 's', against: 'from the death to the last de-REGISTER', goal: null },
	{ name: 'register_s', value: median(of((r) => r.register_s)), unit: 's', against: '5,000 handshakes and registrations from the same machine', goal: null },
];
writeFileSync(process.argv[2], `[\n${figures.map((f) => `  ${JSON.stringify({ ...f, value: Number(f.value.toFixed(3)) })}`).join(',\n')}\n]\n`);
