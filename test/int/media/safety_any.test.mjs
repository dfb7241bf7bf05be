// SPDX-License-Identifier: BSD-2-Clause
// Media of the core where its source does not count (core_source=any, as
// shipped): for cores whose phones send from elsewhere than they hear.
import test from 'node:test';
import assert from 'node:assert/strict';
import { begin, burst, call, connect, end, heard, sleep } from './calls.mjs';

test.before(() => begin());
test.after(end);

test('safety_any_source_strangers_are_heard_and_steal_nothing', async (t) => {
	const c = await connect(await call(t));
	const { wic, phone, stranger, gw } = c;
	await burst((p) => stranger.send(p, gw), 0xe9, { ssrc: 0xbad });
	await burst((p) => wic.talk(p), 0xa6);
	await burst((p) => phone.send(p, gw), 0xb6);
	await burst((p) => stranger.send(p, gw), 0xea, { seq: 11 });
	await burst((p) => wic.talk(p), 0xa7, { seq: 11 });
	await sleep(100);
	t.diagnostic(`of 20 packets of a stranger the browser hears ${heard(wic, 0xe9) + heard(wic, 0xea)}`);
	assert.equal(stranger.got.length, 0);
	assert.deepEqual([heard(phone, 0xa6), heard(phone, 0xa7), heard(wic, 0xb6)], [10, 10, 10]);
	// Who wants this to be 0 has core_source=strict.
	assert.equal(heard(wic, 0xe9) + heard(wic, 0xea), 20);
});
