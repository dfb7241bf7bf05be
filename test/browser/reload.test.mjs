// SPDX-License-Identifier: BSD-2-Clause
// A page that is loaded again is the same client: one contact at the S-CSCF, one
// binding at the eP-CSCF, and what comes for its old calls reaches it.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Session, until } from './session.mjs';
import { header } from './frames.mjs';

const RELOADS = 50;
const IMPU = 'sip:user1@home1.net';
let session, page, alice;

test.before(async () => {
	session = await Session.begin('reload');
	alice = await session.phone('alice');
	page = await session.signedIn('user1');
});
test.after(() => session?.end());

const contacts = () => session.rpc('scscf', 'ulscscf.showimpu', IMPU).match(/\bsips?:[^\s"<>]*\.invalid[^\s"<>]*/g) ?? [];
const bindings = () => session.rpc('epcscf', 'tna.list').match(/user1_private@home1\.net/g) ?? [];
const registers = (sent) => page.messages(/^REGISTER /, sent);

async function reload({ wait = true } = {}) {
	await page.page.reload({ waitUntil: 'commit' });
	if (wait) await page.registered();
}

async function oneOfEach() {
	await until('one binding at the eP-CSCF', () => bindings().length === 1);
	await until('one contact at the S-CSCF', () => new Set(contacts()).size === 1);
}

test('reload_fifty_times_leaves_one_contact_and_one_binding', async () => {
	const [before] = contacts();
	assert.ok(before, `the S-CSCF shows no contact: ${session.rpc('scscf', 'ulscscf.showimpu', IMPU)}`);
	for (let n = 1; n <= RELOADS; n++) {
		// Some go before they were there.
		await reload({ wait: n % 5 !== 0 || n === RELOADS });
		if (n % 10 === 0) assert.ok(new Set(contacts()).size <= 1, `after ${n} reloads: ${contacts()}`);
	}
	await oneOfEach();
	assert.equal(contacts()[0], before);
	const instances = new Set(registers(true).map((text) => /\+sip\.instance="([^"]*)"/.exec(text)[1]));
	assert.equal(instances.size, 1, `instances: ${[...instances]}`);
	assert.equal(new Set(registers(true).map((text) => header(text, 'Contact').replace(/;expires=\d+/, ''))).size, 1);
	assert.ok(registers(true).length >= RELOADS * 4 / 5);
	assert.deepEqual(page.messages(/^SIP\/2\.0 [4-6]\d\d /, false).map((text) => text.split('\r\n')[0]), []);
	alice.autoAnswer(false);
	await alice.dial(IMPU);
	await page.callState('incoming');
	await alice.hangup();
	await page.callState('ended');
});

test('reload_in_a_call_the_old_call_reaches_the_new_page', async () => {
	alice.autoAnswer();
	await page.page.check('#raw');
	await page.dial('alice');
	await page.callState('connected');
	await alice.event('CALL_ESTABLISHED');
	const callId = header(page.messages(/^INVITE /, true).at(-1), 'Call-ID');
	await reload();
	await oneOfEach();
	const after = page.frames.length;
	await alice.hangup();
	const bye = await until('BYE at the new page', () => page.frames.slice(after).find((f) => !f.sent && f.text.startsWith('BYE ')));
	assert.equal(header(bye.text, 'Call-ID'), callId);
	await session.noMedia();
});

test('reload_in_two_tabs_keeps_them_apart', async () => {
	const tab = await page.page.context().newPage();
	await tab.goto(session.lab.urls.page);
	await tab.waitForFunction(() => globalThis.line?.registered);
	await until('two contacts', () => new Set(contacts()).size === 2);
	const instance = () => /\+sip\.instance="([^"]*)"/.exec(registers(true).at(-1))[1];
	const [before, n] = [instance(), registers(true).length];
	await Promise.all([tab.reload(), page.page.reload()]);
	await page.registered();
	await tab.waitForFunction(() => globalThis.line?.registered);
	await until('two bindings', () => bindings().length === 2);
	assert.equal(new Set(contacts()).size, 2);
	assert.ok(registers(true).length > n);
	assert.equal(instance(), before);
	await tab.close();
});

test('the_pages_saw_no_script_error', () => {
	assert.deepEqual(page.errors, []);
});
