#!/usr/bin/env node
// SPDX-License-Identifier: BSD-2-Clause
// `make demo`: a browser registers with a token and calls an IMS phone, every
// message shown as it passes; then somebody tries another user's token. Leaves
// build/demo/report.html and build/demo/demo.pcapng, and nothing running.
import fs from 'node:fs';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { ROOT } from '../lab/lib/plan.mjs';
import { Session, MICROPHONE_HZ, PHONE_HZ, until } from '../browser/session.mjs';
import { body, header, label, mask } from '../browser/frames.mjs';
import { readWav } from '../lab/phones/wav.mjs';
import { spectrum } from './spectrum.mjs';
import { Ladder } from './ladder.mjs';
import { compareTna, compareSdp } from './compare.mjs';
import { bearersOf, filesBelow, leaks } from './leaks.mjs';
import { report } from './report.mjs';

const OUT = path.join(ROOT, 'build/demo');
const said = [];
const say = (text = '') => { said.push(text); console.log(text); };
const failures = [];
const verdict = (ok, text) => { if (!ok) failures.push(text); say(`  ${ok ? 'ok ' : 'BAD'}  ${text}`); return ok; };

function versions() {
	const first = (program, ...args) => execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).split('\n')[0].trim();
	return [first('kamailio', '-v').replace('version: ', ''),
		`rtpengine ${execFileSync('dpkg-query', ['-W', '-f', '${Version}', 'rtpengine-daemon'], { encoding: 'utf8' })}`,
		first('chromium', '--version')];
}

// Which column an address is. rtpengine's control comes from an unbound socket
// of the eP-CSCF, so its port tells, not its address.
function columnsOf(lab) {
	const { nodes, users } = lab;
	const column = new Map([[nodes.epcscf.address, 'eP-CSCF'], [nodes.icscf.address, 'I-CSCF'], [nodes.scscf.address, 'S-CSCF'],
		[nodes.pcscf.address, 'P-CSCF'], [nodes.hss.address, 'HSS'], [users.alice.address, 'phone']]);
	return (address) => column.get(address);
}

// The demo's own question to rtpengine whether the call is gone.
const asked = new Set();
function ownQuery(event) {
	if (event.protocol !== 'ng') return false;
	if (event.label === 'ng list') asked.add(event.sport);
	return asked.has(event.sport) || asked.has(event.dport);
}

function watch(session) {
	const ladder = new Ladder({ names: columnsOf(session.lab), print: say });
	const ng = session.lab.nodes.rtpengine.ng;
	return { ladder, onCore(event) {
		if (event.method === 'OPTIONS' || ownQuery(event)) return;
		if (event.protocol === 'ng') ladder.add({ ...event, from: event.dport === ng ? 'eP-CSCF' : 'AGW', to: event.dport === ng ? 'AGW' : 'eP-CSCF' });
		else ladder.add(event);
	} };
}

function showFrames(client, ladder) {
	const name = 'browser';
	client.onFrame = ({ t, sent, text }) => ladder.add({ t, protocol: 'sip', label: label(text),
		from: sent ? name : 'eP-CSCF', to: sent ? 'eP-CSCF' : name, text: undefined });
	client.onSocket = ({ t }) => ladder.add({ t, protocol: 'sip', label: 'WebSocket closed', from: 'eP-CSCF', to: name });
}

async function main() {
	fs.rmSync(OUT, { recursive: true, force: true });
	fs.mkdirSync(OUT, { recursive: true });
	const started = new Date();
	say('Starting an IMS home network\n');
	const session = await Session.begin('demo', { say: (line) => say(`  ${line}`) });
	const shown = watch(session);
	const { ladder } = shown;
	try {
		const pcap = path.join(OUT, 'demo.pcapng');
		await session.startCapture(shown.onCore, pcap);
		ladder.head();

		ladder.note('user1 opens the page, signs in, and registers');
		const page = await session.open();
		showFrames(page, ladder);
		const clicked = Date.now();
		await page.signIn('user1');
		await page.registered();
		await page.page.check('#raw');
		const registered_ms = Date.now() - clicked;
		const request = page.messages(/^REGISTER /, true)[0];

		ladder.note('the page calls the phone');
		const alice = await session.phone('alice');
		alice.autoAnswer();
		const dialled = page.frames.length;
		await page.page.evaluate(() => {
			globalThis.audible = (async () => {
				const from = performance.now();
				for (;;) {
					const call = globalThis.line.currentCall;
					if (call?.peerConnection && call.state !== 'ended' && (await call.stats()).energy > 0.0005) return performance.now() - from;
					await new Promise((r) => { setTimeout(r, 10); });
				}
			})();
		});
		await page.dial('alice');
		await page.callState('connected');
		const audible_ms = await page.page.evaluate(() => globalThis.audible);
		const here = await page.heard(1500);
		await alice.heard({ atLeast_s: 1 });
		const recording = readWav(alice.recordings().at(-1));
		const there = spectrum(recording.samples, recording.rate);
		const screenshot = (await page.page.screenshot({ fullPage: true })).toString('base64');
		const callFrames = page.frames.slice(dialled);

		ladder.note('the page hangs up');
		await page.hangup();
		await alice.event('CALL_CLOSED');
		await session.noMedia();

		ladder.note('a guest of another web server, whose tokens a third party issues, registers');
		const guest = await session.open(session.lab.urls.pagePartner);
		showFrames(guest, ladder);
		await guest.registered();

		ladder.note("somebody registers as user1 with user2's token");
		const thief = await session.open();
		showFrames(thief, ladder);
		const stolen = await session.waf('mint', { user: 'user2', client_id: 'portal' });
		await thief.connectWith({ access_token: stolen.access_token, expires_in: 300, impi: stolen.claims.impi, impu: ['sip:user1@home1.net'] });
		await until('the refusal', () => thief.sockets.length > 0);
		const states = await thief.page.evaluate(() => globalThis.states);
		const refused = thief.messages(/^SIP\/2\.0 /, false)[0]?.split('\r\n')[0] ?? 'no answer';
		const closed = states.find((s) => s.code >= 4000);
		await ladder.end();
		await session.stopCapture();

		const core = session.core();
		const { epcscf, icscf } = session.lab.nodes;
		const tnaOf = (user) => core.find((m) => /^REGISTER /.test(m.text) && m.dst === icscf.address && m.text.includes(`<sip:${user}`));
		say('\nThe browser\'s credentials, masked');
		say(`  Authorization: ${mask(header(request, 'Authorization'))}`);
		const own = compareTna(header(tnaOf('user1')?.text ?? '', 'Authorization'), { thirdParty: false });
		const foreign = compareTna(header(tnaOf('guest')?.text ?? '', 'Authorization'), { thirdParty: true });
		say('\nTrusted Node Authentication on Mw, next to TS 24.371 table A.3.2-2');
		for (const tna of [own, foreign]) {
			say(`  Authorization: ${tna.header}`);
			for (const row of tna.rows) verdict(row.ok, `${row.name.padEnd(20)} ${row.here.padEnd(40)} table: ${row.table}`);
		}

		const offer = compareSdp(body(callFrames.find((f) => f.sent && /^INVITE /.test(f.text)).text),
			body(core.find((m) => /^INVITE /.test(m.text) && m.src === epcscf.address).text), 'offer: browser -> IMS');
		const answerOf = (messages) => messages.find((text) => /^SIP\/2\.0 200 /.test(text) && /CSeq:\s*\d+ INVITE/i.test(text)) ?? '';
		const answer = compareSdp(body(answerOf(core.filter((m) => m.dst === epcscf.address).map((m) => m.text))),
			body(answerOf(callFrames.filter((f) => !f.sent).map((f) => f.text))), 'answer: IMS -> browser');
		say('\nSDP');
		say(`  ${offer.summary}\n  ${answer.summary}`);
		verdict(offer.leaked.length === 0, `WebRTC attributes that reached IMS: ${offer.leaked.join(' ') || 'none'}`);

		say('\nHeard');
		const heard = [
			{ at: 'browser', sent: PHONE_HZ, hz: here.hz, level: here.level, bins: here.bins },
			{ at: 'phone', sent: MICROPHONE_HZ, hz: there.hz, level: there.level, bins: there.bins },
		].map((h) => ({ ...h, ok: Math.abs(h.hz - h.sent) < 15 && h.level > 0.02 }));
		for (const h of heard) {
			verdict(h.ok, `${h.at.padEnd(8)} ${h.hz.toFixed(1)} Hz (sent ${h.sent} Hz), level ${h.level.toFixed(3)}`);
			say(`       ${sparkline(h.bins)}  0..2000 Hz`);
		}

		say('\nAnother user\'s token');
		const refusal = { ok: /^SIP\/2\.0 403 /.test(refused) && closed?.code === 4002,
			summary: `${refused}; WebSocket closed with ${closed?.code ?? 'no code'} (${closed?.text ?? '-'})` };
		verdict(refusal.ok, refusal.summary);

		const at = (frames, pattern, sent) => frames.find((f) => f.sent === sent && pattern.test(f.text))?.t ?? NaN;
		const invite = at(callFrames, /^INVITE /, true);
		const register = at(page.frames, /^REGISTER /, true);
		const latency = [
			{ from: 'sign-in clicked', to: 'registered (page, WAF and IMS)', ms: registered_ms },
			{ from: 'REGISTER sent', to: '200 OK', ms: at(page.frames, /^SIP\/2\.0 200 [^]*CSeq: *\d+ REGISTER/i, false) - register },
			{ from: 'INVITE sent', to: '180 Ringing', ms: at(callFrames, /^SIP\/2\.0 180 /, false) - invite },
			{ from: 'INVITE sent', to: '200 OK', ms: at(callFrames, /^SIP\/2\.0 200 [^]*CSeq: *\d+ INVITE/i, false) - invite },
			{ from: 'call button', to: 'audio in the browser', ms: audible_ms },
		].filter((l) => Number.isFinite(l.ms));
		say('\nTimes');
		for (const l of latency) say(`  ${l.ms.toFixed(1).padStart(8)} ms  ${l.from} -> ${l.to}`);

		fs.writeFileSync(path.join(OUT, 'report.html'), report({ started: started.toISOString().slice(0, 19).replace('T', ' '), versions: versions(),
			ladder: ladder.shown, credentials: `Authorization: ${mask(header(request, 'Authorization'))}`,
			tna: [{ title: "The operator's own WAF", ...own }, { title: 'A third party\'s WAF', ...foreign }], mediation: { offer, answer },
			heard, refusal, latency, screenshot }));
		showLeaks([...new Set([page, guest, thief].flatMap((client) => bearersOf(client.frames)).concat(stolen.access_token))], session);
		say(`\n${path.relative(process.cwd(), OUT)}/report.html and demo.pcapng`);
	} finally {
		await ladder.end();
		await session.end();
	}
	say(failures.length ? `\n${failures.length} things are not as they should be` : '\nAll as it should be; everything is stopped.');
	return failures.length ? 1 : 0;
}

// What was shown, captured, reported and logged, of every part of the network.
function showLeaks(tokens, session) {
	const output = path.join(session.dir, 'log/demo-output.txt');
	fs.writeFileSync(output, said.join('\n'));
	const files = filesBelow(OUT, path.join(session.dir, 'log'));
	const found = leaks(tokens, files);
	say('\nTokens');
	verdict(tokens.length >= 3, `${tokens.length} tokens went over the WebSockets`);
	verdict(found.length === 0, `in ${files.length} files (capture, report, this text, all logs): ${
		found.map(({ file, part }) => `${part} in ${path.basename(file)}`).join(', ') || 'none'}`);
}

function sparkline(bins) {
	const groups = 50;
	const levels = Array.from({ length: groups }, (_, i) => Math.max(0, ...bins.filter((b) => Math.floor(b.hz / (2000 / groups)) === i).map((b) => b.level)));
	const max = Math.max(...levels, 1e-9);
	return levels.map((v) => '▁▂▃▄▅▆▇█'[Math.min(7, Math.floor((v / max) * 7.999))]).join('');
}

process.exitCode = await main().catch((error) => { console.error(error); return 1; });
