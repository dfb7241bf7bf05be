// SPDX-License-Identifier: BSD-2-Clause
// Scenario 1 with the shipped policies (WITH_SIP_DIGEST) against the lab's
// core: the user's own password beside tokens (TS 33.203 X.2, RFC 8898 2.2).
import test from 'node:test';
import assert from 'node:assert/strict';
import { answerChallenge, emptyAuthorization, parseChallenge } from '../../lab/numbers/digest.mjs';
import { Lab } from '../webrtc_auth/support/labpage.mjs';
import { Page } from './support/page.mjs';
import { answer } from './support/sip.mjs';
import { until, uriOf } from './support/site.mjs';

const URI = 'sip:registrar.home1.net';

for (const [kind, defines] of [['routes', ['WITH_SIP_DIGEST']], ['lua', ['WITH_SIP_DIGEST', 'WITH_LUA']]])
	test(`digest_lab_${kind}`, async (t) => {
		const lab = await Lab.start(`lab-digest-${kind}`, defines);
		const origin = new URL(lab.urls.page).origin;
		await until('the keys of the WAF', () => /kid/.test(lab.kamcmd('webrtc_auth.keys')));

		async function open(s, user) {
			const p = await Page.open(lab, { user, origin });
			s.after(() => p.drop());
			return p;
		}

		// What a SIP stack does: asks, answers. `named`: with the IMPI in the
		// first REGISTER.
		async function register(p, { impi, password, named, ...options } = {}) {
			const first = named ? [`Authorization: ${emptyAuthorization(impi, 'home1.net', URI)}`] : [];
			const asked = await p.register({ token: null, headers: first, ...options });
			if (asked.status !== 401) return { asked, final: asked };
			const value = answerChallenge(parseChallenge(asked.all('WWW-Authenticate').at(-1)), { method: 'REGISTER', uri: URI, impi, password });
			return { asked, final: await p.register({ token: null, headers: [`Authorization: ${value}`, ...first], ...options }) };
		}
		const carol = { impi: 'carol@home1.net', password: 'carol-secret' };

		try {
			await t.test(`digest_lab_${kind}_nothing_shown_gets_both_challenges`, async (s) => {
				const p = await open(s, 'carol');
				const { asked, final } = await register(p, carol);
				assert.equal(asked.all('WWW-Authenticate').length, 2, asked.text);
				assert.match(asked.all('WWW-Authenticate')[1], /^Digest /);
				assert.match(asked.all('WWW-Authenticate')[0], /^Bearer realm="home1\.net"$/);
				assert.doesNotMatch(asked.text, /\b[ic]k=/);
				assert.equal(final.status, 200, final.text);
				assert.match(lab.kamcmd('tna.show', p.aor), /auth: digest/);
				assert.match(lab.kamcmd('tna.show', p.aor), /impi: carol@home1\.net/);
				assert.match(lab.kamcmd('tna.show', p.aor), /wwsf: portal/);
				const again = await register(p, carol);
				assert.equal(again.asked.all('WWW-Authenticate').filter((v) => /^Bearer/.test(v)).length, 0, 'bound: no token is wanted');
				assert.equal(again.final.status, 200, again.final.text);
				assert.equal((await p.ask('OPTIONS', { uri: 'sip:home1.net' })).status, 200, 'no token in any request');
				const gone = await register(p, { ...carol, expires: 0 });
				assert.equal(gone.final.status, 200, gone.final.text);
				assert.equal((await p.ask('OPTIONS', { uri: 'sip:home1.net' })).status, 401);
			});

			await t.test(`digest_lab_${kind}_impi_of_another_form_is_named_by_the_page`, async (s) => {
				const p = await open(s, 'user3');
				const { final } = await register(p, { impi: 'user3_private@home1.net', password: 'user3-secret', named: true });
				assert.equal(final.status, 200, final.text);
				assert.match(lab.kamcmd('tna.show', p.aor), /impi: user3_private@home1\.net/);
			});

			await t.test(`digest_lab_${kind}_wrong_password_is_not_bound`, async (s) => {
				const p = await open(s, 'dave');
				const { final } = await register(p, { impi: 'dave@home1.net', password: 'guess' });
				assert.ok([401, 403].includes(final.status), final.text);
				assert.match(lab.kamcmd('tna.show', p.aor), /404/);
				assert.equal((await p.ask('MESSAGE', { uri: 'sip:carol@home1.net', token: null })).status, 401);
			});

			await t.test(`digest_lab_${kind}_unknown_without_credentials_is_asked_for_a_token`, async (s) => {
				const p = await open(s, 'user1');
				const asked = await p.register({ token: null });
				assert.equal(asked.status, 401, asked.text);
				assert.match(asked.get('WWW-Authenticate'), /^Bearer/);
				assert.equal((await p.register({ token: await lab.mint('user1') })).status, 200);
				assert.match(lab.kamcmd('tna.show', p.aor), /auth: token/);
			});

			await t.test(`digest_lab_${kind}_token_bound_connection_still_needs_its_token`, async (s) => {
				const p = await open(s, 'user1');
				p.token = await lab.mint('user1');
				assert.equal((await p.register()).status, 200);
				assert.equal((await p.ask('OPTIONS', { uri: 'sip:home1.net', token: null })).status, 401);
				const bare = await p.register({ token: null });
				assert.equal(bare.status, 401);
				assert.match(bare.get('WWW-Authenticate'), /^Bearer/);
				const digest = await p.register({ token: null, headers: [`Authorization: ${emptyAuthorization('user1_private@home1.net', 'home1.net', URI)}`] });
				assert.equal(digest.status, 403, digest.text);
				assert.match(lab.kamcmd('tna.show', p.aor), /auth: token/);
			});

			await t.test(`digest_lab_${kind}_call_between_a_password_and_a_token`, async (s) => {
				const a = await open(s, 'carol'), b = await open(s, 'user2');
				b.token = await lab.mint('user2');
				assert.equal((await register(a, carol)).final.status, 200);
				assert.equal((await b.register()).status, 200);
				const { invite, ok } = await lab.call(a, b);
				assert.match(invite.get('P-Asserted-Identity'), /sip:carol@home1\.net/);
				a.send(a.request('BYE', { uri: uriOf(ok.get('Contact')), to: uriOf(ok.get('To')), toTag: ok.toTag, fromTag: ok.fromTag,
					callId: ok.callId, routes: ok.list('Record-Route').reverse() }));
				b.send(answer(await b.inbox.request('BYE'), 200));
				assert.equal((await a.inbox.final('BYE')).status, 200);
			});
		} finally {
			await lab.stop();
		}
	});
