// SPDX-License-Identifier: BSD-2-Clause
// A call that a slow gateway lost to the next one: what the slow one still says
// of its half must not end it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CORE_OFFER, PAGE_OFFER, sleep, until } from './support/asite.mjs';
import { withScripted } from './support/scripted.mjs';

const EVENT = `event_route[sdpm:media-event] {
	xlog("L_WARN", "EVENT $sdpm(event)|$sdpm(callid)|$sdpm(node)\\n");
}`;

test('events_elsewhere_of_a_call_that_moved_are_nobodys', async (t) => {
	let slow = null;
	const says = (i) => ({ offer: () => {
		slow ??= i;
		return slow === i ? null : { result: 'ok', sdp: CORE_OFFER };
	} });
	const { site, page, gateways } = await withScripted(t, [says(0), says(1)], { event: EVENT });
	for (const g of gateways) {
		const { answer } = g;
		g.answer = (d, c) => (d.command ? answer(d, c) : null);
	}
	page.send(page.request('INVITE', { callId: 'moved', body: PAGE_OFFER }));
	const invite = await site.inbox.request('INVITE');
	const [left, has] = [gateways[slow], gateways[1 - slow]];
	const tell = (g, seq, event) => g.send(`ev${seq}`, { command: 'event', epoch: 'e', seq, event, 'call-id': 'moved', detail: { 'call-deleted': 1 } });
	tell(left, 1, 'media-lost');
	tell(has, 1, 'media-started');
	await until('what the right one says', () => site.log.includes(`EVENT media-started|moved|${'ab'[1 - slow]}`));
	// The other was heard, and acknowledged: it does not come again.
	await until('an acknowledgement', () => left.heard.some((h) => h.cookie === 'ev1' && h.dict.result === 'ok'));
	await sleep(200);
	assert.doesNotMatch(site.log, /EVENT media-lost/);
	site.reply(invite, 486);
	await page.inbox.final('INVITE');
});
