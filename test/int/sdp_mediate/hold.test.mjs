// SPDX-License-Identifier: BSD-2-Clause
// Replies with SDP are held until the gateway has answered, and nothing else
// is: each of these calls would be lost if they were suspended inside tm.
import test from 'node:test';
import assert from 'node:assert/strict';
import { rand } from '../tna_register/support/sip.mjs';
import { core, ofBrowser, web } from './support/sdp.mjs';
import { Site, until } from './support/site.mjs';

let s, page;
test.before(async () => { s = await Site.start(); page = await s.page(); });
test.after(() => s?.stop());
test.afterEach(() => { s.gateway.clear(); assert.deepEqual(s.raw(), []); });

const answersOf = (callId) => (c) => c.callId === callId && c.command === 'answer';

test('hold_answer_of_the_core_reaches_the_page_mediated', async () => {
	const { invite } = await s.fromPage(page);
	assert.ok(!ofBrowser.test(invite.body), invite.body);
	s.core.reply(invite, 180);
	await page.inbox.reply('INVITE', 180);
	s.core.reply(invite, 200, { body: core() });
	const ok = await page.inbox.reply('INVITE', 200);
	assert.match(ok.body, /a=fingerprint/);
	assert.equal(ok.get('X-Passed'), '200', 'onreply_route ran on the second pass');
	assert.equal(Number(ok.get('Content-Length')), Buffer.byteLength(ok.body));
	page.send(page.ack(invite, ok));
	await s.core.inbox.request('ACK');
});

test('hold_486_overtakes_a_183_that_waits', async () => {
	const { sent, invite } = await s.fromPage(page);
	const gate = s.gateway.gate(answersOf(sent.callId));
	s.core.reply(invite, 183, { body: core() });
	await gate.arrived;
	s.core.reply(invite, 486);
	const final = await page.inbox.reply('INVITE', 486);
	await s.core.inbox.request('ACK', (m) => m.callId === sent.callId);
	gate.release();
	await page.inbox.none('183 behind the 486', (m) => m.callId === sent.callId && m.status === 183);
	assert.equal(final.callId, sent.callId);
});

test('hold_cancel_while_a_200_waits', async () => {
	const { sent, invite } = await s.fromPage(page);
	const gate = s.gateway.gate(answersOf(sent.callId));
	s.core.reply(invite, 180);
	await page.inbox.reply('INVITE', 180);
	s.core.reply(invite, 200, { body: core() });
	await gate.arrived;
	page.send(page.request('CANCEL', { to: 'sip:callee@home1.net', fromTag: sent.fromTag, callId: sent.callId, branch: /branch=([^;]+)/.exec(sent.get('Via'))[1] }));
	assert.equal((await page.inbox.final('CANCEL')).status, 200);
	const cancel = await s.core.inbox.request('CANCEL');
	s.core.reply(cancel, 200);
	gate.release();
	const ok = await page.inbox.reply('INVITE', 200);
	assert.match(ok.body, /a=fingerprint/);
	page.send(page.ack(invite, ok));
	await s.core.inbox.request('ACK', (m) => m.callId === sent.callId);
});

test('hold_200_comes_again_before_and_after', async () => {
	const { sent, invite } = await s.fromPage(page), of = (m) => m.callId === sent.callId;
	const gate = s.gateway.gate(answersOf(sent.callId)), before = await s.counter('held_absorbed');
	const text = s.core.reply(invite, 200, { body: core() });
	await gate.arrived;
	s.core.send(text);
	s.core.send(text);
	await until('both to be absorbed', async () => await s.counter('held_absorbed') === before + 2);
	assert.ok(!page.inbox.queue.some((m) => of(m) && m.status === 200));
	gate.release();
	const ok = await page.inbox.reply('INVITE', 200, of);
	const served = await s.counter('held_served');
	s.core.send(text);
	const again = await page.inbox.reply('INVITE', 200, of);
	assert.equal(again.body, ok.body);
	assert.equal(await s.counter('held_served'), served + 1);
	assert.equal(s.gateway.of(sent.callId, 'answer').length, 1, 'one exchange');
	page.send(page.ack(invite, ok));
	await s.core.inbox.request('ACK', of);
});

// The gateway has one other side: it is with who answers first. The other goes
// to the offerer too, who ends that call, with what the first one's SDP became.
test('hold_two_200_of_a_fork_towards_the_core', async () => {
	const { sent, invite } = await s.toPage(page), of = (m) => m.callId === sent.callId;
	const texts = ['one', 'two'].map((tag, i) => page.reply(invite, 200, { body: web(i + 1, 'active'), tag })), bodies = [];
	for (const tag of ['one', 'two']) {
		const ok = await s.core.inbox.reply('INVITE', 200, (m) => of(m) && m.toTag === tag);
		bodies.push(ok.body);
		s.core.send(s.core.ack(invite, ok, { headers: [`X-Port: ${page.port}`] }));
		await page.inbox.request('ACK', (m) => of(m) && m.toTag === tag);
	}
	assert.ok(!ofBrowser.test(bodies[0]) && bodies[1] === bodies[0], bodies.join('\n'));
	for (const text of texts) page.send(text);
	for (const tag of ['one', 'two']) assert.equal((await s.core.inbox.reply('INVITE', 200, (m) => of(m) && m.toTag === tag)).body, bodies[0]);
	assert.deepEqual(s.gateway.of(sent.callId).map((c) => `${c.command} ${c.fromTag} ${c.toTag}`), ['offer core wic', 'answer core wic']);
});

test('hold_two_200_of_a_fork_towards_a_page', async () => {
	const { sent, invite } = await s.fromPage(page), of = (m) => m.callId === sent.callId;
	const gate = s.gateway.gate(answersOf(sent.callId));
	s.core.reply(invite, 200, { body: core(1), tag: 'one' });
	await gate.arrived;
	const text = s.core.reply(invite, 200, { body: core(2), tag: 'two' });
	gate.release();
	const [ok, other] = [await page.inbox.reply('INVITE', 200, of), await page.inbox.reply('INVITE', 200, of)];
	assert.deepEqual([ok.toTag, other.toTag, other.body], ['one', 'two', ok.body]);
	assert.match(ok.body, /a=fingerprint/);
	for (const m of [ok, other]) page.send(page.ack(invite, m));
	assert.deepEqual((await Promise.all([s.core.inbox.request('ACK', of), s.core.inbox.request('ACK', of)])).map((m) => m.toTag).sort(), ['one', 'two']);
	s.core.send(text);
	assert.equal((await page.inbox.reply('INVITE', 200, of)).body, ok.body);
	assert.deepEqual(s.gateway.of(sent.callId).map((c) => `${c.command} ${c.fromTag} ${c.toTag}`), ['offer wic core', 'answer wic core']);
	assert.ok(!s.core.inbox.seen.some((m) => of(m) && m.method === 'BYE'));
});

// The phones of a fork in the core ring with media of their own; the second
// one answers. For the gateway they are one side: the page's ports stay.
test('hold_early_media_of_a_fork_and_the_second_answers', async () => {
	const { sent, invite } = await s.fromPage(page), of = (m) => m.callId === sent.callId;
	const heard = [];
	for (const [status, tag, n] of [[183, 'one', 1], [183, 'two', 2], [200, 'two', 2]]) {
		s.core.reply(invite, status, { body: core(n), tag });
		heard.push(await page.inbox.reply('INVITE', status, (m) => of(m) && m.toTag === tag));
	}
	const line = (m, re) => re.exec(m.body)?.[0];
	for (const re of [/^m=audio \d+/m, /^a=ice-ufrag:.*/m, /^a=rtcp-mux/m]) assert.equal(new Set(heard.map((m) => line(m, re))).size, 1, heard.map((m) => m.body).join('\n'));
	assert.ok(line(heard[2], /^a=rtcp-mux/m));
	// Before the other's answer the gateway has the offer once more.
	const told = s.gateway.of(sent.callId);
	assert.deepEqual(told.map((c) => `${c.command} ${c.fromTag} ${c.toTag}`), ['offer', 'answer', 'offer', 'answer', 'answer'].map((command) => `${command} wic core`));
	assert.equal(told[2].sdp, told[0].sdp);
	page.send(page.ack(invite, heard[2]));
	await s.core.inbox.request('ACK', of);
});

// Who rang first says so again, and answers: what is known of him is the
// gateway's no more.
test('hold_early_media_of_a_fork_and_the_first_answers', async () => {
	const { sent, invite } = await s.fromPage(page), of = (m) => m.callId === sent.callId;
	const heard = [];
	for (const [status, tag, n] of [[183, 'one', 1], [183, 'two', 2], [183, 'one', 1], [183, 'one', 1], [200, 'two', 2]]) {
		s.core.reply(invite, status, { body: core(n), tag });
		heard.push(await page.inbox.reply('INVITE', status, (m) => of(m) && m.toTag === tag));
	}
	const commands = s.gateway.of(sent.callId).map((c) => `${c.command} ${c.command === 'answer' ? /raw-core (\d+)/.exec(c.sdp)[1] : ''}`);
	assert.deepEqual(commands, ['offer ', 'answer 2001', 'offer ', 'answer 2002', 'offer ', 'answer 2001', 'offer ', 'answer 2002']);
	// Too late: the gateway hears nothing of it, nor does the page.
	s.core.reply(invite, 183, { body: core(3), tag: 'one' });
	await page.inbox.none('early media behind the answer', (m) => of(m) && m.status === 183 && m.body !== heard[0].body && !heard.some((h) => h.body === m.body));
	assert.equal(s.gateway.of(sent.callId).length, commands.length);
	page.send(page.ack(invite, heard[4]));
	await s.core.inbox.request('ACK', of);
});

test('hold_200_of_a_fork_that_fails_leaves_the_other', async () => {
	const { sent, invite } = await s.toPage(page), of = (m) => m.callId === sent.callId;
	const gate = s.gateway.gate(answersOf(sent.callId));
	page.reply(invite, 183, { body: web(1, 'active'), tag: 'one' });
	await gate.arrived;
	page.reply(invite, 200, { body: 'v=0\r\nnothing of a session\r\n', tag: 'one' });
	page.reply(invite, 200, { body: web(2, 'active'), tag: 'two' });
	gate.release();
	const bye = await page.inbox.request('BYE', of);
	assert.equal(bye.toTag, 'one');
	page.reply(bye, 200);
	const ok = await s.core.inbox.reply('INVITE', 200, of);
	assert.equal(ok.toTag, 'two');
	assert.ok(!ofBrowser.test(ok.body) && ok.body.includes('m=audio'), ok.body);
	s.core.send(s.core.ack(invite, ok, { headers: [`X-Port: ${page.port}`] }));
	assert.ok(!s.core.inbox.seen.some((m) => of(m) && m.status >= 300));
});

test('hold_200_never_overtakes_its_183', async () => {
	const { sent, invite } = await s.fromPage(page), of = (m) => m.callId === sent.callId;
	const gate = s.gateway.gate((c) => answersOf(sent.callId)(c) && /raw-core 2001/.test(c.sdp));
	s.core.reply(invite, 183, { body: core(1) });
	await gate.arrived;
	s.core.reply(invite, 200, { body: core(2) });
	s.core.reply(invite, 180);
	await page.inbox.reply('INVITE', 180, of); // it has no SDP: nothing to wait for
	assert.equal(s.gateway.of(sent.callId, 'answer').length, 1);
	gate.release();
	const ok = await page.inbox.reply('INVITE', 200, of);
	assert.deepEqual(page.inbox.seen.filter((m) => of(m) && m.status > 100).map((m) => m.status), [180, 183, 200]);
	page.send(page.ack(invite, ok));
});

test('hold_200_without_sdp_queues_behind_a_183', async () => {
	const { sent, invite } = await s.fromPage(page), of = (m) => m.callId === sent.callId;
	const gate = s.gateway.gate(answersOf(sent.callId));
	const more = ['Require: 100rel', 'RSeq: 1'];
	s.core.reply(invite, 183, { body: core(), more });
	await gate.arrived;
	s.core.reply(invite, 180, { more: ['Require: 100rel', 'RSeq: 2'] });
	const text = s.core.reply(invite, 200);
	s.core.send(text);
	await until('the 180 and the 200 to queue', async () => (await s.rpc('sdp_mediate.stats').catch(() => ({}))) && await s.counter('held_queued') >= 2);
	gate.release();
	await page.inbox.reply('INVITE', 200, of);
	assert.deepEqual(page.inbox.seen.filter((m) => of(m) && m.status > 100).map((m) => m.status), [183, 180, 200]);
	s.core.send(text);
	await page.inbox.reply('INVITE', 200, of);
});

test('hold_update_and_prack_are_answered_in_their_own_lanes', async () => {
	const { sent, invite } = await s.fromPage(page), of = (m) => m.callId === sent.callId;
	s.core.reply(invite, 183, { body: core(), more: ['Require: 100rel', 'RSeq: 1'] });
	const early = await page.inbox.reply('INVITE', 183, of);
	assert.match(early.body, /a=fingerprint/);
	const within = { uri: /<([^>]+)>/.exec(early.get('Contact'))[1], toTag: early.toTag, fromTag: sent.fromTag, callId: sent.callId, routes: early.list('Record-Route').reverse() };
	for (const [method, cseq] of [['PRACK', 2], ['UPDATE', 3]]) {
		page.send(page.request(method, { ...within, cseq, headers: method === 'PRACK' ? ['RAck: 1 1 INVITE'] : [], body: web(cseq) }));
		const request = await s.core.inbox.request(method, of);
		assert.ok(!ofBrowser.test(request.body));
		const gate = s.gateway.gate((c) => answersOf(sent.callId)(c) && c.sdp.includes(`raw-core 200${cseq}`));
		s.core.reply(request, 200, { body: core(cseq) });
		await gate.arrived;
		gate.release();
		assert.match((await page.inbox.reply(method, 200, of)).body, /a=fingerprint/);
	}
	s.core.reply(invite, 200);
	const ok = await page.inbox.reply('INVITE', 200, of);
	page.send(page.ack(invite, ok));
});

// The page has offered something else since (RFC 3311), to the one that rang
// first: that is what it has when the other one answers.
test('hold_update_between_two_early_answers_is_what_the_gateway_hears_again', async () => {
	const { sent, invite } = await s.fromPage(page), of = (m) => m.callId === sent.callId;
	s.core.reply(invite, 183, { body: core(1), tag: 'one', more: ['Require: 100rel', 'RSeq: 1'] });
	const early = await page.inbox.reply('INVITE', 183, of);
	const within = { uri: /<([^>]+)>/.exec(early.get('Contact'))[1], toTag: early.toTag, fromTag: sent.fromTag, callId: sent.callId, routes: early.list('Record-Route').reverse() };
	for (const [cseq, body, n] of [[2, web(9), 3], [3, `${web(10)}m=audio 0 UDP/TLS/RTP/SAVPF 0\r\nc=IN IP4 0.0.0.0\r\n`, 4]]) {
		page.send(page.request('UPDATE', { ...within, cseq, body }));
		const update = await s.core.inbox.request('UPDATE', (m) => of(m) && m.cseq === cseq);
		s.core.reply(update, 200, { body: `${core(n)}${n === 4 ? 'm=audio 0 RTP/AVP 0\r\n' : ''}` });
		await page.inbox.reply('UPDATE', 200, (m) => of(m) && m.cseq === cseq);
		const before = s.gateway.of(sent.callId).length;
		s.core.reply(invite, 183, { body: core(10 + n), tag: 'two' });
		assert.match((await page.inbox.reply('INVITE', 183, (m) => of(m) && m.toTag === 'two')).body, /a=fingerprint/);
		const [offered, answered] = s.gateway.of(sent.callId).slice(before);
		assert.match(answered.sdp, new RegExp(`raw-core ${2010 + n}`));
		// One with other sections is none that this answer fits.
		assert.match(offered.sdp, n === 3 ? /a=ice-ufrag:U9xy/ : /a=ice-ufrag:U1xy/);
		page.inbox.seen.length = 0;
	}
	s.core.reply(invite, 200, { body: core(14), tag: 'two' });
	page.send(page.ack(invite, await page.inbox.reply('INVITE', 200, of)));
	await s.core.inbox.request('ACK', of);
});

test('hold_answer_of_a_page_reaches_the_core', async () => {
	for (const secure of [false, true]) {
		const callee = await s.page(secure ? 'wss' : 'ws', { secure });
		const { sent, invite } = await s.toPage(callee), of = (m) => m.callId === sent.callId;
		assert.match(invite.body, /a=fingerprint/);
		const gate = s.gateway.gate(answersOf(sent.callId));
		callee.reply(invite, 183, { body: web(7, 'active') });
		await gate.arrived;
		callee.reply(invite, 200, { body: web(7, 'active') });
		gate.release();
		const ok = await s.core.inbox.reply('INVITE', 200, of);
		assert.ok(!ofBrowser.test(ok.body), ok.body);
		assert.deepEqual(s.core.inbox.seen.filter((m) => of(m) && m.status > 100).map((m) => m.status), [183, 200]);
		s.core.send(s.core.ack(invite, ok, { headers: [`X-Port: ${callee.port}`] }));
		await callee.inbox.request('ACK', of);
	}
});

test('hold_answer_over_tcp', async () => {
	const tcp = await s.tcp('tcpcore', 5071);
	const { sent, invite } = await s.fromPage(page, { at: tcp, headers: ['X-Transport: ;transport=tcp'], uri: 'sip:x@127.0.0.1' }), of = (m) => m.callId === sent.callId;
	const gate = s.gateway.gate(answersOf(sent.callId));
	tcp.reply(invite, 200, { body: core() });
	await gate.arrived;
	gate.release();
	const ok = await page.inbox.reply('INVITE', 200, of);
	assert.match(ok.body, /a=fingerprint/);
});
