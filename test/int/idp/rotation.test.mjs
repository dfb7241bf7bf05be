// SPDX-License-Identifier: BSD-2-Clause
// Key rotation under load: pages register and refresh without a pause, each time
// with a token signed a moment ago, while the WAF publishes new keys, signs with
// them at once and retires the old ones. Every token is good, so every one must
// be accepted: at once, or after the 503 of docs/decisions/0003. A 401, a 403 or
// a close frame for one of them is a wrong refusal, and there may be none.
import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { Waf } from '../../lab/waf/waf.mjs';
import { freePort } from '../../node/site.mjs';
import { configOf, ownPorts, Site, sleep, until } from '../webrtc_auth/support/site.mjs';
import { Client } from '../webrtc_auth/support/client.mjs';

const ORIGIN = 'https://portal.example';
const PAGES = 8;

async function startWaf(ca) {
	const port = await freePort();
	return Waf.start({
		listen: { host: '127.0.0.1', port }, issuer: `https://127.0.0.1:${port}`, waf_id: 'waf@home1.net', alg: 'ES256',
		tls: { cert: ca.cert, key: ca.key }, resources: [{ audience: 'epcscf', scope: 'webrtc-ims-client-access-to-ims', lifetime_s: 60 }],
		users: [{ sub: 'page{n}', from: 1, to: PAGES, impi: 'page{n}@home1.net', impu: ['sip:page{n}@home1.net'] }],
		clients: [{ client_id: 'portal', client_secret: 'x', wwsf: 'portal' }],
	}, () => {});
}

// A site and its WAF, for one test.
async function begin(t) {
	const site = await Site.start({ ports: ownPorts() });
	t.after(() => site.stop());
	const waf = await startWaf(site.ca);
	t.after(() => waf.stop());
	site.writeConfig(configOf(site, `
[issuer:lab]
iss = ${waf.config.issuer}
jwks = ${waf.config.issuer}/jwks
ca_file = ${site.ca.caFile}
aud = epcscf
waf = waf@home1.net
domain = operator

[wwsf:portal]
origin = ${ORIGIN}
issuer = lab
client_id = portal
impi = page*@home1.net
impu = sip:page*@home1.net
`));
	await site.rpc('webrtc_auth.reload');
	await until('the keys', () => site.hasKeys('lab'));
	return { site, waf };
}

function mint(waf, n) {
	const now = Math.floor(Date.now() / 1000);
	return waf.keys.mint({ iss: waf.config.issuer, aud: 'epcscf', sub: `page${n}`, client_id: 'portal', jti: `${n}-${Math.random()}`, iat: now, exp: now + 60,
		scope: 'webrtc-ims-client-access-to-ims', impi: `page${n}@home1.net`, impu: [`sip:page${n}@home1.net`] });
}

// A page: the same token until its 200, as epcscf.js does it; a new connection
// now and then.
async function page({ site, waf }, n, seen, goOn) {
	let client, used = 0;
	const open = async () => { client?.end(); client = await Client.open(site, { origin: ORIGIN }); used = 0; };
	await open();
	while (goOn()) {
		if (++used > 40) await open();
		const token = await mint(waf, n);
		const began = Date.now();
		for (let tries = 1; ; tries++) {
			const answer = await client.register(token, { to: `sip:page${n}@home1.net` });
			if (answer.status === 200) {
				seen.accepted++;
				if (tries > 1) seen.late.push({ tries, ms: Date.now() - began });
				break;
			}
			if (answer.status !== 503) {
				const kid = JSON.parse(Buffer.from(token.split('.')[0], 'base64url')).kid;
				seen.wrong.push({ page: n, status: answer.status, tries, kid, at: Date.now() - seen.began, closed: (await Promise.race([client.closed, sleep(300)]))?.code });
				await open();
				break;
			}
			assert.equal(answer.header('Retry-After'), '1');
			seen.waited++;
			await sleep(1000);
		}
		await sleep(20);
	}
	client.end();
}

// pace_ms: from one rotation to the next; keep: so many old keys stay published.
async function underLoad(t, { site, waf }, { rotations, pace_ms, keep }) {
	let running = true;
	const seen = { began: Date.now(), accepted: 0, waited: 0, late: [], wrong: [], rotated: [] };
	const pages = Array.from({ length: PAGES }, (_, i) => page({ site, waf }, i + 1, seen, () => running));
	for (let i = 0; i < rotations; i++) {
		await sleep(pace_ms);
		await waf.keys.rotate();
		waf.rebuild();
		seen.rotated.push({ kid: waf.keys.kids()[0], at: Date.now() - seen.began });
		// Whoever holds a token of the retired key has had time to bring it.
		for (const kid of waf.keys.kids().slice(keep + 1)) waf.keys.retire(kid);
		waf.rebuild();
	}
	await sleep(2500);
	running = false;
	await Promise.all(pages);
	const slowest = Math.max(0, ...seen.late.map((l) => l.ms));
	t.diagnostic(`${rotations} rotations, ${seen.accepted} tokens accepted, ${seen.late.length} of them behind ${seen.waited} answers 503, the slowest after ${slowest} ms; ${seen.wrong.length} wrong refusals`);
	assert.deepEqual(seen.wrong, [], `wrong refusals; rotations: ${JSON.stringify(seen.rotated)}\n${site.log.split('\n').filter((l) => /refused:/.test(l)).slice(-8).join('\n')}`);
	assert.ok(seen.accepted > PAGES * rotations, `only ${seen.accepted} accepted`);
	return seen;
}

// Each has a site and a WAF of its own.
describe('rotation', { concurrency: 3 }, () => {
	test('rotation_slower_than_the_window_refuses_nobody', { timeout: 120000 }, async (t) => {
		const it = await begin(t);
		await underLoad(t, it, { rotations: 5, pace_ms: 3500, keep: 1 });
	});

	// Faster than any operator: the next key comes while the fetch of the last one
	// is still too young to be repeated (key_miss_window, 2 s here).
	test('rotation_faster_than_the_window_refuses_nobody', { timeout: 120000 }, async (t) => {
		const it = await begin(t);
		await underLoad(t, it, { rotations: 8, pace_ms: 1300, keep: 3 });
	});

	// A fetch that somebody asked for a moment ago is no reason to call the key
	// that appeared behind it unknown.
	test('rotation_right_behind_a_fetch_refuses_nobody', { timeout: 60000 }, async (t) => {
		const it = await begin(t), { site } = it;
		await sleep(2200);
		const before = (await site.issuer('lab')).age;
		await site.rpc('webrtc_auth.refresh', 'lab');
		await until('the fetch', async () => (await site.issuer('lab')).age < Math.max(1, before));
		await underLoad(t, it, { rotations: 1, pace_ms: 100, keep: 3 });
	});
});
