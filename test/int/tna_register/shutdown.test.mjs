// SPDX-License-Identifier: BSD-2-Clause
// Kamailio ends while a page is in a call: the modules are destroyed one by
// one, and dialog ends its calls then.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Page } from './support/page.mjs';
import { Site, until } from './support/site.mjs';

test('shutdown_in_the_middle_of_a_call', async () => {
	const site = await Site.start({ wwsf: 'max_calls = 5\n' });
	let end;
	try {
		const page = await Page.open(site, { user: 'user1' });
		assert.equal((await page.register()).status, 200);
		await site.callOut(page);
		await until('the call to be counted', async () => (await site.usage())?.calls === 1);
	} finally {
		end = await site.stop();
	}
	assert.deepEqual(end, { code: 0, signal: null });
});
