// SPDX-License-Identifier: BSD-2-Clause
// A WAF whose certificate is of the right authority and yet no good: nothing is
// taken from it, and the reason is told.
import test from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from './support/client.mjs';
import { refused } from './support/refused.mjs';
import { Site, until } from './support/site.mjs';
import { tokenOf } from './support/waf.mjs';

// Another server certificate of the site's own authority.
function certified(ca, name, { days, address }) {
	const openssl = (...args) => execFileSync('openssl', args, { cwd: ca.dir, stdio: 'pipe' });
	writeFileSync(join(ca.dir, `${name}.ext`), `subjectAltName=DNS:localhost,IP:${address}\n`);
	openssl('x509', '-req', '-in', 'server.csr', '-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial',
		'-out', `${name}.crt`, '-days', String(days), '-extfile', `${name}.ext`);
	return { ...ca, cert: join(ca.dir, `${name}.crt`) };
}

for (const [name, certificate, reason] of [
	['expired', { days: -1, address: '127.0.0.1' }, /expired/i],
	['other_host', { days: 2, address: '127.0.0.2' }, /does not match|no alternative|subject name/i],
])
	test(`keys_certificate_${name}_is_refused`, async (t) => {
		const site = await Site.start({ wafUp: false });
		t.after(() => site.stop());
		site.waf.ca = certified(site.ca, name, certificate);
		await site.waf.start();
		await site.rpc('webrtc_auth.refresh');
		const issuer = await until('the reason', async () => { const i = await site.issuer('home'); return reason.test(i.last_error) && i; }, 8000);
		assert.equal(issuer.keys, undefined);
		assert.equal(site.waf.hits, 0, 'nothing was asked over it');
		const c = await Client.open(site);
		await refused(site, c, tokenOf(site.keys.es), { status: 503, cause: 'keys_absent' });
	});
