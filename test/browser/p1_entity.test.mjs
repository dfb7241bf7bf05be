// SPDX-License-Identifier: BSD-2-Clause
// Which WAF the eP-CSCF names towards the core (TS 33.203 X.3.2.3 step 5.2,
// X.4.2.3 step 5.2; TS 24.371 A.3.2 step 5 reads otherwise): the three settings
// for users of their own identity, and for identities of a pool that the
// eP-CSCF can tell by their form, or cannot. Read off Mw by tshark.
import test from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { Session, until } from './session.mjs';
import { header } from './frames.mjs';
import { Story, check, entity } from './p1.mjs';

const PARTNER = 'webrtc_authserver1@thirdparty.net', HOME = 'waf@home1.net';
// Who comes in: by which WAF, on whose page.
const WHO = {
	home: { order: { user: 'user1', client_id: 'portal' }, impi: 'user1_private@home1.net', waf: HOME },
	partner: { order: { user: 'user2', client_id: 'partner-web' }, impi: 'user2_private@home1.net', waf: PARTNER },
	pool: { order: { impi: 'pool1_private@home1.net', client_id: 'partner-web' }, impi: 'pool1_private@home1.net', waf: PARTNER },
};
// Settings (undefined: none is written), who comes, and whether the WAF is named.
const CASES = [
	{ entity: undefined, who: 'home', named: false }, { entity: undefined, who: 'partner', named: true },
	{ entity: undefined, who: 'pool', named: false }, { entity: undefined, who: 'pool', verified: false, named: true },
	{ entity: 'third-party', who: 'home', named: false }, { entity: 'third-party', who: 'partner', named: true },
	{ entity: 'third-party', who: 'pool', named: false }, { entity: 'third-party', who: 'pool', verified: false, named: true },
	{ entity: 'always', who: 'home', named: true }, { entity: 'always', who: 'partner', named: true }, { entity: 'always', who: 'pool', named: true },
	{ entity: 'never', who: 'home', named: false }, { entity: 'never', who: 'partner', named: false }, { entity: 'never', who: 'pool', verified: false, named: false },
];
let session, story;

// The lab's configuration with this setting for both issuers.
function configure(plain, { entity: setting, verified = true }) {
	const text = plain.replace(/^entity = .*\n/m, '').replace(/^(waf = .*)$/gm, setting ? `$1\nentity = ${setting}` : '$1')
		.replace(/^impi = pool\*_private@home1\.net$/m, 'impi = pool*_private@home1.net, user*_private@home1.net')
		.replace(/^impu = sip:guest\*@home1\.net$/m, 'impu = sip:*@home1.net, tel:+1555*')
		// The form of its pool is what the eP-CSCF tells the private identity by.
		.replace(/^pool = .*\n/m, (line) => (verified ? line : '')).replace(/^anonymous = .*\n/m, (line) => (verified ? line : ''));
	assert.notEqual(text, plain);
	fs.writeFileSync(`${session.dir}/etc/epcscf/webrtc_auth.cfg`, text);
	session.rpc('epcscf', 'webrtc_auth.reload');
}

async function registers({ who }) {
	const { order } = WHO[who], { urls } = session.lab;
	const { access_token, claims } = await session.waf('mint', { ...order, claims: { sub: `visitor-${who}` } }, who === 'home' ? urls.wafControl : urls.wafPartnerControl);
	const page = await session.open(`${who === 'home' ? urls.page : urls.pagePartner}icon.svg`);
	await page.connectWith({ access_token, expires_in: 300, impi: claims.impi, impu: claims.impu });
	const answer = await until('an answer', () => page.messages(/^SIP\/2\.0 [2-6]/, false)[0]);
	await page.page.evaluate(() => globalThis.line.stop());
	await page.close();
	return { callId: header(answer, 'Call-ID'), status: Number(answer.slice(8, 11)) };
}

test.before(async () => {
	session = await Session.begin('p1-entity', { parts: ['hss', 'icscf', 'scscf', 'rtpengine', 'waf-home', 'waf-partner', 'epcscf', 'wwsf-home', 'wwsf-partner'], capture: true, tls: true });
	const plain = fs.readFileSync(`${session.dir}/etc/epcscf/webrtc_auth.cfg`, 'utf8');
	for (const c of CASES) {
		configure(plain, c);
		Object.assign(c, await registers(c));
	}
	await session.stopCapture();
	story = new Story(session);
});
test.after(() => session?.end());

function holds(...some) {
	const found = CASES.filter((c) => some.some((want) => Object.entries(want).every(([k, v]) => c[k] === v)));
	assert.ok(found.length >= some.length);
	for (const c of found) {
		const chain = story.chain(c.callId, 1), { impi, waf } = WHO[c.who];
		check.authDone(chain, impi, c.named ? entity(waf) : []);
		assert.equal(c.status, 200, JSON.stringify(c));
	}
}

test('p1_entity_third_party_names_a_third_partys_waf_only', () => holds({ entity: 'third-party', who: 'home' }, { entity: 'third-party', who: 'partner' }));
test('p1_entity_third_party_is_the_default', () => holds({ entity: undefined }));
test('p1_entity_always_names_every_waf', () => holds({ entity: 'always', who: 'home' }, { entity: 'always', who: 'partner' }));
test('p1_entity_never_names_none', () => holds({ entity: 'never', who: 'home' }, { entity: 'never', who: 'partner' }));
test('p1_entity_pool_verified_is_not_named', () => holds({ entity: 'third-party', who: 'pool', verified: undefined }));
test('p1_entity_pool_not_verified_is_named', () => holds({ entity: 'third-party', who: 'pool', verified: false }));
test('p1_entity_pool_verified_always_is_named', () => holds({ entity: 'always', who: 'pool' }));
test('p1_entity_pool_not_verified_never_is_not_named', () => holds({ entity: 'never', who: 'pool' }));
