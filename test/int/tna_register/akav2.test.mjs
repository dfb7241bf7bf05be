// SPDX-License-Identifier: BSD-2-Clause
// IMS AKA over the page's TLS: algorithm=AKAv2-SHA-256 (TS 24.229 5.2.2.1,
// 7.2A.1 and 7.2A.2, TS 33.203 Annex P; RFC 4169 with RFC 7616). Page and
// registrar both compute it; what is between them must not be in the way.
import test from 'node:test';
import assert from 'node:assert/strict';
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { auts as autsOf, f2345, opcFromOp, sqnOfAuts, sqnOfAutn, vector } from '../../lab/hss/milenage.mjs';
import { parseChallenge } from '../../lab/numbers/digest.mjs';
import { answer } from './support/sip.mjs';
import { Page } from './support/page.mjs';
import { Site } from './support/site.mjs';

const ALGORITHM = 'AKAv2-SHA-256', REALM = 'home1.net', URI = 'sip:registrar.home1.net';
const hex = (text) => Buffer.from(text, 'hex');
const K = hex('465b5ce8b199b49faa5f0a2ee238a6bc');
const OPC = opcFromOp(K, hex('cdc202d5123e20f62b6d676ac72cb318'));
const AMF = hex('8000');
const sqnOf = (n) => { const b = Buffer.alloc(6); b.writeUIntBE(n, 0, 6); return b; };
const sha = (text) => createHash('sha256').update(text).digest('hex');

// RFC 4169 3: the password of version 2 binds the keys of the AKA.
const password = ({ res, ik, ck }) => createHmac('sha256', Buffer.concat([res, ik, ck])).update('http-digest-akav2-password').digest('base64');
const ha1Of = (impi, secret) => sha(Buffer.concat([Buffer.from(`${impi}:${REALM}:`), Buffer.from(secret)]));
const responseOf = (ha1, d) => sha(`${ha1}:${d.nonce}:${d.nc}:${d.cnonce}:${d.qop}:${sha(`REGISTER:${d.uri}`)}`);
const digestOf = (req) => parseChallenge(req.get('Authorization'));

let site;
test.before(async () => { site = await Site.start({ digest: true, params: 'modparam("tna_register", "sip_digest", 1)' }); });
test.after(() => site.stop());

// The UE's application with its own counter.
class Isim {
	constructor(impi, sqn) { Object.assign(this, { impi, sqn }); }

	initial() {
		return `Authorization: Digest username="${this.impi}", realm="${REALM}", nonce="", uri="${URI}", response="", algorithm=${ALGORITHM}`;
	}

	answer(challenge) {
		assert.equal(challenge.algorithm, ALGORITHM);
		const random = Buffer.from(challenge.nonce, 'base64');
		const [rand, autn] = [random.subarray(0, 16), random.subarray(16, 32)];
		const sqn = sqnOfAutn({ k: K, opc: OPC, rand, autn });
		assert.ok(sqn, 'the challenge is of our home');
		const fresh = sqn.readUIntBE(0, 6) > this.sqn;
		const keys = f2345(K, OPC, rand);
		const d = { nonce: challenge.nonce, uri: URI, qop: 'auth', nc: '00000001', cnonce: randomBytes(8).toString('hex') };
		// RFC 3310 3.4: what is out of step is answered with an empty password.
		const response = responseOf(ha1Of(this.impi, fresh ? password(keys) : ''), d);
		const auts = autsOf({ k: K, opc: OPC, rand, sqn: sqnOf(this.sqn) });
		if (fresh) this.sqn = sqn.readUIntBE(0, 6);
		return `Authorization: Digest username="${this.impi}", realm="${REALM}", nonce="${d.nonce}", uri="${URI}", response="${response}", `
			+ `algorithm=${ALGORITHM}, qop=auth, nc=${d.nc}, cnonce="${d.cnonce}"${fresh ? '' : `, auts="${auts.toString('base64')}"`}`;
	}
}

// S-CSCF and AuC in one.
class Registrar {
	constructor(sqn) { Object.assign(this, { sqn, resyncs: 0 }); }

	register(normal, req) {
		const d = digestOf(req);
		if (!d.response) return this.challenge(req);
		assert.equal(d.nonce, this.nonce);
		if (d.auts) return this.resynchronise(req, d);
		const { xres, ik, ck } = this.vector;
		const good = responseOf(ha1Of(d.username, password({ res: xres, ik, ck })), d) === d.response;
		return good ? normal(req) : answer(req, 403, { tag: 'x' });
	}

	challenge(req) {
		this.sqn += 1;
		const rand = randomBytes(16);
		this.rand = rand;
		this.vector = vector({ k: K, opc: OPC, amf: AMF, sqn: sqnOf(this.sqn), rand });
		this.nonce = Buffer.concat([rand, this.vector.autn]).toString('base64');
		return answer(req, 401, { tag: 'x', more: [`WWW-Authenticate: Digest realm="${REALM}", nonce="${this.nonce}", algorithm=${ALGORITHM}, qop="auth",`
			+ ` ik="${this.vector.ik.toString('hex')}", ck="${this.vector.ck.toString('hex')}"`, 'Security-Server: tls'] });
	}

	resynchronise(req, d) {
		const sqn = sqnOfAuts({ k: K, opc: OPC, rand: this.rand, token: Buffer.from(d.auts, 'base64') });
		if (!sqn || responseOf(ha1Of(d.username, ''), d) !== d.response)
			return answer(req, 403, { tag: 'x' });
		this.resyncs += 1;
		this.sqn = sqn.readUIntBE(0, 6);
		return this.challenge(req);
	}
}

async function setUp(t, user, { ue, auc }) {
	const p = await Page.open(site, { user });
	const normal = site.registrar;
	const registrar = new Registrar(auc);
	site.registrar = (req) => registrar.register((r) => normal.call(site, r), req);
	t.after(() => { site.registrar = normal; p.drop(); });
	return { p, registrar, isim: new Isim(`${user}_private@home1.net`, ue) };
}

const sent = () => site.registers.at(-1);
const security = ['Security-Client: tls', 'Require: sec-agree', 'Proxy-Require: sec-agree'];
const register = (p, authorization) => p.register({ token: null, headers: [authorization, ...security] });

function onTheWire() {
	const lines = sent().all('Authorization');
	assert.equal(lines.length, 1);
	assert.match(lines[0], /, integrity-protected="tls-connected"$/);
	assert.match(lines[0], /algorithm=AKAv2-SHA-256/);
	assert.doesNotMatch(sent().text, /sec-agree|Security-/i);
	return lines[0];
}

function towardsThePage(challenge) {
	assert.equal(challenge.status, 401, challenge.text);
	assert.equal(challenge.all('WWW-Authenticate').length, 1);
	assert.doesNotMatch(challenge.text, /\b[ic]k=|Security-/);
	return parseChallenge(challenge.get('WWW-Authenticate'));
}

test('akav2_over_tls_registers_and_no_key_reaches_the_page', async (t) => {
	const { p, registrar, isim } = await setUp(t, 'aka', { ue: 100, auc: 100 });
	const challenge = towardsThePage(await register(p, isim.initial()));
	onTheWire();
	assert.equal(challenge.nonce, registrar.nonce, 'octet by octet');
	const ok = await register(p, isim.answer(challenge));
	assert.equal(ok.status, 200, ok.text);
	onTheWire();
	const b = await site.show(p.aor);
	assert.equal(b.auth, 'digest');
	assert.equal(b.impi, 'aka_private@home1.net');
	// A refresh is challenged anew, on the bound session too.
	const again = towardsThePage(await register(p, isim.initial()));
	assert.equal((await register(p, isim.answer(again))).status, 200);
	onTheWire();
});

test('akav2_resynchronisation_passes', async (t) => {
	const { p, registrar, isim } = await setUp(t, 'akb', { ue: 5000, auc: 100 });
	const stale = towardsThePage(await register(p, isim.initial()));
	const fresh = towardsThePage(await register(p, isim.answer(stale)));
	assert.match(onTheWire(), /auts="[A-Za-z0-9+/]{19}="|auts="[A-Za-z0-9+/]{18}=="/);
	assert.equal(registrar.resyncs, 1);
	assert.equal((await register(p, isim.answer(fresh))).status, 200);
	assert.equal((await site.show(p.aor)).impi, 'akb_private@home1.net');
});

test('akav2_wrong_keys_are_not_bound', async (t) => {
	const { p, isim } = await setUp(t, 'akc', { ue: 100, auc: 100 });
	const challenge = towardsThePage(await register(p, isim.initial()));
	const wrong = isim.answer(challenge).replace(/response="../, 'response="zz');
	assert.equal((await register(p, wrong)).status, 403);
	await assert.rejects(site.show(p.aor));
});

test('akav2_words_of_a_page_about_its_protection_do_not_count', async (t) => {
	const { p, isim } = await setUp(t, 'akd', { ue: 100, auc: 100 });
	for (const word of ['integrity-protected="yes"', 'Integrity-Protected=auth-done', 'authorization-entity="waf@evil"']) {
		towardsThePage(await register(p, `${isim.initial()}, ${word}`));
		assert.doesNotMatch(onTheWire(), /"yes"|auth-done|evil/);
	}
});
