// SPDX-License-Identifier: BSD-2-Clause
// Trickled candidates in asynchronous mode: an rtpengine that does well with
// fragments is given them, and says ok; one that does not (10.5) is told nothing,
// and the page 200 all the same.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'node:test';
import { Wic } from '../media/ice.mjs';
import { CORE_ANSWER, Page, PAGE_OFFER, Site, until } from './support/asite.mjs';
import { Gateway, Scripted, bdecode } from './support/nodes.mjs';

const SID = fileURLToPath(new URL('../../../build/rtpengine/sid/run', import.meta.url));
const INFO = `	if(is_method("INFO")) {
		$var(taken) = sdp_mediate("default");
		if($var(taken) == 2) { send_reply("200", "OK"); exit; }
		if($var(taken) < 0) { send_reply("$sdpm(code)", "$sdpm(reason)"); exit; }
	}
	route(MEDIA_DONE);
}

route[MEDIA_DONE]`;
const edit = (t) => t.replace('	route(MEDIA_DONE);\n}\n\nroute[MEDIA_DONE]', INFO).replace('	t_on_failure("FAILED");', '	t_on_failure("FAILED");\n	t_on_reply("REPLY");')
	.replace('failure_route[FAILED]', 'onreply_route[REPLY] {\n	sdp_mediate("default");\n}\n\nfailure_route[FAILED]');
const FRAGMENT = ['Info-Package: trickle-ice', 'Content-Type: application/trickle-ice-sdpfrag'];

// What a browser says before it has gathered anything.
const bare = (wic) => wic.write(PAGE_OFFER).replace(/^a=(candidate|end-of-candidates).*\r?\n/gm, '').replace(/^m=audio \d+/m, 'm=audio 9').replace(/^c=.*$/m, 'c=IN IP4 0.0.0.0');
const fragment = (wic, address, port) => `a=ice-ufrag:${wic.ufrag}\r\na=ice-pwd:${wic.pwd}\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=candidate:7 1 udp 2122260223 ${address} ${port} typ host\r\n`;

async function call(site, page, wic) {
	page.send(page.request('INVITE', { callId: 'call', body: bare(wic), headers: ['Recv-Info: trickle-ice', 'Supported: trickle-ice'] }));
	const invite = await site.inbox.request('INVITE');
	assert.doesNotMatch(invite.text, /trickle-ice/);
	site.reply(invite, 200, { body: CORE_ANSWER });
	const ok = await page.inbox.reply('INVITE', 200);
	const within = (method, body, headers = []) => page.send(page.request(method, { uri: 'sip:peer@127.0.0.1:5070', toTag: ok.toTag, fromTag: ok.fromTag, callId: 'call', cseq: method === 'ACK' ? ok.cseq : undefined,
		routes: ok.list('Record-Route').reverse(), headers, body }));
	within('ACK', '');
	await site.inbox.request('ACK');
	return { ok, info: async (body) => {
		// The page's own Content-Type line is for SDP.
		page.send(page.request('INFO', { uri: 'sip:peer@127.0.0.1:5070', toTag: ok.toTag, fromTag: ok.fromTag, callId: 'call', routes: ok.list('Record-Route').reverse(), headers: FRAGMENT, body }).replace('Content-Type: application/sdp\r\n', ''));
		return page.inbox.final('INFO');
	} };
}

// A gateway, and before it somebody who sees what it is asked.
async function seen(t, program) {
	const gateway = await Gateway.start('127.0.0.8:2223', program ? { program } : {}), heard = [];
	const relay = await Scripted.start('127.0.0.7:2223');
	relay.socket.removeAllListeners('message');
	relay.socket.on('message', async (m, from) => {
		const at = m.indexOf(' '), dict = bdecode(m.subarray(at + 1));
		relay.from = from;
		const answer = await gateway.ask(dict);
		heard.push({ ...dict, answer });
		if (answer) relay.send(m.subarray(0, at).toString(), answer);
	});
	t.after(async () => { relay.stop(); await gateway.down(); });
	return heard;
}

async function begin(t, version) {
	const site = await Site.start({ agw: [`name=a;address=127.0.0.7:2223;version=${version}`], edit });
	t.after(() => site.stop());
	await site.nodes('up');
	const page = await Page.open(), wic = await Wic.open('127.0.0.30', 5000);
	t.after(async () => { page.drop(); await wic.close(); });
	return { site, page, wic };
}

const fragments = (heard) => heard.filter((d) => d.flags?.includes('fragment'));

test('trickle_async_a_new_rtpengine_is_given_what_it_can_use', { skip: !existsSync(SID) && 'mk/rtpengine.sh sid' }, async (t) => {
	const heard = await seen(t, SID), { site, page, wic } = await begin(t, '26.0');
	const c = await call(site, page, wic);
	// The page is told that it may.
	assert.equal(c.ok.get('Recv-Info'), 'trickle-ice');
	assert.match(c.ok.get('Supported'), /trickle-ice/);
	const named = fragment(wic, 'e1b6d5a2-7f3c-4c9b-9d53-3c1b5ad2a8e0.local', 5200), both = named + fragment(wic, '127.0.0.30', 5000).split('\r\n').slice(4).join('\r\n');
	assert.equal((await c.info(named)).status, 200);
	assert.equal((await c.info(both)).status, 200);
	const [one, ...others] = await until('the fragment', () => fragments(heard).length && fragments(heard));
	assert.equal(others.length, 0, 'a name is nothing to a gateway');
	assert.deepEqual([one.command, one['call-id'], one['from-tag'], one.answer.result], ['offer', 'call', 'wic', 'ok']);
	assert.equal(one.sdp, fragment(wic, '127.0.0.30', 5000));
	assert.deepEqual([await site.counter('fragments'), await site.counter('fragments_failed')], [2, 0]);
	wic.read(c.ok.body);
	assert.ok(await wic.ice());
	assert.ok(await wic.secure());
});

test('trickle_async_an_old_rtpengine_is_told_nothing', async (t) => {
	const heard = await seen(t), { site, page, wic } = await begin(t, '10.5');
	const c = await call(site, page, wic);
	assert.doesNotMatch(c.ok.text, /trickle/);
	assert.equal((await c.info(fragment(wic, '127.0.0.31', 5200))).status, 200);
	assert.equal((await c.info('broken')).status, 400);
	assert.ok(heard.some((d) => d.command === 'offer'));
	assert.equal(fragments(heard).length, 0);
	assert.equal(await site.counter('fragments'), 1);
	// The checks of the browser tell the gateway all it needs.
	wic.read(c.ok.body);
	assert.ok(await wic.ice());
	assert.ok(await wic.secure());
});
