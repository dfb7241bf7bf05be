// SPDX-License-Identifier: BSD-2-Clause
// Calls of a page through the eP-CSCF as shipped and the installed rtpengine,
// with the media of both ends in the test's hands: the browser's is scripted
// (ice.mjs), the far side is a phone of the core.
import assert from 'node:assert/strict';
import { Lab, OFFER } from '../webrtc_auth/support/labpage.mjs';
import { SipUe } from '../../lab/phones/sipue.mjs';
import { Endpoint, Wic, rtp } from './ice.mjs';

export const sleep = (ms) => new Promise((r) => setTimeout(r, ms));

export let lab;
let page, carol, port = 5000;
export async function begin(site) {
	lab = await Lab.start(`lab-media-safety${site ? '' : '-any'}`, undefined, ['pcscf'], site);
	page = await lab.page('user1');
	assert.equal((await page.register()).status, 200);
	carol = await SipUe.open({ address: '127.0.0.20', lab, user: lab.users.carol });
	assert.equal((await carol.register()).status, 200);
}

export async function end() {
	carol?.close();
	await lab?.stop();
}

// A call of the page up to its ACK, with the media of neither side yet.
export async function call(t, { fingerprint } = {}) {
	const mine = [], open = async (what, ...where) => { const e = await what.open(...where); mine.push(e); return e; };
	const close = async () => { for (const e of mine.splice(0)) await e.close(); };
	t.after(close);
	const wic = await open(Wic, '127.0.0.30', port += 2), phone = await open(Endpoint, '127.0.0.20', 6000), stranger = await open(Endpoint, '127.0.0.66', 7000);
	await open(Endpoint, '127.0.0.20', 6001);
	const ringing = carol.next('INVITE');
	page.send(page.request('INVITE', { uri: carol.aor, body: wic.write(OFFER, { fingerprint }) }));
	const invite = await ringing;
	carol.reply(invite, 200, 'OK', [['Contact', carol.contact], ['Content-Type', 'application/sdp']],
		'v=0\r\no=- 1 1 IN IP4 127.0.0.20\r\ns=-\r\nc=IN IP4 127.0.0.20\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0\r\n');
	const ok = await page.inbox.reply('INVITE', 200, (m) => m.body), acked = carol.next('ACK');
	page.send(page.ackText(invite, ok));
	await acked;
	t.after(async () => {
		const bye = carol.next('BYE');
		page.send(page.request('BYE', { uri: /<([^>]+)>/.exec(ok.get('Contact'))[1], to: /<([^>]+)>/.exec(ok.get('To'))[1], toTag: ok.toTag, fromTag: ok.fromTag, callId: ok.callId, routes: ok.list('Record-Route').reverse() }));
		await bye;
	});
	wic.read(ok.body);
	const at = (name, n) => new RegExp(`^${name}.*`, 'm').exec(invite.body ?? carol.trace.findLast((m) => !m.out && m.text.startsWith('INVITE ')).text)[0].trim().split(' ')[n];
	const gw = { address: at('c=', 2), port: Number(at('m=audio', 1)) };
	return { wic, phone, stranger, gw, gwRtcp: { ...gw, port: gw.port + 1 }, close };
}

export const heard = (e, octet) => e.got.filter((p) => (e instanceof Wic ? p.plain : p.data)?.[12] === octet).length;
export async function burst(send, octet, { n = 10, seq = 1, ssrc } = {}) {
	for (let i = 0; i < n; i++) { await send(rtp(octet, { seq: seq + i, ssrc })); await sleep(10); }
}

// Both ways, with payloads of their own: [phone to browser, browser to phone].
let octet = 0x10;
export async function flows({ wic, phone, gw }, seq = 1) {
	const [down, up] = [++octet, ++octet];
	const both = () => [heard(wic, down) > 0, heard(phone, up) > 0];
	for (let i = 0; i < 60 && both().includes(false); i++) {
		await phone.send(rtp(down, { seq: seq + i }), gw);
		if (wic.out) await wic.talk(rtp(up, { seq: seq + i }));
		await sleep(20);
	}
	return both();
}

export async function connect(c) {
	assert.ok(await c.wic.ice(), 'ICE');
	assert.ok(await c.wic.secure(), `DTLS: ${c.wic.dtls.text}`);
	return c;
}
