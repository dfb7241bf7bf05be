// SPDX-License-Identifier: BSD-2-Clause
// The S-CSCF and the HSS's list of authorization entities outside the
// operator's domain (TS 33.203 X.3.2.3 and X.4.2.3 step 6.2, Cx AVP 656): what
// the list says decides, for own identities and for those of a pool. The page
// is a browser's; Mw and Cx are read by tshark.
import test from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { startPart, stopPart } from '../lab/lab.mjs';
import { ask } from '../lab/hss/control.mjs';
import { Session, until } from './session.mjs';
import { header } from './frames.mjs';
import { Story, check, entity } from './p1.mjs';

const WAF = 'webrtc_authserver1@thirdparty.net', OTHER = 'auth@elsewhere.net';
let session, story, hss;
// list: what the HSS has for the user; undefined: none.
const CASES = {
	with: { user: 'user1', list: { waf: [OTHER, WAF], wwsf: [] }, status: 200 },
	without: { user: 'user2', list: { waf: [OTHER, `x${WAF}`], wwsf: [WAF] }, status: 403 },
	empty: { user: 'user3', list: { waf: [], wwsf: ['wwsf.thirdparty.net'] }, status: 403 },
	absent: { user: 'user4', list: undefined, status: 403 },
	own: { user: 'user3', list: { waf: [], wwsf: ['wwsf.thirdparty.net'] }, status: 200, client: 'portal' },
	pool_with: { user: 'guest1', list: { waf: [WAF], wwsf: [] }, status: 200 },
	pool_without: { user: 'guest2', list: { waf: [OTHER], wwsf: [] }, status: 403 },
	pool_absent: { user: 'guest3', list: undefined, status: 403 },
	allowed_absent: { user: 'user4', list: undefined, status: 200 },
	allowed_pool_absent: { user: 'guest3', list: undefined, status: 200 },
	// On the list, and barred by the operator at the S-CSCF.
	allowed_barred: { user: 'user1', list: { waf: [WAF], wwsf: [] }, status: 403, bar: WAF },
	allowed_without: { user: 'user2', list: { waf: [OTHER], wwsf: [] }, status: 403 },
};

async function play(name) {
	const c = CASES[name], { urls, users } = session.lab, { impi } = users[c.user];
	await ask(hss, { cmd: 'set', impi, values: { allowed: c.list ?? null } });
	const home = c.client === 'portal';
	if (c.bar) try { session.rpc('scscf', 'tna.bar', 'waf', c.bar); } catch (error) { c.error = error.message; }
	const order = c.user.startsWith('guest') ? { impi } : { user: c.user };
	const { access_token, claims } = await session.waf('mint', { client_id: c.client ?? 'partner-web', ...order, claims: { sub: `visitor-${c.user}` } }, home ? urls.wafControl : urls.wafPartnerControl);
	const page = await session.open(`${home ? urls.page : urls.pagePartner}icon.svg`);
	await page.connectWith({ access_token, expires_in: 300, impi: claims.impi, impu: claims.impu });
	const answer = await until(`an answer to ${name}`, () => page.messages(/^SIP\/2\.0 [2-6]/, false)[0]);
	Object.assign(c, { impi, callId: header(answer, 'Call-ID'), got: Number(answer.slice(8, 11)), hss: await ask(hss, { cmd: 'show', impi }) });
	if (c.bar && !c.error) session.rpc('scscf', 'tna.unbar', 'waf', c.bar);
	if (c.got === 200) {
		await page.page.evaluate(() => globalThis.line.stop());
		await until('the end of it', () => page.messages(/^SIP\/2\.0 200 [^]*?CSeq:\s*\d+ REGISTER/i, false).length > 1);
	}
	await page.close();
}

test.before(async () => {
	session = await Session.begin('p1-list', { parts: ['hss', 'icscf', 'scscf', 'rtpengine', 'waf-home', 'waf-partner', 'epcscf', 'wwsf-home', 'wwsf-partner'], capture: true, tls: true });
	const { address: host, control: port } = session.lab.nodes.hss;
	hss = { host, port };
	// The third party's web server may bring in the operator's users, too.
	const file = `${session.dir}/etc/epcscf/webrtc_auth.cfg`;
	fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace(/^impi = pool\*_private@home1\.net$/m, 'impi = pool*_private@home1.net, user*_private@home1.net')
		.replace(/^impu = sip:guest\*@home1\.net$/m, 'impu = sip:*@home1.net, tel:+1555*'));
	session.rpc('epcscf', 'webrtc_auth.reload');
	for (const name of Object.keys(CASES).filter((n) => !n.startsWith('allowed_'))) await play(name);
	const site = `${session.dir}/etc/scscf/site.cfg`, text = fs.readFileSync(site, 'utf8');
	fs.writeFileSync(site, text.replace('!NO_LIST!refuse!', '!NO_LIST!allow!'));
	assert.notEqual(fs.readFileSync(site, 'utf8'), text);
	await stopPart(session.lab, 'scscf');
	await startPart(session.lab, 'scscf');
	await until('the HSS to know the S-CSCF again', async () => (await ask(hss, { cmd: 'peers' })).every((p) => /open/i.test(p.state)), 20000);
	for (const name of Object.keys(CASES).filter((n) => n.startsWith('allowed_'))) await play(name);
	await session.stopCapture();
	story = new Story(session);
});
test.after(() => session?.end());

// What the HSS said to this S-CSCF about the case's user while it was asked.
function listTold(chain, impi) {
	return story.cx(impi).filter((c) => c.name === 'SA' && c.frame > chain.mw[0].frame && c.frame < chain.answered[0].frame)
		.flatMap((c) => c.answer?.avps('WebRTC-Authentication-Function-Name') ?? []);
}

function holds(name) {
	const c = CASES[name], chain = story.chain(c.callId, 1);
	assert.equal(c.error, undefined);
	assert.equal(c.got, c.status, name);
	check.authDone(chain, c.impi, c.client === 'portal' ? [] : entity(WAF));
	assert.deepEqual(chain.answered.map((m) => m.status), [c.status]);
	if (c.client !== 'portal' && !c.bar) assert.deepEqual([...new Set(listTold(chain, c.impi))], c.list?.waf ?? []);
	assert.ok(!story.cx(c.impi).some((x) => x.name === 'MA'));
	// Refused: the HSS has nobody registered.
	assert.equal(/^registered$/i.test(String(c.hss.state ?? c.hss.registration)), c.status === 200, JSON.stringify(c.hss));
	if (c.status === 200) return;
	assert.deepEqual(chain.toPage.map((m) => m.status), [403]);
	assert.ok(!chain.toPage[0].has('P-Associated-URI'));
}

test('p1_list_with_the_entity_registers', () => holds('with'));
test('p1_list_without_the_entity_is_403', () => holds('without'));
test('p1_list_that_is_empty_is_403', () => holds('empty'));
test('p1_list_absent_refuses_or_allows_as_set', () => { holds('absent'); holds('allowed_absent'); });
test('p1_list_that_is_there_counts_where_none_is_allowed', () => holds('allowed_without'));
test('p1_list_is_not_asked_about_without_an_entity', () => holds('own'));
test('p1_list_entity_that_is_barred_is_403', () => holds('allowed_barred'));
test('p1_list_of_a_pool_identity_with_the_entity_registers', () => holds('pool_with'));
test('p1_list_of_a_pool_identity_without_the_entity_is_403', () => holds('pool_without'));
test('p1_list_of_a_pool_identity_absent_refuses_or_allows_as_set', () => { holds('pool_absent'); holds('allowed_pool_absent'); });
