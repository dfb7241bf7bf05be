// SPDX-License-Identifier: BSD-2-Clause
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { CMD, avp, decode, describe, encode, get, getAll } from './diameter.mjs';
import { auts, f2345, opcFromOp, selfTest, sqnOfAutn, sqnOfAuts, vector } from './milenage.mjs';

const hex = (text) => Buffer.from(text, 'hex');

test('milenage_agrees_with_ts_35208_set_1', () => {
	assert.deepEqual(selfTest(), []);
});

test('milenage_agrees_with_ts_35208_set_3', () => {
	const k = hex('fec86ba6eb707ed08905757b1bb44b8f');
	const opc = opcFromOp(k, hex('dbc59adcb6f9a0ef735477b7fadf8374'));
	assert.equal(opc.toString('hex'), '1006020f0a478bf6b699f15c062e42b3');
	const { res, ck, ik } = f2345(k, opc, hex('9f7c8d021accf4db213ccff0c7f71a6a'));
	assert.equal(res.toString('hex'), '8011c48c0c214ed2');
	assert.equal(ck.toString('hex'), '5dbdbb2954e8f3cde665b046179a5098');
	assert.equal(ik.toString('hex'), '59a92d3b476a0443487055cf88b2307b');
});

const secret = () => {
	const k = hex('465b5ce8b199b49faa5f0a2ee238a6bc');
	return { k, opc: opcFromOp(k, hex('cdc202d5123e20f62b6d676ac72cb318')) };
};

test('milenage_ue_reads_the_counter_and_refuses_a_wrong_mac', () => {
	const { k, opc } = secret();
	const rand = hex('23553cbe9637a89d218ae64dae47bf35');
	const { autn } = vector({ k, opc, amf: hex('8000'), sqn: hex('000000001234'), rand });
	assert.equal(sqnOfAutn({ k, opc, rand, autn }).toString('hex'), '000000001234');
	for (let i = 0; i < autn.length; i++) {
		const bad = Buffer.from(autn);
		bad[i] ^= 1;
		assert.equal(sqnOfAutn({ k, opc, rand, autn: bad }), null, `octet ${i}`);
	}
});

test('milenage_auts_brings_the_counter_back', () => {
	const { k, opc } = secret();
	const rand = hex('23553cbe9637a89d218ae64dae47bf35');
	const token = auts({ k, opc, rand, sqn: hex('00000f000000') });
	assert.equal(token.length, 14);
	assert.equal(sqnOfAuts({ k, opc, rand, token }).toString('hex'), '00000f000000');
	token[13] ^= 1;
	assert.equal(sqnOfAuts({ k, opc, rand, token }), null);
});

const saa = () => ({ request: false, proxiable: true, error: false, retransmit: false,
	code: CMD.SAR, app: 16777216, hbh: 1, e2e: 0xfffffffe, avps: [
		avp('Session-Id', 'a;1;2'), avp('Result-Code', 2001),
		avp('SIP-Authenticate', hex('ff00fe80c3b8')),
		avp('Public-Identity', 'sip:a@home1.net'), avp('Public-Identity', 'tel:+1'),
		avp('Allowed-WAF-WWSF-Identities', [
			avp('WebRTC-Authentication-Function-Name', 'w1@x'),
			avp('WebRTC-Authentication-Function-Name', 'w2@x'),
			avp('WebRTC-Web-Server-Function-Name', 's@x')])] });

test('diameter_round_trip_keeps_every_octet', () => {
	const octets = encode(saa());
	assert.equal(octets.length % 4, 0);
	const message = decode(octets);
	assert.deepEqual(encode(message), octets);
	assert.equal(get(message, 'SIP-Authenticate').toString('hex'), 'ff00fe80c3b8');
	assert.deepEqual(getAll(message, 'Public-Identity'), ['sip:a@home1.net', 'tel:+1']);
	const list = get(message, 'Allowed-WAF-WWSF-Identities');
	assert.deepEqual(getAll(list, 'WebRTC-Authentication-Function-Name'), ['w1@x', 'w2@x']);
});

test('diameter_avp_656_is_vendor_specific_and_not_mandatory', () => {
	const octets = encode({ ...saa(), avps: [avp('Allowed-WAF-WWSF-Identities', [])] });
	// TS 29.229 6.3.64: code 656, flag V alone, vendor 10415.
	assert.equal(octets.subarray(20).toString('hex'), '000002908000000c000028af');
});

test('diameter_bad_lengths_are_errors', () => {
	const octets = encode(saa());
	for (const length of [0, 7, 0xffffff]) {
		const bad = Buffer.from(octets);
		bad.writeUIntBE(length, 25, 3);
		assert.throws(() => decode(bad), /AVP length/);
	}
});

test('diameter_log_has_no_keys', () => {
	const text = JSON.stringify(describe({ ...saa(), avps: [
		avp('SIP-Authorization', hex('0011223344')), avp('Integrity-Key', hex('5566778899')),
		avp('SIP-Digest-Authenticate', [avp('Digest-HA1', 'cafebabe')])] }));
	assert.doesNotMatch(text, /0011223344|5566778899|cafebabe/);
	assert.match(text, /Digest-HA1/);
});
