// SPDX-License-Identifier: BSD-2-Clause
// What a [wwsf:id] section allows: registrations, calls, their time, where
// they go, and the name of those with a lent identity. Each limit is hit and
// released, and what is counted is 0 again after every kind of ending.
import test from 'node:test';
import assert from 'node:assert/strict';
import { answer } from './support/sip.mjs';
import { Page } from './support/page.mjs';
import { Site, sleep, until, uriOf } from './support/site.mjs';

let site;
test.before(async () => { site = await Site.start(); });
test.after(() => site.stop());

async function page(t, user, options = {}) {
	const p = await Page.open(site, { user, ...options });
	t.after(() => p.drop());
	return p;
}

async function registered(t, user, options) {
	const p = await page(t, user, options);
	assert.equal((await p.register()).status, 200);
	return Object.assign(p, { path: site.path() });
}

const counter = async (name) => Number((await site.rpc('stats.fetch', 'all'))[name]);
const unused = (ms = 8000) => until('nothing to be used', async () => {
	const u = await site.usage();
	return !u || u.registrations + u.pending + u.calls + u.answered === 0;
}, ms);
// Nothing is left over from the test before; its bindings are thrown out.
async function fresh(wwsf) {
	for (const b of await site.bindings()) await site.rpc('tna.terminate', b.binding).catch(() => {});
	await unused();
	await site.rewrite(wwsf);
	site.inbox.queue.length = 0;
}
const calls = (n, ms) => until(`${n} calls`, async () => (await site.usage()).calls === n, ms);
const warning = (m) => /^399 \S+ "(.*)"$/.exec(m.get('Warning') ?? '')?.[1];

// The page's end of a call it began (callOut) as options of request().
const within = (ok) => ({ uri: uriOf(ok.get('Contact')), to: uriOf(ok.get('To')), toTag: ok.toTag, fromTag: ok.fromTag,
	callId: ok.callId, routes: ok.list('Record-Route').reverse() });
async function hangUp(p, ok) {
	p.send(p.request('BYE', within(ok)));
	site.reply(await site.inbox.request('BYE', (m) => m.callId === ok.callId), 200);
	await p.inbox.reply('BYE', 200);
}

// --- registrations ---

test('limits_wwsf_registrations_full_and_released', async (t) => {
	await fresh('max_registrations = 2\n');
	const [a, b] = [await registered(t, 'r1'), await registered(t, 'r2')];
	const c = await page(t, 'r3');
	const no = await c.register();
	assert.equal(no.status, 503, no.text);
	assert.ok(Number(no.get('Retry-After')) >= 10, no.text);
	assert.equal(await counter('webrtc_auth.check_registrations_full'), 1);
	assert.equal((await a.register()).status, 200, 'a refresh needs no room');
	assert.equal((await site.usage()).registrations, 2);
	// A reload: the same page on another connection, before the old one is
	// known to be gone, and after.
	const again = await page(t, 'r1', { instance: a.instance });
	assert.equal((await again.register()).status, 200);
	assert.equal((await c.register()).status, 503);
	b.drop();
	await until('b to be held', async () => (await site.show(b.aor)).status === 'held');
	assert.equal((await c.register()).status, 503, 'its place is kept for it');
	const back = await page(t, 'r2', { instance: b.instance });
	assert.equal((await back.register()).status, 200);
	// Released by the page, and by a connection that stays away.
	await back.register({ expires: 0 });
	await until('room', async () => (await site.usage()).registrations === 1);
	assert.equal((await c.register()).status, 200);
	c.drop();
	await until('room', async () => (await site.usage()).registrations === 1, 8000);
	await again.register({ expires: 0 });
	await unused();
});

test('limits_wwsf_registrations_another_page_of_the_same_user_counts', async (t) => {
	await fresh('max_registrations = 1\n');
	await registered(t, 'twice');
	assert.equal((await (await page(t, 'twice')).register()).status, 503);
	await site.rpc('tna.terminate', 'sip:twice@home1.net');
	await unused();
});

test('limits_wwsf_registrations_at_the_same_moment', async (t) => {
	await fresh('max_registrations = 3\n');
	const pages = await Promise.all(Array.from({ length: 12 }, (_, i) => page(t, `m${i}`)));
	const answers = await Promise.all(pages.map((p) => p.register()));
	const got = answers.map((a) => a.status).sort();
	assert.deepEqual(got, [200, 200, 200, ...Array(9).fill(503)]);
	for (const p of pages) p.drop();
	await unused();
});

test('limits_wwsf_registrations_refused_by_the_core_take_no_place', async (t) => {
	await fresh('max_registrations = 1\n');
	const registrar = site.registrar;
	t.after(() => { site.registrar = registrar; });
	site.registrar = (req) => answer(req, 403, { tag: 'reg' });
	assert.equal((await (await page(t, 'no1')).register()).status, 403);
	// One that is never answered keeps its place while its connection lives.
	site.registrar = () => undefined;
	const silent = await page(t, 'no2');
	silent.send(silent.registerText());
	await until('one on its way', async () => (await site.usage()).pending === 1);
	const other = await page(t, 'no3');
	assert.equal((await other.register()).status, 503);
	silent.drop();
	await until('none on its way', async () => (await site.usage()).pending === 0);
	site.registrar = registrar;
	assert.equal((await other.register()).status, 200);
	await other.register({ expires: 0 });
	await unused();
});

// --- calls at once ---

test('limits_wwsf_calls_full_out_and_in', async (t) => {
	await fresh('max_calls = 2\n');
	const [p, q] = [await registered(t, 'c1'), await registered(t, 'c2')];
	const out = await site.callOut(p);
	const into = await site.callIn(q);
	assert.deepEqual([(await site.usage()).calls, (await site.usage()).answered], [2, 2]);
	const no = await p.ask('INVITE', { uri: 'sip:peer@home1.net', body: 'v=0\r\n' });
	assert.equal(no.status, 480, no.text);
	assert.equal(warning(no), 'this web site has no call left at the moment');
	site.send(site.request('INVITE', { uri: p.contact, to: p.aor, routes: [p.path], body: 'v=0\r\n' }));
	assert.equal((await site.inbox.final('INVITE')).status, 480);
	assert.equal(await counter('tna_register.calls_full'), 2);
	p.send(p.request('MESSAGE', { uri: 'sip:peer@home1.net' }));
	site.reply(await site.inbox.request('MESSAGE'), 200);
	assert.equal((await p.inbox.final('MESSAGE')).status, 200, 'a MESSAGE is no call');
	// Within the calls nothing is refused.
	p.send(p.request('INVITE', { ...within(out.ok), body: 'v=0\r\n' }));
	const re = await site.inbox.request('INVITE');
	site.reply(re, 200);
	const reOk = await p.inbox.reply('INVITE', 200);
	p.send(p.ackText(re, reOk, out.ok.list('Record-Route').reverse()));
	await site.inbox.request('ACK');
	await hangUp(p, out.ok);
	await calls(1);
	site.send(site.request('BYE', { ...into.dialog, cseq: 2 }));
	q.send(answer(await q.inbox.request('BYE'), 200));
	await site.inbox.reply('BYE', 200);
	await calls(0);
	await hangUp(p, (await site.callOut(p)).ok);
	await calls(0);
});

const endings = {
	async busy(p) {
		p.send(p.request('INVITE', { uri: 'sip:peer@home1.net', body: 'v=0\r\n' }));
		site.reply(await site.inbox.request('INVITE'), 486);
		assert.equal((await p.inbox.final('INVITE')).status, 486);
	},
	async cancel(p) {
		const via = p.via(), options = { uri: 'sip:peer@home1.net', callId: 'cancelled', cseq: 77, fromTag: 'ct', via };
		p.send(p.request('INVITE', { ...options, body: 'v=0\r\n' }));
		const invite = await site.inbox.request('INVITE');
		site.reply(invite, 180);
		await p.inbox.reply('INVITE', 180);
		p.send(p.request('CANCEL', options));
		site.reply(await site.inbox.request('CANCEL'), 200);
		site.reply(invite, 487);
		assert.equal((await p.inbox.final('INVITE')).status, 487);
	},
	async no_answer_of_the_core(p) {
		p.send(p.request('INVITE', { uri: 'sip:peer@home1.net', body: 'v=0\r\n' }));
		assert.equal((await p.inbox.final('INVITE', 8000)).status, 408);
	},
	async refused_behind_the_check(p) {
		// Here the script sends an answer of its own, without a dialog.
		const no = await p.ask('INVITE', { uri: 'sip:peer@home1.net', body: 'v=0\r\n', headers: ['X-Refuse: 1'] });
		assert.equal(no.status, 488);
	},
	async hung_up_by_the_core(p) {
		const { ok } = await site.callOut(p);
		const path = ok.list('Record-Route');
		site.send(site.request('BYE', { uri: p.contact, to: p.aor, toTag: ok.fromTag, fromTag: ok.toTag, callId: ok.callId, cseq: 2, routes: path }));
		p.send(answer(await p.inbox.request('BYE'), 200));
		await site.inbox.reply('BYE', 200);
	},
	async terminated(p) {
		await site.callOut(p);
		await site.rpc('tna.terminate', p.aor);
		site.reply(await site.inbox.request('BYE'), 200);
	},
	async connection_gone(p) {
		await site.callOut(p);
		p.drop();
		site.reply(await site.inbox.request('BYE', undefined, 8000), 200);
	},
	async rings_and_connection_gone(p) {
		p.send(p.request('INVITE', { uri: 'sip:peer@home1.net', body: 'v=0\r\n' }));
		const invite = await site.inbox.request('INVITE');
		site.reply(invite, 180);
		await p.inbox.reply('INVITE', 180);
		p.drop();
		site.reply(await site.inbox.request('CANCEL', undefined, 8000), 200);
		site.reply(invite, 487);
	},
	async bye_without_an_answer(p) {
		const { ok } = await site.callOut(p);
		p.send(p.request('BYE', within(ok)));
		await site.inbox.request('BYE');
	},
};
for (const [name, end] of Object.entries(endings)) {
	test(`limits_wwsf_calls_are_0_after_${name}`, async (t) => {
		await fresh('max_calls = 1\n');
		const p = await registered(t, 'e1');
		await end(p);
		await calls(0, 10000);
		assert.equal((await site.usage()).answered, 0);
		site.inbox.queue.length = 0;
		const q = await registered(t, 'e2');
		const { ok } = await site.callOut(q);
		await hangUp(q, ok);
		await calls(0);
	});
}

test('limits_wwsf_calls_at_the_same_moment', async (t) => {
	await fresh('max_calls = 3\n');
	const pages = [];
	for (let i = 0; i < 10; i++) pages.push(await registered(t, `p${i}`));
	for (const p of pages) p.send(p.request('INVITE', { uri: 'sip:peer@home1.net', body: 'v=0\r\n' }));
	const refused = [];
	await until('seven refusals', async () => {
		refused.splice(0, 10, ...pages.filter((p) => p.inbox.seen.some((m) => m.status === 480)));
		return refused.length === 7;
	});
	assert.equal((await site.usage()).calls, 3);
	for (let i = 0; i < 3; i++) site.reply(await site.inbox.request('INVITE'), 486);
	await calls(0);
});

test('limits_wwsf_calls_page_to_page_counts_for_both', async (t) => {
	await fresh('max_calls = 2\n');
	const [a, b] = [await registered(t, 'a'), await registered(t, 'b')];
	const stop = site.proxyTo(b);
	t.after(stop);
	a.send(a.request('INVITE', { uri: b.aor, body: 'v=0\r\n' }));
	const invite = await b.inbox.request('INVITE');
	await calls(2);
	b.send(answer(invite, 486, { tag: 'b' }));
	await a.inbox.reply('INVITE', 486);
	await calls(0);
});

test('limits_wwsf_calls_a_second_INVITE_of_the_same_call_is_none_for_free', async (t) => {
	await fresh('max_calls = 2\n');
	const [p, q] = [await registered(t, 'one'), await registered(t, 'two')];
	p.send(p.request('INVITE', { uri: 'sip:peer@home1.net', body: 'v=0\r\n' }));
	const invite = await site.inbox.request('INVITE');
	site.reply(invite, 180);
	await p.inbox.reply('INVITE', 180);
	const copy = { uri: 'sip:other@home1.net', callId: invite.callId, fromTag: invite.fromTag, cseq: 99, body: 'v=0\r\n' };
	for (const who of [p, q]) assert.equal((await who.ask('INVITE', copy)).status, 482);
	assert.equal((await site.usage()).calls, 1);
	site.reply(invite, 200);
	const ok = await p.inbox.reply('INVITE', 200);
	p.send(p.ackText(invite, ok));
	// From its answer on it would be a call of its own, and is counted as one.
	p.send(p.request('INVITE', copy));
	const second = await site.inbox.request('INVITE');
	await calls(2);
	assert.equal((await q.ask('INVITE', { ...copy, callId: 'another' })).status, 480);
	site.reply(second, 486);
	assert.equal((await p.inbox.reply('INVITE', 486)).cseq, 99);
	await calls(1);
	await hangUp(p, ok);
	await calls(0);
});

test('limits_wwsf_calls_tried_again_after_a_refusal', async (t) => {
	await fresh('max_calls = 1\n');
	const p = await registered(t, 'retry');
	// As JsSIP does with 422: the same Call-ID and From tag, the next CSeq.
	for (let i = 0; i < 30; i++) {
		p.send(p.request('INVITE', { uri: 'sip:peer@home1.net', callId: 'retry', fromTag: 'r', cseq: 10 + i, body: 'v=0\r\n' }));
		site.reply(await site.inbox.request('INVITE', (m) => m.cseq === 10 + i), 422);
		assert.equal((await p.inbox.reply('INVITE', (x) => x >= 200, (m) => m.cseq === 10 + i)).status, 422, `try ${i}`);
	}
	await calls(0);
});

test('limits_wwsf_retransmission_from_the_core_counts_once', async (t) => {
	await fresh('max_calls = 1\n');
	const p = await registered(t, 'again');
	const text = site.request('INVITE', { uri: p.contact, to: p.aor, routes: [p.path], body: 'v=0\r\n' });
	site.send(text);
	const invite = await p.inbox.request('INVITE');
	site.send(text);
	await sleep(300);
	assert.equal((await site.usage()).calls, 1);
	p.send(answer(invite, 486, { tag: 'p' }));
	assert.equal((await site.inbox.final('INVITE')).status, 486);
	await calls(0);
});

// --- time ---

test('limits_wwsf_longest_call', async (t) => {
	await fresh('max_call_s = 2\n');
	const p = await registered(t, 'long');
	const { invite } = await site.callOut(p);
	const from = Date.now();
	const bye = await site.inbox.request('BYE', (m) => m.callId === invite.callId, 6000);
	assert.ok(Date.now() - from > 1000);
	assert.match(bye.get('Reason'), /Longest duration/);
	site.reply(bye, 200);
	p.send(answer(await p.inbox.request('BYE'), 200));
	await calls(0);
});

test('limits_wwsf_call_seconds_of_the_day', async (t) => {
	const used = (await site.usage())?.today_s ?? 0;
	await fresh(`call_s_per_day = ${used + 3}\n`);
	const [p, q] = [await registered(t, 'd1'), await registered(t, 'd2')];
	const one = await site.callOut(p);
	await sleep(1200);
	await hangUp(p, one.ok);
	await calls(0);
	assert.ok((await site.usage()).today_s >= used + 1);
	const two = await site.callOut(p), three = await site.callOut(q);
	const byes = [await site.inbox.request('BYE', undefined, 6000), await site.inbox.request('BYE', undefined, 6000)];
	for (const bye of byes) {
		assert.match(bye.get('Reason'), /Call time of the day is used up/);
		site.reply(bye, 200);
	}
	assert.deepEqual(byes.map((b) => b.callId).sort(), [two.invite.callId, three.invite.callId].sort());
	for (const x of [p, q]) x.send(answer(await x.inbox.request('BYE'), 200));
	await calls(0);
	const no = await p.ask('INVITE', { uri: 'sip:peer@home1.net', body: 'v=0\r\n' });
	assert.equal(no.status, 403);
	assert.equal(warning(no), 'the call time of this web site is used up for today');
	site.send(site.request('INVITE', { uri: p.contact, to: p.aor, routes: [p.path], body: 'v=0\r\n' }));
	assert.equal((await site.inbox.final('INVITE')).status, 403);
	assert.equal(await counter('tna_register.call_time_used'), 2);
	await site.rewrite('call_s_per_day = 86400\n');
	await hangUp(p, (await site.callOut(p)).ok);
	await calls(0);
});

// --- destinations ---

test('limits_wwsf_destinations', async (t) => {
	await fresh('destination = sip:*@home1.net, tel:+1555*\n');
	const p = await registered(t, 'dest');
	const refused = await counter('tna_register.destination_refused');
	let n = 0;
	for (const method of ['INVITE', 'MESSAGE', 'SUBSCRIBE', 'PUBLISH', 'REFER', 'OPTIONS', 'INFO']) {
		const headers = method === 'REFER' ? ['Refer-To: <sip:peer@home1.net>'] : method === 'SUBSCRIBE' ? ['Event: presence'] : [];
		for (const uri of ['sip:peer@elsewhere.net', 'tel:+1900123', 'sip:+1900123@home1.net;user=phone', 'sip:0900123@home1.net', 'urn:service:counseling']) {
			const no = await p.ask(method, { uri, to: 'sip:peer@home1.net', headers });
			assert.equal(no.status, 403, `${method} ${uri}: ${no.first}`);
			assert.equal(warning(no), 'this destination is not allowed from this web site');
			n++;
		}
		for (const uri of ['sip:peer@HOME1.net', 'tel:+1-555-1']) {
			p.send(p.request(method, { uri, headers }));
			const there = await site.inbox.request(method);
			site.reply(there, 486);
			assert.equal((await p.inbox.final(method)).status, 486, uri);
		}
	}
	assert.equal(await counter('tna_register.destination_refused') - refused, n);
	for (const to of ['<sip:peer@elsewhere.net>', 'sip:+1900@home1.net;user=phone']) {
		assert.equal((await p.ask('REFER', { uri: 'sip:peer@home1.net', headers: [`Refer-To: ${to}`] })).status, 403);
		assert.equal((await p.ask('REFER', { uri: 'sip:peer@home1.net', headers: [`r: ${to}`] })).status, 403);
	}
	assert.equal((await p.ask('REFER', { uri: 'sip:peer@home1.net' })).status, 400, 'to nowhere');
	assert.equal((await p.ask('INVITE', { uri: 'urn:service:sos', body: 'v=0\r\n' })).status, 380, 'emergency as ever');
	await calls(0);
});

test('limits_wwsf_destinations_own_identity_and_dialogs', async (t) => {
	await fresh('destination = sip:peer@home1.net\n');
	const p = await registered(t, 'own');
	p.send(p.request('SUBSCRIBE', { uri: p.aor, headers: ['Event: reg'] }));
	site.reply(await site.inbox.request('SUBSCRIBE'), 200);
	assert.equal((await p.inbox.final('SUBSCRIBE')).status, 200);
	// In the dialog the Request-URI is the other end's Contact.
	const { ok } = await site.callOut(p);
	assert.equal(uriOf(ok.get('Contact')), 'sip:peer@127.0.0.1:5070');
	p.send(p.request('INFO', within(ok)));
	site.reply(await site.inbox.request('INFO'), 200);
	assert.equal((await p.inbox.final('INFO')).status, 200);
	await hangUp(p, ok);
	await calls(0);
});

test('limits_wwsf_gone_from_the_configuration_begins_nothing', async (t) => {
	await fresh('');
	const p = await registered(t, 'gone');
	const { ok } = await site.callOut(p);
	await site.rewrite('[wwsf:other]\norigin = https://other.example\nissuer = home\nclient_id = other\nimpi = *@other.net\nimpu = sip:*@other.net\n');
	const text = await import('node:fs').then((fs) => fs.readFileSync(site.config, 'utf8'));
	const { writeFileSync } = await import('node:fs');
	writeFileSync(site.config, text.replace(/\[wwsf:shop\][^[]*/, ''));
	await site.rpc('webrtc_auth.reload');
	const cut = await p.ask('INVITE', { uri: 'sip:peer@home1.net', body: 'v=0\r\n' });
	assert.equal(cut.status, 403, cut.text);
	assert.equal((await p.ask('MESSAGE', { uri: 'sip:peer@home1.net' })).status, 403);
	site.send(site.request('INVITE', { uri: p.contact, to: p.aor, routes: [p.path], body: 'v=0\r\n' }));
	assert.equal((await site.inbox.final('INVITE')).status, 403);
	await hangUp(p, ok);
	await calls(0);
	assert.equal((await site.usage()).configured, 'no');
	writeFileSync(site.config, text);
	await site.rpc('webrtc_auth.reload');
	assert.equal((await site.usage()).configured, 'yes');
});

// --- From ---

const lent = (from) => `pool = pool*_private@home1.net\nfrom = ${from}\n`;

test('limits_wwsf_from_kept', async (t) => {
	await fresh(lent('keep'));
	const p = await registered(t, 'pool1');
	const { invite, ok } = await site.callOut(p, { display: '"The Bank" ' });
	assert.match(invite.get('From'), /^"The Bank" <sip:pool1@home1\.net>/);
	await hangUp(p, ok);
});

test('limits_wwsf_from_refused', async (t) => {
	await fresh(lent('refuse'));
	const [p, q] = [await registered(t, 'pool2'), await registered(t, 'staff')];
	for (const options of [{ display: '"The Bank" ' }, { from: 'sip:alias-pool2@home1.net' }, { from: 'sip:boss@home1.net' },
		{ from: 'sip:anonymous@anonymous.invalid' }, { headers: ['P-Preferred-Identity: <sip:alias-pool2@home1.net>'] }]) {
		for (const method of ['INVITE', 'MESSAGE']) {
			const no = await p.ask(method, { uri: 'sip:peer@home1.net', ...options });
			assert.equal(no.status, 403, JSON.stringify(options));
			assert.match(warning(no), /may not call under another name/);
		}
	}
	assert.equal(await counter('tna_register.from_refused'), 10);
	const { invite, ok } = await site.callOut(p);
	assert.equal(invite.get('P-Asserted-Identity'), '<sip:pool2@home1.net>');
	await hangUp(p, ok);
	// Not of the pool: his own name is his own.
	q.send(q.request('MESSAGE', { uri: 'sip:peer@home1.net', display: '"Staff" ', from: 'sip:alias-staff@home1.net' }));
	const message = await site.inbox.request('MESSAGE');
	assert.match(message.get('From'), /^"Staff" <sip:alias-staff@home1\.net>/);
	site.reply(message, 200);
	await calls(0);
});

test('limits_wwsf_from_replaced_in_the_whole_dialog', async (t) => {
	await fresh(lent('replace'));
	const p = await registered(t, 'pool3');
	const as = '<sip:pool3@home1.net>', wrote = '"The Bank" <sip:bank@evil.example>';
	p.send(p.request('INVITE', { uri: 'sip:peer@home1.net', display: '"The Bank" ', from: 'sip:bank@evil.example', headers: ['P-Preferred-Identity: "The Bank" <sip:alias-pool3@home1.net>'], body: 'v=0\r\n' }));
	const invite = await site.inbox.request('INVITE');
	assert.equal(invite.get('From'), `${as};tag=${invite.fromTag}`);
	assert.deepEqual(invite.all('P-Asserted-Identity'), [as]);
	assert.equal(invite.get('P-Preferred-Identity'), undefined);
	site.reply(invite, 180);
	assert.equal((await p.inbox.reply('INVITE', 180)).get('From'), `${wrote};tag=${invite.fromTag}`);
	site.reply(invite, 200);
	const ok = await p.inbox.reply('INVITE', 200);
	assert.equal(ok.get('From'), `${wrote};tag=${invite.fromTag}`);
	const mine = { ...within(ok), from: 'sip:bank@evil.example', display: '"The Bank" ' };
	p.send(p.request('ACK', { ...mine, cseq: ok.cseq, contact: false }));
	assert.equal((await site.inbox.request('ACK')).get('From'), `${as};tag=${invite.fromTag}`);
	// From the page.
	p.send(p.request('INFO', mine));
	const info = await site.inbox.request('INFO');
	assert.equal(info.get('From'), `${as};tag=${invite.fromTag}`);
	site.reply(info, 200);
	assert.equal((await p.inbox.reply('INFO', 200)).get('From'), `${wrote};tag=${invite.fromTag}`);
	// From the other end.
	site.send(site.request('INFO', { uri: p.contact, to: 'sip:pool3@home1.net', toTag: ok.fromTag, fromTag: ok.toTag, callId: ok.callId, cseq: 5, routes: ok.list('Record-Route') }));
	const to = await p.inbox.request('INFO');
	assert.equal(to.get('To'), `${wrote};tag=${invite.fromTag}`);
	p.send(answer(to, 200));
	assert.equal((await site.inbox.reply('INFO', 200)).get('To'), `${as};tag=${invite.fromTag}`);
	// The end.
	p.send(p.request('BYE', mine));
	const bye = await site.inbox.request('BYE');
	assert.equal(bye.get('From'), `${as};tag=${invite.fromTag}`);
	site.reply(bye, 200);
	assert.equal((await p.inbox.reply('BYE', 200)).get('From'), `${wrote};tag=${invite.fromTag}`);
	await calls(0);
	assert.equal(await counter('tna_register.from_replaced'), 1);
});

test('limits_wwsf_from_replaced_and_ended_from_here', async (t) => {
	await fresh(lent('replace'));
	const p = await registered(t, 'pool6');
	p.send(p.request('INVITE', { uri: 'sip:peer@home1.net', from: 'sip:bank@evil.example', body: 'v=0\r\n' }));
	site.reply(await site.inbox.request('INVITE'), 200);
	assert.match((await p.inbox.reply('INVITE', 200)).get('From'), /^<sip:bank@evil\.example>/);
	await site.rpc('tna.terminate', p.aor);
	const bye = await site.inbox.request('BYE');
	assert.match(bye.get('From'), /^<?sip:pool6@home1\.net>?;tag=/);
	site.reply(bye, 200);
	await p.inbox.request('BYE');
	await unused();
});

test('limits_wwsf_from_replaced_and_cancelled', async (t) => {
	await fresh(lent('replace'));
	const p = await registered(t, 'pool4');
	const options = { uri: 'sip:peer@home1.net', from: 'sip:bank@evil.example', callId: 'fc', cseq: 7, fromTag: 'ft', via: p.via() };
	p.send(p.request('INVITE', { ...options, body: 'v=0\r\n' }));
	const invite = await site.inbox.request('INVITE');
	site.reply(invite, 180);
	await p.inbox.reply('INVITE', 180);
	p.send(p.request('CANCEL', options));
	const cancel = await site.inbox.request('CANCEL');
	assert.equal(cancel.get('From'), invite.get('From'), 'the same as in the INVITE that it cancels');
	site.reply(cancel, 200);
	site.reply(invite, 487);
	const no = await p.inbox.final('INVITE');
	assert.equal(no.get('From'), '<sip:bank@evil.example>;tag=ft');
	const ack = await site.inbox.request('ACK');
	assert.equal(ack.get('From'), invite.get('From'));
	await calls(0);
});

test('limits_wwsf_from_replaced_without_a_dialog_and_when_called', async (t) => {
	await fresh(lent('replace'));
	const p = await registered(t, 'pool5');
	p.send(p.request('MESSAGE', { uri: 'sip:peer@home1.net', display: 'Bank ' }));
	const message = await site.inbox.request('MESSAGE');
	assert.match(message.get('From'), /^<sip:pool5@home1\.net>;tag=/);
	site.reply(message, 200);
	assert.match((await p.inbox.final('MESSAGE')).get('From'), /^Bank <sip:pool5@home1\.net>;tag=/);
	const { dialog, ok } = await site.callIn(p);
	const mine = { uri: 'sip:peer@127.0.0.1:5070', to: 'sip:peer@home1.net', toTag: ok.fromTag, fromTag: ok.toTag, callId: ok.callId, from: p.aor, display: '"The Bank" ',
		routes: ok.list('Record-Route').reverse().reverse() };
	p.send(p.request('INFO', mine));
	const info = await site.inbox.request('INFO');
	assert.match(info.get('From'), /^<sip:pool5@home1\.net>;tag=page/);
	site.reply(info, 200);
	assert.match((await p.inbox.final('INFO')).get('From'), /^"The Bank" </);
	site.send(site.request('BYE', { ...dialog, cseq: 9 }));
	p.send(answer(await p.inbox.request('BYE'), 200));
	await site.inbox.reply('BYE', 200);
	await calls(0);
});
