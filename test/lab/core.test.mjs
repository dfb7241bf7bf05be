// SPDX-License-Identifier: BSD-2-Clause
// The lab's core alone: HSS, I-CSCF, S-CSCF, P-CSCF and the phones. What is
// asserted is read from the wire, from the HSS's log, and from recordings.
// Run it in a namespace of its own: test/lab/in-netns node --test test/lab
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { DEFAULT_DIR, start, stop } from './lab.mjs';
import { ask } from './hss/control.mjs';
import { Phone } from './phones/baresip.mjs';
import { SipUe } from './phones/sipue.mjs';
import { parameters } from './phones/sipmessage.mjs';

const CORE = ['hss', 'icscf', 'scscf', 'pcscf'];
let dir;
let lab;

before(async () => {
	mkdirSync(path.dirname(DEFAULT_DIR), { recursive: true });
	dir = mkdtempSync(path.join(path.dirname(DEFAULT_DIR), 'lab-core-'));
	lab = await start({ dir, parts: [...CORE, 'alice', 'bob', 'numbers'] });
});

after(async () => {
	await stop({ dir });
	if (!process.env.KEEP_LAB)
		rmSync(dir, { recursive: true, force: true });
});

const hss = (command) => ask({ host: lab.nodes.hss.address, port: lab.nodes.hss.control }, command);

/** The HSS's messages about one IMPI, from a position in its log on. */
const logged = () => readFileSync(lab.nodes.hss.messages, 'utf8').trim().split('\n')
	.map((line) => JSON.parse(line));
const mark = () => logged().length;
const since = (position, impi) => logged().slice(position)
	.filter((m) => m['User-Name'] === impi && m.direction === 'in').map((m) => m.message);

async function ue(t, name, address, { leave, ...more } = {}) {
	const phone = await SipUe.open({ address, lab, user: lab.users[name], ...more });
	t.after(async () => {
		if (leave)
			assert.equal((await phone.register({ expires: 0 })).status, 200);
		phone.close();
	});
	return phone;
}

const node = (name) => ({ address: lab.nodes[name].address, port: lab.nodes[name].sip });

const tna = (impi, more = '') => ['Authorization', `Digest username="${impi}", `
	+ 'realm="registrar.home1.net", nonce="", uri="sip:home1.net", response="", '
	+ `integrity-protected="auth-done"${more}`];
const mw = () => [['P-Visited-Network-ID', 'home1.net'], ['Require', 'path'],
	['Path', '<sip:token@epcscf.home1.net:15060;lr>']];

test('digest_phone_registers', async (t) => {
	const carol = await ue(t, 'carol', '127.0.0.20');
	const from = mark();
	const response = await carol.register();
	assert.equal(response.status, 200);
	assert.equal(response.header('Service-Route'), '<sip:orig@scscf.home1.net:15060;lr>');
	assert.match(response.header('P-Associated-URI'), /<sip:carol@home1\.net>/);
	assert.deepEqual(since(from, 'carol@home1.net'), ['UAR', 'MAR', 'UAR', 'SAR']);
	const { state } = await hss({ cmd: 'show', impi: 'carol@home1.net' });
	assert.equal(state, 'registered');
	assert.equal((await carol.register({ expires: 0 })).status, 200);
	assert.equal((await hss({ cmd: 'show', impi: 'carol@home1.net' })).state, 'not registered');
});

test('digest_wrong_password_is_refused', async (t) => {
	const dave = await ue(t, 'dave', '127.0.0.21');
	const response = await dave.register({ password: 'not-it' });
	assert.equal(response.status, 403);
	assert.equal((await hss({ cmd: 'show', impi: 'dave@home1.net' })).state, 'not registered');
});

test('aka_phone_registers', async (t) => {
	const erin = await ue(t, 'erin', '127.0.0.22');
	const response = await erin.register();
	assert.equal(response.status, 200);
	assert.equal(erin.challenges, 1);
	const challenge = erin.trace.find((m) => !m.out && m.text.includes(' 401 ')).text;
	assert.match(challenge, /algorithm=AKAv1-MD5/);
	assert.equal((await erin.register({ expires: 0 })).status, 200);
});

test('aka_resynchronises_the_counter', async (t) => {
	const erin = await ue(t, 'erin', '127.0.0.22');
	// The UE has seen far more vectors than the HSS believes.
	erin.aka.sqn = Buffer.from('00000f000000', 'hex');
	const from = mark();
	const response = await erin.register();
	assert.equal(response.status, 200);
	assert.equal(erin.challenges, 2);
	const resync = logged().slice(from).find((m) => m.message === 'MAR'
		&& m['SIP-Auth-Data-Item']['SIP-Authorization']);
	assert.ok(resync, 'no MAR carried RAND and AUTS');
	assert.equal((await erin.register({ expires: 0 })).status, 200);
});

test('baresip_phones_registered_by_digest', async () => {
	for (const name of ['alice', 'bob']) {
		const { impi } = lab.users[name];
		assert.equal((await hss({ cmd: 'show', impi })).state, 'registered');
		assert.ok(since(0, impi).includes('MAR'), `${name} was not challenged`);
	}
});

test('call_phone_to_phone_is_heard_both_ways', async (t) => {
	const alice = await Phone.connect(lab.users.alice);
	const bob = await Phone.connect(lab.users.bob);
	t.after(() => { alice.close(); bob.close(); });
	bob.autoAnswer();
	await alice.dial('sip:bob@home1.net');
	await alice.event('CALL_ESTABLISHED');
	for (const phone of [alice, bob]) {
		const { rms, frequency } = await phone.heard();
		assert.ok(rms > 0.1, `${phone.user.impi} hears rms ${rms}`);
		assert.equal(frequency, 440);
	}
	await alice.hangup();
	await bob.event('CALL_CLOSED');
});

test('call_to_the_echo_number_comes_back', async (t) => {
	const alice = await Phone.connect(lab.users.alice);
	t.after(() => alice.close());
	const before = alice.recordings().length;
	await alice.dial('sip:600@home1.net');
	await alice.event('CALL_ESTABLISHED');
	const { rms, frequency } = await alice.heard({ newerThan: before });
	assert.ok(rms > 0.1, `rms ${rms}`);
	assert.equal(frequency, 440);
	await alice.hangup();
	await alice.event('CALL_CLOSED');
});

/** carol and dave registered, for the call tests. */
async function pair(t) {
	const carol = await ue(t, 'carol', '127.0.0.23', { leave: true });
	const dave = await ue(t, 'dave', '127.0.0.24', { leave: true });
	for (const phone of [carol, dave])
		assert.equal((await phone.register()).status, 200);
	return { carol, dave };
}

test('call_asserts_identity_and_drops_claims', async (t) => {
	const { carol, dave } = await pair(t);
	const ringing = dave.answer();
	const call = await carol.call('sip:dave@home1.net', { headers: [
		['P-Asserted-Identity', '<sip:alice@home1.net>'],
		['P-Preferred-Identity', '<sip:bob@home1.net>'],
		['P-Served-User', '<sip:alice@home1.net>']] });
	const invite = await ringing;
	assert.equal(call.status, 200);
	assert.deepEqual(invite.all('P-Asserted-Identity'), ['<sip:carol@home1.net>']);
	assert.equal(invite.header('P-Preferred-Identity'), undefined);
	assert.equal(invite.header('P-Served-User'), undefined);
	// P-CSCF and S-CSCF, once for each half, stay in the dialog.
	const hops = invite.addresses('Record-Route').map((r) => /sip:([0-9.]+)/.exec(r)[1]);
	for (const name of ['pcscf', 'scscf'])
		assert.ok(hops.filter((h) => h === lab.nodes[name].address).length >= 2, name);
	const bye = dave.next('BYE');
	assert.equal((await call.bye()).status, 200);
	await bye;
});

test('call_to_a_number_reaches_its_owner', async (t) => {
	const { carol } = await pair(t);
	const bob = await Phone.connect(lab.users.bob);
	t.after(() => bob.close());
	bob.autoAnswer();
	const call = await carol.call('tel:+15550000102');
	assert.equal(call.status, 200);
	await bob.event('CALL_ESTABLISHED');
	assert.equal((await call.bye()).status, 200);
});

test('call_refused_by_the_callee_stays_refused', async (t) => {
	const { carol, dave } = await pair(t);
	dave.answer({ status: 486, reason: 'Busy Here' });
	assert.equal((await carol.call('sip:dave@home1.net')).status, 486);
});

test('call_to_an_unregistered_user_gets_480', async (t) => {
	const { carol } = await pair(t);
	assert.equal((await carol.call('sip:user4@home1.net')).status, 480);
});

test('call_to_an_unknown_user_gets_404_or_604', async (t) => {
	const { carol } = await pair(t);
	assert.ok([404, 604].includes((await carol.call('sip:nobody@home1.net')).status));
});

test('call_from_an_unregistered_phone_gets_403', async (t) => {
	const carol = await ue(t, 'carol', '127.0.0.25');
	assert.equal((await carol.call('sip:alice@home1.net')).status, 403);
});

test('message_passes', async (t) => {
	const { carol, dave } = await pair(t);
	const incoming = dave.next('MESSAGE').then((m) => { dave.reply(m, 200, 'OK'); return m; });
	assert.equal((await carol.message('sip:dave@home1.net', 'hello dave')).status, 200);
	const message = await incoming;
	assert.equal(message.body, 'hello dave');
	assert.equal(message.header('P-Asserted-Identity'), '<sip:carol@home1.net>');
});

test('subscription_to_the_own_registration_is_notified', async (t) => {
	const { carol } = await pair(t);
	const notify = carol.next('NOTIFY').then((m) => { carol.reply(m, 200, 'OK'); return m; });
	const response = await carol.transact('SUBSCRIBE', carol.aor, [
		['From', `<${carol.aor}>;tag=s1`], ['To', `<${carol.aor}>`], ['Call-ID', 'reg-carol'],
		['Contact', carol.contact], ['Event', 'reg'], ['Expires', '600'],
		['Accept', 'application/reginfo+xml']]);
	assert.equal(response.status, 200);
	const { body } = await notify;
	assert.match(body, /aor="sip:carol@home1\.net"[^]*state="active"/);
});

test('auth_done_of_the_epcscf_is_believed', async (t) => {
	const { impi } = lab.users.user1;
	const epcscf = await ue(t, 'user1', lab.nodes.epcscf.address,
		{ port: lab.nodes.epcscf.sip, proxy: node('icscf') });
	const from = mark();
	const response = await epcscf.registerOnce([tna(impi,
		', authorization-entity="webrtc_authserver1@thirdparty.net"'), ...mw()]);
	assert.equal(response.status, 200);
	assert.match(response.header('P-Associated-URI'), /<sip:user1@home1\.net>/);
	assert.match(response.header('P-Associated-URI'), /<tel:\+15550000001>/);
	// The S-CSCF asks for the list first, then the registrar registers.
	assert.deepEqual(since(from, impi), ['UAR', 'SAR', 'SAR', 'SAR'], 'a MAR was sent, or no SAR');
	assert.deepEqual(logged().slice(from).filter((m) => m.message === 'SAR')
		.map((m) => m['Server-Assignment-Type']), [0, 1, 1]);
	const saa = logged().slice(from).find((m) => m.message === 'SAA'
		&& m['Allowed-WAF-WWSF-Identities']);
	assert.deepEqual(saa['Allowed-WAF-WWSF-Identities'], {
		'WebRTC-Authentication-Function-Name': 'webrtc_authserver1@thirdparty.net',
		'WebRTC-Web-Server-Function-Name': 'wwsf.thirdparty.net' });
	const again = mark();
	assert.equal((await epcscf.registerOnce([tna(impi), ...mw()])).status, 200);
	const sar = logged().slice(again).find((m) => m.message === 'SAR');
	assert.equal(sar['Server-Assignment-Type'], 2);

	// A call to this user goes along the Path, to the eP-CSCF.
	const { carol } = await pair(t);
	const ringing = epcscf.answer();
	const call = await carol.call('sip:user1@home1.net');
	const invite = await ringing;
	assert.equal(call.status, 200);
	assert.equal(invite.addresses('Route')[0], '<sip:token@epcscf.home1.net:15060;lr>');
	assert.equal((await epcscf.registerOnce([tna(impi), ...mw()], { expires: 0 })).status, 200);
});

/** Nothing about this user may have reached the HSS as an assignment. */
async function assertNotRegistered(from, impi) {
	assert.ok(!since(from, impi).includes('SAR'), 'a SAR was sent');
	assert.equal((await hss({ cmd: 'show', impi })).state, 'not registered');
}

test('leaving_with_an_unknown_contact_harms_nobody', async (t) => {
	const { impi } = lab.users.user3;
	const epcscf = await ue(t, 'user3', lab.nodes.epcscf.address,
		{ port: lab.nodes.epcscf.sip, proxy: node('icscf') });
	const as = (contact, expires) => {
		epcscf.user = { ...lab.users.user3, impi: `${contact}@home1.net` };
		return epcscf.registerOnce([tna(impi), ...mw()], { expires });
	};
	const { carol } = await pair(t);
	for (const [contact, expires] of [['tab1', 600], ['tab2', 0], ['tab1', 0], ['tab1', 600],
		['tab2', 600], ['tab1', 0], ['tab1', 0]])
		assert.equal((await as(contact, expires)).status, 200, `${contact} ${expires}`);
	// The other tab is still there, and is the one that is called.
	const ringing = epcscf.answer();
	assert.equal((await carol.call('sip:user3@home1.net')).status, 200);
	assert.match((await ringing).uri, /^sip:tab2@/);
	assert.equal((await as('tab2', 0)).status, 200);
	assert.equal((await carol.call('sip:user3@home1.net')).status, 480);
});

test('auth_done_of_a_foreign_host_is_refused', async (t) => {
	const { impi } = lab.users.user2;
	const foreign = await ue(t, 'user2', '127.0.0.66', { proxy: node('icscf') });
	const from = mark();
	assert.equal((await foreign.registerOnce([tna(impi), ...mw()])).status, 403);
	assert.deepEqual(since(from, impi), [], 'the HSS was asked');
	await assertNotRegistered(from, impi);
});

test('auth_done_directly_at_the_scscf_is_refused', async (t) => {
	const { impi } = lab.users.user2;
	for (const address of ['127.0.0.66', lab.nodes.pcscf.address, lab.nodes.epcscf.address]) {
		const sender = await ue(t, 'user2', address, { port: 5062, proxy: node('scscf') });
		const from = mark();
		assert.equal((await sender.registerOnce([tna(impi), ...mw()])).status, 403, address);
		await assertNotRegistered(from, impi);
	}
});

test('auth_done_of_a_phone_does_not_pass_the_pcscf', async (t) => {
	const { impi } = lab.users.user2;
	const phone = await ue(t, 'user2', '127.0.0.26');
	const spellings = [
		tna(impi), tna(impi, ', authorization-entity="webrtc_authserver1@thirdparty.net"'),
		['authorization', tna(impi)[1].replace('integrity', 'Integrity')],
		['Authorization', tna(impi)[1].replace('="auth-done"', ' =\r\n\tauth-done')],
		['Authorization', tna(impi)[1].replace('integrity-protected', 'opaque="",integrity-protected')],
		['Authorization', `Digest username="${impi}, integrity-protected=\\"auth-done", realm="x"`],
	];
	for (const header of spellings) {
		const from = mark();
		const response = await phone.registerOnce([header]);
		assert.ok([400, 401, 403].includes(response.status),
			`${response.status} for ${header[1]}`);
		await assertNotRegistered(from, impi);
	}
});

test('auth_done_of_a_pcscf_is_refused', async (t) => {
	const { impi } = lab.users.user2;
	const sender = await ue(t, 'user2', lab.nodes.pcscf.address,
		{ port: 5063, proxy: node('icscf') });
	const from = mark();
	assert.equal((await sender.registerOnce([tna(impi), ...mw()])).status, 403);
	await assertNotRegistered(from, impi);
});

test('auth_done_in_any_of_several_authorizations_is_refused', async (t) => {
	const { impi } = lab.users.user2;
	const plain = ['Authorization', `Digest username="${impi}", realm="home1.net", nonce="", `
		+ 'uri="sip:home1.net", response=""'];
	const bearer = ['Authorization', 'Bearer abc'];
	const pairs = [[plain, tna(impi)], [tna(impi), plain], [bearer, tna(impi)]];
	const foreign = await ue(t, 'user2', '127.0.0.66', { proxy: node('icscf') });
	const phone = await ue(t, 'user2', '127.0.0.27');
	const epcscf = await ue(t, 'user2', lab.nodes.epcscf.address,
		{ port: lab.nodes.epcscf.sip, proxy: node('icscf') });
	for (const headers of pairs) {
		for (const sender of [foreign, phone, epcscf]) {
			const from = mark();
			const response = await sender.registerOnce([...headers,
				...(sender === phone ? [] : mw())]);
			assert.ok([400, 401, 403].includes(response.status), `${response.status} from `
				+ `${sender.address} for ${headers.map(([, v]) => v.slice(0, 20))}`);
			await assertNotRegistered(from, impi);
		}
	}
});

test('algorithm_akav1_does_not_skip_authentication', async (t) => {
	const { impi } = lab.users.user2;
	const header = (more) => ['Authorization', `Digest username="${impi}", realm="home1.net", `
		+ `nonce="", uri="sip:home1.net", response="", algorithm=AKAv1-MD5${more}`];
	const senders = [
		[await ue(t, 'user2', '127.0.0.28'), '', []],
		[await ue(t, 'user2', '127.0.0.66', { port: 5064, proxy: node('icscf') }), '', mw()],
		[await ue(t, 'user2', '127.0.0.29'), ', integrity-protected="auth-done"', []],
	];
	for (const [sender, more, headers] of senders) {
		const from = mark();
		const response = await sender.registerOnce([header(more), ...headers]);
		assert.equal(response.status, 401);
		// The user has a password: that is what it is asked for.
		assert.match(parameters(response.header('WWW-Authenticate')).algorithm, /^MD5$/i);
		await assertNotRegistered(from, impi);
	}
});

test('auth_done_inside_a_quoted_string_is_not_believed', async (t) => {
	const { impi } = lab.users.user2;
	const epcscf = await ue(t, 'user2', lab.nodes.epcscf.address,
		{ port: lab.nodes.epcscf.sip, proxy: node('icscf') });
	const values = ['opaque="a, integrity-protected=auth-done"',
		'opaque="a\\", integrity-protected=\\"auth-done"',
		'opaque="a\\", integrity-protected=auth-done, x=\\""'];
	for (const value of values) {
		const from = mark();
		const response = await epcscf.registerOnce([['Authorization',
			`Digest username="${impi}", realm="home1.net", nonce="", uri="sip:home1.net", `
			+ `response="", ${value}, integrity-protected="tls-pending"`], ...mw()]);
		assert.ok([400, 401, 403].includes(response.status), `${response.status} for ${value}`);
		await assertNotRegistered(from, impi);
	}
});

test('digest_over_tls_through_the_epcscf_is_challenged', async (t) => {
	const epcscf = await ue(t, 'user2', lab.nodes.epcscf.address,
		{ port: lab.nodes.epcscf.sip, proxy: node('icscf') });
	// Scenario 1: the P-CSCF says how it was protected, the S-CSCF authenticates.
	epcscf.protection = 'tls-pending';
	const from = mark();
	assert.equal((await epcscf.register({ headers: mw() })).status, 200);
	assert.deepEqual(since(from, epcscf.user.impi), ['UAR', 'MAR', 'UAR', 'SAR']);
	assert.equal((await epcscf.register({ headers: mw(), expires: 0 })).status, 200);
});

test('hss_deregisters_a_user', async (t) => {
	const carol = await ue(t, 'carol', '127.0.0.23', { leave: true });
	const dave = await ue(t, 'dave', '127.0.0.30');
	for (const phone of [carol, dave])
		assert.equal((await phone.register()).status, 200);
	assert.equal((await hss({ cmd: 'rtr', impi: 'dave@home1.net' })).result, 2001);
	assert.equal((await carol.call('sip:dave@home1.net')).status, 480);
	assert.equal((await dave.register()).status, 200);
	const ringing = dave.answer();
	assert.equal((await carol.call('sip:dave@home1.net')).status, 200);
	await ringing;
	assert.equal((await dave.register({ expires: 0 })).status, 200);
});

test('hss_refusing_ends_in_an_error', async (t) => {
	const carol = await ue(t, 'carol', '127.0.0.31');
	await hss({ cmd: 'fault', request: 'SAR', result: 5012, times: 1 });
	const refused = await carol.register();
	assert.ok(refused.status >= 400, String(refused.status));
	await hss({ cmd: 'fault', request: 'UAR', result: 5004, experimental: true, times: 1 });
	assert.equal((await carol.register()).status, 403);
	assert.equal((await carol.register()).status, 200);
	assert.equal((await carol.register({ expires: 0 })).status, 200);
});
