// SPDX-License-Identifier: BSD-2-Clause
// RFC 4475 through the whole eP-CSCF as shipped: each kind from a registered
// page over WSS. The node stays up, the page is served behind it, and tshark
// finds nothing on Mw that is not well-formed or not the page's to say.
import test from 'node:test';
import assert from 'node:assert/strict';
import path from 'node:path';
import { decodeAs, startCapture } from '../../browser/capture.mjs';
import { Wire } from '../../browser/wire.mjs';
import { Lab } from '../webrtc_auth/support/labpage.mjs';
import { rand } from '../tna_register/support/sip.mjs';
import { KIND_NAMES, torture } from './torture.mjs';

let lab, capture, witness, pids;
const session = {}, outcome = {};

const malformed = () => Number(/frames_malformed = (\d+)/.exec(lab.kamcmd('stats.fetch', 'webrtc_auth:frames_malformed').replace(/: /g, ' = '))?.[1]);
const processes = () => lab.kamcmd('core.psx').match(/PID: \d+/g);

test.before(async () => {
	lab = await Lab.start('lab-torture');
	const { icscf } = lab.nodes;
	Object.assign(session, { lab, captureFile: path.join(lab.dir, 'core.pcapng'), ports: { sip: [icscf.sip], diameter: [icscf.diameter], ng: [] } });
	capture = await startCapture({ file: session.captureFile, ports: session.ports, onEvent: () => {} });
	pids = processes();
	witness = await lab.page('user3');
	assert.equal((await witness.register()).status, 200);
	for (const name of KIND_NAMES) await play(name);
	await capture.stop();
	session.wire = new Wire(session);
});
test.after(async () => { await lab?.stop(); });

// Each on a connection of its own: none is spoilt by the one before.
async function play(name) {
	const p = await lab.page('user1');
	p.token = await lab.mint('user1');
	assert.equal((await p.register()).status, 200, `before ${name}`);
	const { text, callId, does } = torture(p)[name];
	const before = malformed();
	p.send(text);
	// The node goes on, for others and for this page unless it was shown out.
	const asked = async (who) => {
		const id = rand(8);
		who.send(who.request('OPTIONS', { uri: 'sip:home1.net', callId: id }));
		return Promise.race([who.inbox.take('OPTIONS', (m) => m.status && m.callId === id).then((m) => m.status, () => 'silent'), who.closed.then((c) => c.code)]);
	};
	const alive = await asked(p), other = await asked(witness);
	const mine = (m) => m.status >= 200 && (m.callId === callId || m.text.includes(callId));
	const answer = does === 'drop' || does === 'none' ? p.inbox.queue.find(mine) : await p.inbox.take(name, mine, 6000).catch(() => undefined);
	outcome[name] = { callId, does, text, alive, other, answer, dropped: malformed() - before };
	p.drop();
}

// What a page may never have said on Mw.
const NEVER = ['Proxy-Authorization', 'P-Preferred-Identity', 'Feature-Caps'];
const ONCE = ['From', 'To', 'Call-ID', 'CSeq', 'Max-Forwards', 'Content-Length'];

function wellFormed(m) {
	for (const name of ONCE) assert.equal(m.all(name).length + m.all({ From: 'f', To: 't', 'Call-ID': 'i', 'Content-Length': 'l' }[name] ?? '\0').length, 1, `${name} of\n${m.text}`);
	for (const name of NEVER) assert.ok(!m.has(name), `${name} in\n${m.text}`);
	assert.doesNotMatch(m.text, /\bBearer\b|chair-dnrc|other@example\.com/i);
	assert.equal(m.fields('_ws.malformed').length, 0);
	assert.ok(m.status || Number(m.get('Max-Forwards')) <= 255);
	if (!['REGISTER', 'ACK'].includes(m.method)) assert.deepEqual(m.all('P-Asserted-Identity'), ['<sip:user1@home1.net>']);
	if (m.method === 'REGISTER') assert.equal(m.field('sip.auth.username'), '"user1_private@home1.net"');
}

for (const name of KIND_NAMES)
	test(`torture_${name.replace(/\./g, '_')}`, () => {
		const o = outcome[name], sent = session.wire.hop('epcscf', 'icscf').concat(session.wire.hop('epcscf', 'scscf')).filter((m) => m.callId === o.callId);
		const got = o.answer?.status ?? (o.dropped ? 'drop' : 'none');
		if (process.env.SHOW) console.log(name, got, 'alive', o.alive, 'sent', sent.length);
		assert.equal(o.other, 200, 'others are not served');
		assert.equal(o.alive, name.includes('escaped_nulls') ? 4002 : 200, 'the connection');
		if (Array.isArray(o.does)) assert.ok(o.does.includes(got), `${got} ${o.answer?.first ?? ''}`);
		else {
			assert.equal(got, o.does, o.answer?.first);
			assert.equal(sent.length, 0, 'it went on');
		}
		for (const m of sent) wellFormed(m);
	});

test('torture_node_stays_as_it_was', () => {
	assert.deepEqual(processes(), pids);
	assert.doesNotMatch(lab.log(), /CRITICAL|BUG:|core was generated/);
});

test('torture_of_every_kind_on_one_connection', async () => {
	const p = await lab.page('user2');
	assert.equal((await p.register()).status, 200);
	const { '3.1.1.4_escaped_nulls': shownOut, ...rest } = torture(p);
	for (const { text } of Object.values(rest)) p.send(text);
	// It goes on, or was closed for too many failures in a row; another one is served.
	const after = await Promise.race([p.closed.then((c) => c.code), p.ask('OPTIONS', { uri: 'sip:user3@home1.net' }).then(() => 'open', () => 'silent')]);
	assert.ok(after === 'open' || after === 4006, String(after));
	const q = await lab.page('user2');
	assert.equal((await q.register()).status, 200);
	assert.deepEqual(processes(), pids);
	q.drop();
});

test('torture_sec_agree_is_taken_out_and_no_other_proxy_require_passes', async () => {
	const p = await lab.page('user1');
	assert.equal((await p.register({ headers: ['Proxy-Require: sec-agree', 'Require: sec-agree'] })).status, 200);
	const refused = await p.ask('OPTIONS', { uri: 'sip:user3@home1.net', headers: ['Proxy-Require: sec-agree, teleport'] });
	assert.equal(refused.status, 420);
	assert.match(refused.get('Unsupported'), /teleport/);
	p.drop();
});
