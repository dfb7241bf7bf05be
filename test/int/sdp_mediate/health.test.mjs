// SPDX-License-Identifier: BSD-2-Clause
// Whether a gateway is in service is not for a page's session description to
// say, and what it can do is asked until it knows.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PAGE_OFFER, sleep, until } from './support/asite.mjs';
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
