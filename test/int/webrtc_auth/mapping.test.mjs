// SPDX-License-Identifier: BSD-2-Clause
// From web identity to IMS identity: templates, a table, tokens without any
// IMS claim.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import assert from 'node:assert/strict';
import { configOf, Site, until } from './support/site.mjs';
import { Client } from './support/client.mjs';
import { refused } from './support/refused.mjs';
import { claimsOf, now, tokenOf } from './support/waf.mjs';

let site;
const table = () => join(site.dir, 'users.map');

const issuer = (name, more) => `
[issuer:${name}]
iss = https://${name}.example
jwks = ${site.waf.url}
ca_file = ${site.ca.caFile}
waf = ${name}@home1.net
domain = operator
map = ${name}
${more}
[wwsf:${name}]
origin = https://${name}-page.example
issuer = ${name}
client_id = ${name}-client
impi = *@${name}.net
impu = sip:*@${name}.net, tel:+1555*
`;

test.before(async () => {
	site = await Site.start();
	writeFileSync(table(), [
		'# the users of the table\'s issuer', '',
		'auth0|6553da60a54af58e29493993, bob@table.net, sip:bob@table.net, tel:+1-555-0100',
		'"google-oauth2|with space, comma", eve@table.net, sip:eve@table.net',
		'wrong, mallory@elsewhere.net, sip:mallory@table.net', ''].join('\r\n'));
	site.writeConfig(configOf(site, [
		issuer('template', 'aud = account\n[map:template]\nimpi = {preferred_username}@template.net\nimpu = sip:{preferred_username}@template.net, tel:{phone}\n'),
		issuer('table', `aud = epcscf\n[map:table]\nkey = sub\ntable = ${table()}\n`),
		issuer('hydra', 'aud = epcscf\naud_rule = optional\n[map:hydra]\nimpi = {sub}@hydra.net\nimpu = sip:{sub}@hydra.net\n'),
	].join('')));
	assert.match(await site.rpc('webrtc_auth.reload'), /changed: issuers: \+template \+table \+hydra; wwsfs: \+template \+table \+hydra; maps: \+template \+table \+hydra$/);
	await until('the keys', async () => await site.hasKeys('template') && await site.hasKeys('table') && site.hasKeys('hydra'));
});
test.after(() => site?.stop());

async function open(t, name) {
	const c = await Client.open(site, { origin: `https://${name}-page.example` });
	assert.equal(c.status, 101);
	t.after(() => c.end());
	return c;
}

// What these servers issue: no IMS claim, typ JWT.
const token = (name, more) => tokenOf(site.keys.es, { iss: `https://${name}.example`, iat: now() - 1, exp: now() + 300, ...more }, { typ: 'JWT' });
const scope = 'openid webrtc-ims-client-access-to-ims email';
const template = (more) => token('template', { aud: 'account', azp: 'template-client', sub: 'f:1', typ: 'Bearer', scope,
	preferred_username: 'alice', phone: '+15550100', realm_access: { roles: ['a'] }, email_verified: true, ...more });
const tabled = (sub) => token('table', { aud: ['epcscf', 'https://table.example/userinfo'], azp: 'table-client', scope, sub });

test('mapping_template_over_claims', async (t) => {
	const c = await open(t, 'template');
	assert.equal((await c.register(template(), { to: 'sip:alice@template.net' })).status, 200);
	const sent = site.sentOn(c)[0];
	assert.ok(sent.includes('X-Wauth: 1|ok|alice@template.net|sip:alice@template.net|template@home1.net|template|'), sent);
	assert.ok(sent.includes('X-Impus: sip:alice@template.net,tel:+15550100\r\n'), sent);
});

for (const [what, more, cause] of [
	['a claim that breaks out', { preferred_username: 'alice@evil.example;x' }, 'claim_value'],
	['a claim that is a number', { preferred_username: 7 }, 'claim_type'],
]) {
	test(`mapping_template_refuses_${what.replace(/\W+/g, '_')}`, async (t) => {
		const c = await open(t, 'template');
		await refused(site, c, template(more), { status: 401, code: 4001, error: 'invalid_token', cause, server: 'https://template.example', to: 'sip:alice@template.net' });
	});
}

test('mapping_template_refuses_a_claim_that_is_missing', async (t) => {
	const c = await open(t, 'template');
	await refused(site, c, template({ preferred_username: undefined }), { status: 403, code: 4002, cause: 'mapping_missing', to: 'sip:alice@template.net' });
});

test('mapping_template_expired_token_is_told_to_be_renewed', async (t) => {
	const c = await open(t, 'template');
	await refused(site, c, template({ exp: now() - 100, preferred_username: undefined }), { status: 401, error: 'invalid_token', cause: 'token_expired', server: 'https://template.example', to: 'sip:alice@template.net' });
});

test('mapping_table_by_sub', async (t) => {
	const c = await open(t, 'table');
	assert.equal((await c.register(tabled('auth0|6553da60a54af58e29493993'), { to: 'sip:bob@table.net' })).status, 200);
	const sent = site.sentOn(c)[0];
	assert.ok(sent.includes('X-Wauth: 1|ok|bob@table.net|sip:bob@table.net|table@home1.net|table|'), sent);
	assert.ok(sent.includes('X-Impus: sip:bob@table.net,tel:+1-555-0100\r\n'), sent);
	assert.equal((await c.register(tabled('auth0|6553da60a54af58e29493993'), { to: 'tel:+15550100' })).status, 200);
});

test('mapping_table_key_in_quotes', async (t) => {
	const c = await open(t, 'table');
	assert.equal((await c.register(tabled('google-oauth2|with space, comma'), { to: 'sip:eve@table.net' })).status, 200);
});

test('mapping_table_without_a_row_has_its_own_cause', async (t) => {
	const c = await open(t, 'table');
	await refused(site, c, tabled('auth0|nobody'), { status: 403, code: 4002, cause: 'mapping_missing', to: 'sip:bob@table.net' });
	assert.ok((await site.stats()).mapping_missing > 0);
	assert.ok(!site.log.includes('auth0|nobody'));
});

test('mapping_table_row_outside_the_wwsfs_patterns', async (t) => {
	const c = await open(t, 'table');
	await refused(site, c, tabled('wrong'), { status: 403, code: 4002, cause: 'impi_refused', to: 'sip:mallory@table.net' });
});

test('mapping_ims_claims_do_not_count_beside_a_map', async (t) => {
	const c = await open(t, 'table');
	const claims = { aud: 'epcscf', azp: 'table-client', scope, sub: 'auth0|nobody', impi: 'bob@table.net', impu: 'sip:bob@table.net' };
	await refused(site, c, token('table', claims), { status: 403, code: 4002, cause: 'mapping_missing', to: 'sip:bob@table.net' });
});

test('mapping_no_claims_and_no_map_is_the_cause_it_was', async (t) => {
	const c = await Client.open(site);
	t.after(() => c.end());
	const claims = claimsOf();
	delete claims.impi;
	await refused(site, c, tokenOf(site.keys.es, claims), { status: 401, code: 4001, error: 'invalid_token', cause: 'impi_missing' });
});

test('mapping_empty_audience_where_configured', async (t) => {
	const claims = { client_id: 'hydra-client', ext: {}, nbf: now() - 1, jti: 'j', scp: ['openid', 'webrtc-ims-client-access-to-ims'], sub: 'alice' };
	const c = await open(t, 'hydra');
	assert.equal((await c.register(token('hydra', { ...claims, aud: [] }), { to: 'sip:alice@hydra.net' })).status, 200);
	await refused(site, c, token('hydra', { ...claims, aud: ['another'] }), { status: 401, code: 4001, error: 'invalid_token', cause: 'audience_wrong', server: 'https://hydra.example', to: 'sip:alice@hydra.net' });
	const d = await open(t, 'table');
	await refused(site, d, token('table', { ...claims, client_id: 'table-client', aud: [] }), { status: 401, code: 4001, error: 'invalid_token', cause: 'audience_wrong', server: 'https://table.example', to: 'sip:bob@table.net' });
});
