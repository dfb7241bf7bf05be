// SPDX-License-Identifier: BSD-2-Clause
// Whose auth-done counts, through the configurations as shipped: nobody's but
// an eP-CSCF's, by way of the I-CSCF, as the only credentials of a REGISTER
// (TS 24.229 5.4.1.2.2E, TS 33.203 U.1).
import test from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';
import { compose, random } from '../../lab/phones/sipmessage.mjs';
import { makeCa } from '../../node/ca.mjs';
import { CLAIMS, claims } from './support/claims.mjs';
import { Core, FOREIGN, digest, mw, tna, until } from './support/core.mjs';

const LISTED = { waf: [FOREIGN], wwsf: [] };
let core, foreign, direct;
test.before(async () => {
	core = await Core.start();
	foreign = await core.ue('127.0.0.66');
	direct = await core.ue(core.lab.nodes.icscf.address, { port: 5066, to: 'scscf' });
});
test.after(() => core.stop());

for (const claim of CLAIMS) {
	test(`auth_done_${claim}_of_a_foreign_host_is_refused_by_the_icscf`, async () => {
		const user = await core.user(LISTED);
		const from = core.mark();
		const response = await core.register(user, { auth: claims(user.impi)[claim], from: foreign });
		await core.nobodyIn(user, from, response, [400, 403]);
	});
}

test('auth_done_of_a_phone_never_passes_the_pcscf', async () => {
	const user = await core.user(LISTED);
	const phone = await core.ue('127.0.0.26', { to: 'pcscf' });
	for (const claim of CLAIMS) {
		const from = core.mark();
		const response = await core.register(user, { auth: claims(user.impi)[claim], from: phone, headers: [] });
		await core.nobodyIn(user, from, response, [400, 401, 403]);
	}
});

test('auth_done_directly_at_the_scscf_is_refused', async () => {
	const user = await core.user(LISTED);
	const { pcscf, epcscf } = core.lab.nodes;
	for (const address of ['127.0.0.66', pcscf.address, epcscf.address]) {
		const sender = await core.ue(address, { port: 5061, to: 'scscf' });
		const from = core.mark();
		await core.nobodyIn(user, from, await core.register(user, { from: sender }), [403]);
	}
	assert.ok(await core.counter('scscf_untrusted') >= 2, 'not by the module');
});

for (const claim of CLAIMS.slice(CLAIMS.indexOf('akav1'))) {
	test(`auth_done_${claim}_is_not_believed_of_the_epcscf_either`, async () => {
		const user = await core.user(LISTED);
		const from = core.mark();
		await core.nobodyIn(user, from, await core.register(user, { auth: claims(user.impi)[claim] }), [400, 403]);
		// And by the S-CSCF itself, for an I-CSCF that looks less closely.
		await core.nobodyIn(user, from,
			await core.register(user, { auth: claims(user.impi)[claim], from: direct, callId: claim }), [400, 403]);
	});
}

test('auth_done_in_every_unambiguous_spelling_is_believed', async () => {
	for (const claim of CLAIMS.slice(0, CLAIMS.indexOf('akav1'))) {
		const user = await core.user(LISTED);
		const response = await core.register(user, { auth: claims(user.impi)[claim] });
		assert.equal(response.status, 200, claim);
		assert.equal(await core.state(user), 'registered', claim);
	}
});

test('what_claims_nothing_is_challenged_whatever_its_algorithm', async () => {
	const user = await core.user(LISTED);
	for (const more of ['', ', algorithm=AKAv1-MD5', ', algorithm=AKAv2-SHA-256', ', integrity-protected="tls-pending"',
		', opaque="a, integrity-protected=auth-done"']) {
		const from = core.mark();
		const response = await core.register(user, { auth: [['Authorization', digest(user.impi, more)
			.replace('registrar.home1.net", nonce', 'home1.net", nonce')]] });
		await core.nobodyIn(user, from, response, [401]);
	}
});

test('refused_register_leaves_who_is_in', async () => {
	const user = await core.user(LISTED);
	assert.equal((await core.register(user, { contact: 'tab-a' })).status, 200);
	const { pcscf } = core.lab.nodes;
	const sender = await core.ue(pcscf.address, { port: 5063, to: 'scscf' });
	for (const options of [{ from: foreign }, { from: sender },
		{ from: sender, expires: 0 }, { from: foreign, expires: 0 },
		{ auth: claims(user.impi).twice }, { auth: claims(user.impi).akav1, expires: 0 }])
		assert.equal((await core.register(user, { contact: 'tab-a', callId: random(8), ...options })).status, 403);
	await core.quiet();
	assert.equal(await core.state(user), 'registered');
	await core.reaches(user, 'tab-a');
});

/** A REGISTER over a stream from this address; resolves with its status. */
function overStream(user, localAddress, { connect = net.connect, port = core.lab.nodes.scscf.sip, ...more } = {}) {
	const host = core.lab.nodes.scscf.address;
	const transport = connect === net.connect ? 'TCP' : 'TLS';
	return new Promise((resolve, reject) => {
		const socket = connect({ host, port, localAddress, ...more }, () => socket.write(compose(
			'REGISTER sip:registrar.home1.net SIP/2.0', [
				['Via', `SIP/2.0/${transport} ${localAddress}:5099;branch=z9hG4bK${random(8)}`], ['Max-Forwards', '70'],
				['From', `<${user.impu}>;tag=1`], ['To', `<${user.impu}>`], ['Call-ID', random(8)],
				['CSeq', '1 REGISTER'], ['Contact', `<sip:x@${localAddress}>`], ['Expires', '600'],
				['Authorization', tna(user.impi)], ...mw])));
		socket.on('data', (data) => {
			const [, status] = /^SIP\/2\.0 (\d+)/.exec(data.toString()) ?? [];
			if (Number(status) >= 200) {
				socket.destroy();
				resolve(Number(status));
			}
		});
		socket.on('error', reject);
	});
}

test('udp_is_believed_only_where_the_site_says_so', async () => {
	await core.restart('scscf', { site: { TRUSTED_NODES: core.lab.nodes.icscf.address } });
	const user = await core.user(LISTED);
	const from = core.mark();
	await core.nobodyIn(user, from, await core.register(user, { from: direct }), [403]);
	assert.equal(await core.counter('scscf_untrusted'), 1);
	assert.equal(await overStream(user, core.lab.nodes.pcscf.address), 403);
	assert.equal(await overStream(user, core.lab.nodes.icscf.address), 200);
	assert.equal(await core.state(user), 'registered');
	await core.restart('scscf', { edit: (cfg) => cfg.replace('modparam("tna_register", "role", "scscf")',
		'$&\nmodparam("tna_register", "trusted_udp", 1)') });
	assert.equal((await core.register(await core.user(LISTED), { from: direct })).status, 200);
});

test('udp_is_believed_by_the_icscf_only_where_the_site_says_so', async () => {
	await core.restart('icscf', { undefine: ['TRUSTED_OVER_UDP'] });
	const user = await core.user(LISTED);
	const from = core.mark();
	await core.nobodyIn(user, from, await core.register(user), [403]);
	// What claims nothing goes on.
	await until('the HSS', async () => (await core.register(user, { auth: [['Authorization',
		digest(user.impi).replace('registrar.home1.net", nonce', 'home1.net", nonce')]] })).status === 401);
});

test('name_of_a_tls_peer_needs_tls', async () => {
	const site = { TRUSTED_NODES: `${core.lab.nodes.icscf.address};name=icscf.home1.net` };
	await assert.rejects(core.restart('scscf', { site }));
});

test('name_of_a_tls_peer_is_compared', async (t) => {
	const [ours, theirs] = [makeCa(['icscf.home1.net']), makeCa(['icscf.home1.net'])];
	t.after(() => [ours, theirs].forEach((ca) => ca.remove()));
	const { address } = core.lab.nodes.icscf;
	const site = (name) => ({ TRUSTED_NODES: `${address};name=${name}` });
	const over = async (user, { cert, key } = {}, from = address) => overStream(user, from, {
		connect: tls.connect, port: 15061, rejectUnauthorized: false, ...(cert
			? { cert: readFileSync(cert), key: readFileSync(key) } : {}) }).catch((error) => error.message);
	await core.restart('scscf', { site: site('icscf.home1.net'), edit: (cfg) => cfg
		.replace('loadmodule "tm.so"', ['enable_tls=yes', 'listen=tls:SCSCF_ADDR:15061', 'loadmodule "tls.so"', 'modparam("tls", "tls_method", "TLSv1.2+")',
			`modparam("tls", "private_key", "${ours.key}")`, `modparam("tls", "certificate", "${ours.cert}")`,
			`modparam("tls", "ca_list", "${ours.caFile}")`, 'modparam("tls", "verify_certificate", 1)',
			'modparam("tls", "require_certificate", 0)', '$&'].join('\n')) });
	const user = await core.user(LISTED);
	const from = core.mark();
	assert.equal(await over(user), 403, 'without a certificate');
	assert.notEqual(await over(user, theirs), 200, 'of another CA');
	assert.equal(await over(user, ours, '127.0.0.66'), 403, 'of another address');
	assert.equal(await overStream(user, address), 403, 'over TCP');
	await core.nobodyIn(user, from, await core.register(user, { from: direct }), [403]);
	assert.equal(await over(user, ours), 200);
	assert.equal(await core.state(user), 'registered');
	await core.restart('scscf', { site: site('other.home1.net') });
	const other = await core.user(LISTED);
	await core.nobodyIn(other, core.mark(), { status: await over(other, ours) }, [403]);
});
