// SPDX-License-Identifier: BSD-2-Clause
// 5,000 registered pages whose connections all die at once. How long another
// client waits in the worst case is bench-die's to say: here other programs run
// on the same cores, and the one that only echoes tells how much they cost.
import test from 'node:test';
import assert from 'node:assert/strict';
import { die, HOLD_S } from './support/die.mjs';

test('die_5000_pages_at_once_leave_nothing', { timeout: 180000 }, async () => {
	const r = await die(5000);
	console.log(JSON.stringify(r));
	assert.equal(r.bound, 5000);
	assert.equal(r.left, 0, 'bindings behind the hold time');
	assert.equal(r.deregistered, 5000, 'the core is told of each');
	assert.equal(r.connections, 1, 'nor does webrtc_auth keep one');
	assert.equal(r.other, 'bound', 'who lives is not touched');
	assert.ok(r.gone_s >= HOLD_S, 'none goes before its time');
	for (const who of ['wss', 'udp']) {
		assert.ok(r.options[who].n > 200);
		assert.ok(r.options[who].median <= 20, `${who}: the median is ${r.options[who].median} ms`);
		assert.ok(r.options[who].p99 <= 200 + 5 * r.options.echo.p99, `${who}: of a hundred one took ${r.options[who].p99} ms, and ${r.options.echo.p99} to echo`);
		assert.ok(r.options[who].max < Infinity, `${who}: each is answered`);
	}
});
