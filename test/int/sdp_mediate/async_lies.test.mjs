// SPDX-License-Identifier: BSD-2-Clause
// A gateway that lies, octet by octet: nobody waits longer for it, nothing is
// left of it, and what it says of another call is not believed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CORE_OFFER, PAGE_OFFER, sleep, until } from './support/asite.mjs';
import { bencode } from './support/nodes.mjs';
import { withScripted } from './support/scripted.mjs';

const ok = bencode({ result: 'ok', sdp: CORE_OFFER });
const rows = [
	['no cookie', () => ok],
	['another cookie', (c) => `x${c} ${ok}`],
	['the cookie of a process before', (c) => `0123456789abcdef_${c.split('_')[1]} ${ok}`],
	['a number that is none', (c) => `${c.split('_')[0]}_-1 ${ok}`],
	['a number beyond all', (c) => `${c.split('_')[0]}_18446744073709551616 ${ok}`],
	['a cookie alone', (c) => c],
	['a cookie and a space', (c) => `${c} `],
	['nothing', () => ''],
	['no dictionary', (c) => `${c} 5:hello`],
	['a cut', (c) => `${c} ${ok.slice(0, 200)}`],
	['more behind it', (c) => `${c} ${ok}e`],
	['a length beyond all', (c) => `${c} d6:result99999999999999999999:ok`],
	['a length beyond its end', (c) => `${c} d6:result2:ok3:sdp65000:v=0e`],
	['a depth', (c) => `${c} ${'l'.repeat(60000)}`],
	['a breadth', (c) => `${c} d1:al${'i0e'.repeat(21000)}ee`],
	['many keys', (c) => `${c} d${Array.from({ length: 4000 }, (_, i) => `6:k${String(i).padStart(5, '0')}0:`).join('')}e`],
	['a key twice', (c) => `${c} d6:result2:ok6:result2:ok3:sdp${CORE_OFFER.length}:${CORE_OFFER}e`],
	['no string', (c) => `${c} d6:result2:ok3:sdpi5ee`],
	['60,000 octets of lines', (c) => `${c} ${bencode({ result: 'ok', sdp: CORE_OFFER + 'a=x:y\r\n'.repeat(8500) })}`],
	['60,000 octets in one line', (c) => `${c} ${bencode({ result: 'ok', sdp: `${CORE_OFFER}a=x:${'y'.repeat(60000)}\r\n` })}`],
	['NULs', (c) => `${c} ${bencode({ result: 'ok', sdp: '\0'.repeat(5000) })}`],
	['an event', () => `ev ${bencode({ command: 'event', epoch: 'q', seq: 9223372036854775807, event: 'x'.repeat(4000), 'call-id': 'a'.repeat(5000), detail: { a: 'b;c=d' } })}`],
];

test('async_lies_of_every_kind_leave_nothing', async (t) => {
	let lie = () => null;
	const { site, page, gateways: [g] } = await withScripted(t, [{ offer: () => null }], {
		params: 'modparam("sdp_mediate", "hold_cache", 1)\nmodparam("sdp_mediate", "agw_timeout_ms", 400)' });
	const { answer } = g;
	g.answer = (d, cookie) => {
		if (d.command !== 'offer') return answer(d, cookie);
		for (const text of [lie(cookie)].flat()) g.socket.send(text, g.from.port, g.from.address);
		return null;
	};
	const call = async (callId) => {
		const since = Date.now();
		page.send(page.request('INVITE', { callId, body: PAGE_OFFER }));
		const final = await page.inbox.final('INVITE');
		return { status: final.status, ms: Date.now() - since };
	};
	await sleep(200);
	lie = rows[0][1];
	await call('warm');
	await until('nothing to be under way', async () => (await site.rpc('sdp_mediate.stats')).under_way === 0);
	await sleep(2500);
	const empty = await site.ownShm();
	for (const [i, [what, text]] of rows.entries()) {
		lie = text;
		const { status, ms } = await call(`lie${i}`);
		assert.ok(status >= 400 && status < 600, `${what}: ${status}`);
		// One long line is a description all the same: the core gets it, and does not answer here.
		assert.ok(ms < (/one line/.test(what) ? 4500 : 1500), `${what}: ${ms} ms`);
		await site.nodes('up');
	}
	await until('nothing to be under way', async () => (await site.rpc('sdp_mediate.stats')).under_way === 0);
	let now;
	await until('shared memory to be as before', async () => (now = await site.ownShm()) === empty, 15000).catch((e) => { throw new Error(`${e.message}: ${empty} -> ${now}`); });
	// And the truth, twice and behind a lie, is believed once.
	lie = (c) => [`x${c} ${ok}`, `${c} ${ok}`, `${c} ${ok}`, `${c} ${bencode({ result: 'error' })}`];
	page.send(page.request('INVITE', { callId: 'truth', body: PAGE_OFFER }));
	const invite = await site.inbox.request('INVITE', (m) => m.callId === 'truth');
	site.reply(invite, 486);
	assert.equal((await page.inbox.final('INVITE')).status, 486);
	await site.inbox.none('a second INVITE', (m) => m.method === 'INVITE' && !m.status && m.callId === 'truth');
});

test('async_lies_answers_of_two_calls_in_the_wrong_order_find_their_own', async (t) => {
	const cookies = new Map(), port = { one: 41000, two: 42000 };
	const { site, page, gateways: [g] } = await withScripted(t, [{ offer: () => null }]);
	const { answer } = g;
	g.answer = (d, cookie) => {
		if (d.command !== 'offer') return answer(d, cookie);
		cookies.set(d['call-id'], cookie);
		if (cookies.size === 2) for (const id of ['two', 'one']) g.send(cookies.get(id), { result: 'ok', sdp: CORE_OFFER.replace(/^m=audio \d+/m, `m=audio ${port[id]}`) });
		return null;
	};
	for (const callId of ['one', 'two']) page.send(page.request('INVITE', { callId, body: PAGE_OFFER }));
	for (let i = 0; i < 2; i++) {
		const invite = await site.inbox.request('INVITE');
		assert.equal(Number(/^m=audio (\d+)/m.exec(invite.body)[1]), port[invite.callId]);
		site.reply(invite, 486);
	}
	for (let i = 0; i < 2; i++) await page.inbox.final('INVITE');
});
