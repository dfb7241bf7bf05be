// SPDX-License-Identifier: BSD-2-Clause
// A browser and a core that never meet: each in a network of its own, the one
// with IPv6 and the other with IPv4. The browser is on another machine, which is
// a second network namespace with one wire to the lab's host.
import test from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { Session, MICROPHONE_HZ, PHONE_HZ } from './session.mjs';
import { launchBrowser } from './chromium.mjs';
import { imsPhone, pageHears, phoneHears } from './imsphone.mjs';
import { addWire, otherMachine, removeWire } from './netns.mjs';

const PARTS = ['icscf', 'scscf', 'pcscf', 'hss', 'rtpengine', 'waf-home', 'waf-partner', 'epcscf', 'wwsf-home'];

/** A lab with the browser over there, one page in it and one phone. */
async function begin(t, name, { near, far, ims, phoneMedia }) {
	const machine = await otherMachine({ wire: 'wire0', near, far });
	t.after(() => machine.end());
	const session = await Session.begin(name, { host: near, ims, parts: PARTS,
		launch: (options) => launchBrowser({ ...options, program: machine.script(options.dir, '/usr/bin/chromium') }) });
	t.after(() => session.end());
	const phone = await imsPhone(session, 'carol', '127.0.0.20', { mediaHost: phoneMedia });
	t.after(() => phone.stop());
	return { session, phone, page: await session.signedIn('user1') };
}

/** Addresses that the media of the page's call takes. */
const pairOf = (page) => page.page.evaluate(async () => {
	const report = [...(await globalThis.line.currentCall.peerConnection.getStats()).values()];
	const pair = report.find((r) => r.id === report.find((x) => x.type === 'transport').selectedCandidatePairId);
	const address = (id) => report.find((r) => r.id === id).address.replace(/^\[(.*)\]$/, '$1');
	return { local: address(pair.localCandidateId), remote: address(pair.remoteCandidateId) };
});

async function heardAtBothEnds({ session, page }, call, { near, far, ims }) {
	await page.callState('connected');
	await Promise.all([pageHears(page, PHONE_HZ), phoneHears(call, MICROPHONE_HZ)]);
	assert.deepEqual(await pairOf(page), { local: far, remote: near });
	// Neither end was told an address of the other's network.
	assert.equal(call.media.host, ims);
	const told = page.messages(/\r\nm=audio /, false).at(-1);
	assert.match(told, new RegExp(`\\r\\nc=IN IP${near.includes(':') ? 6 : 4} ${near}\\r\\n`));
	for (const address of [ims, call.mediaHost]) assert.ok(!told.slice(told.indexOf('\r\n\r\n')).includes(address), `the page was told ${address}`);
	assert.equal(await session.mediaSessions(), 1);
}

async function bothWays(t, name, networks) {
	const lab = await begin(t, name, networks);
	const { session, page, phone } = lab;
	const coming = phone.nextCall();
	await page.dial('carol');
	const out = await coming;
	await out.answer({ tone_hz: PHONE_HZ });
	await heardAtBothEnds(lab, out, networks);
	await page.hangup();
	await out.ended;
	await session.noMedia();

	const calling = phone.call('sip:user1@home1.net', { tone_hz: PHONE_HZ });
	await page.callState('incoming');
	await page.page.click('#answer');
	const back = await calling;
	await heardAtBothEnds(lab, back, networks);
	await back.hangup();
	await page.callState('ended');
	await session.noMedia();
	assert.deepEqual(page.errors, []);
}

test('browser_with_ipv6_and_core_with_ipv4', async (t) => {
	// Kamailio's cdp takes no IPv4 address on a host that has none but loopback's.
	addWire('core0', '10.97.0.1');
	t.after(() => removeWire('core0'));
	await bothWays(t, 'media_ipv6', { near: 'fd99::1', far: 'fd99::2', ims: '127.0.0.7' });
});

test('browser_with_ipv4_and_core_with_ipv6', async (t) => {
	for (const address of ['fd07::7', 'fd07::20']) execFileSync('ip', ['addr', 'add', `${address}/128`, 'dev', 'lo']);
	await bothWays(t, 'media_ipv4', { near: '10.99.0.1', far: '10.99.0.2', ims: 'fd07::7', phoneMedia: 'fd07::20' });
});
