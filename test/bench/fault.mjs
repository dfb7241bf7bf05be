// SPDX-License-Identifier: BSD-2-Clause
// A gateway that is killed, stopped, restarted in the middle of 100 calls, each
// three times: how long OPTIONS took meanwhile for others (every 20 ms, over UDP
// and WebSocket; one worker of each kind), and how long those waited whose call
// was refused. Clients, core, two rtpengines and Kamailio share the machine; a
// program that only echoes is asked at the same moments. Run inside
// test/lab/in-netns; argument: where to write the figures.
import { writeFileSync } from 'node:fs';
import { fault, faults } from '../int/sdp_mediate/support/fault.mjs';

const RUNS = 3, figures = [];
const median = (v) => [...v].sort((a, b) => a - b)[v.length >> 1];
for (const [name, act] of Object.entries(faults)) {
	const runs = [];
	for (let i = 0; i < RUNS; i++) {
		const { calls, later, options: { busy } } = await fault(act);
		const refused = calls.filter((c) => c.status !== 200);
		runs.push({ options_max: Math.max(busy.udp.max, busy.ws.max), options_p99: Math.max(busy.udp.p99, busy.ws.p99), options_median: Math.max(busy.udp.median, busy.ws.median), echo_max: busy.echo.max,
			refused: refused.length, refused_max: Math.max(0, ...refused.map((c) => (c.status ? c.ms : Infinity))), late: refused.filter((c) => c.when === 'after').length,
			slowest_ok: Math.max(...calls.filter((c) => c.status === 200).map((c) => c.ms)), later_failed: later.filter((c) => c.status !== 200).length });
	}
	console.log(name);
	console.table(runs);
	const of = (what) => runs.map((r) => r[what]), add = (what, value, unit, against, goal = null) => figures.push({ name: `${name}_${what}`, value, unit, against, goal });
	add('options_max_ms', median(of('options_max')), 'ms', `the slowest over UDP and WebSocket; the middle one of ${RUNS} runs`, 50);
	add('echo_max_ms', median(of('echo_max')), 'ms', 'a program that only echoes, at the same moments');
	add('options_median_ms', median(of('options_median')), 'ms', 'the same');
	add('refused_calls', Math.max(...of('refused')), 'calls', 'of 100: what the gateway had when it failed; all runs');
	add('refused_max_ms', Math.max(...of('refused_max')), 'ms', 'from INVITE to the final answer, of 200 ms ringing; all runs', 2000);
	add('refused_later_calls', Math.max(...of('late')), 'calls', 'that began after the fault; all runs', 0);
	add('slowest_good_call_ms', Math.max(...of('slowest_ok')), 'ms', 'from INVITE to 200, of 200 ms ringing; all runs');
}
writeFileSync(process.argv[2], `[\n${figures.map((f) => `  ${JSON.stringify({ ...f, value: Number(f.value.toFixed(3)) })}`).join(',\n')}\n]\n`);
process.exit(0);
