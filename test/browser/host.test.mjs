// SPDX-License-Identifier: BSD-2-Clause
// The lab as people start it: from the command line, for a browser on another
// machine (HOST=<address>) and for one on this machine, each with nothing but
// what an ordinary browser does: no certificate is taken unasked, no switch for
// WebRTC. The other machine is a second network namespace.
import test from 'node:test';
import assert from 'node:assert/strict';
import { spawn, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';
import { chromium } from 'playwright-core';
import { load, stop } from '../lab/lab.mjs';
import { ROOT } from '../lab/lib/plan.mjs';
import { MICROPHONE_HZ, toneWav } from './chromium.mjs';
import { Page, PHONE_HZ, Session, until } from './session.mjs';
import { watchFrames } from './frames.mjs';
import { addWire, otherMachine, removeWire } from './netns.mjs';

const NEAR = '10.99.0.1';
const FAR = '10.99.0.2';
const CHROMIUM = '/usr/bin/chromium';

function lab(...args) {
	return execFileSync(path.join(ROOT, 'test/lab/lab'), args, { encoding: 'utf8' });
}

/** A lab of the command line and a browser; `host`: as in HOST=, or none. */
async function begin(name, { host, program = () => CHROMIUM }) {
	const session = new Session();
	session.dir = path.join(ROOT, 'build/test', `lab-${name}`);
	session.phones = [];
	await stop({ dir: session.dir }); // of a run that was killed
	session.said = lab('start', '--dir', session.dir, ...(host ? ['--host', host] : []));
	try {
		session.lab = load(session.dir);
		const wav = path.join(session.dir, 'microphone.wav');
		fs.writeFileSync(wav, toneWav(MICROPHONE_HZ));
		session.browser = await chromium.launch({ executablePath: program(session.dir), headless: true, ignoreDefaultArgs: ['--mute-audio'],
			args: ['--no-sandbox', '--disable-gpu', '--disable-component-update', '--disable-sync', '--use-fake-ui-for-media-stream',
				'--use-fake-device-for-media-stream', `--use-file-for-fake-audio-capture=${wav}`, '--autoplay-policy=no-user-gesture-required'] });
	} catch (error) {
		await stop({ dir: session.dir });
		throw error;
	}
	return session;
}

/** An empty profile; the warning for the page's certificate is accepted, once. */
async function openPastTheWarning(session) {
	const context = await session.browser.newContext({ permissions: ['microphone'] });
	const page = await context.newPage();
	const client = new Page(session, page);
	page.on('pageerror', (error) => client.errors.push(error.message));
	client.cdp = await context.newCDPSession(page);
	await watchFrames(client.cdp, (frame) => client.saw(frame), (socket) => client.sawClosed(socket));
	await assert.rejects(page.goto(session.lab.urls.page), /ERR_CERT_AUTHORITY_INVALID/);
	await page.waitForSelector('#main-message');
	// What Chromium takes for "proceed" on that page.
	await page.keyboard.type('thisisunsafe', { delay: 20 });
	await page.waitForSelector('#sign-in:visible');
	return client;
}

async function registered(session) {
	const page = await openPastTheWarning(session);
	await page.signIn('user1');
	await page.registered();
	assert.deepEqual(page.errors, []);
	await page.page.check('#raw');
	return page;
}

async function callAndHear(session, page, alice) {
	await page.dial('alice');
	await page.callState('connected');
	const here = await page.heard(1500);
	assert.ok(here.level > 0.05 && Math.abs(here.hz - PHONE_HZ) < 15, `the page hears ${here.hz} Hz, ${here.level}`);
	const there = await alice.heard({ atLeast_s: 1 });
	assert.ok(there.rms > 0.05 && Math.abs(there.frequency - MICROPHONE_HZ) < 15, `the phone hears ${there.frequency} Hz, ${there.rms}`);
	const pair = await pairOf(page);
	await page.hangup();
	await page.callState('ended');
	await page.dial('600');
	await page.callState('connected');
	const echo = await until('the echo', async () => {
		const heard = await page.heard(700);
		return heard.level > 0.05 && heard;
	});
	assert.ok(Math.abs(echo.hz - MICROPHONE_HZ) < 15, `600 says ${echo.hz} Hz`);
	await page.hangup();
	await session.noMedia();
	return pair;
}

/** Addresses that the media of the page's call takes. */
const pairOf = (page) => page.page.evaluate(async () => {
	const report = [...(await globalThis.line.currentCall.peerConnection.getStats()).values()];
	const transport = report.find((r) => r.type === 'transport');
	const pair = report.find((r) => r.id === transport.selectedCandidatePairId);
	const address = (id) => report.find((r) => r.id === id).address;
	return { local: address(pair.localCandidateId), remote: address(pair.remoteCandidateId) };
});

const candidatesOf = (page) => page.messages(/^SIP\/2\.0 200 [^]*\r\nm=audio/, false)
	.flatMap((text) => [...text.matchAll(/^a=candidate:\S+ \d+ \S+ \d+ (\S+)/gm)].map(([, address]) => address));

/** Counts the RTP packets on a wire, each way; SRTP has RTP's header. */
async function watchWire(wire) {
	const tshark = spawn('tshark', ['-i', wire, '-l', '-n', '-f', 'udp', '-T', 'fields', '-E', 'separator= ',
		'-e', 'ip.src', '-e', 'ip.dst', '-e', 'udp.payload'], { stdio: ['ignore', 'pipe', 'pipe'] });
	const count = {};
	readline.createInterface({ input: tshark.stdout }).on('line', (line) => {
		const [src, dst, payload] = line.split(' ');
		if (/^[89ab]/.test(payload) && payload.length > 100) count[`${src} ${dst}`] = (count[`${src} ${dst}`] ?? 0) + 1;
	});
	await new Promise((resolve, reject) => {
		readline.createInterface({ input: tshark.stderr }).on('line', (line) => { if (/^Capturing on/.test(line)) resolve(); });
		tshark.on('exit', () => reject(new Error('tshark does not start')));
	});
	return { count, async stop() {
		const ended = once(tshark, 'exit');
		tshark.kill('SIGINT');
		await ended;
	} };
}

test('browser_on_another_machine', async (t) => {
	const machine = await otherMachine({ wire: 'wire0', near: NEAR, far: FAR });
	t.after(() => machine.end());
	const session = await begin('host', { host: NEAR, program: (dir) => machine.script(dir, CHROMIUM) });
	t.after(() => session.end());
	const { urls } = session.lab;
	assert.equal(urls.page, `https://${NEAR}:8443/`);
	for (const text of [urls.page, urls.wss, session.lab.tls.ca, session.lab.users.user1.password, '600, 601, 602', 'sip:alice@home1.net'])
		assert.ok(session.said.includes(text), `the command does not say ${text}`);
	const alice = await session.phone('alice');
	alice.autoAnswer();
	const page = await registered(session);
	const wire = await watchWire('wire0');
	const pair = await callAndHear(session, page, alice);
	await wire.stop();
	assert.deepEqual(pair, { local: FAR, remote: NEAR });
	assert.deepEqual([...new Set(candidatesOf(page))], [NEAR]);
	// 50 packets a second each way, for two calls.
	for (const way of [`${FAR} ${NEAR}`, `${NEAR} ${FAR}`])
		assert.ok(wire.count[way] > 100, `RTP on the wire: ${JSON.stringify(wire.count)}`);
});

test('browser_on_this_machine', async (t) => {
	addWire('lan0', '10.98.0.1');
	t.after(() => removeWire('lan0'));
	const session = await begin('here', {});
	t.after(() => session.end());
	assert.ok(session.said.includes('https://127.0.0.1:8443/'));
	const alice = await session.phone('alice');
	alice.autoAnswer();
	const page = await registered(session);
	await callAndHear(session, page, alice);
	assert.deepEqual([...new Set(candidatesOf(page))], ['127.0.0.1']);
});
