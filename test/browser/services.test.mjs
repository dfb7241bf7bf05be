// SPDX-License-Identifier: BSD-2-Clause
// Any IMS service passes (TS 23.228 U.2.2): MESSAGE, SUBSCRIBE and NOTIFY, REFER
// and a conference, between a page and services that the whole core is between.
import test from 'node:test';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { Session, MICROPHONE_HZ, PHONE_HZ, until } from './session.mjs';
import { header } from './frames.mjs';

const SMS = 'application/vnd.3gpp.sms';
const SWITCHBOARD_HZ = 500;
const CONFERENCE_HZ = 620;
const sha256 = (octets) => createHash('sha256').update(octets).digest('hex');
// Every value, what ends a header section, what is no UTF-8, and a NUL at the end.
const OCTETS = Buffer.concat([Buffer.from('\r\n\r\n\0SIP/2.0 200 OK\r\n'), Buffer.from(Array.from({ length: 256 }, (_, i) => i)),
	Buffer.from('c328a0a1e28228ff00', 'hex')]);

let session, page;

test.before(async () => {
	session = await Session.begin('services', { capture: true });
	page = await session.signedIn('user1');
	await keepMessages(page);
});
test.after(() => session?.end());
test.afterEach(async () => {
	await page.page.evaluate(() => globalThis.line?.hangup());
	await session.noMedia();
});

function keepMessages(client) {
	return client.page.evaluate(() => {
		globalThis.got = [];
		globalThis.line.on('message', ({ octets, ...m }) => globalThis.got.push({ ...m, octets: [...octets] }));
	});
}

/** What the services wrote: [{event, …fields}], newest last. */
function logged(service, event) {
	return session.log('services').split('\n').map((line) => {
		const [, name, rest] = /^\d\S+ services (\S+) ?(.*)$/.exec(line) ?? [];
		return { event: name, ...Object.fromEntries([...(rest ?? '').matchAll(/(\w+)=("(?:[^"\\]|\\.)*"|\S+)/g)]
			.map(([, key, value]) => [key, JSON.parse(value)])) };
	}).filter((l) => l.service === service && l.event === event);
}

/** The next line of its kind after those that `before` had. */
const next = (service, event, before) => until(`${service}: ${event}`, () => logged(service, event)[before]);

const send = (client, to, octets, type) => client.page.evaluate(
	([target, values, given]) => globalThis.line.sendMessage(target, new Uint8Array(values), { type: given }), [to, [...octets], type]);

const message = (client, n) => until(`message ${n}`, () => client.page.evaluate((at) => globalThis.got[at], n - 1));
const messages_n = (client) => client.page.evaluate(() => globalThis.got.length);

async function hears(client, hz, who) {
	const heard = await client.heard(1500);
	assert.ok(heard.level > 0.02, `${who} hears silence (${heard.level})`);
	assert.ok(Math.abs(heard.hz - hz) < 15, `${who} hears ${heard.hz} Hz, not ${hz}`);
}

test('message_of_text_goes_there_and_comes_back', async () => {
	const text = 'Grüße aus dem Browser: 你好 🎉\r\n\r\nzweite Zeile';
	const n = logged('sms', 'message').length;
	const answer = await page.page.evaluate((body) => globalThis.line.sendMessage('sms', body), text);
	assert.deepEqual(answer, { code: 200 });
	const there = await next('sms', 'message', n);
	assert.equal(there.sha256, sha256(Buffer.from(text)));
	assert.equal(there.asserted, '<sip:user1@home1.net>');
	const back = await message(page, 1);
	assert.equal(back.text, text);
	assert.equal(back.from, 'sip:sms@home1.net');
	assert.match(back.type, /^text\/plain$/);
});

test('message_with_an_sms_is_the_same_octets_at_both_ends', async () => {
	const [n, sent] = [logged('sms', 'message').length, await messages_n(page)];
	assert.deepEqual(await send(page, 'sms', OCTETS, SMS), { code: 202 });
	const there = await next('sms', 'message', n);
	assert.equal(there.octets_n, OCTETS.length);
	assert.equal(there.sha256, sha256(OCTETS));
	const back = await message(page, sent + 1);
	const answered = (await next('sms', 'answered', n)).sha256;
	assert.equal(back.type, SMS);
	assert.equal(sha256(Buffer.from(back.octets)), answered);
	assert.equal(answered, sha256(Buffer.from(OCTETS).reverse()));
	// Text frames must be UTF-8 (RFC 6455 5.6): this was none.
	const frame = page.frames.findLast((f) => f.sent && f.text.startsWith('MESSAGE '));
	assert.equal(frame.opcode, 2);
	assert.match(header(frame.text, 'Authorization'), /^Bearer /);
});

test('message_with_octets_from_page_to_page', async () => {
	const other = await session.signedIn('user2');
	await keepMessages(other);
	const before = await messages_n(page);
	await send(page, 'user2', OCTETS, SMS);
	const there = await message(other, 1);
	assert.equal(sha256(Buffer.from(there.octets)), sha256(OCTETS));
	assert.deepEqual([there.from, there.type, there.text], ['sip:user1@home1.net', SMS, undefined]);
	await send(other, 'user1', Buffer.from(OCTETS).reverse(), 'application/octet-stream');
	const back = await message(page, before + 1);
	assert.equal(sha256(Buffer.from(back.octets)), sha256(Buffer.from(OCTETS).reverse()));
	await other.close();
});

test('message_that_is_larger_than_a_datagram_is_the_same_octets', async () => {
	const octets = Buffer.concat(Array.from({ length: 10 }, () => OCTETS));
	const [n, sent] = [logged('sms', 'message').length, await messages_n(page)];
	await send(page, 'sms', octets, SMS);
	assert.equal((await next('sms', 'message', n)).sha256, sha256(octets));
	assert.equal(sha256(Buffer.from((await message(page, sent + 1)).octets)), sha256(Buffer.from(octets).reverse()));
});

test('message_says_who_the_network_says_it_is_from', async () => {
	const asserted = async (headers) => {
		const n = logged('sms', 'message').length;
		await page.page.evaluate((more) => globalThis.line.sendMessage('sms', 'who am I', { headers: more }), headers);
		return (await next('sms', 'message', n)).asserted;
	};
	assert.equal(await asserted({ 'P-Asserted-Identity': '<sip:alice@home1.net>' }), '<sip:user1@home1.net>');
	assert.equal(await asserted({ 'P-Preferred-Identity': '<sip:alice@home1.net>' }), '<sip:user1@home1.net>');
	assert.equal(await asserted({ 'P-Preferred-Identity': '<sip:+15550000001@home1.net>' }), '<sip:+15550000001@home1.net>');
});

test('message_that_nobody_takes_is_an_error_with_its_status', async () => {
	const codes = await page.page.evaluate(async () => {
		const status = (sending) => sending.then(() => 0, (error) => error.status);
		return [await status(globalThis.line.sendMessage('carol', 'nobody there')),
			await status(globalThis.line.sendMessage('sms', new Uint8Array([1]), { type: 'image/png' }))];
	});
	assert.deepEqual(codes, [480, 415]);
});

/** In the page: globalThis.sub, and what it told in globalThis.told. */
function subscribe(target, event, options) {
	return page.page.evaluate(([number, name, more]) => {
		globalThis.told = [];
		globalThis.sub = globalThis.line.subscribe(number, name, more);
		globalThis.sub.on('notify', ({ value, type, final }) => globalThis.told.push({ value, type, final }));
		globalThis.sub.on('state', ({ state, reason }) => globalThis.told.push({ state, reason }));
	}, [target, event, options]);
}

const told = (what, probe) => until(what, async () => {
	const all = await page.page.evaluate(() => globalThis.told);
	return all.find(probe) && all;
});
const summary = (new_n) => (t) => t.value?.classes?.['voice-message']?.new_n === new_n;
const MAILBOX = { accept: 'application/simple-message-summary' };

test('subscribe_to_message_summary_with_a_change_a_refresh_and_its_end', async () => {
	const n = logged('voicemail', 'subscribed').length;
	await subscribe('voicemail', 'message-summary', { ...MAILBOX, expires_s: 600 });
	await told('active', (t) => t.state === 'active');
	const [{ value, type }] = (await told('the first NOTIFY', summary(2))).filter((t) => t.value);
	assert.equal(type, 'application/simple-message-summary');
	assert.deepEqual(value, { waiting: true, account: 'sip:voicemail@home1.net', classes: { 'voice-message': { new_n: 2, old_n: 8 } } });
	assert.equal((await next('voicemail', 'subscribed', n)).from, '<sip:user1@home1.net>');
	await page.page.evaluate(() => globalThis.line.sendMessage('voicemail', 'call me'));
	await told('a NOTIFY of the change', summary(3));

	const before = (await page.page.evaluate(() => globalThis.told)).length;
	await page.page.evaluate(() => globalThis.sub.refresh());
	assert.equal((await next('voicemail', 'subscribed', n + 1)).refresh, true);
	await until('the NOTIFY of the refresh', async () => (await page.page.evaluate(() => globalThis.told)).length > before);

	await page.page.evaluate(() => globalThis.sub.unsubscribe());
	const all = await page.page.evaluate(() => globalThis.told);
	assert.deepEqual(all.at(-1), { state: 'terminated', reason: 'timeout' });
	assert.equal(all.findLast((t) => t.value).final, true);
	assert.equal(logged('voicemail', 'subscription-ended').at(-1).reason, 'timeout');
	assert.equal(logged('voicemail', 'notify-failed').length, 0);
});

test('subscribe_whose_notify_overtakes_the_answer_goes_on', async () => {
	const n = logged('hasty', 'subscribed').length;
	await subscribe('hasty', 'message-summary', { ...MAILBOX, expires_s: 600 });
	await told('the first NOTIFY', summary(2));
	const first = page.messages(/^(SIP\/2\.0 200 [^]*?CSeq: \d+ SUBSCRIBE|NOTIFY )/, false).at(-2);
	assert.match(first, /^NOTIFY /);
	await page.page.evaluate(() => globalThis.sub.refresh());
	assert.equal((await next('hasty', 'subscribed', n + 1)).refresh, true);
	await page.page.evaluate(() => globalThis.sub.unsubscribe());
	assert.deepEqual((await page.page.evaluate(() => globalThis.told)).at(-1), { state: 'terminated', reason: 'timeout' });
	assert.equal(logged('hasty', 'notify-failed').length, 0);
});

test('subscribe_is_refreshed_by_itself_before_it_ends', async () => {
	const n = logged('voicemail', 'subscribed').length;
	await subscribe('voicemail', 'message-summary', { ...MAILBOX, expires_s: 7 });
	assert.equal((await next('voicemail', 'subscribed', n)).expires_s, 7);
	assert.equal((await next('voicemail', 'subscribed', n + 1)).refresh, true);
	assert.equal(await page.page.evaluate(() => globalThis.sub.state), 'active');
	await page.page.evaluate(() => globalThis.sub.unsubscribe());
});

test('subscribe_to_what_the_service_does_not_have_ends_in_words', async () => {
	await subscribe('voicemail', 'presence', { accept: 'application/pidf+xml' });
	const all = await told('its end', (t) => t.state === 'terminated');
	assert.deepEqual(all, [{ state: 'terminated', reason: 'refused' }]);
});

test('transfer_by_the_page_sends_its_peer_to_another_number', async () => {
	const n = logged('switchboard', 'transferred').length;
	await page.dial('switchboard');
	await page.callState('connected');
	await hears(page, SWITCHBOARD_HZ, 'the page');
	assert.deepEqual(await page.page.evaluate(() => globalThis.line.currentCall.transfer('601')), { code: 200 });
	await page.callState('ended');
	assert.equal(logged('switchboard', 'referred').at(-1).by, '<sip:user1@home1.net>');
	const { hz, to } = await next('switchboard', 'transferred', n);
	assert.equal(to, 'sip:601@home1.net');
	assert.ok(Math.abs(hz - PHONE_HZ) < 15, `the transferred one hears ${hz} Hz`);
});

test('transfer_that_fails_leaves_the_call', async () => {
	await page.dial('switchboard');
	await page.callState('connected');
	const status = await page.page.evaluate(() => globalThis.line.currentCall.transfer('carol').then(() => 0, (e) => e.status));
	assert.equal(status, 480);
	await hears(page, SWITCHBOARD_HZ, 'the page');
	await page.hangup();
});

test('transfer_by_the_core_takes_the_page_to_another_number', async () => {
	await page.dial('switchboard');
	await page.callState('connected');
	await page.page.evaluate(() => {
		globalThis.first = globalThis.line.currentCall;
		globalThis.first.dtmf('1');
	});
	await page.page.waitForFunction(() => {
		const { line, first } = globalThis;
		return first.state === 'ended' && line.currentCall !== first && line.currentCall?.state === 'connected';
	}, null, { timeout: 10000 });
	assert.equal(await page.page.evaluate(() => globalThis.line.currentCall.uri), 'sip:601@home1.net');
	await hears(page, PHONE_HZ, 'the page');
	assert.equal(logged('switchboard', 'refer-answered').at(-1).status, 202);
	assert.match(logged('switchboard', 'refer-notified').at(-1).state, /^terminated/);
	await page.hangup();
});

test('transfer_by_the_core_is_declined_where_nobody_listens', async () => {
	const n = logged('switchboard', 'refer-notified').length;
	const tab = await page.page.context().newPage();
	await tab.goto(new URL('/minimal.html', session.lab.urls.page).href);
	await tab.waitForFunction(() => globalThis.line?.registered);
	await tab.evaluate(() => globalThis.line.call('switchboard'));
	await tab.waitForFunction(() => globalThis.line.currentCall?.state === 'connected');
	await tab.evaluate(() => globalThis.line.dtmf('1'));
	assert.equal((await next('switchboard', 'refer-notified', n)).status, 100);
	assert.equal((await next('switchboard', 'refer-notified', n + 1)).status, 603);
	assert.equal(await tab.evaluate(() => globalThis.line.currentCall.state), 'connected');
	await tab.evaluate(() => globalThis.line.hangup());
	await tab.waitForFunction(() => !globalThis.line.currentCall);
	await tab.close();
});

test('conference_focus_is_called_and_tells_who_is_there', async () => {
	await page.dial('conference');
	await page.callState('connected');
	await hears(page, CONFERENCE_HZ, 'the page');
	assert.equal(await page.page.evaluate(() => globalThis.line.currentCall.focus), true);
	await page.page.evaluate(() => {
		globalThis.told = [];
		globalThis.sub = globalThis.line.currentCall.roster();
		globalThis.sub.on('notify', (n) => globalThis.told.push({ value: n.value, type: n.type }));
	});
	const [first] = await told('who is there', (t) => t.value);
	assert.equal(first.type, 'application/conference-info+xml');
	assert.deepEqual(first.value.users, ['sip:user1@home1.net']);
	await page.hangup();
	await told('nobody there', (t) => t.value.users.length === 0);
	await page.page.evaluate(() => globalThis.sub.unsubscribe());
});

test('third_party_wwsf_and_the_operators_work_at_the_same_time', async () => {
	const guest = await session.open(session.lab.urls.pagePartner);
	await guest.registered();
	await guest.page.check('#raw');
	await keepMessages(guest);
	const [name, impi] = await guest.page.evaluate(() => [globalThis.line.identity, globalThis.line.impi]);
	assert.match(impi, /^pool\d_private@home1\.net$/);
	assert.ok(await page.page.evaluate(() => globalThis.line.registered));
	await page.page.evaluate((to) => globalThis.line.sendMessage(to, 'from the operator\'s page'), name);
	assert.equal((await message(guest, 1)).from, 'sip:user1@home1.net');
	const before = await messages_n(page);
	await guest.page.evaluate(() => globalThis.line.sendMessage('user1', 'from the partner\'s page'));
	assert.equal((await message(page, before + 1)).from, name);
	await guest.dial('user1');
	await page.callState('incoming');
	await page.page.click('#answer');
	await guest.callState('connected');
	await page.callState('connected');
	await hears(guest, MICROPHONE_HZ, 'the guest');
	await hears(page, MICROPHONE_HZ, 'the page');
	await guest.hangup();
	await page.callState('ended');
	await guest.close();
});

test('no_token_reached_ims_and_identities_are_asserted', async () => {
	await session.stopCapture();
	const all = session.core();
	const { epcscf } = session.lab.nodes;
	// A page's: the eP-CSCF subscribes to the registration event for itself.
	const out = (method) => all.filter((m) => m.src === epcscf.address && m.text.startsWith(`${method} `)
		&& !/\r\nEvent:\s*reg\b/i.test(m.text));
	const asserted = (list) => [...new Set(list.map((m) => header(m.text, 'P-Asserted-Identity')))];
	const inside = (m) => /;\s*tag=/.test(header(m.text, 'To'));
	for (const method of ['MESSAGE', 'SUBSCRIBE', 'REFER', 'NOTIFY']) assert.ok(out(method).length, `no ${method} of a page on Mw`);
	for (const { src, text } of all) {
		assert.doesNotMatch(text, /bearer/i);
		if (src === epcscf.address) assert.doesNotMatch(text, /\r\nP-Preferred-Identity/i);
	}
	for (const method of ['MESSAGE', 'SUBSCRIBE', 'INVITE']) {
		for (const who of asserted(out(method).filter((m) => !inside(m)))) {
			assert.match(who, /^<sip:(user1|user2|guest\d|\+15550000001)@home1\.net>$/, `${method} says ${who}`);
		}
	}
});

test('the_pages_saw_no_script_error', () => {
	assert.deepEqual(page.errors, []);
});
