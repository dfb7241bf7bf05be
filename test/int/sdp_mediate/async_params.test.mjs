// SPDX-License-Identifier: BSD-2-Clause
// What an operator may write, and what is said of what he may not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Page, PAGE_OFFER, Site, until } from './support/asite.mjs';
import { Scripted } from './support/nodes.mjs';

const alive = (d) => ({ ping: { result: 'pong' }, capabilities: { result: 'error' } })[d.command];

const refused = (options, why) => assert.rejects(Site.start(options).then((s) => s.stop()), why, JSON.stringify(options));

test('async_params_what_is_wrong_is_named_and_nothing_starts', async () => {
	const bad = {
		'name=a': /name and address/, 'address=127.0.0.1:2223': /name and address/, 'name=a;address=localhost:2223': /address=localhost/, 'name=a;address=127.0.0.1': /address=127/,
		'name=a;address=127.0.0.1:0': /address/, 'name=a;address=[::1:2223': /address/, 'name=a b;address=127.0.0.1:2223': /name=a b/, 'name=a;address=127.0.0.1:2223;weight=x': /weight=x/,
		'name=a;address=127.0.0.1:2223;weight=1001': /weight/, 'name=a;address=127.0.0.1:2223;set=-1': /set=-1/, 'name=a;address=127.0.0.1:2223;version=new': /version=new/, 'name=a;address=127.0.0.1:2223;color=red': /color=red/,
	};
	for (const [agw, why] of Object.entries(bad)) await refused({ agw: [agw] }, why);
	await refused({ agw: ['name=a;address=127.0.0.1:2223', 'name=a;address=127.0.0.1:2224'] }, /name=a/);
	const one = ['name=a;address=127.0.0.1:2223'];
	for (const [params, why] of [['"agw_timeout_ms", 5', /agw_timeout_ms/], ['"agw_set", "nobody=1"', /agw_set/], ['"subscriber", "a b"', /subscriber/], ['"max_pending", 0', /max_pending/]])
		await refused({ agw: one, params: `modparam("sdp_mediate", ${params})\n` }, why);
	await refused({ agw: one, edit: (t) => t.replace(/async_workers_group=.*\n/, '') }, /async_workers_group/);
});

test('async_params_a_group_of_workers_that_is_not_there_is_a_503_and_an_error', async () => {
	const node = await Scripted.start('127.0.0.9:2223', alive);
	const site = await Site.start({ agw: ['name=a;address=127.0.0.9:2223'], params: 'modparam("sdp_mediate", "async_group", "nobody")\n' });
	const page = await Page.open();
	try {
		await site.nodes('up');
		page.send(page.request('INVITE', { body: PAGE_OFFER }));
		assert.equal((await page.inbox.final('INVITE')).status, 503);
		await until('the error', () => /no async worker of group nobody/.test(site.log), 6000);
	} finally {
		page.drop();
		await site.stop();
		node.stop();
	}
});

test('async_params_gateways_over_ipv6_and_a_limit_of_what_waits', async () => {
	const node = await Scripted.start('[::1]:2223', alive);
	const site = await Site.start({ agw: ['name=six;address=[::1]:2223'], params: 'modparam("sdp_mediate", "max_pending", 2)\n' });
	const page = await Page.open();
	try {
		await site.nodes('up');
		for (let i = 0; i < 3; i++) page.send(page.request('INVITE', { callId: `p${i}`, body: PAGE_OFFER }));
		// The third does not wait for the time of the others.
		const since = Date.now();
		assert.equal((await page.inbox.reply('INVITE', 503, (m) => m.callId === 'p2')).status, 503);
		assert.ok(Date.now() - since < 500);
		for (const callId of ['p0', 'p1']) await page.inbox.reply('INVITE', 503, (m) => m.callId === callId);
		assert.equal(new Set(node.of('offer').map((h) => h.dict['call-id'])).size, 2);
	} finally {
		page.drop();
		await site.stop();
		node.stop();
	}
});
