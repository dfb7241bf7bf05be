// SPDX-License-Identifier: BSD-2-Clause
// REGISTERs that wait for their WAF: bounded, always answered, nothing lost,
// and nobody else waits with them.
import test from 'node:test';
import assert from 'node:assert/strict';
import { modules, sleep, until } from './support/site.mjs';
import { refused } from './support/refused.mjs';
import { askedFor, opaque, opaqueConfig, opaqueSite, page } from './support/opaque.mjs';
import { Client } from './support/client.mjs';
import { activeOf, tokenOf } from './support/waf.mjs';

async function withSite(t, options) {
	const site = await opaqueSite(options);
	t.after(() => site.stop());
	return site;
}

// From now on the WAF takes questions and gives no answers, until release().
function hang(site) {
	const plain = site.waf.introspect;
	let release;
	const open = new Promise((resolve) => { release = resolve; });
	site.waf.introspect = async (token) => { await open; return plain(token); };
	return () => { release(); site.waf.introspect = plain; };
}
// Among a thousand requests an RPC may find no answer: it is asked again.
const pending = async (site, tries = 5) => {
	const stats = await site.stats().catch((e) => { if (tries === 0) throw e; });
	return stats ? stats.introspect_pending : pending(site, tries - 1);
};
const statuses = (answers) => answers.reduce((n, a) => ({ ...n, [a.status]: (n[a.status] ?? 0) + 1 }), {});

test('async_a_thousand_at_a_waf_that_hangs', async (t) => {
	// Longer than a busy machine takes to read a thousand.
	const timeout = 2500, site = await withSite(t, { globals: 'max_pending = 256', timeout });
	hang(site);
	const pages = await Promise.all(Array.from({ length: 250 }, () => page(t, site)));
	const bystander = await page(t, site);
	const jwt = tokenOf(site.keys.es);
	const began = Date.now();
	let most = 0, watching = true;
	const watch = (async () => { while (watching) { most = Math.max(most, await pending(site)); await sleep(20); } })();
	const answers = pages.flatMap((c) => Array.from({ length: 4 }, () => c.register(opaque(site))));
	await until('256 to be pending', async () => await pending(site) === 256);
	// Nobody else waits for it (what the flood itself costs is no wait).
	const spent = [];
	for (let i = 0; i < 20; i++) {
		const at = Date.now();
		assert.equal((await bystander.register(jwt)).status, 200);
		spent.push(Date.now() - at);
	}
	assert.ok(spent.sort((a, b) => a - b)[10] < 200, `${spent} ms for a JWT`);
	const all = await Promise.all(answers);
	const took = Date.now() - began;
	watching = false;
	await watch;
	// On a machine that is busy otherwise, tm's own end of the wait may win.
	const { 503: unavailable, 408: late = 0 } = statuses(all);
	assert.equal(unavailable + late, 1000);
	assert.ok(late < 50, `${late} answered by tm`);
	assert.ok(all.every((a) => a.status === 408 || a.header('Retry-After') === '1'));
	assert.ok(took < timeout + 1500, `${took} ms until the last answer`);
	assert.ok(most <= 256, `${most} pending`);
	// 64, and those of which this process has not seen the end yet.
	assert.ok(site.waf.peak <= 136, `${site.waf.peak} connections at once`);
	const stats = await site.stats();
	assert.equal(stats.introspect_pending, 0);
	assert.equal(stats.introspect_busy, 744);
	assert.equal(stats.introspect_asked, 256);
	assert.equal(stats.introspect_failed, 256);
});

test('async_one_connection_does_not_get_all_places', async (t) => {
	const site = await withSite(t, { globals: 'max_pending = 8' });
	const release = hang(site);
	const [greedy, other] = [await page(t, site), await page(t, site)];
	const answers = Array.from({ length: 8 }, () => greedy.register(opaque(site)));
	const busy = await Promise.race(answers);
	assert.equal(busy.status, 503);
	assert.equal(busy.header('Retry-After'), '1');
	await until('4 to be pending', async () => await pending(site) === 4);
	const waits = other.register(opaque(site));
	await until('the other too', async () => await pending(site) === 5);
	release();
	assert.equal((await waits).status, 200);
	assert.deepEqual(statuses(await Promise.all(answers)), { 200: 4, 503: 4 });
	assert.equal((await site.stats()).introspect_busy, 4);
	assert.equal(await pending(site), 0);
	assert.equal((await greedy.register(opaque(site))).status, 200, 'its places came back');
});

// With two issuers that are asked, each has a quarter for itself.
test('async_dead_waf_of_a_partner_leaves_places_to_others', async (t) => {
	const config = (s) => opaqueConfig({ globals: 'max_pending = 16' })(s).replace('[issuer:partner]', `[issuer:partner]
introspect = ${s.waf.base}/introspect/partner
introspect_client = ep cscf
introspect_secret_file = ${s.secretFile}
ca_file = ${s.ca.caFile}
http_timeout_ms = 4000`);
	const site = await withSite(t, { config });
	const plain = site.waf.introspect;
	let release;
	const open = new Promise((resolve) => { release = resolve; });
	site.waf.introspect = async (token, req) => { if (req.url.endsWith('/partner')) await open; return plain(token); };
	const pages = await Promise.all(Array.from({ length: 5 }, () => page(t, site, { origin: 'https://app.partner.net' })));
	const said = () => activeOf({ iss: 'https://waf.partner.net', client_id: 'app', impi: 'user1@partner.net', impu: 'sip:user1@partner.net' });
	const answers = pages.flatMap((c) => Array.from({ length: 4 }, () => c.register(opaque(site, said()), { to: 'sip:user1@partner.net' })));
	await until('12 to wait', async () => await pending(site) === 12);
	await until('the others to be refused', async () => (await site.stats()).introspect_busy === 8);
	const c = await page(t, site);
	const four = await Promise.all(Array.from({ length: 4 }, () => c.register(opaque(site))));
	assert.deepEqual(statuses(four), { 200: 4 });
	release();
	assert.deepEqual(statuses(await Promise.all(answers)), { 200: 12, 503: 8 });
	assert.equal(await pending(site), 0);
});

test('async_many_at_a_slow_waf_all_pass', async (t) => {
	const site = await withSite(t, { timeout: 3500 });
	const plain = site.waf.introspect;
	site.waf.introspect = async (token) => { await sleep(150); return plain(token); };
	const pages = await Promise.all(Array.from({ length: 25 }, () => page(t, site)));
	const answers = await Promise.all(pages.flatMap((c) => Array.from({ length: 4 }, () => c.register(opaque(site)))));
	assert.deepEqual(statuses(answers), { 200: 100 });
	assert.equal(site.waf.asked.length, 100);
});

test('async_nothing_leaks', async (t) => {
	const site = await withSite(t, { globals: 'max_pending = 64', params: 'modparam("tm", "wt_timer", 200)' });
	site.waf.server.keepAliveTimeout = 500;
	// Good ones, inactive ones, errors, and too many at once.
	const round = async (n) => {
		const each = Math.min(n, 100);
		const pages = await Promise.all(Array.from({ length: Math.ceil(each / 4) }, () => Client.open(site)));
		for (let i = 0; i < n; i += each) {
			const plain = site.waf.introspect;
			if (i % 300 === 200) site.waf.introspect = (token, req, res) => { res.statusCode = 500; res.end(); };
			const got = statuses(await Promise.all(Array.from({ length: each }, (_, k) => pages[k >> 2].register(opaque(site, k % 10 === 9 ? null : activeOf())))));
			assert.equal(Object.values(got).reduce((a, b) => a + b), each);
			site.waf.introspect = plain;
		}
		for (const c of pages) c.end();
	};
	// Everything that belongs to connections and transactions has gone; so have
	// the connections to the WAF that it closed, when the next question is asked.
	const settled = async () => {
		await until('the WAF to close what is idle', () => site.waf.sockets.size === 0, 15000);
		await round(1);
		await until('no connection', async () => (await site.stats()).connections === 0, 15000);
		return site.shmSettled();
	};
	const pkg = async () => new Map((await site.rpc('pkg.stats')).map((p) => [`${p.entry} ${p.desc}`, p.used]));
	await round(300);
	const before = await settled();
	const pkgBefore = await pkg();
	await round(1000);
	const after = await settled();
	assert.equal(await pending(site), 0);
	// A job and its answer are about 1 kB; one TLS connection may stay.
	assert.ok(after - before < 160000, `${after - before} octets of shared memory more`);
	for (const [process, used] of await pkg())
		assert.ok(used - pkgBefore.get(process) < 65536, `${process}: ${used - pkgBefore.get(process)} octets more`);
});

test('async_the_same_register_twice_while_suspended', async (t) => {
	const site = await withSite(t);
	const release = hang(site);
	const c = await page(t, site);
	const token = opaque(site);
	const cseq = ++c.cseq;
	const text = c.request('REGISTER', { cseq, headers: [`Authorization: Bearer ${token}`] });
	c.sendText(text);
	await until('the question', () => askedFor(site, token) === 1);
	c.sendText(text, text);
	await sleep(100);
	assert.equal(await pending(site), 1);
	release();
	await until('the answer', () => c.replies.some((r) => r.cseq === cseq && r.status === 200));
	await sleep(100);
	assert.equal(askedFor(site, token), 1);
	assert.equal(site.sentOn(c).length, 1, 'one went to the core');
	assert.ok(c.replies.every((r) => [100, 200].includes(r.status)));
});

test('async_page_gone_meanwhile', async (t) => {
	const site = await withSite(t);
	const release = hang(site);
	const c = await page(t, site);
	c.sendText(c.request('REGISTER', { headers: [`Authorization: Bearer ${opaque(site)}`] }));
	await until('the question', async () => await pending(site) === 1);
	c.end();
	await until('the connection to go', async () => (await site.stats()).connections === 0, 8000).catch(() => {});
	release();
	await until('its end', async () => await pending(site) === 0);
	assert.equal(site.sentOn(c).length, 0, 'nothing of it passes');
	const d = await page(t, site);
	assert.equal((await d.register(opaque(site))).status, 200);
});

test('async_connection_ended_by_the_operator_meanwhile', async (t) => {
	const site = await withSite(t, { timeout: 4000 });
	const release = hang(site);
	const c = await page(t, site, { echo: false });
	const [{ conid }] = await site.rpc('webrtc_auth.conns');
	c.sendText(c.request('REGISTER', { headers: [`Authorization: Bearer ${opaque(site)}`] }));
	await until('the question', async () => await pending(site) === 1);
	await site.rpc('webrtc_auth.close', conid);
	release();
	await until('its end', async () => await pending(site) === 0);
	await c.ended;
	assert.equal(site.sentOn(c).length, 0, 'nothing of it passes');
});

test('async_options_are_answered_meanwhile', async (t) => {
	const site = await withSite(t, { timeout: 4000 });
	const c = await page(t, site);
	const first = opaque(site);
	assert.equal((await c.register(first)).status, 200);
	const release = hang(site);
	const waiting = c.register(opaque(site));
	await until('the question', async () => await pending(site) === 1);
	const spent = [];
	for (let i = 0; i < 10; i++) {
		const at = Date.now();
		assert.equal((await c.ask('OPTIONS', { headers: [`Authorization: Bearer ${first}`] })).status, 200);
		spent.push(Date.now() - at);
	}
	// A wait for the WAF would show in each; what a busy machine does in one.
	assert.ok(spent.sort((a, b) => a - b)[5] < 100, `${spent} ms`);
	release();
	assert.equal((await waiting).status, 200);
});

test('async_tm_waits_longer_than_the_waf', async (t) => {
	const site = await withSite(t, { timeout: 2000, params: 'modparam("tm", "fr_timer", 500)' });
	const plain = site.waf.introspect;
	site.waf.introspect = async (token) => { await sleep(1200); return plain(token); };
	const c = await page(t, site);
	assert.equal((await c.register(opaque(site))).status, 200);
	// And the core's silence is still noticed after fr_timer.
	site.waf.introspect = plain;
	site.udp.removeAllListeners('message');
	const at = Date.now();
	assert.equal((await c.register(opaque(site))).status, 408);
	assert.ok(Date.now() - at < 1500, `${Date.now() - at} ms`);
});

test('async_shut_down_while_many_wait', async (t) => {
	const site = await opaqueSite({ timeout: 5000 });
	try {
		hang(site);
		const pages = await Promise.all(Array.from({ length: 13 }, () => page(t, site)));
		for (let i = 0; i < 50; i++) pages[i >> 2].sendText(pages[i >> 2].request('REGISTER', { headers: [`Authorization: Bearer ${opaque(site)}`] }));
		await until('them to wait', async () => await pending(site) === 50);
	} finally { await site.stop(); }
});

test('async_own_group_of_workers', async (t) => {
	const site = await withSite(t, { async: 'async_workers_group="name=wauth;workers=2;nonblock=1"', params: 'modparam("webrtc_auth", "async_group", "wauth")' });
	const c = await page(t, site);
	assert.equal((await c.register(opaque(site))).status, 200);
});

test('async_group_that_is_not_there', async (t) => {
	const site = await withSite(t, { params: 'modparam("webrtc_auth", "async_group", "nowhere")' });
	const c = await page(t, site);
	await refused(site, c, opaque(site), { status: 503, cause: 'introspect_failed' });
	assert.equal((await c.register(tokenOf(site.keys.es))).status, 200);
	await until('the reason', () => /no async worker of group nowhere/.test(site.log), 8000);
});

test('async_check_without_it_does_not_wait', async (t) => {
	const site = await withSite(t, { async: undefined });
	const c = await page(t, site);
	const token = opaque(site);
	await refused(site, c, token, { status: 503, cause: 'pending' });
	assert.equal(askedFor(site, token), 0);
	assert.match(site.log, /issuer home: introspection needs async_workers/);
});

test('async_needs_workers_at_the_start', async () => {
	await assert.rejects(opaqueSite({ async: 'async_workers=0' }), /webrtc_auth_check_async: needs async_workers/);
});

test('async_suspended_by_another_module_before', async (t) => {
	const site = await withSite(t, {
		params: 'loadmodule "async.so"\nmodparam("async", "workers", 1)',
		first: 'if($hdr(X-First) == "1") { async_task_route("FIRST"); exit; }',
		routes: 'route[FIRST] { $var(r) = 0; webrtc_auth_check_async("CHECKED"); $var(r) = $rc; append_to_reply("X-Ret: $var(r)\\r\\n"); webrtc_auth_challenge(); exit; }' });
	const c = await page(t, site);
	const answer = await c.register(opaque(site), { headers: ['X-First: 1'] });
	assert.equal(answer.status, 503);
	assert.equal(answer.header('X-Ret'), '-94');
});

const kemi = (s) => `
function ksr_request_route() {
	if (KSR.pv.get("$proto") != "wss") return 1;
	var ret = KSR.is_method("REGISTER") ? KSR.webrtc_auth.check_async("ksr_checked") : KSR.webrtc_auth.check();
	if (ret == 0) return 1;
	if (ret < 0) { KSR.webrtc_auth.challenge(); return 1; }
	KSR.sl.send_reply(200, "OK");
	return 1;
}
function ksr_checked() {
	if (KSR.webrtc_auth.check() < 0) { KSR.webrtc_auth.challenge(); return 1; }
	KSR.hdr.append_to_reply("X-Impi: " + KSR.pv.get("$wauth(impi)") + "\\r\\n");
	KSR.sl.send_reply(200, "OK");
	return 1;
}
function ksr_xhttp_event(name) {
	if (KSR.pv.get("$Rp") == ${s.ports.rpc}) { KSR.jsonrpcs.dispatch(); return 1; }
	if (KSR.webrtc_auth.origin() < 0) { KSR.xhttp.xhttp_reply(403, "Forbidden", "", ""); return 1; }
	KSR.websocket.handle_handshake();
	return 1;
}
`;

test('async_kemi_twin', async (t) => {
	const site = await withSite(t, { kemi });
	const c = await page(t, site);
	const token = opaque(site);
	const answer = await c.register(token);
	assert.equal(answer.status, 200);
	assert.equal(answer.header('X-Impi'), 'user1@home1.net');
	assert.equal(askedFor(site, token), 1);
	assert.equal((await c.register(token)).header('X-Impi'), undefined, 'known: no second route');
	assert.equal((await c.register(tokenOf(site.keys.es))).status, 200);
	await refused(site, c, opaque(site, null), { status: 401, error: 'invalid_token', cause: 'token_inactive' });
});

// The next module in the resumed route: its header edits reach the core, and
// the answer binds the connection.
test('async_register_goes_on_to_the_core_without_its_token', async (t) => {
	const site = await withSite(t, {
		params: `loadmodule "rr.so"\nloadmodule "dialog.so"\nloadmodule "${modules}/tna_register.so"\nmodparam("dialog", "dlg_match_mode", 2)
modparam("tna_register", "home_domain", "home1.net")\nmodparam("tna_register", "own_uri", "127.0.0.1:5060")
modparam("tna_register", "flow_key", "0123456789abcdef0123456789abcdef")`,
		first: `if($rm == "REGISTER") {
			if(!webrtc_auth_check_async("TNA")) { webrtc_auth_challenge(); exit; }
			route(TNA);
		}`,
		routes: `route[TNA] {
	if(!webrtc_auth_check()) { webrtc_auth_challenge(); exit; }
	if(!tna_register()) { send_reply("$tna(code)", "$tna(reason)"); exit; }
	$du = "sip:127.0.0.1:5070";
	t_on_reply("CORE");
	t_relay();
	exit;
}
onreply_route[CORE] { tna_reply(); }` });
	const c = await page(t, site);
	const instance = '+sip.instance="<urn:uuid:00000000-0000-4000-8000-000000000001>";reg-id=1;expires=300';
	const register = async (token) => {
		const cseq = ++c.cseq;
		const text = c.request('REGISTER', { cseq, headers: [`Authorization: Bearer ${token}`, 'Supported: path,outbound'] })
			.replace(/^(Contact: <[^>]*>)/m, `$1;${instance}`);
		c.sendText(text);
		return until('the answer', () => c.replies.find((r) => r.cseq === cseq && r.status >= 200));
	};
	const token = opaque(site);
	for (const how of ['asked', 'known']) {
		const n = site.forwarded.length;
		assert.equal((await register(token)).status, 200, how);
		const sent = site.forwarded[n];
		assert.ok(!sent.includes(token) && !/Bearer/i.test(sent), 'the token went to the core');
		assert.match(sent, /^Authorization:.*username="user1@home1\.net".*integrity-protected="?auth-done/m);
		assert.match(sent, /^Path: /m);
	}
	assert.equal(askedFor(site, token), 1);
});
