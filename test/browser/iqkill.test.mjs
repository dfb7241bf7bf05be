// SPDX-License-Identifier: BSD-2-Clause
// rtpengine-iq is killed in the middle of many live calls of asynchronous mode:
// each of them is heard at both ends ten seconds later, as it was before, and
// each can be hung up, half of them while it is dead, the others when it is back.
// `make soak-iq-kill` makes 50 of them.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Session, until } from './session.mjs';
import { imsPhone } from './imsphone.mjs';
import { amplitudeAt } from '../lab/numbers/dsp.mjs';
import { startPart, stopPart } from '../lab/lab.mjs';

const CALLS = Number(process.env.CALLS ?? 10);
const AT_ONCE = 5;
const DEAD_MS = 10000;
const PARTS = ['icscf', 'scscf', 'pcscf', 'hss', 'rtpengine', 'rtpengine-iq', 'waf-home', 'waf-partner', 'epcscf', 'wwsf-home'];
// Each direction of each call has a tone of its own.
const STEP_HZ = 50, PHONE_FIRST_HZ = 400, PAGE_FIRST_HZ = 425;
// Of the one tone; the noise of silence has less in all.
const AUDIBLE_DB = -60, AUDIBLE = 300;
const all = Array.from({ length: CALLS }, (_, i) => i);
const later = (ms) => new Promise((done) => { setTimeout(done, ms); });
const own = (hz, first) => Math.round((hz - first) / STEP_HZ);

let session, page, phone;

test.before(async () => {
	session = await Session.begin('iqkill', { parts: PARTS, defines: ['WITH_IQ'] });
	phone = await imsPhone(session, 'carol', '127.0.0.20');
	page = await session.signedIn('user1');
	await page.page.evaluate(manyCalls);
});
test.after(async () => {
	await phone?.stop();
	await session?.end();
});

/** In the page: dialOne(hz) and hearAll(), for calls that the line does not count. */
async function manyCalls() {
	// Telephones hear no more than this, and it is so many times less work.
	const context = new AudioContext({ sampleRate: 8000 });
	await context.resume();
	// What leads nowhere may not be played at all.
	const quiet = new GainNode(context, { gain: 0 });
	quiet.connect(context.destination);
	globalThis.many = [];
	globalThis.dialOne = (hz) => {
		const tone = new OscillatorNode(context, { frequency: hz }), out = context.createMediaStreamDestination();
		tone.connect(out);
		tone.start();
		globalThis.line.currentCall = undefined;
		globalThis.many.push({ call: globalThis.line.call('carol', { stream: out.stream, audioElement: Object.assign(new Audio(), { muted: true }) }) });
	};
	globalThis.hearAll = async () => {
		for (const one of globalThis.many) {
			one.ear ??= new AnalyserNode(context, { fftSize: 2048, smoothingTimeConstant: 0 });
			one.source ??= context.createMediaStreamSource(one.call.remoteStream);
			one.source.connect(one.ear).connect(quiet);
		}
		// A busy machine plays with gaps: the best of some moments.
		const best = globalThis.many.map(() => ({ db: -Infinity }));
		for (let moment = 0; moment < 4; moment++) {
			await new Promise((done) => { setTimeout(done, 200); });
			globalThis.many.forEach(({ ear }, i) => {
				const bins = new Float32Array(ear.frequencyBinCount);
				ear.getFloatFrequencyData(bins);
				const db = Math.max(...bins);
				if (db > best[i].db) best[i] = { db, hz: bins.indexOf(db) * context.sampleRate / ear.fftSize };
			});
		}
		for (const { source } of globalThis.many) source.disconnect();
		return best;
	};
}

async function dialSome(first, n) {
	const coming = Array.from({ length: n }, () => phone.nextCall());
	await page.page.evaluate(([tones]) => { for (const hz of tones) globalThis.dialOne(hz); },
		[Array.from({ length: n }, (_, i) => PAGE_FIRST_HZ + (first + i) * STEP_HZ)]);
	const calls = await Promise.all(coming);
	await Promise.all(calls.map((call, i) => call.answer({ tone_hz: PHONE_FIRST_HZ + (first + i) * STEP_HZ, codecs: ['PCMU'] })));
	await page.page.waitForFunction((all) => globalThis.many.length === all && globalThis.many.every(({ call }) => call.state === 'connected'), first + n, { timeout: 20000 });
	return calls;
}

/** The tones that the phone hears. It goes on speaking while that is found out. */
async function hearAtPhone(calls) {
	for (const call of calls) call.rtp.take();
	await later(400);
	const sounds = calls.map((call) => call.rtp.take()), found = [];
	for (const pcm of sounds) {
		const loud = all.map((i) => amplitudeAt(pcm, PAGE_FIRST_HZ + i * STEP_HZ)), most = Math.max(...loud);
		found.push(most > AUDIBLE ? loud.indexOf(most) : undefined);
		await new Promise(setImmediate);
	}
	return found;
}

/** Which tone each end of each call hears; none where it is silent. */
async function heard(calls) {
	const [there, here] = await Promise.all([hearAtPhone(calls), page.page.evaluate(() => globalThis.hearAll())]);
	return {
		there,
		here: here.map(({ db, hz }) => (db > AUDIBLE_DB ? own(hz, PHONE_FIRST_HZ) : undefined)),
	};
}

const everyOne = ({ here, there }) => [here, there].every((list) => [...list].sort((a, b) => a - b).every((tone, i) => tone === i));

test(`iqkill_${CALLS}_live_calls_are_heard_on_and_can_be_hung_up`, async (t) => {
	const begun = Date.now(), calls = [];
	while (calls.length < CALLS) calls.push(...await dialSome(calls.length, Math.min(AT_ONCE, CALLS - calls.length)));
	const up_s = (Date.now() - begun) / 1000;
	let before;
	await until('each call heard at both ends', async () => {
		before = await heard(calls);
		return everyOne(before);
	}, 8000).catch((error) => { throw new Error(`${error.message}: ${JSON.stringify(before)}`); });
	assert.equal(await session.mediaSessions(), CALLS);

	process.kill(session.lab.parts['rtpengine-iq'].pid, 'SIGKILL');
	await later(DEAD_MS);
	const after = await heard(calls);
	assert.deepEqual(after, before, 'each hears whom it heard');

	const half = CALLS >> 1, begunEnd = Date.now();
	await page.page.evaluate((n) => { for (const { call } of globalThis.many.slice(0, n)) call.hangup(); }, half);
	const ended = (n) => page.page.waitForFunction((wanted) => globalThis.many.filter(({ call }) => call.state === 'ended').length === wanted, n, { timeout: 10000 });
	await ended(half);
	const left = calls.filter((call) => call.state !== 'ended');
	await until('the phone without them', () => calls.filter((call) => call.state === 'ended').length === half);
	assert.equal(await session.mediaSessions(), CALLS, 'nobody has told rtpengine yet');

	await stopPart(session.lab, 'rtpengine-iq');
	await startPart(session.lab, 'rtpengine-iq');
	await Promise.all(left.map((call) => call.hangup()));
	await ended(CALLS);
	await until('rtpengine without calls', async () => await session.mediaSessions() === 0, 15000);
	t.diagnostic(`${CALLS} calls up in ${up_s.toFixed(1)} s, ${all.length} heard at both ends after ${DEAD_MS / 1000} s without rtpengine-iq, all hung up and deleted in ${((Date.now() - begunEnd) / 1000).toFixed(1)} s`);
	assert.deepEqual(page.errors, []);
});
