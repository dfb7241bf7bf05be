// SPDX-License-Identifier: BSD-2-Clause
// What rtpengine-iq says a gateway can do is what that gateway can do: asked
// of every rtpengine that is here.
import test from 'node:test';
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { Gateway, NORTH, RTPENGINE, ROOT, startIq, startRtpengine, until } from './support/daemon.mjs';
import { Ng } from './support/ng.mjs';

const EVENTS = ['ice-connected', 'ice-failed', 'dtls-established', 'dtls-failed', 'media-started', 'media-lost', 'gateway-out-of-service',
	'gateway-in-service'];
const ALWAYS = ['G722', 'PCMA', 'PCMU', 'opus', 'telephone-event'];
// AMR is encoded where libavcodec-extra is installed: that is Debian's choice of files, ours only for the installed one.
const RTPENGINES = [
	['installed', '/usr/bin/rtpengine', { bundle: 0, fragment: 0, version: 'unknown', amr: existsSync('/usr/lib/x86_64-linux-gnu/libvo-amrwbenc.so.0') }],
	['trixie', path.join(ROOT, 'build/rtpengine/trixie/run'), { bundle: 0, fragment: 0, version: '11.3+', amr: false }],
	['sid', path.join(ROOT, 'build/rtpengine/sid/run'), { bundle: 1, fragment: 1, version: '14.0+', amr: false }]];

const known = (ng) => until('what it can do', async () => {
	const answer = await ng.ask({ command: 'capabilities' });
	return answer.probed === 1 && answer;
});

async function asked(t, conf = {}) {
	const iq = await startIq(conf), ng = await Ng.open(NORTH);
	t.after(async () => { ng.close(); await iq.end(); });
	return { iq, ng, answer: await known(ng) };
}

for (const [suite, program, want] of RTPENGINES)
	test(`capabilities_of_rtpengine_${suite}`, { skip: !existsSync(program) && `mk/rtpengine.sh ${suite}` }, async (t) => {
		const rtpengine = await startRtpengine({ program });
		t.after(() => rtpengine.end());
		const { ng, answer } = await asked(t);
		const { result, gateway, iq, bundle, fragment, version, calls } = answer;
		assert.deepEqual({ result, gateway, iq, bundle, fragment, version, calls, up: answer['in-service'] },
			{ result: 'ok', gateway: 'rtpengine', iq: 1, bundle: want.bundle, fragment: want.fragment, version: want.version, calls: 0, up: 1 });
		assert.deepEqual(answer.events, EVENTS, 'no key without dtmf_listen, and no consent');
		assert.match(answer.epoch, /^\d{13}$/);
		assert.deepEqual(ALWAYS.filter((name) => !answer.transcode.includes(name)), []);
		assert.equal(answer.transcode.includes('AMR-WB'), want.amr, `${answer.transcode}`);
		assert.ok(!answer.transcode.includes('EVS'));
		// Nothing is left of the question.
		const direct = await Ng.open(RTPENGINE);
		t.after(() => direct.close());
		await until('no call', async () => (await direct.ask({ command: 'list', limit: 10 })).calls.length === 0);
	});

test('capabilities_with_a_version_and_keys_configured', async (t) => {
	const rtpengine = await startRtpengine();
	t.after(() => rtpengine.end());
	const { answer } = await asked(t, { rtpengine_version: '26.0.1.26', dtmf_listen: '127.0.0.8:2224' });
	assert.equal(answer.version, '26.0.1.26');
	assert.equal(answer.bundle, 1, 'the operator knows better');
	assert.deepEqual(answer.events, [...EVENTS.slice(0, 6), 'dtmf', ...EVENTS.slice(6)]);
});

test('capabilities_are_asked_anew_when_rtpengine_is_another', async (t) => {
	const sid = RTPENGINES[2][1];
	if (!existsSync(sid)) { t.skip('mk/rtpengine.sh sid'); return; }
	const before = await startRtpengine();
	const { ng, answer } = await asked(t, { ping_interval_ms: 100 });
	assert.equal(answer.bundle, 0);
	await before.end();
	await until('out of service', async () => (await ng.ask({ command: 'capabilities' }))['in-service'] === 0);
	const after = await startRtpengine({ program: sid });
	t.after(() => after.end());
	await until('bundles', async () => (await ng.ask({ command: 'capabilities' })).bundle === 1);
});

test('capabilities_are_not_known_while_they_are_asked_anew', async (t) => {
	const gateway = await Gateway.open(), received = gateway.received.bind(gateway);
	let silent = false;
	gateway.received = (text, from) => {
		if (!text.includes('rtpengine-iq-probe-')) return received(text, from);
		if (silent) return undefined;
		return gateway.answer(text.slice(0, text.indexOf(' ')), { result: 'ok', sdp: 'v=0\r\na=group:BUNDLE 0 1\r\nm=audio 9 RTP/AVP 0\r\n' }, from);
	};
	t.after(() => gateway.close());
	const { ng, answer } = await asked(t, { ping_interval_ms: 100 });
	assert.equal(answer.bundle, 1);
	silent = gateway.hung = true;
	await until('out of service', async () => (await ng.ask({ command: 'capabilities' }))['in-service'] === 0);
	gateway.hung = false;
	const back = await until('in service', async () => { const a = await ng.ask({ command: 'capabilities' }); return a['in-service'] === 1 && a; });
	assert.equal(back.probed, 0);
	silent = false;
	assert.equal((await known(ng)).bundle, 1, 'it asks until it knows');
});

test('capabilities_of_one_that_refuses_to_say', async (t) => {
	const gateway = await Gateway.open();
	t.after(() => gateway.close());
	const iq = await startIq(), ng = await Ng.open(NORTH);
	t.after(async () => { ng.close(); await iq.end(); });
	await iq.wrote(/what rtpengine can do is not known/);
	const answer = await ng.ask({ command: 'capabilities' });
	assert.equal(answer.probed, 0);
	assert.equal(answer.bundle, 0);
	assert.deepEqual(answer.transcode, []);
	assert.equal(answer.version, 'unknown');
});
