// SPDX-License-Identifier: BSD-2-Clause
// What happens to the media of a call, told: a real browser, a real rtpengine,
// every event caused and none faked. The installed rtpengine here; others below.
import test, { describe, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { NORTH, ROOT, startIq, startRtpengine, until } from './support/daemon.mjs';
import { Call, nobodyThere, wrongFingerprint } from './support/call.mjs';
import { Ng } from './support/ng.mjs';
import { Subscriber } from './support/subscriber.mjs';
import { Web } from './support/web.mjs';

const LIMITS = { ice_timeout_ms: 1500, dtls_timeout_ms: 1500, media_lost_ms: 1500, query_interval_ms: 300 };
const NOTICES = { dtmf_listen: '127.0.0.8:2224', timeout_listen: '127.0.0.8:2225', http_listen: '127.0.0.8:8080' };
const TELLS = ['--dtmf-log-dest=127.0.0.8:2224', '--b2b-url=http://127.0.0.8:2225/', '--xmlrpc-format=2', '--dtls-passive', '--timeout=4'];
// EP_RTPENGINE=sid (events_sid.test.mjs), trixie (make test-rtpengine-12.5).
const of = (suite) => [suite, path.join(ROOT, 'build/rtpengine', suite, 'run')];
const SUITES = process.env.EP_RTPENGINE ? [of(process.env.EP_RTPENGINE)] : [['installed', '/usr/bin/rtpengine']];

let web;
before(async () => { web = await Web.launch(path.join(ROOT, 'build/test/iq-events')); });
after(async () => { await web?.close(); });

for (const [suite, program] of SUITES) {
	// Calls that know nothing of each other; most of their time is waiting.
	describe(suite, { concurrency: 3, skip: !existsSync(program) && `no rtpengine of ${suite}: mk/rtpengine.sh ${suite}` }, () => {
		let rtpengine, iq, ng, sub;

		before(async () => {
			rtpengine = await startRtpengine({ program, args: TELLS });
			iq = await startIq({ ...LIMITS, ...NOTICES });
			ng = await Ng.open(NORTH);
			sub = await Subscriber.open();
			await sub.subscribe({ ttl: 60 });
			await until('capabilities', async () => (await ng.ask({ command: 'capabilities' })).probed === 1);
		});
		after(async () => {
			sub?.close();
			ng?.close();
			await iq?.end();
			await rtpengine?.end();
		});

		test('events_of_a_call_that_works', async () => {
			const call = await Call.start(ng, web);
			call.ims.talk();
			const its = { 'call-id': call.id, tag: 'web' };
			const [ice, dtls, started] = [await sub.got('ice-connected', its), await sub.got('dtls-established', its), await sub.got('media-started', its)];
			assert.equal(ice.media, 1);
			assert.ok(ice.seq < dtls.seq && dtls.seq < started.seq, 'in their order');
			assert.ok(Math.abs(ice.time - Date.now()) < 10000);
			await sub.got('media-started', { 'call-id': call.id, tag: 'ims' });
			// Stops, is told once, comes back.
			call.ims.silent();
			const lost = await sub.got('media-lost', { 'call-id': call.id, tag: 'ims' });
			assert.ok(lost.detail['idle-ms'] >= LIMITS.media_lost_ms, `${lost.detail['idle-ms']} ms`);
			call.ims.talk();
			await until('media again', () => sub.all('media-started', { 'call-id': call.id, tag: 'ims' }).length === 2);
			await call.end();
			for (const name of ['ice-failed', 'dtls-failed']) assert.equal(sub.all(name, { 'call-id': call.id }).length, 0, name);
			assert.equal(sub.all('media-lost', { 'call-id': call.id }).length, 1, 'a call that ended is not lost');
		});

		test('events_dtmf_both_ways', async () => {
			const call = await Call.start(ng, web);
			call.ims.talk();
			await sub.got('media-started', { 'call-id': call.id, tag: 'web' });
			await call.ims.key('5');
			await call.page.keys('7');
			for (const [tag, digit] of [['ims', '5'], ['web', '7']]) {
				const { detail } = await sub.got('dtmf', { 'call-id': call.id, tag });
				assert.equal(detail.digit, digit);
				assert.ok(detail['duration-ms'] >= 80 && detail['duration-ms'] <= 200, `${detail['duration-ms']} ms`);
			}
			await call.end();
		});

		test('events_ice_failed_when_the_peer_never_answers', async () => {
			const call = await Call.start(ng, web, { change: nobodyThere, deaf: true });
			const { detail } = await sub.got('ice-failed', { 'call-id': call.id, tag: 'web' });
			assert.ok(detail['after-ms'] >= LIMITS.ice_timeout_ms && detail['after-ms'] < 5 * LIMITS.ice_timeout_ms, `${detail['after-ms']} ms`);
			await call.end();
			assert.equal(sub.all('ice-connected', { 'call-id': call.id }).length, 0);
			assert.equal(sub.all('dtls-failed', { 'call-id': call.id }).length, 0);
		});

		test('events_dtls_failed_with_a_wrong_fingerprint', async () => {
			const call = await Call.start(ng, web, { change: wrongFingerprint });
			const { detail } = await sub.got('dtls-failed', { 'call-id': call.id, tag: 'web' });
			assert.equal(detail.ice, 'connected');
			assert.ok(detail['after-ms'] >= LIMITS.dtls_timeout_ms);
			assert.equal(sub.all('ice-connected', { 'call-id': call.id, tag: 'web' }).length, 1);
			assert.equal(sub.all('dtls-established', { 'call-id': call.id }).length, 0);
			await call.end();
		});

		test('events_media_lost_when_the_page_dies_and_rtpengine_ends_the_call', async () => {
			const call = await Call.start(ng, web);
			call.ims.talk();
			await sub.got('media-started', { 'call-id': call.id, tag: 'web' });
			await call.page.die();
			const lost = await sub.got('media-lost', { 'call-id': call.id, tag: 'web' });
			assert.ok(lost.detail['idle-ms'] >= LIMITS.media_lost_ms);
			call.ims.silent();
			const deleted = await until('the end', () => sub.all('media-lost', { 'call-id': call.id }).find((e) => e.detail['call-deleted']), 15000);
			assert.equal(deleted.tag, undefined);
			const text = await (await fetch('http://127.0.0.8:8080/metrics')).text();
			assert.ok(Number(text.match(/^rtpengine_iq_timeouts_told_total (\d+)$/m)[1]) >= 1, 'by the callback');
			assert.equal(sub.all('media-lost', { 'call-id': call.id }).filter((e) => e.detail['call-deleted']).length, 1);
			call.ims.close();
		});

		test('events_ice_restart_goes_on', async () => {
			const call = await Call.start(ng, web);
			call.ims.talk();
			await sub.got('media-started', { 'call-id': call.id, tag: 'web' });
			await call.again(await call.page.restart());
			const before = [call.ims.got, await call.page.received()];
			await until('both ways on', async () => call.ims.got > before[0] + 50 && await call.page.received() > before[1] + 50);
			assert.equal((await call.page.state()).dtls, 'connected');
			for (const name of ['ice-failed', 'dtls-failed', 'media-lost']) assert.equal(sub.all(name, { 'call-id': call.id }).length, 0, name);
			await call.end();
		});

		test('events_of_a_bundle', async (t) => {
			if (!(await ng.ask({ command: 'capabilities' })).bundle) { t.skip('this rtpengine has no bundles'); return; }
			const call = await Call.start(ng, web, { offer: { video: true, policy: 'max-bundle' }, ims: { video: true },
				more: { bundle: ['accept'] } });
			for (const media of [1, 2]) await sub.got('media-started', { 'call-id': call.id, tag: 'web', media });
			// One transport, told once, of the section that has it.
			for (const name of ['ice-connected', 'dtls-established'])
				assert.deepEqual(sub.all(name, { 'call-id': call.id }).map((e) => e.media), [1]);
			await call.end();
		});

		test('events_on_hold_silence_is_no_loss', async () => {
			const call = await Call.start(ng, web, { ims: { direction: 'recvonly' } });
			await sub.got('media-started', { 'call-id': call.id, tag: 'web' });
			await new Promise((done) => { setTimeout(done, 2 * LIMITS.media_lost_ms + 500); });
			assert.equal(sub.all('media-lost', { 'call-id': call.id, tag: 'ims' }).length, 0);
			await call.end();
		});
	});
}
