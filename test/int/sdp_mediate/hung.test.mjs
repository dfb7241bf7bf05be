// SPDX-License-Identifier: BSD-2-Clause
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fault, faults } from './support/fault.mjs';
import { holds } from './support/faulty.mjs';

test('hung_a_gateway_is_stopped_in_the_middle_of_100_calls_and_comes_back', async (t) => {
	const out = await fault(faults.hung);
	holds(t, out);
	assert.match(out.site.log, /gateway a is out of service/);
	assert.equal(out.left.a, 0);
});
