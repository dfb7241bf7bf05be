// SPDX-License-Identifier: BSD-2-Clause
// SDP torture through the whole eP-CSCF as shipped, gateway and all: offers of
// a registered page that are broken, huge or strange. Each is refused by the
// eP-CSCF, or what leaves it towards the core is a clean offer; no call stays
// at the gateway and everybody else is served.
import test from 'node:test';
import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import path from 'node:path';
import { sipMessages, startCapture } from '../../browser/capture.mjs';
import { Wire } from '../../browser/wire.mjs';
import { Lab, OFFER } from '../webrtc_auth/support/labpage.mjs';
import { Msg, answer, build, rand } from '../tna_register/support/sip.mjs';

let lab, a, b, pids, capture;
const session = {}, outcome = {};
const processes = () => lab.kamcmd('core.psx').match(/PID: \d+/g);
const crlf = (text) => text.replace(/\r?\n/g, '\r\n');
const base = crlf(OFFER);
const line = (pattern, to) => base.replace(pattern, () => to);

// refused: nothing goes on. clean: it may go on, but not like this.
const refused = {
	empty_line_alone: '\r\n', no_version: line(/^v=0\r\n/m, ''), version_1: line(/^v=0/m, 'v=1'), version_late: base.replace(/^v=0\r\n/, '') + 'v=0\r\n',
	no_sections: base.slice(0, base.indexOf('m=')), a_nul: line(/^s=.*/m, 's=a\0b'), not_lines: 'v=0\r\nthis is no line\r\n', no_origin: line(/^o=.*\r\n/m, ''),
	port_beyond: line(/^m=audio \d+/m, 'm=audio 99999'), port_negative: line(/^m=audio \d+/m, 'm=audio -1'), port_of_letters: line(/^m=audio \d+/m, 'm=audio x'),
	no_formats: line(/^(m=audio \d+ \S+).*/m, 'm=audio 9 UDP/TLS/RTP/SAVPF'), plain_rtp: line(/^m=audio \d+ \S+/m, 'm=audio 9 RTP/AVP'), unknown_transport: line(/^m=audio \d+ \S+/m, 'm=audio 9 X/Y/Z'),
	no_fingerprint: base.replace(/^a=fingerprint.*\r\n/gm, ''), fingerprint_short: base.replace(/^a=fingerprint.*/gm, 'a=fingerprint:sha-256 AA:BB'), fingerprint_not_hex: base.replace(/^a=fingerprint.*/gm, `a=fingerprint:sha-256 ${Array(32).fill('ZZ').join(':')}`),
	fingerprint_md5: base.replace(/^a=fingerprint.*/gm, `a=fingerprint:md5 ${Array(16).fill('AA').join(':')}`), no_ice: base.replace(/^a=(ice|candidate).*\r\n/gm, ''),
	origin_of_letters: line(/^o=.*/m, 'o=evil evil evil IN IP4 evil'), origin_short: line(/^o=.*/m, 'o=- 1 1 IN IP4'), origin_octets: line(/^o=.*/m, 'o=\x1b[2J 1 1 IN IP4 192.0.2.1'), time_evil: line(/^t=.*/m, 't=evil evil'), a_bell: line(/^s=.*/m, 's=\x07evil'), a_delete: base + 'a=evil:\x7f\r\n',
	setup_holdconn: base.replace(/^a=setup.*/gm, 'a=setup:holdconn'), setup_evil: base.replace(/^a=setup.*/gm, 'a=setup:evil'),
	sections_by_the_hundred: base + 'm=audio 9 UDP/TLS/RTP/SAVPF 0\r\n'.repeat(300), attributes_by_the_thousand: base + 'a=x\r\n'.repeat(2500),
};
const clean = {
	ufrag_empty: base.replace(/^a=ice-ufrag.*/gm, 'a=ice-ufrag:'), pwd_short: base.replace(/^a=ice-pwd.*/gm, 'a=ice-pwd:x'),
	formats_by_the_thousand: line(/^(m=audio .*)/m, `m=audio 9 UDP/TLS/RTP/SAVPF ${Array.from({ length: 3000 }, (_, i) => i % 128).join(' ')}`),
	bare_lf: base.replace(/\r\n/g, '\n'), no_last_line_end: base.replace(/\r\n$/, ''), blank_lines: base.replace(/\r\n/g, '\r\n\r\n').slice(0, 9000), session_name_empty: line(/^s=.*/m, 's='),
	line_of_nine_thousand: base + `a=evil${'x'.repeat(9000)}\r\n`, unknown_types: base + 'q=evil\r\n1=evil\r\n', unknown_attributes: base + 'a=evil:evil\r\na=evil\r\n', flags_in_a_name: line(/^s=.*/m, 's=evil replace-origin ICE=remove'),
	candidate_broken: base + 'a=candidate:evil\r\na=candidate:\r\na=candidate:1 1 udp 1 evil 99999 typ evil\r\n', candidates_by_the_hundred: base + Array.from({ length: 90 }, (_, i) => `a=candidate:${i} 1 udp 1 192.0.2.${i} 9 typ host\r\n`).join(''), rtpmap_broken: base + 'a=rtpmap:evil\r\na=rtpmap:999 evil/0\r\na=rtpmap:\r\n',
	fmtp_of_another: base + 'a=fmtp:77 evil=1\r\n', mid_twice: base + 'a=mid:evil\r\n', bundle_of_nobody: line(/^a=group:BUNDLE.*/m, 'a=group:BUNDLE evil evil2'), ssrc_evil: base + 'a=ssrc:4294967296 cname:evil\r\n', extmap_evil: base + 'a=extmap:0 evil\r\na=extmap:99999 evil\r\n', crypto_beside: base + 'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:evil\r\n',
	not_utf8: line(/^s=.*/m, 's=\u00ff\u00fe'), connection_of_a_name: line(/^c=.*/m, 'c=IN IP4 evil.example'), connection_multicast: line(/^c=.*/m, 'c=IN IP4 224.2.36.42/127'), bandwidth_evil: base + 'b=AS:99999999999999999999\r\nb=evil:1\r\n', key_line: line(/^t=/m, 'k=clear:evil\r\nt='),
};

// A session's name is free text; it passes as the page wrote it, and nothing
// else of the page's does.
const AS_WRITTEN = { flags_in_a_name: /^s=/ };

test.before(async () => {
	lab = await Lab.start('lab-sdp');
	const { icscf } = lab.nodes;
	Object.assign(session, { lab, captureFile: path.join(lab.dir, 'core.pcapng'), ports: { sip: [icscf.sip], diameter: [icscf.diameter], ng: [] } });
	capture = await startCapture({ file: session.captureFile, ports: session.ports, onEvent: () => {} });
	[a, b] = [await lab.page('user1'), await lab.page('user2')];
	for (const p of [a, b]) assert.equal((await p.register()).status, 200);
	pids = processes();
	for (const [name, body] of Object.entries({ ...refused, ...clean })) await play(name, body);
	await capture.stop();
	session.wire = new Wire(session);
	session.texts = sipMessages(session.captureFile, session.ports, `ip.src == ${lab.nodes.epcscf.address} && sip.Method == "INVITE"`).map((m) => m.text);
});
test.after(() => lab?.stop());

async function play(name, body) {
	const callId = rand();
	a.send(a.request('INVITE', { uri: b.aor, callId, body }));
	const final = a.inbox.reply('INVITE', (s) => s >= 300, (m) => m.callId === callId, 8000).catch(() => undefined);
	const first = await Promise.race([final, b.inbox.request('INVITE', (m) => m.callId === callId, 8000).catch(() => undefined)]);
	if (first && !first.status) b.send(answer(first, 486, { tag: rand(4) }));
	const end = await final;
	if (end) a.send(build(`ACK ${b.aor} SIP/2.0`, [`Via: ${end.get('Via').replace(/;(rport|received)=[^;]*/g, '')}`, 'Max-Forwards: 70', `To: ${end.get('To')}`, `From: ${end.get('From')}`, `Call-ID: ${callId}`, `CSeq: ${end.cseq} ACK`]));
	outcome[name] = { callId, status: end?.status, reached: first && !first.status ? first.body : undefined };
}

const sent = (name) => session.wire.hop('epcscf', 'scscf', (m) => m.callId === outcome[name].callId && m.request && m.method === 'INVITE');

for (const name of Object.keys(refused))
	test(`sdp_${name}_is_refused`, () => {
		assert.ok([400, 415, 488].includes(outcome[name].status), String(outcome[name].status));
		assert.equal(sent(name).length, 0, 'it went on');
	});

for (const name of Object.keys(clean))
	test(`sdp_${name}_goes_on_clean_or_not_at_all`, () => {
		const messages = sent(name);
		if (messages.length === 0) return void assert.ok([400, 415, 488, 503].includes(outcome[name].status), String(outcome[name].status));
		assert.equal(outcome[name].status, 486);
		for (const m of messages) {
			// tshark reads it as one version, one audio section of plain RTP, and nothing of the page's.
			assert.deepEqual([m.sdp('sdp.version'), m.sdp('sdp.media.media')[0], m.sdp('sdp.media.proto')[0]], [['0'], 'audio', 'RTP/AVP']);
			const { body } = new Msg(session.texts.find((t) => t.includes(m.callId)));
			const rest = body.split(/\r?\n/).filter((l) => !AS_WRITTEN[name]?.test(l)).join('\n');
			assert.doesNotMatch(rest, /evil|ice-|candidate|fingerprint|setup|crypto|ssrc|extmap|224\.2/i, body);
			assert.ok(!/[^\r]\n/.test(body) && body.endsWith('\r\n'), 'line ends');
		}
	});

test('sdp_of_none_is_left_at_the_gateway', async () => {
	const { address, ng } = lab.nodes.rtpengine, socket = dgram.createSocket('udp4');
	const calls = () => new Promise((done) => {
		socket.once('message', (m) => done((m.toString('latin1').match(/5:callsl(.*?)e/)?.[1].match(/\d+:/g) ?? []).length));
		socket.send(`${rand()} d7:command4:list5:limiti100ee`, ng, address);
	});
	for (const end = Date.now() + 8000; await calls() > 0;) { assert.ok(Date.now() < end, `${await calls()} calls`); await new Promise((d) => { setTimeout(d, 200); }); }
	socket.close();
	const now = new Set(processes());
	assert.deepEqual(pids.filter((p) => !now.has(p)), []);
	assert.equal((await b.ask('OPTIONS', { uri: 'sip:home1.net' })).status, 200);
});
