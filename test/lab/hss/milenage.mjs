// SPDX-License-Identifier: BSD-2-Clause
// Milenage (TS 35.206), as AuC and as UE. All values are Buffers.
import { createCipheriv } from 'node:crypto';

const xor = (a, b) => Buffer.from(a.map((octet, i) => octet ^ b[i]));

function aes(key, block) {
	const cipher = createCipheriv('aes-128-ecb', key, null);
	return cipher.setAutoPadding(false).update(block);
}

const rotate = (block, octets) =>
	Buffer.concat([block.subarray(octets), block.subarray(0, octets)]);

/** OPc from OP (TS 35.206 4.1). */
export const opcFromOp = (k, op) => xor(aes(k, op), op);

// OUT_n: rotate by r_n bits (all are whole octets), add c_n, encrypt, add OPc.
function out(k, opc, temp, rotation, constant) {
	const input = rotate(xor(temp, opc), rotation / 8);
	input[15] ^= constant;
	return xor(aes(k, input), opc);
}

/** f1, f1*: MAC-A and MAC-S. */
export function f1(k, opc, rand, sqn, amf) {
	const temp = aes(k, xor(rand, opc));
	const in1 = Buffer.concat([sqn, amf, sqn, amf]);
	const out1 = xor(aes(k, xor(temp, rotate(xor(in1, opc), 8))), opc);
	return { macA: out1.subarray(0, 8), macS: out1.subarray(8) };
}

/** f2, f3, f4, f5, f5*. */
export function f2345(k, opc, rand) {
	const temp = aes(k, xor(rand, opc));
	const out2 = out(k, opc, temp, 0, 1);
	return {
		res: out2.subarray(8),
		ak: out2.subarray(0, 6),
		ck: out(k, opc, temp, 32, 2),
		ik: out(k, opc, temp, 64, 4),
		akStar: out(k, opc, temp, 96, 8).subarray(0, 6),
	};
}

/** An authentication vector (TS 33.102 6.3.2). */
export function vector({ k, opc, amf, sqn, rand }) {
	const { macA } = f1(k, opc, rand, sqn, amf);
	const { res, ck, ik, ak } = f2345(k, opc, rand);
	return { rand, autn: Buffer.concat([xor(sqn, ak), amf, macA]), xres: res, ck, ik };
}

/** The UE's side: SQN of an AUTN, or null when its MAC is wrong. */
export function sqnOfAutn({ k, opc, rand, autn }) {
	const { ak } = f2345(k, opc, rand);
	const sqn = xor(autn.subarray(0, 6), ak);
	const { macA } = f1(k, opc, rand, sqn, autn.subarray(6, 8));
	return macA.equals(autn.subarray(8, 16)) ? sqn : null;
}

const AMF_RESYNC = Buffer.alloc(2);

/** AUTS of a UE whose own counter is sqn (TS 33.102 6.3.3). */
export function auts({ k, opc, rand, sqn }) {
	const { akStar } = f2345(k, opc, rand);
	const { macS } = f1(k, opc, rand, sqn, AMF_RESYNC);
	return Buffer.concat([xor(sqn, akStar), macS]);
}

/** The counter out of an AUTS, or null when its MAC is wrong. */
export function sqnOfAuts({ k, opc, rand, token }) {
	const { akStar } = f2345(k, opc, rand);
	const sqn = xor(token.subarray(0, 6), akStar);
	const { macS } = f1(k, opc, rand, sqn, AMF_RESYNC);
	return macS.equals(token.subarray(6, 14)) ? sqn : null;
}

const hex = (text) => Buffer.from(text, 'hex');

/** TS 35.208 4.3, test set 1. Returns the names of the values that differ. */
export function selfTest() {
	const k = hex('465b5ce8b199b49faa5f0a2ee238a6bc');
	const rand = hex('23553cbe9637a89d218ae64dae47bf35');
	const opc = opcFromOp(k, hex('cdc202d5123e20f62b6d676ac72cb318'));
	const got = {
		opc, ...f1(k, opc, rand, hex('ff9bb4d0b607'), hex('b9b9')),
		...f2345(k, opc, rand),
	};
	const want = {
		opc: 'cd63cb71954a9f4e48a5994e37a02baf',
		macA: '4a9ffac354dfafb3', macS: '01cfaf9ec4e871e9',
		res: 'a54211d5e3ba50bf', ak: 'aa689c648370',
		ck: 'b40ba9a3c58b2a05bbf0d987b21bf8cb',
		ik: 'f769bcd751044604127672711c6d3441', akStar: '451e8beca43b',
	};
	return Object.keys(want).filter((name) => got[name].toString('hex') !== want[name]);
}
