// SPDX-License-Identifier: BSD-2-Clause
// Every script function has its KEMI twin, and the two shipped policies call
// the same ones.
import test from 'node:test';
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../../lab/lib/plan.mjs';

// What the names of a module's functions lose on the way to KEMI.
const MODULES = { webrtc_auth: /^webrtc_auth_/, tna_register: /^(?!)/, sdp_mediate: /^sdp_(?=mediate(_async)?$)|^sdp_mediate_/ };
// KEMI has one name for each number of arguments: what ends in _of takes one more.
const plain = (name) => name.replace(/_of$/, '');
const unique = (list) => [...new Set(list)].sort();
const matches = (text, re) => unique([...text.matchAll(re)].map((m) => m[1]));

function sources(module) {
	const dir = path.join(ROOT, 'modules', module);
	return readdirSync(dir).filter((f) => f.endsWith('.c')).map((f) => readFileSync(path.join(dir, f), 'utf8')).join('\n');
}

for (const [module, prefix] of Object.entries(MODULES))
	test(`kemi_twins_of_every_function_of_${module}`, () => {
		const text = sources(module);
		const native = matches(text, /^\t+\{"(\w+)",\s*(?:\(cmd_function\)|ANY\()?\(?\w/gm).filter((n) => !n.startsWith('bind_') && new RegExp(`^(${module}|tna_|sdp_)`).test(n));
		const kemi = matches(text, new RegExp(`str_init\\("${module}"\\),\\s*str_init\\("(\\w+)"\\)`, 'g'));
		assert.ok(native.length > 0 && kemi.length > 0);
		assert.deepEqual(unique(kemi.map(plain)), unique(native.map((n) => n.replace(prefix, ''))));
	});

test('kemi_twins_the_two_policies_call_the_same_functions', () => {
	const of = (file) => readFileSync(path.join(ROOT, 'cfg-examples/epcscf', file), 'utf8').replace(/^\s*(#(?!!)|--).*$/gm, '');
	const routes = of('epcscf.cfg').replace(/[^]*?#!else/, '');
	const native = matches(routes, /\b((?:webrtc_auth|tna|sdp|dmq)_\w+)\(/g).map((n) => n.replace(/^webrtc_auth_|^sdp_|^dmq_/, ''));
	const lua = matches(of('epcscf.lua'), /KSR\.(?:webrtc_auth|tna_register|sdp_mediate|dmq)\.(\w+)\(/g);
	assert.deepEqual(unique(lua.map(plain)), unique(native));
});
