// SPDX-License-Identifier: BSD-2-Clause
// Where a hold and something else end at the same time: tm's timer, Kamailio
// itself, the page's connection, a group of workers that is not there.
import test from 'node:test';
import assert from 'node:assert/strict';
import { core, web } from './support/sdp.mjs';
import { Site, until } from './support/site.mjs';

const answersOf = (callId) => (c) => c.callId === callId && c.command === 'answer';

test('hold_edge_tm_gives_up_before_the_gateway', async () => {
	const s = await Site.start({ frInv: 1500, wt: 4000, params: 'modparam("sdp_mediate", "agw_timeout_ms", 6000)' });
	try {
		const page = await s.page(), { sent, invite } = await s.fromPage(page), of = (m) => m.callId === sent.callId;
		const gate = s.gateway.gate(answersOf(sent.callId));
		s.core.reply(invite, 180);
		await page.inbox.reply('INVITE', 180, of);
		const text = s.core.reply(invite, 200, { body: core() });
		await page.inbox.reply('INVITE', 408, of);
		gate.release();
		const bye = await s.core.inbox.request('BYE', of);
		assert.equal(bye.toTag, 'core');
		await s.core.inbox.request('ACK', of);
		s.core.reply(bye, 200);
		s.core.send(text);
		await page.inbox.none('200 behind the 408', (m) => of(m) && m.status === 200);
		assert.deepEqual(s.raw(), []);
	} finally { await s.stop(); }
});

test('hold_edge_group_that_is_not_there', async () => {
	const s = await Site.start({ group: 'nobody' });
	try {
		const page = await s.page();
		page.send(page.request('INVITE', { body: web() }));
		const final = await page.inbox.final('INVITE');
		assert.ok(final.status >= 500, final.first);
		page.send(page.request('INVITE', { body: '' })); // its offer would come in a reply
		assert.ok((await page.inbox.final('INVITE')).status >= 500);
		assert.equal(s.core.inbox.seen.length, 0);
	} finally { await s.stop(); }
});

test('hold_edge_group_that_blocks_is_told', async () => {
	const s = await Site.start({ edit: (text) => text.replace(';nonblock=1', '') });
	try { await until('a warning', () => /media lacks nonblock=1/.test(s.log)); } finally { await s.stop(); }
});

test('hold_edge_restart_in_the_middle', async () => {
	const s = await Site.start({});
	try {
		const page = await s.page(), { sent, invite } = await s.fromPage(page), of = (m) => m.callId === sent.callId;
		s.gateway.gate(answersOf(sent.callId), { never: true });
		const text = s.core.reply(invite, 200, { body: core() });
		await until('it to be held', async () => (await s.usage()).waiting === 1);
		s.process.kill('SIGTERM');
		assert.equal((await s.exited).code, 0);
		s.gateway.clear();
		await s.kamailio();
		s.core.send(text); // of a transaction that nobody knows
		const again = await s.page('again'), call = await s.fromPage(again);
		s.core.reply(call.invite, 200, { body: core() });
		await again.inbox.reply('INVITE', 200, (m) => m.callId === call.sent.callId);
		assert.deepEqual(s.raw(), []);
		assert.equal((await s.usage()).waiting, 0);
	} finally { await s.stop(); }
});

test('hold_edge_page_leaves_while_its_200_waits', async () => {
	const s = await Site.start({});
	try {
		for (const from of ['caller', 'callee']) {
			const page = await s.page(from), { sent, invite } = from === 'caller' ? await s.fromPage(page) : await s.toPage(page);
			const gate = s.gateway.gate(answersOf(sent.callId)), of = (m) => m.callId === sent.callId;
			if (from === 'caller') s.core.reply(invite, 200, { body: core() });
			else page.reply(invite, 200, { body: web(3, 'active') });
			await gate.arrived;
			page.close();
			await until('the connection to be gone', async () => !JSON.stringify(await s.rpc('ws.dump').catch(() => '')).includes(`:${page.port}`));
			gate.release();
			// A connection that is gone does no harm: the answer of a callee still reaches its caller.
			if (from === 'callee') assert.match((await s.core.inbox.reply('INVITE', 200, of)).body, /RTP\/AVP/);
			else await until('it to go on', async () => (await s.usage()).waiting === 0);
		}
		assert.deepEqual(s.raw(), []);
	} finally { await s.stop(); }
});

test('hold_edge_caps', async () => {
	const s = await Site.start({ params: 'modparam("sdp_mediate", "hold_calls", 3)' });
	try {
		const page = await s.page();
		for (let i = 0; i < 3; i++) await s.fromPage(page);
		page.send(page.request('INVITE', { body: web() }));
		assert.ok((await page.inbox.reply('INVITE', (st) => st >= 300)).status >= 500);
		assert.ok(await s.counter('held_full') >= 1);
	} finally { await s.stop(); }
});

// Datagrams, and RPC where memory has run out, may get lost: until something was dropped.
function flooded(s, calls, each, big) {
	let n = 0;
	return until('what has no room to be dropped', async () => {
		for (const { invite } of calls) s.core.reply(invite, 183, { body: big(n % each), tag: `t${n % each}` });
		n++;
		return await s.counter('held_full').catch(() => 0) > 0;
	}, 20000);
}

// Nothing goes on raw for want of memory, and what there is comes back.
test('hold_edge_memory', async () => {
	const s = await Site.start({ cache: 2, wt: 100, params: 'modparam("sdp_mediate", "hold_memory", 1)' });
	try {
		const page = await s.page(), big = (n) => core(n) + `a=x:${'y'.repeat(900)}\r\n`.repeat(30);
		const gate = s.gateway.gate((c) => c.command === 'answer'), calls = [];
		for (let i = 0; i < 8; i++) calls.push(await s.fromPage(page));
		await flooded(s, calls, 12, big);
		assert.ok((await s.usage()).octets <= 1 << 20);
		for (const { invite } of calls) s.core.reply(invite, 486);
		for (const { sent } of calls) await page.inbox.reply('INVITE', 486, (m) => m.callId === sent.callId);
		gate.release();
		await until('all to be free', async () => (await s.usage()).octets === 0, 10000);
		const { sent, invite } = await s.fromPage(page);
		s.core.reply(invite, 200, { body: core() });
		await page.inbox.reply('INVITE', 200, (m) => m.callId === sent.callId);
		assert.deepEqual(s.raw(), []);
	} finally { await s.stop(); }
});

test('hold_edge_out_of_shared_memory', async () => {
	const s = await Site.start({ shm: 14, cache: 2, wt: 100 });
	try {
		const page = await s.page(), big = (n) => core(n) + `a=x:${'y'.repeat(900)}\r\n`.repeat(40);
		const gate = s.gateway.gate((c) => c.command === 'answer'), calls = [];
		for (let i = 0; i < 30; i++) {
			const c = await s.fromPage(page).catch(() => undefined);
			if (c) calls.push(c);
		}
		await flooded(s, calls, 14, big);
		for (const { invite } of calls) s.core.reply(invite, 486);
		gate.release();
		await until('all to be free', async () => (await s.usage().catch(() => ({}))).octets === 0, 15000);
		const { sent, invite } = await s.fromPage(page);
		s.core.reply(invite, 200, { body: core() });
		await page.inbox.reply('INVITE', 200, (m) => m.callId === sent.callId);
		assert.deepEqual(s.raw(), []);
	} finally { await s.stop(); }
});
