// SPDX-License-Identifier: BSD-2-Clause
// Identities that the web server gives: by its own table, by a template, or lent
// from a pool to one user at a time, whatever happens to the server meanwhile.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { IdentityMap, Leases } from '../../cfg-examples/wwsf/identities.mjs';
import { logOut } from '../lab/waf/logout.mjs';
import { makeCa } from './ca.mjs';
import { Edge } from './edge.mjs';
import { Client, signIn } from './http.mjs';
import { freePort, startWaf, startWwsf } from './site.mjs';

const LIFETIME_S = 20;
const ACCOUNT = { from: 1, to: 3, impi: 'pool{n}_private@home1.net', impu: ['sip:pool{n}@home1.net'] };
let ca;
let waf;
let edge;
let port;
let dir;

before(async () => {
	ca = makeCa();
	dir = mkdtempSync(join(tmpdir(), 'epcscf-leases-'));
	port = await freePort();
	const callback = `https://127.0.0.1:${port}/callback`;
	const grants = ['authorization_code', 'refresh_token', 'client_credentials'];
	waf = await startWaf(ca, { callback, lifetime_s: LIFETIME_S, clients: [
		{ client_id: 'mapper', client_secret: 'secret-of-mapper', wwsf: 'mapper.home1.net', redirect_uris: [callback],
			grants, impi_patterns: ['alice_private@home1.net', 'pool*_private@home1.net'] },
	] });
	edge = await Edge.start({ tls: ca });
});

after(async () => {
	await waf.stop();
	await edge.stop();
	ca.remove();
	rmSync(dir, { recursive: true });
});

/** A web server of its own for `use`, stopped afterwards. */
async function withWwsf(options, use) {
	const wwsf = await startWwsf(ca, waf, edge, { port, ...options });
	try {
		return await use(wwsf);
	} finally {
		await wwsf.stop();
	}
}

const file = (name) => join(dir, `${name}.json`);
const origin = () => `https://127.0.0.1:${port}`;
const browser = () => new Client(ca.ca);
const own = { headers: { get origin() { return origin(); } } };
const ask = (client, json = {}) => client.post(`${origin()}/token`, { headers: { ...own.headers }, json });
const leave = (client) => client.post(`${origin()}/logout`, { headers: { ...own.headers } });
const claimsOf = (answer) => waf.keys.verify(answer.json().access_token, waf.config.issuer);

async function signedIn(user = 'alice', password = 'wonder') {
	const client = browser();
	const page = await client.follow(`${origin()}/login`);
	const back = await signIn(client, page, user, password, (url) => url.startsWith(`${origin()}/?`) || url === `${origin()}/`);
	return { client, at: back.stoppedAt };
}

test('wwsf_identities_two_guests_at_once_never_get_the_same_account', async () => {
	await withWwsf({ pool: 30, more: { leases: file('parallel') } }, async () => {
		// As many as there are accounts and as many again, each with a renewal on its heels.
		const guests = Array.from({ length: 60 }, browser);
		const first = await Promise.all(guests.map((g) => ask(g)));
		const again = await Promise.all(guests.map((g) => ask(g, { fresh: true })));
		const impis = first.filter((a) => a.status === 200).map((a) => a.json().impi);
		assert.equal(impis.length, 30);
		assert.equal(new Set(impis).size, 30);
		assert.equal(first.filter((a) => a.status === 503).length, 30);
		for (const [i, answer] of again.entries()) {
			if (first[i].status === 200) assert.equal(answer.json().impi, first[i].json().impi);
			else assert.equal(answer.status, 503);
		}
	});
});

test('wwsf_identities_an_exhausted_pool_is_503_and_says_when_to_come_again', async () => {
	await withWwsf({ pool: 1, more: { leases: file('exhausted'), lease_grace_s: 7 } }, async () => {
		assert.equal((await ask(browser())).status, 200);
		const none = await ask(browser());
		assert.deepEqual([none.status, none.json().error], [503, 'pool_empty']);
		const { retry_after_s } = none.json();
		assert.equal(none.headers['retry-after'], String(retry_after_s));
		assert.ok(retry_after_s > LIFETIME_S && retry_after_s <= LIFETIME_S + 7, String(retry_after_s));
	});
});

test('wwsf_identities_leaving_does_not_free_an_account_whose_token_lives', async () => {
	await withWwsf({ pool: 1, more: { leases: file('leaving'), lease_grace_s: 5 } }, async (wwsf) => {
		const one = browser();
		const { impi } = (await ask(one)).json();
		await leave(one);
		assert.equal((await ask(browser())).status, 503);
		// The same browser gets its own again.
		assert.equal((await ask(one)).json().impi, impi);
		await leave(one);
		const at = Date.now();
		wwsf.leases.now = () => at + (LIFETIME_S + 4) * 1000;
		assert.equal((await ask(browser())).status, 503, 'within the time that calls outlive the token');
		wwsf.leases.now = () => at + (LIFETIME_S + 6) * 1000;
		assert.equal((await ask(browser())).json().impi, impi);
	});
});

test('wwsf_identities_a_restart_lends_no_account_twice_and_the_guest_keeps_theirs', async () => {
	const options = { pool: 2, more: { leases: file('restart') } };
	const [one, two, three] = [browser(), browser(), browser()];
	let impi;
	await withWwsf(options, async () => { impi = (await ask(one)).json().impi; });
	await withWwsf(options, async () => {
		const other = (await ask(two)).json().impi;
		assert.notEqual(other, impi);
		assert.equal((await ask(three)).status, 503);
		assert.equal((await ask(one)).json().impi, impi);
	});
	await withWwsf(options, async () => assert.equal((await ask(one)).json().impi, impi));
	const text = readFileSync(file('restart'), 'utf8');
	for (const { value } of one.jar.values()) assert.ok(!text.includes(value), 'a cookie is in the file');
	assert.equal(statSync(file('restart')).mode & 0o077, 0);
});

test('wwsf_identities_a_crash_between_asking_and_the_answer_lends_no_account_twice', () => {
	let now = 1_000_000;
	const options = { pool: [ACCOUNT], file: file('crash'), grace_s: 10, token_max_s: 100, now: () => now };
	const before_ = new Leases(options);
	const { impi } = before_.take('one'); // and never an answer: the server is gone
	const afterwards = new Leases(options);
	const rest = ['two', 'three', 'four'].map((holder) => afterwards.take(holder)?.impi);
	assert.equal(new Set([impi, ...rest.slice(0, 2)]).size, 3);
	assert.equal(rest[2], undefined);
	now += 109_000;
	assert.equal(new Leases(options).take('five'), undefined);
	now += 2_000;
	assert.ok(new Leases(options).take('five'));
});

test('wwsf_identities_a_token_that_was_refused_frees_the_account', () => {
	let now = 1_000_000;
	const leases = new Leases({ pool: [ACCOUNT], grace_s: 10, now: () => now });
	const first = leases.take('one').impi;
	leases.failed(first);
	assert.equal(leases.free_n, 3);
	assert.notEqual(leases.take('one').impi, first, 'an account that the WAF refuses is not tried for ever');
	// A renewal that fails takes nothing from who has a token.
	const own_ = leases.of('one').impi;
	leases.granted(own_, now + 60_000);
	leases.take('one');
	leases.failed(own_);
	now += 69_000;
	assert.equal(leases.take('one').impi, own_);
	assert.equal(leases.free_n, 2);
});

test('wwsf_identities_the_account_that_rested_longest_goes_first', () => {
	let now = 1_000_000;
	const leases = new Leases({ pool: [ACCOUNT], grace_s: 0, now: () => now });
	const order = ['a', 'b', 'c'].map((holder) => {
		const { impi } = leases.take(holder);
		leases.granted(impi, now + 1000);
		now += 10;
		return impi;
	});
	now += 5000;
	assert.deepEqual(['d', 'e', 'f'].map((holder) => leases.take(holder).impi), order);
});

test('wwsf_identities_what_is_not_on_the_disk_is_not_lent', () => {
	const leases = new Leases({ pool: [ACCOUNT], file: join(dir, 'no-such-directory', 'x.json') });
	assert.throws(() => leases.take('one'), /ENOENT/);
	assert.equal(leases.free_n, 3);
	writeFileSync(file('broken'), '{"leases": [');
	assert.throws(() => new Leases({ pool: [ACCOUNT], file: file('broken') }), /broken\.json: not readable/);
});

test('wwsf_identities_pool_with_sign_in_lends_to_who_signed_in_and_tells_nobody', async () => {
	const lines = [];
	const log = (event, fields) => lines.push(JSON.stringify([event, fields]));
	await withWwsf({ pool: 2, client: 'mapper', log, more: { leases: file('signed-in'), sign_in: 'required' } }, async () => {
		const stranger = await ask(browser());
		assert.deepEqual([stranger.status, stranger.json().error], [401, 'signed_out']);
		const { client: alice } = await signedIn();
		const given = await ask(alice);
		assert.equal(given.status, 200, given.text);
		assert.match(given.json().impi, /^pool[12]_private@home1\.net$/);
		assert.equal(given.json().name, 'Alice');
		assert.equal(given.json().anonymous, false);
		// Client credentials alone: the token knows nothing of the user (X.4).
		const claims = await claimsOf(given);
		assert.equal(claims.sub, 'mapper');
		assert.ok(!JSON.stringify(claims).toLowerCase().includes('alice'));
		// The same user elsewhere has the same account, another user another one.
		const elsewhere = await signedIn();
		assert.equal((await ask(elsewhere.client)).json().impi, given.json().impi);
		const { client: bob } = await signedIn('bob', 'builder');
		assert.notEqual((await ask(bob)).json().impi, given.json().impi);
		await leave(bob);
		assert.equal((await ask(bob)).status, 401);
	});
	assert.ok(!lines.join().includes('alice'));
	await withWwsf({ pool: 2, client: 'mapper', more: { leases: file('signed-in'), sign_in: 'required' } }, async () => {
		const back = await signedIn();
		assert.equal((await ask(back.client)).status, 200);
		assert.equal(JSON.parse(readFileSync(file('signed-in'))).leases.length, 2);
	});
});

test('wwsf_identities_pool_without_sign_in_leaves_the_user_anonymous', async () => {
	await withWwsf({ pool: 1, more: { leases: file('anonymous') } }, async () => {
		const given = await ask(browser());
		assert.deepEqual([given.json().anonymous, given.json().name], [true, 'guest']);
		assert.equal((await claimsOf(given)).sub, 'guests');
	});
});

test('wwsf_identities_the_servers_own_table_goes_before_the_wafs', async () => {
	const identities = { users: { bob: { impi: 'alice_private@home1.net', impu: ['sip:alice@home1.net'] } } };
	await withWwsf({ client: 'mapper', more: { identities } }, async () => {
		const { client: bob } = await signedIn('bob', 'builder');
		const first = await ask(bob);
		assert.deepEqual([first.json().impi, first.json().impu], ['alice_private@home1.net', ['sip:alice@home1.net']]);
		const claims = await claimsOf(first);
		assert.deepEqual([claims.impi, claims.sub, claims.wwsf], ['alice_private@home1.net', 'mapper', 'mapper.home1.net']);
		const again = await ask(bob, { fresh: true });
		assert.notEqual(again.json().access_token, first.json().access_token);
		// Who is not in the table has what the WAF says.
		const { client: alice } = await signedIn();
		const claimsOfAlice = await claimsOf(await ask(alice));
		assert.deepEqual([claimsOfAlice.impi, claimsOfAlice.sub], ['alice_private@home1.net', 'alice']);
	});
});

test('wwsf_identities_nobody_who_signed_out_at_the_waf_gets_another_token', async () => {
	const identities = { template: { impi: '{sub}_private@home1.net', impu: ['sip:{sub}@home1.net'] } };
	for (const options of [{ more: { identities } }, { pool: 1, more: { leases: file('signed-out'), sign_in: 'required' } }]) {
		await withWwsf({ client: 'mapper', ...options }, async () => {
			const { client: alice } = await signedIn();
			assert.equal((await ask(alice)).status, 200);
			assert.equal((await ask(alice, { fresh: true })).status, 200);
			await logOut(waf, 'alice');
			const refused = await ask(alice, { fresh: true });
			assert.deepEqual([refused.status, refused.json().sign_in], [401, '/login']);
		});
	}
});

test('wwsf_identities_by_a_template_and_never_beyond_what_the_waf_allows', async () => {
	const identities = { template: { impi: '{sub}_private@home1.net', impu: ['sip:{sub}@home1.net'] } };
	await withWwsf({ client: 'mapper', more: { identities } }, async () => {
		const { client: alice } = await signedIn();
		const claims = await claimsOf(await ask(alice));
		assert.deepEqual([claims.impi, claims.sub], ['alice_private@home1.net', 'mapper']);
		// The WAF lends this server alice and the pool, not bob.
		const { client: bob } = await signedIn('bob', 'builder');
		const refused = await ask(bob);
		assert.deepEqual([refused.status, refused.json().error], [401, 'access_denied']);
	});
});

test('wwsf_identities_a_name_cannot_leave_its_place_in_the_template', () => {
	const map = new IdentityMap({ template: { impi: '{sub}_private@home1.net', impu: ['sip:{sub}@home1.net'] } });
	assert.deepEqual(map.of({ sub: 'a.b-1' }), { impi: 'a.b-1_private@home1.net', impu: ['sip:a.b-1@home1.net'] });
	for (const sub of ['eve@evil.net', 'a b', 'x>', '', '.', 'a;b', 'a%40b', undefined, 7.5e30, ['a'], '{sub}', '__proto__\n']) {
		assert.equal(map.of({ sub }), undefined, String(sub));
	}
	assert.equal(map.of({ sub: 'toString' }).impi, 'toString_private@home1.net');
	assert.equal(new IdentityMap({}).of({ sub: 'constructor' }), undefined);
	assert.equal(new IdentityMap({ template: { impi: '{constructor}@x', impu: ['{sub}'] } }).of({ sub: 'a' }), undefined);
	assert.throws(() => new IdentityMap({ users: { a: { impi: 'x' } } }), /needs "impi" and a list "impu"/);
	const one = { impi: 'x', impu: ['sip:x'] };
	assert.throws(() => new IdentityMap({ users: { a: one, b: one } }), /one IMPI for two users/);
	assert.throws(() => new Leases({ pool: [ACCOUNT, { impi: 'pool2_private@home1.net', impu: ['sip:x'] }] }), /twice/);
});
