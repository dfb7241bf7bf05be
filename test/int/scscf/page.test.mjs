// SPDX-License-Identifier: BSD-2-Clause
// auth-done of a page, through the eP-CSCF as shipped: never to the core.
import test from 'node:test';
import { createRequire } from 'node:module';
import { compose, random } from '../../lab/phones/sipmessage.mjs';
import { CLAIMS, claims } from './support/claims.mjs';
import { Core, FOREIGN } from './support/core.mjs';

const WebSocket = createRequire(new URL('../../package.json', import.meta.url))('ws');
let core;
test.before(async () => {
	core = await Core.start({ parts: ['rtpengine', 'waf-home', 'waf-partner', 'epcscf'] });
});
test.after(() => core.stop());

async function open(t) {
	const ws = new WebSocket(core.lab.urls.wss, 'sip', { rejectUnauthorized: false,
		origin: new URL(core.lab.urls.page).origin });
	t.after(() => ws.terminate());
	await new Promise((done, fail) => { ws.on('open', done); ws.on('error', fail); });
	return ws;
}

/**
 * The final answer to this REGISTER; a closed connection is a refusal, and what
 * is no SIP message gets none.
 */
function answer(ws, callId) {
	return new Promise((done) => {
		ws.on('message', (data) => {
			const found = /^SIP\/2\.0 ([2-6]\d\d) [^]*?\r\nCall-ID: (\S+)/i.exec(data.toString());
			if (found?.[2] === callId)
				done({ status: Number(found[1]), reason: callId });
		});
		ws.once('close', () => done({ status: 403, reason: 'closed' }));
		setTimeout(() => done({ status: 408, reason: 'no answer' }), 1500);
	});
}

for (const claim of CLAIMS) {
	test(`auth_done_${claim}_of_a_page_never_passes_the_epcscf`, async (t) => {
		const user = await core.user({ waf: [FOREIGN], wwsf: [] });
		const ws = await open(t);
		const from = core.mark();
		const callId = random(8);
		const answered = answer(ws, callId);
		ws.send(compose('REGISTER sip:home1.net SIP/2.0', [
			['Via', `SIP/2.0/WSS x.invalid;branch=z9hG4bK${random(8)}`], ['Max-Forwards', '70'],
			['From', `<${user.impu}>;tag=1`], ['To', `<${user.impu}>`], ['Call-ID', callId],
			['CSeq', '1 REGISTER'], ['Contact', '<sip:x@x.invalid;transport=ws>'], ['Expires', '600'],
			...claims(user.impi)[claim]]));
		await core.nobodyIn(user, from, await answered, [400, 401, 403, 408]);
	});
}
