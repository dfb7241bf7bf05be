// SPDX-License-Identifier: BSD-2-Clause
// Whether a gateway is in service is not for a page's session description to
// say, and what it can do is asked until it knows.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CORE_OFFER, PAGE_OFFER, sleep, until } from './support/asite.mjs';
import { Scripted } from './support/nodes.mjs';
import { caps, withScripted } from './support/scripted.mjs';

test('health_an_offer_that_nobody_answers_is_not_the_gateways_end', async (t) => {
	// Like a session description that a rtpengine chokes on: all else is answered.
	const { site, page } = await withScripted(t, [{ offer: () => null }, { offer: () => null }]);
	for (let round = 0; round < 2; round++) {
		for (let i = 0; i < 8; i++) page.send(page.request('INVITE', { callId: `choke${round}-${i}`, body: PAGE_OFFER }));
		for (let i = 0; i < 8; i++) assert.equal((await page.inbox.final('INVITE')).status, 503);
		for (const n of await site.rpc('sdp_mediate.nodes')) assert.deepEqual([n.name, n.state, n.in_service], [n.name, 'up', 1]);
	}
	assert.doesNotMatch(site.log, /out of service/);
});

test('health_a_gateway_that_is_started_anew_costs_no_call', async (t) => {
	// As long as systemd takes for a rtpengine-iq; there is no other one.
	const { site, page, gateways } = await withScripted(t, [{ offer: () => ({ result: 'ok', sdp: CORE_OFFER }) }]);
	const [g] = gateways;
	g.stop();
	await sleep(20);
	for (let i = 0; i < 3; i++) page.send(page.request('INVITE', { callId: `anew${i}`, body: PAGE_OFFER }));
	await sleep(200);
	gateways[0] = await Scripted.start(g.address, g.answer);
	for (let i = 0; i < 3; i++) {
		const invite = await site.inbox.request('INVITE');
		site.reply(invite, 486);
		assert.equal((await page.inbox.final('INVITE')).status, 486);
	}
	assert.doesNotMatch(site.log, /out of service/);
	// And one that does not come back is soon known to be gone.
	gateways[0].stop();
	const since = Date.now();
	for (let i = 0; i < 8; i++) { page.send(page.request('INVITE', { callId: `gone${i}`, body: PAGE_OFFER })); await sleep(60); }
	await site.nodes('down');
	assert.ok(Date.now() - since < 1500, `${Date.now() - since} ms`);
	for (let i = 0; i < 8; i++) assert.equal((await page.inbox.final('INVITE')).status, 503);
	gateways[0] = await Scripted.start(g.address, g.answer);
	await site.nodes('up');
});

test('health_what_is_not_known_yet_is_asked_again', async (t) => {
	// Its question to its rtpengine is not answered before ours comes.
	let probed = 0;
	const { site, gateways: [a] } = await withScripted(t, [{ capabilities: () => caps({ probed, bundle: probed, version: probed ? '14.0+' : 'unknown' }) }]);
	assert.equal((await site.rpc('sdp_mediate.nodes'))[0].bundle, 0);
	probed = 1;
	const known = await until('bundle', async () => (await site.rpc('sdp_mediate.nodes')).find((n) => n.bundle === 1), 4000);
	assert.equal(known.version, '14.0+');
	assert.equal(known.state, 'up');
	// And no more then; nor was it subscribed to with each.
	const asked = a.of('capabilities').length;
	await sleep(1500);
	assert.equal(a.of('capabilities').length, asked);
	assert.equal(a.of('subscribe-events').length, 1);
	assert.doesNotMatch(site.log, /out of service/);
});
