// SPDX-License-Identifier: BSD-2-Clause
// Scenario 3: a public identity out of a WWSF's pool (TS 23.228 U.2.1.4, TS
// 33.203 X.4.2.3). The visitor stays anonymous; read off the wire by tshark.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Session, until } from './session.mjs';
import { header } from './frames.mjs';
import { Story, check, entity, shownBinding } from './p1.mjs';

const IMPI = 'pool1_private@home1.net', IMPU = 'sip:guest1@home1.net', WAF = 'webrtc_authserver1@thirdparty.net';
const port = (url) => Number(new URL(url).port);
const lastRegister = (page) => page.messages(/^REGISTER /, true).at(-1);
const tokenOf = (text) => header(text, 'Authorization').replace(/^Bearer\s+/, '');
let session, story;
const seen = {};

async function mint(order) {
	return session.waf('mint', { client_id: 'partner-web', ...order }, session.lab.urls.wafPartnerControl);
}

async function attempt(order) {
	const { access_token, claims } = await mint(order);
	const page = await session.open(`${session.lab.urls.pagePartner}icon.svg`);
	await page.connectWith({ access_token, expires_in: 300, impi: claims.impi, impu: claims.impu });
	const answer = await until('an answer', () => page.messages(/^SIP\/2\.0 [2-6]/, false)[0]);
	const result = { callId: header(answer, 'Call-ID'), status: Number(answer.slice(8, 11)) };
	if (result.status !== 200) await until('the close', () => page.sockets.length > 0);
	await page.close();
	return result;
}

test.before(async () => {
	session = await Session.begin('p1-pool', { parts: ['hss', 'icscf', 'scscf', 'rtpengine', 'waf-home', 'waf-partner', 'epcscf', 'wwsf-partner'], capture: true, tls: true });
	const page = await session.open(session.lab.urls.pagePartner);
	await page.registered();
	seen.first = { callId: header(lastRegister(page), 'Call-ID'), token: tokenOf(lastRegister(page)) };
	seen.binding = shownBinding(session, IMPU);
	await until('renewal', () => page.page.evaluate(() => globalThis.line.renewed()));
	seen.second = { token: tokenOf(lastRegister(page)), sockets: page.sockets.length };
	// Another visitor meanwhile.
	const guest = await session.open(session.lab.urls.pagePartner);
	await guest.registered();
	seen.guest = await guest.page.evaluate(() => globalThis.line.impi);
	await guest.close();
	// The WWSF asks for an account that is not its.
	const client = JSON.parse((await import('node:fs')).readFileSync(`${session.dir}/etc/wwsf-partner.json`, 'utf8')).waf;
	seen.outside = await page.page.context().request.post(`${session.lab.urls.wafPartner}/token`, {
		headers: { Authorization: `Basic ${Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64')}` },
		form: { grant_type: 'client_credentials', scope: 'webrtc-ims-client-access-to-ims', resource: 'sip:epcscf.home1.net', impi: 'user1_private@home1.net' } })
		.then(async (answer) => ({ status: answer.status(), json: await answer.json() }));
	seen.foreign = await attempt({ user: 'user1' });
	seen.form = await attempt({ impi: 'pool3_private@home1.net' });
	await page.close();
	await session.stopCapture();
	story = new Story(session);
	seen.chain = story.chain(seen.first.callId, 1);
});
test.after(() => session?.end());

test('p1_pool_0_token_by_client_credentials_for_an_account_of_the_pool', () => {
	const at = `tcp.port == ${port(session.lab.urls.wafPartner)}`;
	const [asked] = story.wire.rows(`${at} && http.request.method == "POST" && http.request.uri == "/token"`, ['http.file_data', 'http.authorization', 'tcp.stream']);
	const form = new URLSearchParams(asked['http.file_data']);
	assert.deepEqual([form.get('grant_type'), form.get('impi'), form.get('resource'), form.get('scope')],
		['client_credentials', IMPI, 'sip:epcscf.home1.net', 'webrtc-ims-client-access-to-ims']);
	assert.match(asked['http.authorization'], /^Basic /, 'the WAF does not know the WWSF');
	assert.ok(!story.wire.rows(`${at} && http.request.uri contains "/auth"`, ['http.request.uri']).length, 'somebody signed in');
	const claims = JSON.parse(Buffer.from(seen.first.token.split('.')[1], 'base64url'));
	assert.deepEqual([claims.impi, claims.impu, claims.wwsf, claims.waf, claims.sub], [IMPI, [IMPU], 'wwsf.thirdparty.net', WAF, 'partner-web'], 'a visitor is named');
});

test('p1_pool_0_account_outside_the_pool_gets_no_token', () => {
	assert.equal(seen.outside.status, 400);
	assert.equal(seen.outside.json.error, 'access_denied');
	assert.equal(seen.outside.json.access_token, undefined);
});

test('p1_pool_0_account_is_lent_to_nobody_else', () => assert.equal(seen.guest, 'pool2_private@home1.net'));

test('p1_pool_1_page_over_https_one_way_tls', () => story.pageLoaded(session.lab.urls.pagePartner));

test('p1_pool_1_token_and_identities_handed_to_the_page', () => {
	const [{ json }] = story.answers(port(session.lab.urls.pagePartner), '/token');
	assert.deepEqual([json.access_token, json.impi, json.impu], [seen.first.token, IMPI, [IMPU]]);
});

test('p1_pool_2_wss_one_way_tls_and_origin', () => {
	story.socketOpened({ origin: new URL(session.lab.urls.pagePartner).origin, stream: seen.chain.page[0].stream });
});

test('p1_pool_3_register_with_bearer_for_the_lent_impu', () => check.bearer(seen.chain, { impu: IMPU, token: seen.first.token }));

test('p1_pool_4_impi_of_no_pool_of_this_wwsf_declined_closed_aborted', () => check.declined(story, seen.foreign.callId, { status: 403, code: 4002 }));

// IMPI pool3_private, IMPU guest3: the check is on the private identity's form.
test('p1_pool_4_impu_need_not_follow_the_form', () => {
	assert.equal(seen.form.status, 200);
	const chain = story.chain(seen.form.callId);
	assert.equal(chain.mw[0].field('sip.to.addr'), 'sip:guest3@home1.net');
	assert.equal(chain.mw[0].field('sip.auth.username'), '"pool3_private@home1.net"');
});

// The lab has entity = always; the other settings are in p1_entity.
test('p1_pool_5_1_authorization_exactly', () => {
	check.authDone(seen.chain, IMPI, entity(WAF));
	check.mw(seen.chain);
});

test('p1_pool_6_1_no_challenge_but_assignment_and_profile', () => check.profile(check.noChallenge(story, seen.chain, IMPI, '1'), [IMPU]));
test('p1_pool_7_binds_impi_and_impus_to_the_tls_session', () => check.bound(seen.binding, seen.chain, { impi: IMPI, impus: [IMPU], auth: 'token' }));
test('p1_pool_8_ok_at_the_page', () => check.ok(seen.chain, [IMPU]));

test('p1_pool_refresh_all_steps_again_but_page_and_websocket', () => {
	const again = story.chain(seen.first.callId, 2);
	assert.notEqual(seen.second.token, seen.first.token);
	assert.deepEqual([again.page[0].stream, seen.second.sockets], [seen.chain.page[0].stream, 0]);
	check.bearer(again, { impu: IMPU, token: seen.second.token });
	check.authDone(again, IMPI, entity(WAF));
	check.noChallenge(story, again, IMPI, '2');
	check.ok(again, [IMPU]);
	const between = story.wire.rows(`tcp.port == ${port(session.lab.urls.pagePartner)} && http.request && frame.number > ${seen.chain.toPage[0].frame} && frame.number < ${again.page[0].frame}`, ['http.request.uri']);
	assert.deepEqual(between.map((r) => r['http.request.uri']), ['/token']);
});
