// SPDX-License-Identifier: BSD-2-Clause
// What a page with a token of its own tries with answers, and with a To tag
// of its own making: another identity, another way than its S-CSCF.
import test from 'node:test';
import assert from 'node:assert/strict';
import { answer, build, rand } from '../tna_register/support/sip.mjs';
import { Page } from '../tna_register/support/page.mjs';
import { Site, sleep } from '../tna_register/support/site.mjs';

let site, registrar;
test.before(async () => {
	site = await Site.start();
	registrar = site.registrar;
});
test.after(() => site.stop());

async function page(t, user) {
	const p = await Page.open(site, { user });
	t.after(() => p.drop());
	assert.equal((await p.register()).status, 200);
	p.path = site.path();
	return p;
}

const boss = 'P-Asserted-Identity: <sip:boss@home1.net>';
const evil = [boss, 'P-Charging-Vector: icid-value=evil', 'Record-Route: <sip:evil.example;lr>', 'Path: <sip:evil.example;lr>', 'Service-Route: <sip:evil.example;lr>'];

// tm makes a branch of what the sender knows: nobody has to guess it. Here it
// is read off the wire.
test('replies_page_cannot_answer_its_own_register', async (t) => {
	const p = await Page.open(site, { user: 'self' });
	t.after(() => { site.registrar = registrar; p.drop(); });
	const asked = new Promise((resolve) => { site.registrar = (req) => { resolve(req); return undefined; }; });
	p.send(p.registerText());
	const req = await asked;
	p.send(answer(req, 200, { tag: 'x', more: [`Contact: ${req.get('Contact')}`, 'P-Associated-URI: <sip:boss@home1.net>',
		`Service-Route: <sip:orig@127.0.0.1:${site.ports.core};lr>`] }));
	await p.inbox.none('200 of its own making', (m) => m.status === 200, 500);
	assert.deepEqual((await site.bindings()).filter((b) => b.impi === 'self_private@home1.net'), []);
	site.reply(req, 403);
});

for (const [what, lines] of Object.entries({
	header_without_colon: ['Not a header'],
	header_name_folded: [`P-Asserted-Identity\r\n : <sip:boss@home1.net>`],
	contact_open: ['Contact: <sip:a"b'],
	contact_star_and_more: ['Contact: *, <sip:a@b.example>'],
}))
	test(`replies_final_answer_is_cleaned_whatever_is_wrong_with_it_${what}`, async (t) => {
		const p = await page(t, `callee-${what.replace(/_/g, '-')}`);
		const callId = rand();
		site.send(site.request('INVITE', { uri: p.contact, to: p.aor, routes: [p.path], callId, body: 'v=0\r\n' }));
		const invite = await p.inbox.request('INVITE');
		p.send(answer(invite, 200, { tag: 'page', more: [...evil, ...lines, `Contact: <${p.contact}>`], body: 'v=0\r\n' }));
		await sleep(400);
		for (const m of site.inbox.seen.filter((x) => x.callId === callId)) assert.ok(!/boss|evil/.test(m.text), m.text);
	});

test('replies_of_no_transaction_go_nowhere', async (t) => {
	const p = await page(t, 'stray');
	const callId = rand();
	p.send(build('SIP/2.0 200 OK', [`Via: SIP/2.0/UDP 127.0.0.1:${site.ports.sip};branch=z9hG4bK${rand()}.0`,
		`Via: SIP/2.0/UDP 127.0.0.1:${site.ports.core};branch=z9hG4bK${rand()}`, 'From: <sip:boss@home1.net>;tag=1', 'To: <sip:x@home1.net>;tag=2',
		`Call-ID: ${callId}`, 'CSeq: 1 MESSAGE', boss]));
	await site.inbox.none('stray answer', (m) => m.callId === callId, 400);
});

// A page that was in one call has a flow token of its own; a To tag does not
// make a dialog of the next request.
test('replies_to_tag_without_a_dialog_gets_nowhere', async (t) => {
	const p = await page(t, 'tagged');
	const { invite } = await site.callOut(p);
	const own = invite.all('Record-Route')[0], core = `<sip:127.0.0.1:${site.ports.core};lr>`;
	for (const method of ['MESSAGE', 'INFO', 'INVITE']) {
		const callId = rand();
		p.send(p.request(method, { uri: 'sip:peer@192.0.2.66', toTag: 'forged', from: 'sip:boss@home1.net', callId,
			routes: [own, core, '<sip:192.0.2.66;lr>'] }));
		const r = await p.inbox.reply(method, (s) => s >= 400, (m) => m.callId === callId, 1500);
		assert.ok(r.status === 481 || r.status === 403, r.first);
		await site.inbox.none(`forged ${method}`, (m) => !m.status && m.callId === callId, 50);
	}
});

// And within a dialog it does not choose the hops behind the first one.
test('replies_route_within_a_dialog_is_the_dialogs', async (t) => {
	const p = await page(t, 'detour');
	p.send(p.request('INVITE', { uri: 'sip:peer@home1.net', body: 'v=0\r\n' }));
	const invite = await site.inbox.request('INVITE'), core = `<sip:127.0.0.1:${site.ports.core};lr>`;
	site.send(answer(invite, 200, { tag: 'core', more: [...invite.all('Record-Route').map((r) => `Record-Route: ${core}, ${r}`), `Contact: <sip:peer@127.0.0.1:${site.ports.core}>`] }));
	const ok = await p.inbox.reply('INVITE', 200);
	p.send(p.ackText(invite, ok));
	await site.inbox.request('ACK');
	const dialog = { uri: `sip:peer@127.0.0.1:${site.ports.core}`, to: 'sip:peer@home1.net', toTag: ok.toTag, fromTag: ok.fromTag, callId: ok.callId };
	const [own] = ok.list('Record-Route').reverse();
	p.send(p.request('INFO', { ...dialog, routes: [own, core, '<sip:192.0.2.66;lr>'] }));
	const info = await site.inbox.request('INFO', undefined, 1000).catch(() => undefined);
	assert.ok(!info || !info.text.includes('192.0.2.66'), info?.text);
});
