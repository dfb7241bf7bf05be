// SPDX-License-Identifier: BSD-2-Clause
// A browser page as the web side of a call that a test leads by ng: it makes
// offers and takes answers, nothing more.
import http from 'node:http';
import { launchBrowser } from '../../../browser/chromium.mjs';

export class Web {
	static async launch(dir) {
		const web = new Web();
		web.browser = await launchBrowser({ dir });
		// 127.0.0.1 is a secure context: the page may have the microphone.
		web.server = http.createServer((_, answer) => answer.end('<!doctype html><title>peer</title>'));
		await new Promise((done) => { web.server.listen(0, '127.0.0.1', done); });
		web.url = `http://127.0.0.1:${web.server.address().port}/`;
		return web;
	}

	async page() {
		const context = await this.browser.newContext({ permissions: ['microphone', 'camera'] });
		const page = await context.newPage();
		await page.goto(this.url);
		return new Peer(page);
	}

	async close() {
		await this.browser.close();
		this.server.close();
	}
}

export class Peer {
	constructor(page) { this.page = page; }

	/** An offer with its candidates. */
	offer({ video = false, policy = 'balanced' } = {}) {
		return this.page.evaluate(async ([withVideo, bundlePolicy]) => {
			const pc = new RTCPeerConnection({ bundlePolicy });
			globalThis.pc = pc;
			const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: withVideo });
			for (const track of stream.getTracks()) pc.addTrack(track, stream);
			await pc.setLocalDescription(await pc.createOffer());
			if (pc.iceGatheringState !== 'complete')
				await new Promise((done) => { pc.onicegatheringstatechange = () => pc.iceGatheringState === 'complete' && done(); });
			return pc.localDescription.sdp;
		}, [video, policy]);
	}

	answered(sdp) {
		return this.page.evaluate((text) => globalThis.pc.setRemoteDescription({ type: 'answer', sdp: text }), sdp);
	}

	/** Answers an offer; resolves with the answer's SDP. */
	answer(sdp) {
		return this.page.evaluate(async (text) => {
			const pc = new RTCPeerConnection();
			globalThis.pc = pc;
			await pc.setRemoteDescription({ type: 'offer', sdp: text });
			const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
			for (const track of stream.getTracks()) pc.addTrack(track, stream);
			await pc.setLocalDescription(await pc.createAnswer());
			if (pc.iceGatheringState !== 'complete')
				await new Promise((done) => { pc.onicegatheringstatechange = () => pc.iceGatheringState === 'complete' && done(); });
			return pc.localDescription.sdp;
		}, sdp);
	}

	/** An offer with new credentials (ICE restart). */
	restart() {
		return this.page.evaluate(async () => {
			const { pc } = globalThis;
			await pc.setLocalDescription(await pc.createOffer({ iceRestart: true }));
			if (pc.iceGatheringState !== 'complete')
				await new Promise((done) => { pc.onicegatheringstatechange = () => pc.iceGatheringState === 'complete' && done(); });
			return pc.localDescription.sdp;
		});
	}

	/** RTP packets so far. */
	received() {
		return this.page.evaluate(async () => [...(await globalThis.pc.getStats()).values()]
			.filter((s) => s.type === 'inbound-rtp').reduce((n, s) => n + s.packetsReceived, 0));
	}

	/** Presses keys (RFC 4733). */
	keys(digits) {
		return this.page.evaluate((tones) => globalThis.pc.getSenders().find((s) => s.dtmf).dtmf.insertDTMF(tones, 100, 70), digits);
	}

	state() {
		return this.page.evaluate(() => ({ ice: globalThis.pc.iceConnectionState, dtls: globalThis.pc.connectionState }));
	}

	/** Waits for pc.connectionState. */
	connection(wanted, limit_ms = 10000) {
		return this.page.waitForFunction((name) => globalThis.pc.connectionState === name, wanted, { timeout: limit_ms });
	}

	hangup() { return this.page.evaluate(() => globalThis.pc.close()); }
	mute(on) { return this.page.evaluate((off) => { for (const s of globalThis.pc.getSenders()) s.replaceTrack(off ? null : s.track); }, on); }
	/** Gone without a word. */
	die() { return this.page.context().close(); }
}
