// SPDX-License-Identifier: BSD-2-Clause
/**
 * Calls between a page and a scripted IMS phone, and what each end hears and
 * sees. Packets prove nothing: energy and frequency do, and pictures.
 *
 *   const m = await Media.begin('media-x', { profile: VIDEO });
 *   const call = await m.callOut({ video: true }, { video: { mode: 'echo' } });
 *   await m.heardAtBothEnds(call);
 *   await m.seenAtBothEnds(call);
 *   await m.hangup(call);
 *   await m.end();
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { Session, MICROPHONE_HZ, PHONE_HZ, until } from './session.mjs';
import { decodeInPage, lookInPage, patternFault, patternFile } from './video.mjs';
import { openMediaPhone } from '../lab/phones/mediaphone.mjs';
import { ROOT } from '../lab/lib/plan.mjs';

export { MICROPHONE_HZ, PHONE_HZ, until };
export const VIDEO = 'video=yes;core=avpf';
// What no test of media needs.
const WITHOUT = ['services', 'bob', 'alice', 'wwsf-partner'];
const PC = 'globalThis.line.currentCall.peerConnection';

const HEAR_LIMIT_MS = 6000;

// The first packets of a stream may take a moment, more so on a busy machine.
async function untilNear(hear, near) {
	const end = Date.now() + HEAR_LIMIT_MS;
	for (;;) {
		const heard = await hear();
		if (near(heard) || Date.now() > end) return heard;
	}
}

export class Media {
	/**
	 * profile: MEDIA_PROFILE of the eP-CSCF; site: more of its values; without:
	 * parts in place of those left out here; phone, user: who talks.
	 */
	static async begin(name, { profile = VIDEO, site, without = WITHOUT, phone = 'carol', address = '127.0.0.20',
		user = 'user1', ...options } = {}) {
		const m = new Media();
		const camera = patternFile(path.join(ROOT, 'build/test', `${name}-camera.y4m`));
		m.session = await Session.begin(name, { without, site: { MEDIA_PROFILE: profile, ...site }, camera, ...options });
		try {
			m.phone = await openMediaPhone(m.session.lab, phone, address);
			m.page = await m.session.signedIn(user);
			m.eyes = await m.session.open(); // decodes what phones received
		} catch (error) {
			await m.end();
			throw error;
		}
		return m;
	}

	async end() {
		await this.phone?.stop();
		await this.session.end();
	}

	/** For afterEach: a test that failed in mid-call leaves nothing to the next. */
	async clear() {
		await this.page.page.evaluate(() => globalThis.line?.hangup());
		for (const call of this.phone.calls.values()) await call.hangup();
	}

	/** In the page, twoLines(): its microphone and another tone, for `stream: 'twoLines'`. */
	twoLines(hz) {
		return this.page.page.evaluate((second) => {
			globalThis.twoLines = async () => {
				const microphone = await navigator.mediaDevices.getUserMedia({ audio: {
					echoCancellation: false, noiseSuppression: false, autoGainControl: false } });
				const context = new AudioContext();
				const tone = new OscillatorNode(context, { frequency: second });
				const out = context.createMediaStreamDestination();
				tone.connect(out);
				tone.start();
				return new MediaStream([...microphone.getTracks(), ...out.stream.getTracks()]);
			};
		}, hz);
	}

	/** In the page, with `call` (the current one) and `arg`: the result of the async function's text. */
	inCall(fn, arg) {
		return this.page.page.evaluate(([text, value]) => (0, eval)(`(${text})`)(globalThis.line.currentCall ?? globalThis.lastCall, value),
			[fn.toString(), arg]);
	}

	/** The page begins to call with these options of line.call(). */
	async dial(options = {}, number = this.phone.impu) {
		await this.page.page.evaluate(async ([to, more]) => {
			const { stream, ...rest } = more;
			globalThis.lastCall = globalThis.line.call(to, { ...rest, ...(stream && { stream: await globalThis[stream]() }) });
		}, [number, options]);
	}

	/** The page calls the phone, which answers with what it has: the phone's call, both sides connected. */
	async callOut(options, have = {}) {
		this.phone.answerWith(have);
		const coming = this.phone.next();
		await this.dial(options);
		const call = await coming;
		await this.connected(call);
		return call;
	}

	/** The phone calls the page, which answers with these options. */
	async callIn(options = {}, have = {}, target = this.page.session.lab.users.user1.impus[0]) {
		this.phone.have = undefined;
		const calling = this.phone.call(target, { tones_hz: [PHONE_HZ], ...have });
		calling.catch(() => {}); // awaited below
		await this.page.callState('incoming');
		await this.page.page.evaluate((more) => globalThis.line.answer(more), options);
		const call = await calling;
		await this.connected(call);
		return call;
	}

	async connected(call) {
		await this.page.callState('connected');
		await until('the phone in the call', () => call.state === 'established');
	}

	async hangup(call) {
		await this.page.page.evaluate(() => globalThis.line.hangup());
		await call.ended;
		await this.page.callState('ended');
		await this.session.noMedia();
	}

	/** SDP of the last INVITE the page sent, or of the last answer to one it got. */
	sentOffer() { return this.page.messages(/^INVITE /, true).at(-1).split('\r\n\r\n')[1]; }

	gotAnswer() { return this.page.messages(/^SIP\/2\.0 200 [^]*\r\nCSeq: \d+ INVITE\r\n/, false).at(-1).split('\r\n\r\n')[1]; }

	// ---- sound ----

	/** The page hears this tone on its nth audio line. */
	async pageHears(hz = PHONE_HZ, { nth = 0, ms = 500 } = {}) {
		const near = (heard) => heard.level > 0.03 && Math.abs(heard.hz - hz) < 15;
		const heard = await untilNear(() => this.page.heard(ms, nth), near);
		assert.ok(heard.level > 0.03, `the page hears silence on line ${nth} (${heard.level})`);
		assert.ok(near(heard), `the page hears ${heard.hz} Hz on line ${nth}, not ${hz}`);
		return heard;
	}

	async pageHearsNothing({ nth = 0, ms = 500 } = {}) {
		await until('silence at the page', async () => (await this.page.heard(ms, nth)).level < 0.005, 5000);
	}

	/** What the page hears in this time, as samples at 8 kHz. */
	async pageSound({ nth = 0, ms = 1000 } = {}) {
		const text = await this.page.page.evaluate(async ([which, duration]) => {
			const pc = globalThis.line.currentCall.peerConnection;
			const track = pc.getReceivers().map((r) => r.track).filter((t) => t.kind === 'audio')[which];
			const context = new AudioContext({ sampleRate: 8000 });
			await context.resume();
			const tap = context.createScriptProcessor(1024, 1, 1);
			const blocks = [];
			tap.onaudioprocess = ({ inputBuffer }) => blocks.push(Int16Array.from(inputBuffer.getChannelData(0), (v) => v * 32767));
			context.createMediaStreamSource(new MediaStream([track])).connect(tap).connect(context.destination);
			await new Promise((r) => setTimeout(r, duration));
			await context.close();
			return btoa(blocks.map((b) => String.fromCharCode(...new Uint8Array(b.buffer))).join(''));
		}, [nth, ms]);
		const octets = Buffer.from(text, 'base64');
		return new Int16Array(octets.buffer, octets.byteOffset, octets.length / 2).slice();
	}

	/** The phone hears this tone on the nth audio line of the call. */
	async phoneHears(call, hz = MICROPHONE_HZ, { nth = 0, ms = 400 } = {}) {
		const near = (heard) => heard.rms > 1000 && Math.abs(heard.hz - hz) < 15;
		const heard = await untilNear(() => call.hear(nth, ms), near);
		assert.ok(heard.rms > 1000, `the phone hears silence on line ${nth} (${heard.rms}, ${heard.packets_n} packets)`);
		assert.ok(near(heard), `the phone hears ${heard.hz} Hz on line ${nth}, not ${hz}`);
		return heard;
	}

	async phoneHearsNothing(call, { nth = 0, ms = 400 } = {}) {
		await until('silence at the phone', async () => (await call.hear(nth, ms)).rms < 100, 5000);
	}

	async heardAtBothEnds(call, { tones_hz: tones = [PHONE_HZ], microphones_hz: microphones = [MICROPHONE_HZ] } = {}) {
		await Promise.all([
			...tones.map((hz, nth) => this.pageHears(hz, { nth })),
			...microphones.map((hz, nth) => this.phoneHears(call, hz, { nth }))]);
	}

	// ---- pictures ----

	/** The page sees the camera's pattern move (its own, when the phone sends it back). */
	async pageSees({ ms = 800 } = {}) {
		let fault;
		await until('the pattern in the page', async () => {
			fault = patternFault(await lookInPage(this.page.page, PC, ms));
			return !fault;
		}, 8000).catch((error) => { throw new Error(`${error.message}: ${fault}`); });
	}

	/** What the phone received since now (or at all, if not fresh) can be decoded, and is the pattern that moves. */
	async phoneSees(call, { frames_n: wanted = 9, fresh = true } = {}) {
		const { video } = call;
		if (fresh) {
			video.forget();
			video.askKey();
		}
		await until('frames at the phone', () => video.keys_n > 0 && video.frames_n >= wanted, 10000).catch((error) => {
			throw new Error(`${error.message}: ${video.frames_n} frames, ${video.keys_n} of them key, ${video.broken_n} broken, ${video.received_n} packets`);
		});
		assert.equal(patternFault(await decodeInPage(this.eyes.page, video.codec, video.decodable(100))), '');
	}

	async seenAtBothEnds(call) {
		await Promise.all([this.pageSees(), this.phoneSees(call)]);
	}
}
