// SPDX-License-Identifier: BSD-2-Clause
// Kamailio's own rtpengine module, unchanged, commands rtpengine-iq in place of
// rtpengine: calls both ways are heard at both ends, and nothing is left.
import test from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Pair } from './pair.mjs';
import { startPart, stopPart } from '../lab/lab.mjs';

let pair, session;

test.before(async () => {
	pair = await Pair.begin('iqsync', { agw: 'rtpengine-iq' });
	({ session } = pair);
});
test.after(() => pair?.end());
test.afterEach(() => pair.quiet());

test('iqsync_the_configuration_names_rtpengine_iq', () => {
	const { address, ng } = session.lab.nodes.rtpengineIq;
	const site = readFileSync(path.join(session.dir, 'etc/epcscf/site.cfg'), 'utf8');
	assert.ok(site.includes(`!AGW_NG!udp:${address}:${ng}!`));
});

test('iqsync_call_out_is_heard_and_the_browser_hangs_up', async () => {
	await pair.callOut();
	await pair.heardAtBothEnds();
	await pair.pageHangsUp();
});

test('iqsync_call_in_is_heard_and_the_phone_hangs_up', async () => {
	await pair.callIn();
	await pair.heardAtBothEnds();
	await pair.phoneHangsUp();
});

test('iqsync_killed_in_mid_call_it_is_heard_on_and_can_be_hung_up', async () => {
	await pair.callOut();
	process.kill(session.lab.parts['rtpengine-iq'].pid, 'SIGKILL');
	await pair.heardAtBothEnds();
	await stopPart(session.lab, 'rtpengine-iq');
	await startPart(session.lab, 'rtpengine-iq');
	await pair.heardAtBothEnds();
	await pair.pageHangsUp();
});
