// SPDX-License-Identifier: BSD-2-Clause
// Scenario 1: IMS authentication by SIP Digest over the page's TLS (TS 23.228
// U.2.1.2, TS 33.203 X.2, TS 24.229 7.2A.2), played by a browser, read off the
// wire by tshark. AKAv2-SHA-256, which no browser does, is a scripted client's:
// test/int/tna_register/akav2.test.mjs.
import test from 'node:test';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { Session, until } from './session.mjs';
import { header } from './frames.mjs';
import { Story, check, shownBinding } from './p1.mjs';

const IMPI = 'user1_private@home1.net', IMPU = 'sip:user1@home1.net', PASSWORD = 'user1-secret';
const IMPUS = [IMPU, 'tel:+15550000001', 'sip:+15550000001@home1.net'];
const md5 = (text) => createHash('md5').update(text).digest('hex');
const bare = (value) => value.replace(/^"|"$/g, '');
const port = (url) => Number(new URL(url).port);
let session, story;
const seen = {};

// The page's library with a password in place of a token.
async function digestPage(digest) {
	const page = await session.open();
	await page.page.evaluate(async ([all, url]) => {
		const { connect } = await import('/epcscf.js');
		globalThis.line = await connect({ digest: { ...all, url }, probe: '' });
		globalThis.states = [];
		globalThis.line.on('status', (s) => globalThis.states.push(s));
	}, [digest, session.lab.urls.wss]);
	return page;
}

test.before(async () => {
	session = await Session.begin('p1-digest', { parts: ['hss', 'icscf', 'scscf', 'rtpengine', 'waf-home', 'waf-partner', 'epcscf', 'wwsf-home'],
		defines: ['WITH_SIP_DIGEST'], capture: true, tls: true });
	const page = await digestPage({ impi: IMPI, impu: IMPU, password: PASSWORD });
	await page.registered();
	seen.callId = header(page.messages(/^REGISTER /, true)[0], 'Call-ID');
	seen.binding = shownBinding(session, IMPU);
	const before = page.messages(/^SIP\/2\.0 200 [^]*?CSeq:\s*\d+ REGISTER/i, false).length;
	await page.page.evaluate(() => globalThis.line.renew());
	await until('its 200', () => page.messages(/^SIP\/2\.0 200 [^]*?CSeq:\s*\d+ REGISTER/i, false).length > before);
	seen.sockets = page.sockets.length;
	await page.page.evaluate(() => globalThis.line.stop());
	await until('the end', () => page.messages(/^SIP\/2\.0 200 [^]*?CSeq:\s*\d+ REGISTER/i, false).length > before + 1);
	await page.close();
	const wrong = await digestPage({ impi: 'user2_private@home1.net', impu: 'sip:user2@home1.net', password: 'guess' });
	await wrong.state('stopped');
	seen.wrong = { states: await wrong.page.evaluate(() => globalThis.states), callId: header(wrong.messages(/^REGISTER /, true)[0], 'Call-ID') };
	await wrong.close();
	await session.stopCapture();
	story = new Story(session);
	seen.all = story.chain(seen.callId);
	// First registration, its refresh: each a try and an answer to the challenge.
	[seen.tried, seen.answered, seen.triedAgain, seen.answeredAgain] = [...new Set(seen.all.page.map((m) => m.cseq))].map((cseq) => story.chain(seen.callId, cseq));
});
test.after(() => session?.end());

const plain = (m) => Object.fromEntries(m.parameters().map(([k, v]) => [k, bare(v)]));

test('p1_digest_1_page_over_https_one_way_tls', () => story.pageLoaded(session.lab.urls.page));

test('p1_digest_2_wss_one_way_tls_and_origin', () => {
	story.socketOpened({ origin: new URL(session.lab.urls.page).origin, stream: seen.tried.page[0].stream });
	assert.ok(!story.answers(port(session.lab.urls.page), '/token').some((a) => a.status === 200), 'there was a token');
});

test('p1_digest_3_register_with_ims_authentication', () => {
	const [first] = seen.tried.page, [second] = seen.answered.page;
	assert.deepEqual(first.parameters(), [['scheme', 'Digest'], ['username', `"${IMPI}"`], ['realm', '"home1.net"'], ['nonce', '""'], ['uri', '"sip:home1.net"'], ['response', '""']]);
	const challenge = Object.fromEntries(seen.tried.toPage.at(-1).parametersOf('WWW-Authenticate', 1).map(([k, v]) => [k, bare(v)]));
	assert.equal(challenge.scheme, 'Digest');
	const p = plain(second);
	assert.deepEqual([p.username, p.nonce, p.realm, p.qop], [IMPI, challenge.nonce, challenge.realm, 'auth']);
	// The password is right, by our own sum.
	assert.equal(p.response, md5(`${md5(`${IMPI}:${p.realm}:${PASSWORD}`)}:${p.nonce}:${p.nc}:${p.cnonce}:${p.qop}:${md5(`REGISTER:${p.uri}`)}`));
	for (const m of [first, second]) assert.deepEqual([m.field('sip.to.addr'), m.field('sip.from.addr'), /Bearer/i.test(m.text)], [IMPU, IMPU, false]);
});

test('p1_digest_4_hygiene_only', () => {
	// What the page's header says goes on as it is; nothing of trust came from it.
	for (const chain of [seen.answered, seen.answeredAgain]) {
		const [asked] = chain.page, [sent] = chain.mw;
		assert.deepEqual(sent.parameters().filter(([k]) => k !== 'integrity-protected'), asked.parameters());
		assert.ok(!asked.parameters().some(([k]) => k === 'integrity-protected'));
	}
	check.mw(seen.answered, { uri: 'sip:home1.net', most: 600 });
	// A wrong password is the S-CSCF's to refuse; nothing is bound.
	const refused = story.chain(seen.wrong.callId);
	assert.ok(refused.mw.length >= 2);
	assert.ok([...refused.toPage].every((m) => m.status !== 200));
	assert.equal(seen.wrong.states.at(-1).why, 'password');
});

test('p1_digest_5_1_tls_pending_then_tls_yes', () => {
	const protectedBy = (chain) => chain.mw[0].parameters().filter(([k]) => k === 'integrity-protected').map(([, v]) => bare(v));
	assert.deepEqual([seen.tried, seen.answered, seen.triedAgain, seen.answeredAgain].map(protectedBy), [[], ['tls-pending'], ['tls-yes'], ['tls-yes']]);
	for (const m of seen.all.mw) assert.ok(!/authorization-entity|auth-done/.test(m.text));
});

test('p1_digest_6_1_challenge_and_profile', () => {
	assert.deepEqual([seen.tried.answered.at(-1).status, seen.answered.answered.at(-1).status], [401, 200]);
	const asked = story.cx(IMPI);
	const of = (from, to) => asked.filter((c) => c.frame > from.mw[0].frame && c.frame < to.answered.at(-1).frame);
	assert.ok(of(seen.tried, seen.tried).some((c) => c.name === 'MA'), 'no vector was asked for');
	assert.ok(!of(seen.tried, seen.tried).some((c) => c.name === 'SA' && c.type === '1'), 'assigned before it was authenticated');
	assert.ok(of(seen.answered, seen.answered).some((c) => c.name === 'SA' && c.type === '1'));
	check.profile(of(seen.answered, seen.answered), IMPUS);
});

test('p1_digest_7_binds_impi_and_impus_to_the_tls_session', () => check.bound(seen.binding, seen.answered, { impi: IMPI, impus: IMPUS, auth: 'digest' }));
test('p1_digest_8_ok_at_the_page', () => check.ok(seen.answered, IMPUS, 600));

test('p1_digest_refresh_is_a_normal_re_registration', () => {
	assert.equal(seen.sockets, 0);
	assert.equal(seen.answeredAgain.page[0].stream, seen.tried.page[0].stream);
	check.ok(seen.answeredAgain, IMPUS, 600);
	assert.ok(story.cx(IMPI).some((c) => c.name === 'SA' && c.type === '2' && c.frame > seen.answeredAgain.mw[0].frame));
});
