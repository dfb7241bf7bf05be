// SPDX-License-Identifier: BSD-2-Clause
// All pages die at once: what becomes of their bindings, what the core is
// told, and how long another client waits for OPTIONS meanwhile.
import { Crowd, Prober } from './crowd.mjs';
import { Site, sleep, until, uriOf } from './site.mjs';

export const HOLD_S = 3;
const params = `tcp_children=8
tcp_max_connections=6000
tls_max_connections=6000
modparam("tls", "low_mem_threshold1", 1)
modparam("tls", "low_mem_threshold2", 1)
modparam("tm", "fr_timer", 10000)
modparam("tna_register", "hold_s", ${HOLD_S})
modparam("tna_register", "deregister_lost", 1)
`;

export function spread(list) {
	const v = list.map((x) => x ?? Infinity).sort((a, b) => a - b);
	const at = (q) => v[Math.min(v.length - 1, Math.floor(v.length * q))];
	const slow = list.map((ms, i) => ({ ms: Math.round(ms ?? Infinity), at_s: i / 50 })).sort((a, b) => b.ms - a.ms).slice(0, 5);
	return { n: v.length, slow, median: at(0.5), p99: at(0.99), max: v.at(-1) };
}

export async function die(n) {
	const site = await Site.start({ params, shm: 1024 });
	const users = Array.from({ length: n }, (_, i) => `c${i}`);
	const out = { n };
	let prober, crowd;
	try {
		const begin = Date.now();
		prober = await Prober.open(site, 'other');
		crowd = await Crowd.open(site, users);
		out.register_s = (Date.now() - begin) / 1000;
		const before = await site.rpc('tna.stats');
		out.bound = before.bindings - 1;
		await prober.take();
		const quiet = await prober.take();
		const from = Date.now(), since = () => (Date.now() - from) / 1000;
		await crowd.die();
		const told = () => new Set(site.registers.filter((r) => r.get('Expires') === '0').map((r) => uriOf(r.get('To')))).size;
		await until('all to be lost', async () => { const s = await site.rpc('tna.stats'); return s.bindings - s.held === 1; }, 30000);
		out.lost_s = since();
		await until('the bindings to go', async () => (await site.rpc('tna.stats')).bindings === 1, 60000);
		out.gone_s = since();
		await until('the core to be told', () => told() === n, 20000);
		out.told_s = since();
		await sleep(1000);
		const times = await prober.take();
		out.options = { quiet_wss: spread(quiet.wss), quiet_udp: spread(quiet.udp), wss: spread(times.wss), udp: spread(times.udp), echo: spread(times.echo) };
		out.left = (await site.bindings()).length - 1;
		out.deregistered = told();
		out.other = (await site.show('sip:other@home1.net')).status;
		await until('webrtc_auth to forget them', async () => (await site.rpc('webrtc_auth.stats')).connections <= 1, 10000).then(() => { out.connections = 1; }, () => {});
	} finally {
		await crowd?.die();
		await prober?.stop();
		// tcp main has more closed connections to hand on than its readers take
		// at once: they wait there.
		await site.stop({ tolerate: /send2child.*queue full/ });
	}
	return out;
}
