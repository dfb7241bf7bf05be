// SPDX-License-Identifier: BSD-2-Clause
// A core that cannot do Trusted Node Authentication: the lab's S-CSCF believes
// nobody's auth-done, the shipped eP-CSCF (WITH_DIGEST_CORE) answers its Digest
// challenges for users with tokens.
import test from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Lab } from '../webrtc_auth/support/labpage.mjs';
import { answer } from '../tna_register/support/sip.mjs';
import { until, uriOf } from '../tna_register/support/site.mjs';

async function reload(lab, file, text) {
	writeFileSync(file, text);
	lab.kamcmd('tna.credentials_reload');
	await until('the file to be read', () => /reload: done/.test(lab.kamcmd('tna.credentials')));
}

for (const [kind, defines] of [['routes', []], ['lua', ['WITH_LUA']]])
	test(`core_${kind}`, async (t) => {
		const lab = await Lab.start(`lab-digestcore-${kind}`, ['WITH_DIGEST_CORE', ...defines]);
		await until('the keys of the WAF', () => /kid/.test(lab.kamcmd('webrtc_auth.keys')));
		const counter = (name) => Number(new RegExp(`tna_register\\.${name}: (\\d+)`).exec(lab.kamcmd('stats.fetch', 'tna_register:'))[1]);
		const hss = () => readFileSync(lab.nodes.hss.messages, 'latin1').trim().split('\n').map((l) => JSON.parse(l));
		const page = async (s, user, more) => {
			const p = await lab.page(user, more);
			s.after(() => p.drop());
			return p;
		};
		try {
			await t.test(`core_${kind}_token_user_registers_with_the_core's_password`, async (s) => {
				const p = await page(s, 'user1');
				const ok = await p.register();
				assert.equal(ok.status, 200, ok.text);
				assert.doesNotMatch(ok.text, /Authenticate|nonce/i);
				assert.match(ok.get('P-Associated-URI'), /sip:user1@home1\.net/);
				assert.equal(counter('answered'), 1);
				assert.ok(hss().some((m) => m.message === 'MAR' && m['User-Name'] === 'user1_private@home1.net'), 'the HSS was asked for a password');
				assert.match(lab.kamcmd('tna.show', p.aor), /auth: token/);
				for (let i = 0; i < 3; i++) assert.equal((await p.register()).status, 200, 'a refresh is challenged again');
				assert.equal(counter('answered'), 4);
				assert.equal((await p.register({ expires: 0 })).status, 200);
			});

			await t.test(`core_${kind}_calls_work`, async (s) => {
				const [a, b] = [await page(s, 'user1'), await page(s, 'user2')];
				for (const p of [a, b]) assert.equal((await p.register()).status, 200);
				const { invite, ok } = await lab.call(a, b);
				assert.match(invite.get('P-Asserted-Identity'), /sip:user1@home1\.net/);
				a.send(a.request('BYE', { uri: uriOf(ok.get('Contact')), to: uriOf(ok.get('To')), toTag: ok.toTag, fromTag: ok.fromTag,
					callId: ok.callId, routes: ok.list('Record-Route').reverse() }));
				b.send(answer(await b.inbox.request('BYE'), 200));
				assert.equal((await a.inbox.final('BYE')).status, 200);
			});

			await t.test(`core_${kind}_registration_is_ended_for_the_page`, async (s) => {
				const p = await page(s, 'user3');
				assert.equal((await p.register()).status, 200);
				const before = counter('answered');
				lab.kamcmd('tna.terminate', p.aor);
				await until('the HSS to know', () => hss().some((m) => m.message === 'SAR' && m['User-Name'] === 'user3_private@home1.net' && m['Server-Assignment-Type'] === 5));
				assert.equal(counter('answered'), before + 1, 'by a REGISTER that answered its challenge');
			});

			await t.test(`core_${kind}_user_without_a_password_is_refused`, async (s) => {
				const p = await page(s, 'user4');
				const file = path.join(lab.dir, 'etc/epcscf/credentials');
				const all = readFileSync(file, 'utf8');
				await reload(lab, file, all.replace(/^user4_private.*$/m, '# nobody'));
				const no = await p.register();
				assert.equal(no.status, 500, no.text);
				assert.doesNotMatch(no.text, /Authenticate|nonce|Digest/i);
				await reload(lab, file, all);
				assert.equal((await p.register()).status, 200);
			});

			await t.test(`core_${kind}_no_secret_is_told`, async () => {
				const file = readFileSync(path.join(lab.dir, 'etc/epcscf/credentials'), 'utf8');
				const secrets = file.split('\n').filter((l) => l && !l.startsWith('#')).map((l) => l.split(':')[2]);
				const told = [lab.log(), lab.kamcmd('tna.credentials'), lab.kamcmd('tna.list'), lab.kamcmd('tna.show', 'sip:user4@home1.net')].join('\n');
				assert.ok(secrets.length > 4);
				for (const secret of secrets) assert.ok(!told.includes(secret));
				assert.doesNotMatch(lab.log(), /(ERROR|CRITICAL): tna_register/);
			});
		} finally {
			await lab.stop();
		}
	});
