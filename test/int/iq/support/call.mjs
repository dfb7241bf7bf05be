// SPDX-License-Identifier: BSD-2-Clause
// A call between a browser page and an IMS side, led by ng as a proxy does it.
import { Ims } from './ims.mjs';

let number = 0;

/** Changes to the page's offer before rtpengine sees it. */
export const wrongFingerprint = (sdp) => sdp.replace(/(a=fingerprint:sha-256 )(..)/g,
	(_, name, octet) => name + (octet === 'AA' ? 'BB' : 'AA'));
/** Candidates where nobody listens; the page itself never hears the answer. */
export const nobodyThere = (sdp) => sdp.replace(/^(a=candidate:\S+ \d \S+ \S+ \S+) \d+/mg, '$1 9');

export class Call {
	/** `change`: the offer's text; `deaf`: the page does not get the answer. */
	static async start(ng, web, { id = `call-${++number}`, change = (sdp) => sdp, deaf = false, offer = {}, ims = {}, more = {} } = {}) {
		const call = new Call();
		Object.assign(call, { ng, id, page: await web.page(), ims: await Ims.open('127.0.0.1') });
		call.keys = more;
		await call.offer(change(await call.page.offer(offer)));
		call.ims.toward(call.offered.sdp);
		await call.answer(call.ims.sdp(ims));
		if (!deaf) await call.page.answered(call.answered.sdp);
		return call;
	}

	/** Another offer of the page, answered as before. */
	async again(sdp) {
		await this.offer(sdp, { 'to-tag': 'ims' });
		await this.answer(this.ims.sdp());
		await this.page.answered(this.answered.sdp);
	}

	async offer(sdp, keys = {}) {
		this.offered = await this.ng.ask({ command: 'offer', 'call-id': this.id, 'from-tag': 'web', ...keys, sdp,
			ICE: 'remove', DTLS: 'off', 'DTLS-reverse': 'passive', 'transport-protocol': 'RTP/AVP', 'rtcp-mux': ['demux'],
			flags: ['trust-address', 'strict-source'], SDES: ['off'], direction: ['web', 'ims'], replace: ['origin'], ...this.keys });
		if (this.offered.result !== 'ok') throw new Error(`offer: ${this.offered['error-reason']}`);
	}

	async answer(sdp) {
		this.answered = await this.ng.ask({ command: 'answer', 'call-id': this.id, 'from-tag': 'web', 'to-tag': 'ims', sdp,
			ICE: 'force', 'transport-protocol': 'UDP/TLS/RTP/SAVPF', 'rtcp-mux': ['require'], flags: ['trust-address', 'generate-mid'],
			SDES: ['off'], direction: ['ims', 'web'], ...this.keys });
		if (this.answered.result !== 'ok') throw new Error(`answer: ${this.answered['error-reason']}`);
	}

	/** Deleted, its ends closed. */
	async end() {
		await this.ng.ask({ command: 'delete', 'call-id': this.id, 'from-tag': 'web', 'to-tag': 'ims' });
		await this.close();
	}

	async close() {
		this.ims.close();
		await this.page.die();
	}
}
