// SPDX-License-Identifier: BSD-2-Clause
// Behind a load balancer that says who the client is (PROXY protocol, before
// TLS): failures count for the client, not for the balancer.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Site } from './support/site.mjs';
import { Client } from './support/client.mjs';
import { tokenOf } from './support/waf.mjs';

let site, bad;
test.before(async () => {
	site = await Site.start({ params: 'tcp_accept_haproxy=yes\ntcp_wait_data=1000' });
	site.writeConfig(`[global]\nsource_failures_per_minute = 5\n${site.readConfig()}`);
	await site.rpc('webrtc_auth.reload');
	bad = `${tokenOf(site.keys.es).slice(0, -8)}AAAAAAAA`;
});
test.after(() => site.stop());

const v1 = (source, family = 'TCP4', to = '192.0.2.1') => Buffer.from(`PROXY ${family} ${source} ${to} 40000 443\r\n`);
const v2 = (family, addresses) => Buffer.concat([Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1'),
	Buffer.from([0x21, family, 0, addresses.length + 4]), Buffer.from(addresses), Buffer.from([0x9c, 0x40, 1, 0xbb])]);
const ip6 = (tail) => [0x20, 1, 0x0d, 0xb8, 0, tail, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9];

async function status(t, preface, token = bad) {
	const c = await Client.open(site, { preface });
	t.after(() => c.end());
	const answer = await c.register(token);
	return answer.status;
}

const heads = {
	v1_ipv4: [v1('198.51.100.1'), v1('198.51.100.2'), '198.51.100.1'],
	v1_ipv6: [v1('2001:db8:1::9', 'TCP6', '2001:db8::1'), v1('2001:db8:2::9', 'TCP6', '2001:db8::1'), '2001:db8:1::/64'],
	v2_ipv4: [v2(0x11, [198, 51, 100, 3, 192, 0, 2, 1]), v2(0x11, [198, 51, 100, 4, 192, 0, 2, 1]), '198.51.100.3'],
	v2_ipv6: [v2(0x21, [...ip6(7), ...ip6(0)]), v2(0x21, [...ip6(8), ...ip6(0)]), '2001:db8:7::/64'],
};

for (const [name, [one, other, source]] of Object.entries(heads)) {
	test(`proxyprotocol_${name}`, async (t) => {
		for (let i = 0; i < 5; i++) assert.equal(await status(t, one), 401);
		assert.equal(await status(t, one), 503);
		assert.equal(await status(t, other, tokenOf(site.keys.es)), 200, 'another client of the same balancer');
		assert.equal(await status(t, other), 401);
		assert.equal((await site.rpc('webrtc_auth.sources')).find((s) => s.source === source)?.total, 5);
	});
}

test('proxyprotocol_log_has_the_client', () => {
	assert.match(site.log, /refused: signature_wrong, connection \d+, from 198\.51\.100\.1,/);
	assert.match(site.log, /refused: signature_wrong, connection \d+, from 2001:db8:7:/i);
});
