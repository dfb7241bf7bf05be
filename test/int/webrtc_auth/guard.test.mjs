// SPDX-License-Identifier: BSD-2-Clause
// Messages that are broken before their Authorization: the parser that would
// print them, token and all, never sees them.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Site, sleep, until } from './support/site.mjs';
import { Client } from './support/client.mjs';
import { assertNoToken } from './support/refused.mjs';
import { tokenOf } from './support/waf.mjs';

let site;
const used = [];
test.before(async () => { site = await Site.start({ params: 'modparam("webrtc_auth", "max_failures", 40)' }); });
test.after(async () => { try { assertNoToken(site, used); } finally { await site.stop(); } });

const malformed = async () => Number((await site.rpc('stats.fetch', 'webrtc_auth:frames_malformed'))['webrtc_auth.frames_malformed']);

async function registered(t) {
	const c = await Client.open(site);
	t.after(() => c.end());
	c.token = tokenOf(site.keys.es);
	used.push(c.token);
	assert.equal((await c.register(c.token)).status, 200);
	return c;
}
const bearer = (c) => ({ headers: [`Authorization: Bearer ${c.token}`] });

// Not well-formed: taken away.
const broken = {
	header_without_colon: (m) => m.replace('Max-Forwards', 'Bad Header\r\nMax-Forwards'),
	header_without_name: (m) => m.replace('Max-Forwards', ': x\r\nMax-Forwards'),
	via_garbage: (m) => m.replace(/Via: .*/, 'Via: garbage'),
	via_absent: (m) => m.replace(/Via: .*\r\n/, ''),
	via_open_quote: (m) => m.replace(/Via: .*/, 'Via: SIP/2.0/WSS a.invalid;branch=z9hG4bK1;x="'),
	version: (m) => m.replace(' SIP/2.0\r\n', ' SIP/9.0\r\n'),
	start_line_absent: (m) => m.slice(m.indexOf('\r\n') + 2),
	cseq_absent: (m) => m.replace(/CSeq: .*\r\n/, ''),
	cseq_garbage: (m) => m.replace(/CSeq: .*/, 'CSeq: x y z'),
	cseq_without_method: (m) => m.replace(/CSeq: .*/, 'CSeq: 1'),
	to_open: (m) => m.replace(/To: .*/, 'To: <sip:a'),
	to_open_quote: (m) => m.replace(/To: .*/, 'To: "a'),
	from_open_quote: (m) => m.replace(/From: .*/, 'From: "a'),
	content_length: (m) => m.replace(/Content-Length: .*/, 'Content-Length: -1'),
	content_length_first: (m) => m.replace(/Content-Length: .*\r\n/, '').replace('Max-Forwards', 'Content-Length: x\r\nMax-Forwards'),
	cut_in_the_token: (m) => m.slice(0, m.indexOf('Authorization') + 200),
	end_absent: (m) => m.replace('\r\n\r\n', '\r\n'),
	lf_alone: (m) => m.replace(/\r\n/g, '\n'),
	cr_alone: (m) => m.replace('Max-Forwards', 'X-A: b\rP-Asserted-Identity: <sip:c@home1.net>\r\nMax-Forwards'),
	nul: (m) => m.replace('Max-Forwards', 'X-A: b\0c\r\nMax-Forwards'),
	short: () => 'x',
};

// Well-formed enough for the parser: refused or taken later, and not printed.
const odd = {
	contact: (m) => m.replace(/Contact: .*/, 'Contact: <sip:"'),
	scheme: (m) => m.replace(/^(\S+) \S+/, '$1 xx:alice'),
	host: (m) => m.replace(/^(\S+) \S+/, '$1 sip:[::1'),
	expires: (m) => m.replace('Max-Forwards', 'Expires: x\r\nMax-Forwards'),
	max_forwards: (m) => m.replace('Max-Forwards: 70', 'Max-Forwards: x'),
	bearer_comma: (m) => m.replace('Bearer ', 'Bearer, '),
	digest_first: (m) => m.replace('Bearer ', 'Digest username="a", '),
	digest: (m) => m.replace('Bearer ', 'Digest '),
};

for (const [name, spoil] of Object.entries(broken)) {
	test(`guard_drops_${name}`, async (t) => {
		const c = await registered(t);
		const before = await malformed();
		const sent = site.sentOn(c).length;
		for (const method of ['REGISTER', 'MESSAGE'])
			c.sendText(spoil(c.request(method, bearer(c))));
		await until('both to be counted', async () => await malformed() === before + 2);
		assert.equal((await c.ask('MESSAGE', bearer(c))).status, 200, 'the connection goes on');
		assert.equal(site.sentOn(c).length, sent + 1, 'it was forwarded');
		assert.equal(c.replies.length, 2, 'it was answered');
		assertNoToken(site, used);
	});
}

for (const [name, spoil] of Object.entries(odd)) {
	test(`guard_token_is_not_printed_with_odd_${name}`, async () => {
		for (const method of ['REGISTER', 'MESSAGE']) {
			const c = await Client.open(site);
			c.token = tokenOf(site.keys.es);
			used.push(c.token);
			assert.equal((await c.register(c.token)).status, 200);
			c.sendText(spoil(c.request(method, bearer(c))));
			await sleep(150);
			assertNoToken(site, used);
			c.end();
		}
	});
}

test('guard_takes_keep_alives', async (t) => {
	const c = await registered(t);
	const before = await malformed();
	c.sendText('\r\n\r\n', '\r\n', `\r\n${c.request('MESSAGE', { ...bearer(c), cseq: 77 })}`);
	await until('the answer behind them', () => c.replies.some((r) => r.cseq === 77 && r.status === 200));
	assert.equal(await malformed(), before);
});

test('guard_takes_folded_headers', async (t) => {
	const c = await registered(t);
	assert.equal((await c.ask('MESSAGE', { headers: [`Authorization: Bearer\r\n ${c.token}`, 'Subject: a\r\n\tb'] })).status, 200);
});

test('guard_log_names_connection_and_flaw_once_a_second', async (t) => {
	const c = await registered(t);
	await sleep(2100);
	const at = site.log.length, before = await malformed();
	for (let i = 0; i < 20; i++) c.sendText(broken.via_garbage(c.request('MESSAGE', bearer(c))));
	await until('all to be counted', async () => await malformed() === before + 20);
	const lines = site.log.slice(at).split('\n').filter((l) => l.includes('malformed message dropped'));
	assert.ok(lines.length >= 1 && lines.length <= 2, `${lines.length} lines`);
	assert.match(lines[0], /malformed message dropped: Via, connection \d+, from 127\.0\.0\.1 \(\d+ lines suppressed\)$/);
});

test('guard_too_many_close', async (t) => {
	const c = await registered(t);
	for (let i = 0; i < 41; i++) c.sendText('x');
	assert.equal((await c.closed).code, 4006);
	await c.ended;
});
