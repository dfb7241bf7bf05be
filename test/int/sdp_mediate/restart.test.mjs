// SPDX-License-Identifier: BSD-2-Clause
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fault, faults } from './support/fault.mjs';
import { holds } from './support/faulty.mjs';

test('restart_a_gateway_is_restarted_in_the_middle_of_100_calls', async (t) => {
	const out = await fault(faults.restart);
	holds(t, out);
	assert.equal(out.left.a, 0);
});
