// SPDX-License-Identifier: BSD-2-Clause
// How long a revocation takes to end 1000 pages that are registered, of them
// 100 in a call: from the RPC to the last BYE, the last registration ended at
// the core and the last WebSocket closed with 4003. All on one machine: the
// pages, the core and Kamailio. The core is slow (one process of node with the
// pages): what it loses is sent again by tm, so the times of the registrations
// are its own, and half of them tells more than the last one. Run inside test/lab/in-netns; argument: where
// to write the figures.
import { writeFileSync } from 'node:fs';
import { answer } from '../int/tna_register/support/sip.mjs';
import { Page } from '../int/tna_register/support/page.mjs';
import { Site, until } from '../int/tna_register/support/site.mjs';

const N = 1000, CALLS = 100, RUNS = 3;
const site = await Site.start({ params: 'tcp_max_connections=4096\ntls_max_connections=4096\nmodparam("tls", "low_mem_threshold1", 1)\nmodparam("tls", "low_mem_threshold2", 1)\nmodparam("tm", "fr_timer", 10000)', shm: 512 });

async function run() {
	const pages = [];
	site.registers.length = 0;
	while (pages.length < N) pages.push(...await Promise.all(Array.from({ length: 50 }, async (_, i) => {
		const p = await Page.open(site, { user: `u${pages.length + i}` });
		const ok = await p.register();
		if (ok.status !== 200) throw new Error(ok.text);
		return p;
	})));
	const calls = [];
	for (const p of pages.slice(0, CALLS)) calls.push((await site.callOut(p)).invite.callId);
	const times = { rpc: 0, byes_to_pages: [], byes_to_core: [], deregistered: [], closed: [] };
	const from = Date.now(), since = () => Date.now() - from;
	const waits = [];
	pages.forEach((p, i) => {
		waits.push(p.closed.then((c) => { times.closed.push(since()); if (c.code !== 4003) throw new Error(`closed with ${c.code}`); }));
		if (i >= CALLS) return;
		waits.push(p.inbox.request('BYE', undefined, 10000).then((m) => { times.byes_to_pages.push(since()); p.send(answer(m, 200)); }));
		waits.push(site.inbox.request('BYE', (m) => m.callId === calls[i], 10000).then((m) => { times.byes_to_core.push(since()); site.reply(m, 200); }));
	});
	const half = until('half', () => new Set(site.registers.filter((r) => r.get('Expires') === '0').map((r) => r.get('To'))).size >= N / 2, 20000).then(since);
	waits.push(until('every registration to end', () => new Set(site.registers.filter((r) => r.get('Expires') === '0').map((r) => r.get('To'))).size === N, 20000)
		.then(() => times.deregistered.push(since())));
	const said = await site.rpc('webrtc_auth.revoke', 'wwsf', 'shop', 600);
	times.rpc = since();
	const failed = (await Promise.allSettled(waits)).filter((w) => w.status === 'rejected');
	if (failed.length) throw new Error(`${failed.length} did not end: ${failed[0].reason.message.split('\n')[0]}; ${JSON.stringify(Object.fromEntries(Object.entries(times).map(([k, v]) => [k, v.length])))} ${new Set(site.registers.filter((r) => r.get('Expires') === '0').map((r) => r.get('To'))).size}`);
	await site.rpc('webrtc_auth.unrevoke', 'wwsf', 'shop');
	await until('an empty table', async () => (await site.rpc('tna.stats')).bindings === 0, 20000);
	const last = (list) => Math.max(...list);
	return { connections: said.connections, rpc_ms: times.rpc, last_bye_page_ms: last(times.byes_to_pages), last_bye_core_ms: last(times.byes_to_core),
		half_deregistered_ms: await half, deregistered_ms: last(times.deregistered), last_closed_ms: last(times.closed) };
}

const runs = [];
try {
	for (let i = 0; i < RUNS; i++) runs.push(await run());
} finally {
	await site.stop().catch((e) => console.error(e.message.slice(0, 2000)));
}
console.table(runs);
if (process.argv[2]) writeFileSync(process.argv[2], JSON.stringify({ pages: N, calls: CALLS, runs }, null, '\t'));
