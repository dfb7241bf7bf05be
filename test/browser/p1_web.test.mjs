// SPDX-License-Identifier: BSD-2-Clause
// Scenario 2: own public identity by web authentication (TS 23.228 U.2.1.3,
// TS 33.203 X.3.2.3), played by a browser, read off the wire by tshark.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Session, until } from './session.mjs';
import { header } from './frames.mjs';
import { Story, check, ownSockets, registerText, sendOnSocket, shownBinding } from './p1.mjs';

const IMPI = 'user1_private@home1.net', IMPU = 'sip:user1@home1.net';
const IMPUS = [IMPU, 'tel:+15550000001', 'sip:+15550000001@home1.net'];
const port = (url) => Number(new URL(url).port);
let session, story;
const seen = { declined: {} };

const lastRegister = (page) => page.messages(/^REGISTER /, true).at(-1);
const callIdOf = (text) => header(text, 'Call-ID');
const tokenOf = (text) => header(text, 'Authorization').replace(/^Bearer\s+/, '');

// A page of the right origin that registers with a token of the test's making.
async function attempt(name, order, { impu } = {}) {
	const { access_token, claims } = await session.waf('mint', { client_id: 'portal', user: 'user2', ...order });
	const page = await session.open();
	await page.connectWith({ access_token, expires_in: 300, impi: claims.impi, impu: impu ? [impu] : claims.impu });
	const answer = await until(`an answer to ${name}`, () => page.messages(/^SIP\/2\.0 [2-6]/, false)[0]);
	if (!/^SIP\/2\.0 (200|401 .*expired)/.test(answer) && name !== 'expired') await until(`the end of ${name}`, () => page.sockets.length > 0);
	seen.declined[name] = callIdOf(answer);
	await page.close();
}

test.before(async () => {
	session = await Session.begin('p1-web', { parts: ['hss', 'icscf', 'scscf', 'rtpengine', 'waf-home', 'waf-partner', 'epcscf', 'wwsf-home'], capture: true, tls: true });
	const page = await session.open(`${session.lab.urls.page}?plmn=00101`);
	await ownSockets(page);
	await page.signIn('user1');
	await page.registered();
	seen.first = { callId: callIdOf(lastRegister(page)), token: tokenOf(lastRegister(page)) };
	seen.binding = shownBinding(session, IMPU);

	await until('renewal', () => page.page.evaluate(() => globalThis.line.renewed()));
	seen.second = { token: tokenOf(lastRegister(page)), sockets: page.sockets.length };

	// Another form of the header, on the same connection.
	const { access_token } = await session.waf('mint', { client_id: 'portal', user: 'user1' });
	const instance = /urn:uuid:([\w-]+)/.exec(lastRegister(page))[1];
	seen.form = { token: access_token, callId: `form${Date.now()}` };
	seen.form.answer = await sendOnSocket(page, registerText({ impu: IMPU, token: access_token, callId: seen.form.callId, instance,
		contact: 'form', form: (t) => `Bearer access_token="${t}"` }));
	// Another identity: of nobody, of the same user's but asserted, of another user.
	seen.preferred = { callId: `preferred${Date.now()}` };
	seen.preferred.answer = await sendOnSocket(page, ['MESSAGE sip:user4@home1.net SIP/2.0', 'Via: SIP/2.0/WSS form.invalid;branch=z9hG4bKpref', 'Max-Forwards: 70',
		'To: <sip:user4@home1.net>', 'From: <sip:user1@home1.net>;tag=p', `Call-ID: ${seen.preferred.callId}`, 'CSeq: 1 MESSAGE', `Authorization: Bearer ${access_token}`,
		'P-Preferred-Identity: <sip:user2@home1.net>', 'Content-Type: text/plain', 'Content-Length: 2', '', 'hi'].join('\r\n'));
	const other = await session.waf('mint', { client_id: 'portal', user: 'user2' });
	seen.other = { callId: `other${Date.now()}` };
	seen.other.answer = await sendOnSocket(page, registerText({ impu: 'sip:user2@home1.net', token: other.access_token, callId: seen.other.callId, instance, contact: 'other' }));
	await until('the close', () => page.sockets.length > 0);
	await page.page.evaluate(() => globalThis.line.stop());
	await page.close();

	await attempt('signature', { sign: 'foreign' });
	await attempt('source', { claims: { iss: 'https://waf.example' } });
	await attempt('scope', { claims: { scope: 'openid' } });
	await attempt('impu', {}, { impu: 'sip:user1@home1.net' });
	await attempt('expired', { expires_in: -600 });

	seen.origin = new URL(session.lab.urls.page.replace('127.0.0.1', 'localhost')).origin;
	const foreign = await session.open(seen.origin);
	seen.foreign = await foreign.page.evaluate((url) => new Promise((done) => {
		const ws = new WebSocket(url, 'sip');
		ws.onopen = () => done('open');
		ws.onclose = ({ code }) => done(code);
	}), session.lab.urls.wss);
	await foreign.close();
	await session.stopCapture();
	story = new Story(session);
	seen.chain = story.chain(seen.first.callId, 1);
});
test.after(() => session?.end());

test('p1_web_0_token_by_authorization_code', () => {
	const { wire, session: { lab } } = story;
	const asked = wire.rows(`tcp.port == ${port(lab.urls.waf)} && http.request`, ['http.request.method', 'http.request.uri', 'http.file_data']);
	const auth = new URL(asked.find((r) => r['http.request.uri'].startsWith('/auth?'))['http.request.uri'], lab.urls.waf).searchParams;
	assert.deepEqual([auth.get('response_type'), auth.get('client_id'), auth.get('code_challenge_method'), auth.get('resource')], ['code', 'portal', 'S256', 'sip:epcscf.home1.net']);
	assert.match(auth.get('scope'), /\bwebrtc-ims-client-access-to-ims\b/);
	const [back] = wire.rows(`tcp.port == ${port(lab.urls.page)} && http.request.uri contains "/callback"`, ['http.request.uri']);
	const code = new URL(back['http.request.uri'], lab.urls.page).searchParams.get('code');
	const token = asked.find((r) => r['http.request.method'] === 'POST' && r['http.request.uri'] === '/token');
	assert.match(token['http.file_data'], /grant_type=authorization_code/);
	assert.ok(token['http.file_data'].includes(`code=${code}`), 'another code');
});

test('p1_web_0_token_names_impi_and_impus', () => {
	const [{ json }] = story.answers(port(session.lab.urls.page), '/token').filter((a) => a.status === 200);
	assert.equal(json.access_token, seen.first.token);
	assert.deepEqual([json.impi, json.impu], [IMPI, IMPUS]);
	const claims = JSON.parse(Buffer.from(json.access_token.split('.')[1], 'base64url'));
	assert.deepEqual([claims.impi, claims.impu, claims.wwsf, claims.waf, claims.scope], [IMPI, IMPUS, 'portal', 'waf@home1.net', 'webrtc-ims-client-access-to-ims']);
	assert.ok(claims.exp - claims.iat === 300 && Math.abs(json.expires_in - 300) <= 2);
});

test('p1_web_1_page_over_https_one_way_tls', () => story.pageLoaded(session.lab.urls.page));

test('p1_web_1_page_tells_its_plmn_and_gets_that_epcscf', () => {
	const [asked] = story.wire.rows(`tcp.port == ${port(session.lab.urls.page)} && http.request.uri == "/token"`, ['http.file_data']);
	assert.equal(JSON.parse(asked['http.file_data']).plmn, '00101');
	const given = session.lab.urls.wss.replace('127.0.0.1', 'localhost');
	assert.equal(story.answers(port(session.lab.urls.page), '/token').find((a) => a.status === 200).json.epcscf, given);
	assert.equal(story.upgrades()[0].host, new URL(given).host);
});

test('p1_web_2_wss_one_way_tls_and_origin', () => {
	const stream = seen.chain.page[0].stream;
	story.socketOpened({ origin: new URL(session.lab.urls.page).origin, stream, host: `localhost:${session.lab.nodes.epcscf.wss}` });
});

test('p1_web_2_foreign_origin_gets_no_websocket', () => {
	assert.equal(seen.foreign, 1006);
	const foreign = story.upgrades().filter((u) => u.origin === seen.origin);
	assert.deepEqual(foreign.map((u) => u.status), [403]);
	assert.deepEqual(story.wire.rows(`tcp.stream == ${foreign[0].stream} && websocket`, ['frame.number']), []);
});

test('p1_web_3_register_with_bearer_for_the_impu_of_the_token', () => check.bearer(seen.chain, { impu: IMPU, token: seen.first.token }));

test('p1_web_3_both_forms_of_bearer', () => {
	assert.match(seen.form.answer, /^SIP\/2\.0 200 /);
	const chain = story.chain(seen.form.callId);
	assert.equal(chain.page[0].get('Authorization'), `Bearer access_token="${seen.form.token}"`);
	check.authDone(chain, IMPI);
});

for (const [name, what, expected] of [
	['signature', 'wrong_signature', { status: 401, error: 'invalid_token', code: 4001 }],
	['source', 'unknown_source', { status: 401, error: 'invalid_token', code: 4001 }],
	['scope', 'scope_without_ims', { status: 403, error: 'insufficient_scope', code: 4005 }],
	['impu', 'impu_of_another', { status: 403, code: 4002 }],
])
	test(`p1_web_4_${what}_declined_closed_aborted`, () => check.declined(story, seen.declined[name], expected));

// To be renewed on the same connection: docs/conformance.md, X.3.2.3-4.
test('p1_web_4_expired_declined_aborted', () => check.declined(story, seen.declined.expired, { status: 401, error: 'invalid_token' }));

test('p1_web_5_1_authorization_exactly', () => check.authDone(seen.chain, IMPI));
test('p1_web_5_1_headers_of_mw', () => check.mw(seen.chain));
test('p1_web_5_2_own_waf_is_not_named', () => {
	for (const m of story.wire.hop('epcscf', 'icscf', (x) => x.method === 'REGISTER' && x.request)) assert.doesNotMatch(m.text, /authorization-entity|waf@home1\.net/);
});

test('p1_web_6_1_no_challenge_but_assignment_and_profile', () => {
	check.profile(check.noChallenge(story, seen.chain, IMPI, '1'), IMPUS);
});

test('p1_web_7_binds_impi_and_impus_to_the_tls_session', () => check.bound(seen.binding, seen.chain, { impi: IMPI, impus: IMPUS, auth: 'token' }));

test('p1_web_7_another_identity_on_the_connection_is_refused', () => {
	check.declined(story, seen.other.callId, { status: 403, code: 4002 });
	assert.equal(story.chain(seen.other.callId).page[0].stream, seen.chain.page[0].stream);
	// And nobody is asserted but who is registered.
	const [sent] = story.wire.hop('epcscf', 'scscf', (m) => m.callId === seen.preferred.callId);
	assert.deepEqual([sent.all('P-Asserted-Identity'), sent.has('P-Preferred-Identity'), sent.has('Authorization')], [[`<${IMPU}>`], false, false]);
});

test('p1_web_8_ok_at_the_page', () => check.ok(seen.chain, IMPUS));

test('p1_web_refresh_all_steps_again_but_page_log_in_and_websocket', () => {
	const again = story.chain(seen.first.callId, 2);
	assert.equal(again.page.length, 1);
	assert.notEqual(seen.second.token, seen.first.token);
	assert.equal(again.page[0].stream, seen.chain.page[0].stream, 'another WebSocket');
	assert.equal(seen.second.sockets, 0);
	check.bearer(again, { impu: IMPU, token: seen.second.token });
	check.authDone(again, IMPI);
	check.mw(again);
	check.noChallenge(story, again, IMPI, '2');
	check.ok(again, IMPUS);
	const between = (filter) => story.wire.rows(`${filter} && frame.number > ${seen.chain.toPage[0].frame} && frame.number < ${again.page[0].frame}`, ['http.request.uri']);
	assert.deepEqual(between(`tcp.port == ${port(session.lab.urls.page)} && http.request`).map((r) => r['http.request.uri']), ['/token'], 'more than the token was asked for');
	assert.ok(!between(`tcp.port == ${port(session.lab.urls.waf)} && http.request`).some((r) => r['http.request.uri'].startsWith('/auth')), 'signed in again');
});
