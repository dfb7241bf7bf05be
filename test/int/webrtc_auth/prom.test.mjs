// SPDX-License-Identifier: BSD-2-Clause
// The shipped configuration with metrics switched on: Prometheus sees our
// counters, on the metrics listener only.
import test from 'node:test';
import assert from 'node:assert/strict';
import http from 'node:http';
import https from 'node:https';
import { Lab } from './support/labpage.mjs';

let lab;
test.before(async () => { lab = await Lab.start('lab-prom', ['WITH_METRICS']); });
test.after(() => lab.stop());

function get(port, url, module = http) {
	return new Promise((ok, bad) => {
		module.get({ host: '127.0.0.1', port, path: url, agent: false, ca: lab.ca.ca }, (res) => {
			let text = '';
			res.on('data', (d) => { text += d; });
			res.on('end', () => ok({ status: res.statusCode, type: res.headers['content-type'], text }));
		}).on('error', bad);
	});
}
const metric = async (name) => Number(new RegExp(`^kamailio_${name} (\\d+)`, 'm').exec((await get(9090, '/metrics')).text)?.[1] ?? NaN);

test('prom_counters_of_all_three_modules', async (t) => {
	const before = [await metric('webrtc_auth_check_ok'), await metric('webrtc_auth_check_signature_wrong'), await metric('tna_register_bound')];
	assert.deepEqual(before, [0, 0, 0]);
	const p = await lab.page('user1');
	t.after(() => p.drop());
	assert.equal((await p.register()).status, 200);
	const bad = await lab.page('user2', { sign: 'foreign' });
	assert.equal((await bad.register()).status, 401);
	assert.equal((await bad.closed).code, 4001);
	assert.equal(await metric('webrtc_auth_check_ok'), 1);
	assert.equal(await metric('webrtc_auth_check_signature_wrong'), 1);
	assert.equal(await metric('webrtc_auth_closed'), 1);
	assert.equal(await metric('tna_register_bound'), 1);
	assert.equal(await metric('tna_register_destination_refused'), 0);
	const { status, type, text } = await get(9090, '/metrics');
	assert.equal(status, 200);
	assert.match(type, /^text\/plain/);
	assert.match(text, /^kamailio_sdp_mediate_/m);
	assert.ok(!text.includes(p.token.slice(0, 16)));
});

test('prom_nowhere_else', async () => {
	assert.equal((await get(9090, '/')).status, 404);
	assert.equal((await get(9090, '/metrics/../RPC')).status, 404);
	assert.equal((await get(lab.nodes.epcscf.wss, '/metrics', https)).status, 404);
});
