// SPDX-License-Identifier: BSD-2-Clause
// The REGISTER that the core gets for a token without any IMS claim: the mapped
// IMPI in its Trusted Node Authentication (TS 24.371 table A.3.2-2), the name of
// a third party's WAF, and nothing of the token.
import test from 'node:test';
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { readFileSync, writeFileSync } from 'node:fs';
import { Site, until } from '../tna_register/support/site.mjs';
import { Inbox, Msg, rand } from '../tna_register/support/sip.mjs';
import { Page } from '../tna_register/support/page.mjs';
import { auth0, entraV1, entraV2, hydra, keycloak } from './support/products.mjs';
import { BASE, originOf, sectionsOf, startServer } from './support/server.mjs';

const WebSocket = createRequire(new URL('../../package.json', import.meta.url))('ws');
const products = [keycloak, hydra, auth0, entraV1, entraV2].map((make) => make(BASE));
let site, server;

test.before(async () => {
	site = await Site.start();
	server = await startServer(site.ca, products);
	writeFileSync(site.config, readFileSync(site.config, 'utf8') + sectionsOf(products, site));
	await site.rpc('webrtc_auth.reload');
	for (const { name } of products) {
		await until(`the keys of ${name}`, async () => (await site.rpc('webrtc_auth.keys')).find((i) => i.issuer === name)?.keys?.length > 0);
	}
});
test.after(async () => {
	await server.stop();
	await site.stop();
});

/** As Page.open(), from the page of this product's WWSF. */
async function open(t, product) {
	const p = new Page();
	const host = `${rand()}.invalid`;
	Object.assign(p, { site, instance: `urn:uuid:${rand(16)}`, user: product.name, host, cseq: 0, inbox: new Inbox('page'),
		aor: product.impus[0], contact: `sip:${rand(4)}@${host};transport=ws` });
	p.ws = new WebSocket(`wss://127.0.0.1:${site.ports.wss}`, 'sip', { ca: site.ca.ca, servername: 'localhost', origin: originOf(product) });
	p.ws.on('message', (d) => p.inbox.put(new Msg(d.toString())));
	p.ws.on('error', () => {});
	await new Promise((resolve, reject) => { p.ws.on('open', resolve); p.ws.on('unexpected-response', () => reject(new Error('no WebSocket'))); });
	t.after(() => p.drop());
	return p;
}

for (const product of products) {
	test(`core_gets_the_mapped_identity_of_${product.name}`, async (t) => {
		const p = await open(t, product);
		const token = product.token();
		const answer = await p.register({ token, to: product.impus[0] });
		assert.equal(answer.status, 200, `${answer.text}\n${site.log.slice(-300)}`);
		const sent = site.registers.at(-1);
		assert.match(sent.get('To'), new RegExp(`<${product.impus[0].replace(/[.+]/g, '\\$&')}>`));
		const [authorization, ...more] = sent.all('Authorization');
		assert.deepEqual(more, []);
		assert.ok(authorization.startsWith(`Digest username="${product.user}", realm="registrar.home1.net", `), authorization);
		assert.match(authorization, /integrity-protected="auth-done"/);
		const entity = /authorization-entity="([^"]*)"/.exec(authorization)?.[1];
		assert.equal(entity, product.thirdParty ? /^waf = (.*)$/m.exec(sectionsOf([product], site))[1] : undefined);
		for (const part of token.split('.')) assert.ok(!sent.text.includes(part), 'a part of the token');
		assert.doesNotMatch(sent.text, /bearer/i);
		const binding = await site.show(product.impus[0]);
		assert.deepEqual([binding.impi, binding.wwsf], [product.user, product.name]);
		assert.equal((await p.register({ token, to: product.impus[0], expires: 0 })).status, 200);
	});
}
