// SPDX-License-Identifier: BSD-2-Clause
// Who answers what he was asked by the thousand, who answers what he was not
// asked, and who hides SDP where nobody looks: none of it reaches the other
// side raw, and everybody else is served.
import test from 'node:test';
import assert from 'node:assert/strict';
import { rand } from '../tna_register/support/sip.mjs';
import { core, web } from './support/sdp.mjs';
import { Site, until } from './support/site.mjs';

let s, page;
// Replies of no transaction are sent on by their Via, as Kamailio does without a line of script.
const stateless = (text) => text.replace('reply_route { if(!t_check_trans()) drop; }', '');
test.before(async () => { s = await Site.start({ cache: 2, wt: 200, edit: stateless }); page = await s.page(); });
test.after(() => s?.stop());
test.afterEach(() => { s.gateway.clear(); assert.deepEqual(s.raw(), []); });

const branchOf = (m) => /branch=([^;,\s]+)/.exec(m.all('Via')[0])[1];
const with200 = (invite, branch, body = core(), more = []) => s.core.reply({ ...invite, callId: invite.callId, toTag: undefined, get: (n) => invite.get(n),
	all: (n) => (n === 'Via' ? [invite.all('Via')[0].replace(branchOf(invite), branch), ...invite.all('Via').slice(1)] : invite.all(n)) }, 200, { body, more });
const callWorks = async () => {
	const { sent, invite } = await s.fromPage(page), of = (m) => m.callId === sent.callId;
	s.core.reply(invite, 200, { body: core() });
	page.send(page.ack(invite, await page.inbox.reply('INVITE', 200, of)));
	await s.core.inbox.request('ACK', of);
};

test('hold_attack_other_spellings_of_a_branch_are_dropped', async () => {
	const { sent, invite } = await s.fromPage(page), of = (m) => m.callId === sent.callId;
	const [, index, id, n] = /^z9hG4bK([0-9a-f]+)\.([0-9a-f]{32})\.([0-9a-f]+)$/.exec(branchOf(invite));
	const before = await s.counter('held_forged');
	const spelt = [`${index}0.${id}.${n}`, `${index}.${id}.${n}0`, `${index.toUpperCase()}F.${id}.${n}`, `${index}.${id}.${n}00000000f`, `${index}000000000.${id}.${n}`, `1${index}.${id}.${n}`, `.${id}.${n}`, `${index}.${id}.`, `${index}.${id}.${n}.x`];
	for (const b of spelt) with200(invite, `z9hG4bK${b}`);
	await until('all to be dropped', async () => await s.counter('held_forged') >= before + spelt.length);
	assert.equal(s.gateway.of(sent.callId, 'answer').length, 0);
	s.core.reply(invite, 200, { body: core() });
	await page.inbox.reply('INVITE', 200, of);
});

test('hold_attack_branches_of_nobody', async () => {
	const { sent, invite } = await s.fromPage(page), of = (m) => m.callId === sent.callId;
	// Without SDP: whether the script lets them pass is its affair.
	for (let i = 0; i < 300; i++) with200(invite, `z9hG4bK${rand(2)}.${rand(16)}.0`, '');
	await callWorks();
	assert.equal(s.gateway.of(sent.callId, 'answer').length, 0);
	s.core.reply(invite, 486);
	await page.inbox.reply('INVITE', 486, of);
});

test('hold_attack_reply_from_the_other_side', async () => {
	const { sent, invite } = await s.fromPage(page);
	const before = await s.counter('held_forged'), evil = await s.page('evil');
	evil.reply(invite, 200, { body: web(9, 'active') });
	evil.reply(invite, 183, { body: web(9, 'active') });
	await until('both to be dropped', async () => await s.counter('held_forged') === before + 2);
	assert.equal(s.gateway.of(sent.callId, 'answer').length, 0);
	s.core.reply(invite, 486);
	await page.inbox.reply('INVITE', 486, (m) => m.callId === sent.callId);
});

test('hold_attack_other_method_on_the_branch', async () => {
	const { sent, invite } = await s.fromPage(page);
	const before = await s.counter('held_forged');
	for (const method of ['UPDATE', 'PRACK', 'CANCEL', 'INFO', 'invite'])
		s.core.send(s.core.reply({ ...invite, callId: invite.callId, all: (n) => invite.all(n), get: (n) => (n === 'CSeq' ? `1 ${method}` : invite.get(n)) }, 200, { body: core() }));
	await until('all to be dropped', async () => await s.counter('held_forged') >= before + 10);
	s.core.reply(invite, 486);
	await page.inbox.reply('INVITE', 486, (m) => m.callId === sent.callId);
});

test('hold_attack_sdp_that_hides', async () => {
	const hidden = [
		[['Content-Type: text/plain'], core()],
		[['Content-Type: multipart/mixed;boundary=b'], `--b\r\nContent-Type: application/sdp\r\n\r\n${core(1)}\r\n--b\r\nContent-Type: application/sdp\r\n\r\n${core(2)}\r\n--b--\r\n`],
		[['Content-Type: multipart/mixed;boundary=b'], `--b\r\nContent-Type: application/x\r\n\r\n${core(1)}\r\n--b--\r\n`],
	];
	for (const [more, body] of hidden) {
		const { sent, invite } = await s.fromPage(page), of = (m) => m.callId === sent.callId;
		const before = await s.counter('held_forged');
		s.core.send([`SIP/2.0 200 Test`, ...invite.all('Via').map((v) => `Via: ${v}`), `From: ${invite.get('From')}`, `To: ${invite.get('To')};tag=core`, `Call-ID: ${invite.callId}`, `CSeq: ${invite.get('CSeq')}`,
			`Contact: <${s.core.contact}>`, ...more, `Content-Length: ${Buffer.byteLength(body)}`, '', body].join('\r\n'));
		await until('it to be dropped', async () => await s.counter('held_forged') === before + 1);
		s.core.reply(invite, 486);
		await page.inbox.reply('INVITE', 486, of);
	}
});

test('hold_attack_sdp_in_one_part_of_many_is_mediated', async () => {
	const { sent, invite } = await s.fromPage(page), of = (m) => m.callId === sent.callId;
	const body = `--b\r\nContent-Type: application/sdp\r\n\r\n${core(1)}\r\n--b\r\nContent-Type: application/isup\r\n\r\nxyz\r\n--b--\r\n`;
	s.core.send([`SIP/2.0 200 Test`, ...invite.all('Via').map((v) => `Via: ${v}`), `From: ${invite.get('From')}`, `To: ${invite.get('To')};tag=core`, `Call-ID: ${invite.callId}`, `CSeq: ${invite.get('CSeq')}`,
		`Contact: <${s.core.contact}>`, 'Content-Type: multipart/mixed;boundary=b', `Content-Length: ${Buffer.byteLength(body)}`, '', body].join('\r\n'));
	const ok = await page.inbox.reply('INVITE', 200, of);
	assert.match(ok.body, /a=fingerprint/);
	assert.match(ok.body, /application\/isup\r\n\r\nxyz/);
});

test('hold_attack_flood_of_distinct_183', async () => {
	const { sent, invite } = await s.fromPage(page), of = (m) => m.callId === sent.callId;
	const gate = s.gateway.gate((c) => c.callId === sent.callId && c.command === 'answer'), full = await s.counter('held_full');
	// Of a burst the system may lose some: more come until enough were seen.
	let n = 0;
	const flood = (more) => { for (const end = n + more; n < end; n++) s.core.reply(invite, 183, { body: core(n % 1000), tag: `t${n}` }); };
	flood(500);
	await until('the rest to be dropped', async () => {
		if (await s.counter('held_full') >= full + 300) return true;
		flood(20);
		return false;
	});
	assert.ok(s.gateway.of(sent.callId, 'answer').length <= 16);
	const { waiting, octets } = await s.usage();
	assert.ok(waiting <= 20 && octets < 200000, `${waiting} ${octets}`);
	await callWorks();
	gate.release();
	s.core.reply(invite, 486);
	await page.inbox.reply('INVITE', 486, of);
});

test('hold_attack_branches_that_tm_has_not_take_no_room', async () => {
	const { sent, invite } = await s.fromPage(page), of = (m) => m.callId === sent.callId, before = await s.counter('held_forged');
	const branch = branchOf(invite), [, head, n] = /^(.*\.)([0-9a-f]+)$/.exec(branch);
	const gate = s.gateway.gate((c) => c.callId === sent.callId && c.command === 'answer');
	const other = (i) => head + [...i.toString(16)].reverse().join('');
	for (let i = 0; i < 65; i++) if (other(i) !== head + n) s.core.reply({ ...invite, callId: invite.callId, get: (x) => invite.get(x), all: (x) => invite.all(x).map((v) => v.replace(branch, other(i))) }, 183, { body: core(50 + i), tag: `t${i}` });
	await until('those no transaction can have to be dropped', async () => await s.counter('held_forged') >= before + 33);
	s.core.reply(invite, 183, { body: core(1), tag: 'real' });
	gate.release(); // the gateway is asked about one after the other
	await until('the real one to be asked about', () => s.gateway.of(sent.callId, 'answer').some((c) => /2001/.test(c.sdp)));
	s.core.reply(invite, 486);
	await page.inbox.reply('INVITE', 486, of);
});

test('hold_attack_who_announced_without_end_can_answer', async () => {
	const { sent, invite } = await s.fromPage(page), of = (m) => m.callId === sent.callId, full = await s.counter('held_full');
	for (let i = 0; i < 40; i++) s.core.reply(invite, 183, { body: core(i) });
	await until('some to be dropped', async () => await s.counter('held_full') >= full + 20);
	s.core.reply(invite, 200, { body: core(99) });
	page.send(page.ack(invite, await page.inbox.reply('INVITE', 200, of)));
	await s.core.inbox.request('ACK', of);
});

test('hold_attack_flood_of_one_reply', async () => {
	const { sent, invite } = await s.fromPage(page), of = (m) => m.callId === sent.callId;
	const gate = s.gateway.gate((c) => c.callId === sent.callId && c.command === 'answer');
	const text = s.core.reply(invite, 200, { body: core() });
	for (let i = 0; i < 1000; i++) s.core.send(text);
	await callWorks();
	assert.equal((await s.usage()).waiting, 1);
	gate.release();
	page.send(page.ack(invite, await page.inbox.reply('INVITE', 200, of)));
	assert.equal(s.gateway.of(sent.callId, 'answer').length, 1);
});

test('hold_attack_200_behind_a_transaction_that_tm_forgot', async () => {
	const { sent, invite } = await s.toPage(page), of = (m) => m.callId === sent.callId;
	const text = page.reply(invite, 200, { body: web(4, 'active') });
	const ok = await s.core.inbox.reply('INVITE', 200, of);
	s.core.send(s.core.ack(invite, ok, { headers: [`X-Port: ${page.port}`] }));
	await until('tm to forget it', async () => (await s.rpc('tm.stats')).current === 0, 5000);
	page.send(text); // goes on by its Via, with the SDP of the first
	assert.equal((await s.core.inbox.reply('INVITE', 200, of)).body, ok.body);
	assert.equal(s.gateway.of(sent.callId, 'answer').length, 1);
});

test('hold_attack_leaves_nothing', async () => {
	await until('the cache to be empty', async () => (await s.usage()).octets === 0, 15000);
});
