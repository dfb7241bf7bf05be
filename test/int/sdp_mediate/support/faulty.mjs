// SPDX-License-Identifier: BSD-2-Clause
// What must hold whatever happens to a gateway.
import assert from 'node:assert/strict';

export function holds(t, out) {
	const { options: { quiet, busy }, calls } = out, refused = calls.filter((c) => c.status !== 200);
	t.diagnostic(`OPTIONS, ms: quiet ${JSON.stringify(quiet)} busy ${JSON.stringify(busy)}`);
	t.diagnostic(`${calls.length} calls: ${refused.length} refused ${JSON.stringify(refused.map((c) => `${c.status} ${c.ms} ms`))}; the slowest that went well ${Math.max(...calls.filter((c) => c.status === 200).map((c) => c.ms))} ms`);
	// Everybody who is refused hears of it, in 2 s.
	for (const c of refused) {
		assert.ok(c.status >= 400, `${c.callId} has no final answer`);
		assert.ok(c.ms < 2000, `${c.callId}: ${c.status} after ${c.ms} ms`);
	}
	// Only what had begun at the gateway with the fault may fail.
	for (const c of refused) assert.equal(c.when, 'before', `${c.callId} came after the fault: ${c.status}`);
	assert.ok(refused.length <= 10, `${refused.length} refused`);
	for (const c of out.later) assert.equal(c.status, 200, 'all is well again');
	for (const [name, n] of Object.entries(out.left)) assert.equal(n, 0, `${name} has calls that nobody has`);
	// One worker of each kind, and it never waits; but it is no faster than this
	// machine lets a program be that does nothing else (make bench-fault has the
	// bare figures).
	for (const k of ['udp', 'ws']) {
		assert.ok(busy[k].n > 100, 'asked all the time');
		assert.ok(busy[k].median < 50 && busy[k].p99 < 50 + 3 * busy.echo.max, `${k}: ${JSON.stringify(busy)}`);
	}
}
