// SPDX-License-Identifier: BSD-2-Clause
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fault, faults } from './support/fault.mjs';
import { holds } from './support/faulty.mjs';

test('dead_a_gateway_is_killed_in_the_middle_of_100_calls', async (t) => {
	const out = await fault(faults.dead);
	holds(t, out);
	assert.match(out.site.log, /gateway a is out of service/);
	assert.doesNotMatch(out.site.log, /gateway b is out of service/);
});
