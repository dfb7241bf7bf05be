// SPDX-License-Identifier: BSD-2-Clause
// A scripted phone of the lab's core with ears and a voice of its own
// (test/lab/numbers/phone.mjs), for what baresip does not do: early media,
// answers that change, one user at two places.
import assert from 'node:assert/strict';
import { Phone } from '../lab/numbers/phone.mjs';
import { until } from './session.mjs';

/** A registered phone of this user; several of one user may be there at once. mediaHost: where its media is, if not there. */
export async function imsPhone(session, name, address, { mediaHost } = {}) {
	const { nodes, users, domain } = session.lab;
	const { impi, impus, password } = users[name];
	const phone = await Phone.start({ host: address, mediaHost, port: 5060, domain, impi, password,
		impu: impus.find((impu) => impu.startsWith('sip:')), proxy: { host: nodes.pcscf.address, port: nodes.pcscf.sip },
		hosts: Object.fromEntries(['icscf', 'scscf', 'pcscf', 'epcscf'].map((n) => [nodes[n].name, nodes[n].address])) });
	await phone.register();
	return phone;
}

// 16-bit samples.
const SILENCE = 300;

/** What the call of a scripted phone hears is this tone, from some moment on. */
export async function phoneHears(call, hz, { ms = 400, limit_ms = 6000 } = {}) {
	let last;
	await until(`the phone hears ${hz} Hz`, async () => {
		const { rms, dominant_hz } = await call.listen(ms);
		last = `${Math.round(dominant_hz ?? 0)} Hz, ${Math.round(rms)}`;
		return rms > SILENCE && Math.abs(dominant_hz - hz) < 20;
	}, limit_ms).catch((error) => { throw new Error(`${error.message}; it hears ${last}`); });
}

/** What the page hears is this tone, from some moment on. */
export async function pageHears(page, hz, { ms = 400, limit_ms = 6000 } = {}) {
	let last;
	await until(`the page hears ${hz} Hz`, async () => {
		last = await page.heard(ms);
		return last.level > 0.05 && Math.abs(last.hz - hz) < 20;
	}, limit_ms).catch((error) => { throw new Error(`${error.message}; it hears ${Math.round(last?.hz)} Hz, ${last?.level}`); });
}

/** For so long the page hears nothing. */
export async function pageHearsNothing(page, ms = 400) {
	const { level, hz } = await page.heard(ms);
	assert.ok(level < 0.01, `the page hears ${hz} Hz, ${level}`);
}
