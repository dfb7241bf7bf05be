// SPDX-License-Identifier: BSD-2-Clause
// What the shipped policies make of the core's answers to a REGISTER; the core
// is a script at the I-CSCF's address.
import test from 'node:test';
import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../../lab/lib/plan.mjs';
import { start, stop } from '../../lab/lab.mjs';
import { Lab } from '../webrtc_auth/support/labpage.mjs';
import { Page } from './support/page.mjs';
import { answer, Msg } from './support/sip.mjs';
import { until } from './support/site.mjs';

async function begin(name, defines) {
	const lab = Object.assign(new Lab(), { dir: path.join(ROOT, 'build/test', name) });
	await stop({ dir: lab.dir });
	Object.assign(lab, await start({ dir: lab.dir, parts: ['waf-home', 'waf-partner', 'rtpengine', 'epcscf'], defines }));
	Object.assign(lab, { ports: { wss: lab.nodes.epcscf.wss }, ca: { ca: readFileSync(lab.tls.ca) }, registers: [] });
	lab.core = dgram.createSocket('udp4');
	lab.core.on('message', (data, from) => {
		const m = new Msg(data.toString());
		if (m.method !== 'REGISTER' || m.status) return;
		lab.registers.push(m);
		const reply = lab.registrar(m);
		if (reply) lab.core.send(reply, from.port, from.address);
	});
	await new Promise((r) => lab.core.bind(lab.nodes.icscf.sip, lab.nodes.icscf.address, r));
	return lab;
}

for (const [kind, defines] of [['routes', []], ['lua', ['WITH_LUA']]])
	test(`policy_register_${kind}`, async (t) => {
		const lab = await begin(`lab-answers-${kind}`, [...defines, 'WITH_SIP_DIGEST']);
		const p = await Page.open(lab, { user: 'user1', origin: new URL(lab.urls.page).origin });
		p.token = await lab.mint('user1');
		await until('the keys of the WAF', () => /kid/.test(lab.kamcmd('webrtc_auth.keys')));
		try {
			await t.test(`policy_register_${kind}_503_says_when_to_come_back`, async () => {
				lab.registrar = (req) => answer(req, 503, { tag: 'x', more: ['Retry-After: 17', 'P-Charging-Vector: icid-value=1'] });
				const busy = await p.register();
				assert.equal(busy.status, 503, busy.text);
				assert.deepEqual(busy.all('Retry-After'), ['17']);
				lab.registrar = (req) => answer(req, 503, { tag: 'x' });
				const silent = await p.register();
				assert.equal(silent.status, 503);
				assert.equal(silent.get('Retry-After'), undefined);
			});
			await t.test(`policy_register_${kind}_challenge_to_a_token_user_is_hidden`, async () => {
				lab.registrar = (req) => answer(req, 401, { tag: 'x', more: ['WWW-Authenticate: Digest realm="home1.net", nonce="abc"'] });
				const r = await p.register();
				assert.equal(r.status, 500, r.text);
				assert.doesNotMatch(r.text, /Digest|Bearer|nonce/);
			});
			await t.test(`policy_register_${kind}_423_beyond_the_token_is_one_bearer_challenge`, async () => {
				lab.registrar = (req) => answer(req, 423, { tag: 'x', more: ['Min-Expires: 99999'] });
				const r = await p.register();
				assert.equal(r.status, 401, r.text);
				assert.equal(r.all('WWW-Authenticate').length, 1);
				assert.match(r.get('WWW-Authenticate'), /^Bearer .*invalid_token/);
			});
			await t.test(`policy_register_${kind}_silence_is_504`, async () => {
				lab.registrar = () => undefined;
				p.send(p.registerText());
				const r = await p.inbox.final('REGISTER', 8000);
				assert.equal(r.status, 504);
			});
			await t.test(`policy_register_${kind}_icid_and_path_of_the_shipped_site`, async () => {
				lab.registrar = (req) => answer(req, 403, { tag: 'x' });
				assert.equal((await p.register()).status, 403);
				const sent = lab.registers.at(-1);
				assert.match(sent.get('P-Charging-Vector'), /icid-generated-at=127\.0\.0\.6;orig-ioi="Type 1home1\.net"/);
				assert.match(sent.get('Path'), /@epcscf\.home1\.net:15060;lr;ob>$/);
			});
		} finally {
			p.drop();
			lab.core.close();
			await lab.stop();
		}
	});
