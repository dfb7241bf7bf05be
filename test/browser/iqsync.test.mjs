// SPDX-License-Identifier: BSD-2-Clause
// Kamailio's own rtpengine module, unchanged, commands rtpengine-iq in place of
// rtpengine: calls both ways are heard at both ends, and nothing is left.
import test from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Session, MICROPHONE_HZ, PHONE_HZ } from './session.mjs';
import { startPart, stopPart } from '../lab/lab.mjs';

let session, page, alice;

test.before(async () => {
	session = await Session.begin('iqsync', { agw: 'rtpengine-iq' });
	alice = await session.phone('alice');
	page = await session.signedIn('user1');
});
test.after(() => session?.end());
test.afterEach(async () => {
	await page.page.evaluate(() => globalThis.line?.hangup());
	await alice.hangup().catch(() => {});
});

async function heardAtBothEnds() {
	const here = await page.heard(1500);
	assert.ok(here.level > 0.05, `the browser hears silence (${here.level})`);
	assert.ok(Math.abs(here.hz - PHONE_HZ) < 15, `the browser hears ${here.hz} Hz, not ${PHONE_HZ}`);
	const there = await alice.heard({ atLeast_s: 1 });
	assert.ok(there.rms > 0.05, `the phone hears silence (${there.rms})`);
	assert.ok(Math.abs(there.frequency - MICROPHONE_HZ) < 15, `the phone hears ${there.frequency} Hz, not ${MICROPHONE_HZ}`);
}

async function callOut() {
	alice.clear();
	alice.autoAnswer();
	await page.dial('alice');
	await page.callState('connected');
	await alice.event('CALL_ESTABLISHED');
}

test('iqsync_the_configuration_names_rtpengine_iq', () => {
	const { address, ng } = session.lab.nodes.rtpengineIq;
	const site = readFileSync(path.join(session.dir, 'etc/epcscf/site.cfg'), 'utf8');
	assert.ok(site.includes(`!AGW_NG!udp:${address}:${ng}!`));
});

test('iqsync_call_out_is_heard_and_the_browser_hangs_up', async () => {
	await callOut();
	await heardAtBothEnds();
	await page.hangup();
	await alice.event('CALL_CLOSED');
	await session.noMedia();
});

test('iqsync_call_in_is_heard_and_the_phone_hangs_up', async () => {
	alice.clear();
	alice.autoAnswer(false);
	await alice.dial('sip:user1@home1.net');
	await page.callState('incoming');
	await page.page.click('#answer');
	await page.callState('connected');
	await alice.event('CALL_ESTABLISHED');
	await heardAtBothEnds();
	await alice.hangup();
	await page.callState('ended');
	await session.noMedia();
});

test('iqsync_killed_in_mid_call_it_is_heard_on_and_can_be_hung_up', async () => {
	await callOut();
	process.kill(session.lab.parts['rtpengine-iq'].pid, 'SIGKILL');
	await heardAtBothEnds();
	await stopPart(session.lab, 'rtpengine-iq');
	await startPart(session.lab, 'rtpengine-iq');
	await heardAtBothEnds();
	await page.hangup();
	await alice.event('CALL_CLOSED');
	await session.noMedia();
});
