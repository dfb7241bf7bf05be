// SPDX-License-Identifier: BSD-2-Clause
// Tokens as identity providers issue them, without an IMS claim, register with
// nothing but a map in the configuration; what the same provider signs for
// others does not. support/products.mjs says what each product's tokens hold.
import test from 'node:test';
import assert from 'node:assert/strict';
import { configOf, Site, until } from '../webrtc_auth/support/site.mjs';
import { Client } from '../webrtc_auth/support/client.mjs';
import { assertNoToken } from '../webrtc_auth/support/refused.mjs';
import { auth0, entraV1, entraV2, hydra, hydraOpaque, keycloak } from './support/products.mjs';
import { BASE, originOf, sectionsOf, startServer } from './support/server.mjs';

const products = [keycloak, hydra, auth0, entraV1, entraV2, hydraOpaque].map((make) => make(BASE));
const used = [];
let site, server;

test.before(async () => {
	site = await Site.start({ async: 'async_workers=2' });
	server = await startServer(site.ca, products);
	site.writeConfig(configOf(site, sectionsOf(products, site)));
	await site.rpc('webrtc_auth.reload');
	for (const { name, opaque } of products) if (!opaque) await until(`the keys of ${name}`, () => site.hasKeys(name));
});
test.after(async () => {
	assertNoToken(site, used);
	await server.stop();
	await site.stop();
});

async function open(t, product) {
	const client = await Client.open(site, { origin: originOf(product) });
	t.after(() => client.end());
	return client;
}

const tokenBy = (make) => { const token = make(); used.push(token); return token; };

for (const product of products) {
	const { name, user, impus } = product;

	test(`idp_${name}_registers_by_its_map`, async (t) => {
		const client = await open(t, product);
		const answer = await client.register(tokenBy(product.token), { to: impus[0] });
		assert.equal(answer.status, 200, `${answer.text}\n${site.log.slice(-400)}`);
		const [forwarded] = site.sentOn(client);
		const seen = /^X-Wauth: (.*)\r$/m.exec(forwarded)[1].split('|');
		assert.deepEqual([seen[0], seen[2], seen[3]], ['1', user, impus[0]]);
		assert.equal(seen[5], name, 'the WWSF');
		assert.equal(seen[6], product.thirdParty ? '1' : '0', 'third party');
		assert.equal(seen[8], name, 'the issuer');
		assert.equal(seen.slice(9, -1).join('|'), product.sub);
		for (const impu of impus) assert.ok(/^X-Impus: (.*)\r$/m.exec(forwarded)[1].includes(impu), impu);
	});

	test(`idp_${name}_every_identity_of_its_map_may_register`, async (t) => {
		for (const impu of impus) {
			const client = await open(t, product);
			const answer = await client.register(tokenBy(product.token), { to: impu });
			assert.equal(answer.status, 200, answer.text);
		}
		const client = await open(t, product);
		assert.equal((await client.register(tokenBy(product.token), { to: 'sip:somebody@home1.net' })).status, 403);
	});

	for (const { what, token, cause, status, code } of product.refused) {
		test(`idp_${name}_refuses_${what.replace(/\W+/g, "_")}`, async (t) => {
			const client = await open(t, product);
			const logged = site.log.length;
			const answer = await client.register(tokenBy(token), { to: impus[0] });
			const causes = [cause].flat();
			const said = () => /refused: (\w+), connection /.exec(site.log.slice(logged))?.[1];
			assert.notEqual(answer.status, 200, 'it registered');
			assert.ok(causes.includes(await until('the log', said, 1000)), `${said()}, not ${causes.join(' or ')}`);
			if (status) assert.equal(answer.status, status, answer.text);
			if (code) assert.equal((await client.closed).code, code);
			assert.equal(site.sentOn(client).length, 0, 'it was forwarded');
		});
	}

	test(`idp_${name}_refuses_a_page_of_another_wwsf`, async (t) => {
		const client = await Client.open(site, { origin: 'https://shop.example' });
		t.after(() => client.end());
		const answer = await client.register(tokenBy(product.token), { to: impus[0] });
		// An opaque token does not say whose it is: the page's own WAFs count, and
		// here none of them may be asked.
		assert.equal(answer.status, product.opaque ? 401 : 403, answer.text);
		assert.equal((await client.closed).code, product.opaque ? 4001 : 4004);
	});
}
