// SPDX-License-Identifier: BSD-2-Clause
// A part of the network is down: the page is told in words within 5 s, and
// everything works again when the part returns.
import test from 'node:test';
import assert from 'node:assert/strict';
import { startPart, stopPart } from '../lab/lab.mjs';
import { Session, PHONE_HZ, until } from './session.mjs';

const LIMIT_MS = 5000;
let session, page, alice;

test.before(async () => {
	session = await Session.begin('faults');
	alice = await session.phone('alice');
	page = await session.signedIn('user1');
	alice.autoAnswer();
});
test.after(() => session?.end());
test.afterEach(() => page.page.evaluate(() => globalThis.line?.hangup()));

async function callFails() {
	const started = Date.now();
	await page.dial('alice');
	await page.callState('ended', LIMIT_MS);
	const code = await page.page.evaluate(() => globalThis.lastCall.code);
	assert.ok(code >= 500, `answered ${code}`);
	assert.ok(Date.now() - started < LIMIT_MS);
}

async function callWorks() {
	alice.clear();
	await page.page.evaluate(() => { globalThis.lastCall = undefined; });
	await page.dial('alice');
	await page.callState('connected', 10000, ['ended']);
	const heard = await page.heard(1000);
	assert.ok(heard.level > 0.05 && Math.abs(heard.hz - PHONE_HZ) < 15, `${heard.hz} Hz, ${heard.level}`);
	await page.hangup();
	await alice.event('CALL_CLOSED');
	await session.noMedia();
}

// Works again within a few tries of a person: what the parts remember of the
// failure fades in seconds.
function worksAgain() {
	return until('a call after the return', () => callWorks().then(() => true, async () => {
		await page.page.evaluate(() => globalThis.line.hangup());
		await new Promise((done) => { setTimeout(done, 500); });
		return false;
	}), 30000);
}

test('rtpengine_down_503_and_back', async () => {
	await stopPart(session.lab, 'rtpengine');
	await callFails();
	await callFails();
	await startPart(session.lab, 'rtpengine');
	await worksAgain();
});

test('scscf_down_an_error_and_back', async () => {
	await stopPart(session.lab, 'scscf');
	await callFails();
	const started = Date.now();
	const before = page.messages(/^SIP\/2\.0 5\d\d [^]*?CSeq:\s*\d+ REGISTER/i, false).length;
	await page.page.evaluate(() => globalThis.line.renew());
	await until('an error for REGISTER', () => page.messages(/^SIP\/2\.0 5\d\d [^]*?CSeq:\s*\d+ REGISTER/i, false).length > before, LIMIT_MS);
	assert.ok(Date.now() - started < LIMIT_MS);
	await startPart(session.lab, 'scscf');
	// A restarted S-CSCF knows nobody: phone and page register again.
	await stopPart(session.lab, 'alice');
	await startPart(session.lab, 'alice');
	alice = await session.phone('alice');
	alice.autoAnswer();
	await until('the page registered again', () => page.page.evaluate(() => globalThis.line.renew().then(() => globalThis.line.registered)), 30000);
	await worksAgain();
});

test('waf_down_with_keys_cached_changes_nothing', async () => {
	await session.waf('mint', { user: 'user2', client_id: 'portal' });
	const { access_token, claims } = await session.waf('mint', { user: 'user2', client_id: 'portal' });
	await stopPart(session.lab, 'waf-home');
	const other = await session.open();
	await other.connectWith({ access_token, expires_in: 300, impi: claims.impi, impu: claims.impu });
	await other.state('registered');
	await callWorks();
	await other.close();
	await startPart(session.lab, 'waf-home');
});

test('icscf_down_504_and_back', async () => {
	await stopPart(session.lab, 'icscf');
	const { access_token, claims } = await session.waf('mint', { user: 'user3', client_id: 'portal' });
	const other = await session.open();
	const started = Date.now();
	await other.connectWith({ access_token, expires_in: 300, impi: claims.impi, impu: claims.impu });
	await until('a 504', () => other.messages(/^SIP\/2\.0 504 /, false).length > 0, LIMIT_MS);
	assert.ok(Date.now() - started < LIMIT_MS);
	await startPart(session.lab, 'icscf');
	await other.state('registered', 20000);
	await other.close();
});
