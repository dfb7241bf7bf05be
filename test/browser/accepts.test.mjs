// SPDX-License-Identifier: BSD-2-Clause
// A real Chromium takes what mediation makes for it: each recorded description
// towards a page; its own offers' answers, whatever the core says to them and
// whatever its bundlePolicy is; and offers of the core, which it answers. The
// gateways are a real rtpengine of Debian's and one that takes bundles apart.
import test from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Gateway } from '../int/sdp_mediate/support/nodes.mjs';
import { Mediator } from '../int/media/mediator.mjs';
import { ANSWERS, OFFERS, answerTo } from './accepts.mjs';
import { launchBrowser } from './chromium.mjs';

const golden = fileURLToPath(new URL('../golden/', import.meta.url));
const sid = process.env.RTPENGINE_SID ?? fileURLToPath(new URL('../../build/rtpengine/sid/run', import.meta.url));
const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'accepts-'));
// Nothing of WebRTC's.
const LEFT = /^a=(group|mid|msid|ssrc|candidate|ice-|fingerprint|setup|rtcp-mux|extmap|rid|simulcast|rtcp-rsize|tls-id|end-of)|SAVPF 1|goog-remb|transport-cc/m;

const gateways = [];
let browser, page;
test.before(async () => {
	// A browser without a network has no candidates, and its bundlePolicy does not show.
	for (const words of ['link add acc0 type veth peer name acc1', 'addr add 10.9.9.2/24 dev acc0', 'link set acc0 up', 'link set acc1 up', 'route add default dev acc0']) execFileSync('ip', words.split(' '));
	for (const [name, more, address, ports] of [['old', '', '127.0.0.7:2223', {}], ['new', ';gateway=26.0', '127.0.0.7:2224', { program: sid, min: 35000, max: 39999 }]]) {
		const gateway = await Gateway.start(address, ports);
		gateways.push({ name, gateway, mediator: Mediator.start(gateway), profile: `name=a;video=yes;core=avpf${more}` });
	}
	browser = await launchBrowser({ dir });
	page = await browser.newPage();
	await page.evaluate(() => {
		const said = (e) => String(e).replace(/.*RTCPeerConnection'/, '');
		const gathered = (pc) => new Promise((done) => {
			const look = () => (pc.iceGatheringState === 'complete' || pc.localDescription.sdp.includes('a=candidate')) && done();
			pc.onicegatheringstatechange = look;
			pc.onicecandidate = look;
			look();
		});
		window.begin = async (kinds, bundlePolicy) => {
			window.pc?.close();
			window.pc = new RTCPeerConnection({ bundlePolicy });
			for (const [k, direction] of kinds.map((x) => x.split(' '))) if (k === 'application') pc.createDataChannel('x'); else pc.addTransceiver(k, direction ? { direction } : {});
			await pc.setLocalDescription();
			await gathered(pc);
			return pc.localDescription.sdp;
		};
		window.answered = (sdp) => pc.setRemoteDescription({ type: 'answer', sdp }).then(() => 'ok', said);
		window.answer = async (sdp, bundlePolicy) => {
			window.pc?.close();
			window.pc = new RTCPeerConnection({ bundlePolicy });
			pc.addTrack((window.audio ??= new AudioContext()).createMediaStreamDestination().stream.getTracks()[0]);
			try {
				await pc.setRemoteDescription({ type: 'offer', sdp });
				await pc.setLocalDescription();
				return { sdp: pc.localDescription.sdp };
			} catch (e) { return { bad: said(e) }; }
		};
	});
});
test.after(async () => {
	await browser?.close();
	for (const g of gateways) { g.mediator.stop(); await g.gateway.down(); }
	fs.rmSync(dir, { recursive: true, force: true });
});

const begin = (kinds, policy) => page.evaluate(([k, p]) => window.begin(k, p), [kinds, policy]);
const answered = (sdp) => page.evaluate((s) => window.answered(s), sdp);
const answer = (sdp, policy) => page.evaluate(([s, p]) => window.answer(s, p), [sdp, policy]);
const count = (sdp) => sdp.match(/^m=/gm).length;

const read = (...name) => { try { return fs.readFileSync(path.join(golden, ...name), 'utf8'); } catch { return undefined; } };
const chain = (name) => [name, ...['again', 'fork'].map((x) => `${name}/${x}`).filter((x) => fs.existsSync(golden + x)).flatMap(chain)];
// A recorded answer under the names that the page's own offer has.
function renamed(sdp, own) {
	const names = (s) => [...s.matchAll(/^a=mid:(\S+)/gm)].map((m) => m[1]), to = names(own), from = names(sdp), map = (mid) => to[from.indexOf(mid)];
	return sdp.replace(/^a=mid:(\S+)/gm, (_, mid) => `a=mid:${map(mid)}`).replace(/^a=group:BUNDLE (.*?)\r?$/gm, (_, mids) => `a=group:BUNDLE ${mids.trim().split(' ').map(map).join(' ')}\r`);
}

test('accepts_every_recorded_description_towards_a_page', async (t) => {
	let n = 0;
	for (const name of fs.readdirSync(golden).filter((f) => fs.existsSync(`${golden}${f}/about.txt`)).flatMap(chain)) {
		const about = read(name.replace(/\/fork$/, ''), 'about.txt'), bad = `${name}: `, offer = read(name, '4-offer-out.sdp');
		if (/^offer-from: core/.test(about) && offer) {
			assert.equal(bad + ((await answer(offer, 'balanced')).bad ?? 'ok'), `${bad}ok`);
			n++;
		}
		const says = read(name, '8-answer-out.sdp'), to = read(name, '1-offer.sdp') ?? read(path.dirname(name), '1-offer.sdp');
		// One to a change says little of transports when it takes nothing.
		if (/^offer-from: core/.test(about) || !says || !/^m=\S+ [1-9]/m.test(says)) continue;
		const own = await begin(to.match(/^m=\w+/gm).map((m) => m.slice(2)), /BUNDLE/.test(says) && !/^a=candidate[^]*^m=[^]*^a=candidate/m.test(to) ? 'max-bundle' : 'balanced');
		assert.equal(bad + await answered(renamed(says, own)), `${bad}ok`);
		n++;
	}
	t.diagnostic(`${n} descriptions`);
	assert.ok(n > 30);
});

const PAGES = { audio: ['audio'], both: ['audio', 'video'], camera_first: ['video', 'audio'], two: ['audio', 'audio'], data: ['audio', 'video', 'application'], four: ['audio', 'audio', 'video', 'video'], holds: ['audio sendonly'], listens: ['audio recvonly'], silent: ['audio inactive'] };
// Each answer where it may matter, not all with all.
const ways = Object.entries(PAGES).flatMap(([kinds, sections]) => ['balanced', 'max-compat', 'max-bundle'].flatMap((policy) => Object.keys(ANSWERS).slice(0, kinds === 'both' && policy !== 'max-compat' ? 99 : 5).map((how) => ({ kinds, sections, policy, how }))));

for (const which of [0, 1])
	test(`accepts_answers_of_any_end_through_${['an_old', 'a_new'][which]}_gateway`, async (t) => {
		const { mediator, profile } = gateways[which], bad = [];
		let n = 0, none = 0;
		for (const { kinds, sections, policy, how } of ways) {
			const mine = await begin(sections, policy), call = mediator.call(profile), name = `${kinds} ${policy} ${how}: `;
			const out = await call.offer('wic', mine);
			assert.ok(out.sdp && count(out.sdp) === count(mine) && !LEFT.test(out.sdp), name + (out.cause ?? out.sdp));
			const back = await call.answer('core', answerTo(out.sdp, ANSWERS[how]), mine);
			await call.end();
			// All rejected; or sections that share the transport of one that is: rtpengine
			// bundles none of them then, and the answer cannot be used.
			if ((back.cause === 'gateway' && kinds === 'four' && ['audio_rejected', 'first_rejected'].includes(how)) || (back.sdp && !/^m=\S+ [1-9]/m.test(back.sdp))) { none++; continue; }
			const verdict = back.sdp ? await answered(back.sdp) : `not mediated: ${back.cause} ${back.error ?? ''}`;
			if (verdict !== 'ok') bad.push(`${name}${verdict}\n${back.sdp ?? back.fromGateway}`);
			n++;
		}
		t.diagnostic(`${n} answers, ${none} of nothing`);
		assert.deepEqual(bad, []);
		assert.ok(n > 80 && none < n, `${n} ${none}`);
	});

for (const which of [0, 1])
	test(`accepts_offers_of_any_end_through_${['an_old', 'a_new'][which]}_gateway`, async (t) => {
		const { mediator, profile } = gateways[which], bad = [];
		for (const [how, theirs] of Object.entries(OFFERS))
			for (const policy of ['balanced', 'max-bundle']) {
				const call = mediator.call(profile), name = `${how} ${policy}: `, out = await call.offer('core', theirs);
				if (!out.sdp) { bad.push(`${name}not mediated: ${out.cause} ${out.error ?? ''}`); await call.end(); continue; }
				const live = out.sdp.match(/^m=\S+ [1-9]/gm).length;
				const own = await answer(out.sdp, policy);
				// An old gateway has a port for each section: no group that max-bundle would take.
				if (own.bad && policy === 'max-bundle' && live > 1 && !/BUNDLE \S+ \S/.test(out.sdp)) { await call.end(); continue; }
				if (!own.sdp) { bad.push(`${name}${own.bad}\n${out.sdp}`); await call.end(); continue; }
				const back = await call.answer('wic', own.sdp, theirs);
				await call.end();
				if (!back.sdp || count(back.sdp) !== count(theirs.replaceAll(/^m/gm, '\nm')) || LEFT.test(back.sdp) || !/^m=audio [1-9]/m.test(back.sdp)) bad.push(`${name}answer ${back.cause ?? ''} ${back.error ?? ''}\n${back.sdp ?? back.fromGateway}`);
			}
		assert.deepEqual(bad, []);
		t.diagnostic(`${Object.keys(OFFERS).length} offers`);
	});
