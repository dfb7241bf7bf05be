// SPDX-License-Identifier: BSD-2-Clause
// The documents against the sources: what they name exists, and what the
// sources offer is named.
import test from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { P1 } from '../browser/p1cells.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const read = (file) => fs.readFileSync(path.join(root, file), 'utf8');
const exists = (file) => fs.existsSync(path.join(root, file));

function find(dir, match, found = []) {
	for (const e of fs.readdirSync(path.join(root, dir), { withFileTypes: true })) {
		const file = path.join(dir, e.name);
		if (e.isDirectory() && e.name !== 'node_modules') find(file, match, found);
		else if (e.isFile() && match(e.name)) found.push(file);
	}
	return found;
}

const MODULES = ['webrtc_auth', 'tna_register', 'sdp_mediate'];
// A module is documented in DocBook, where every parameter, function and so on
// has an id, or in one page of Markdown.
const docbook = (m) => exists(`modules/${m}/doc/${m}_admin.xml`);
const moduleDoc = Object.fromEntries(MODULES.map((m) => [m, read(docbook(m) ? `modules/${m}/doc/${m}_admin.xml` : `modules/${m}/doc/${m}.md`)]));
const ids = (m, kind) => [...moduleDoc[m].matchAll(new RegExp(`id="${m}\\.${kind}\\.([\\w.]+)"`, 'g'))].map((x) => x[1]);
// The words in <literal> of one section, or one entry of a list.
const litsOf = (id) => {
	const text = moduleDoc[id.split('.')[0]];
	const from = text.indexOf(`id="${id}"`), to = text.slice(from).search(/<\/(?:section|varlistentry)>/);
	assert.ok(from > 0, id);
	return [...text.slice(from, from + to).matchAll(/<literal>([^<]*)<\/literal>/g)].map((m) => m[1]);
};
const pages = ['README.md', ...['docs', 'modules', 'test/lab'].flatMap((d) => find(d, (n) => n.endsWith('.md'))), 'cfg-examples/wwsf/README.md'];

// --- reading ---

// The tables of a page: {heading, head: [cell], rows: [[cell]]}.
function tables(text) {
	const all = [];
	let heading = '', current;
	for (const line of text.split('\n')) {
		if (/^#+ /.test(line)) heading = line.replace(/^#+ /, '');
		if (!line.startsWith('|')) { current = undefined; continue; }
		const cells = line.replace(/\\\|/g, '\0').split('|').slice(1, -1).map((c) => c.trim().replace(/\0/g, '|'));
		if (!current) all.push(current = { heading, head: cells, rows: [] });
		else if (!cells.every((c) => /^-+$/.test(c))) current.rows.push(cells);
	}
	return all;
}
const quoted = (cell) => [...(cell ?? '').matchAll(/`([^`]+)`/g)].map((m) => m[1]);
const column = (table, name) => table.rows.map((row) => row[table.head.indexOf(name)]);
const same = (got, want, what) => assert.deepEqual([...got].sort(), [...want].sort(), what);

// Names in `UNIT_MAIN(...)` are the unit tests that run; in node's the first
// argument of test(), where a template (there, or in what it takes from its own
// directory) stands for the words of both.
function testNames() {
	const names = new Set(), made = [];
	for (const file of find('test/unit', (n) => n.endsWith('_test.c')))
		for (const [, list] of read(file).matchAll(/UNIT_MAIN\(\s*"[^"]*",([^;]*?)\)\s*$/gm))
			for (const [name] of list.matchAll(/\w+/g)) names.add(name);
	for (const file of find('test', (n) => n.endsWith('.test.mjs'))) {
		const text = read(file);
		const beside = [...text.matchAll(/from '(\.\/[^']+)'/g)].map((m) => read(path.join(path.dirname(file), m[1])));
		const words = `_${[text, ...beside].join(' ').replace(/\W+/g, '_')}_`;
		for (const [, name] of text.matchAll(/^\s*(?:await t\.)?test\('([^']+)'/gm)) names.add(name);
		for (const [, name] of [text, ...beside].join('\n').matchAll(/^\s*(?:await t\.)?test\(`([^`]+)`/gm))
			made.push({ words, pieces: name.split(/\$\{[^`]*?\}(?=\w*$|_)/) });
	}
	// What stands for each ${}, so that the name is made: words of the source.
	const fits = (rest, [piece, ...pieces], words) => {
		if (!rest.startsWith(piece)) return false;
		if (pieces.length === 0) return rest === piece;
		for (let i = piece.length + 1; i <= rest.length; i++)
			if (words.includes(`_${rest.slice(piece.length, i).replace(/\W+/g, '_')}_`) && fits(rest.slice(i), pieces, words)) return true;
		return false;
	};
	return (name) => names.has(name) || made.some(({ words, pieces }) => fits(name, pieces, words));
}
const isTest = testNames();

function causes(file) {
	const text = read(file).replace(/NOT_HERE/g, '488, "Not Acceptable Here"').replace(/BROKEN/g, '500, "Server Internal Error"');
	return [...text.slice(text.indexOf('{', text.indexOf('CAUSE_N]'))).matchAll(/\{\s*"(\w+)",\s*("(?:[^"]|"\s*")*?"),\s*(\d+),\s*([^}]*)\}/g)]
		.map(([, name, , status, rest]) => ({ name, status: Number(status), rest: rest.split(',').map((s) => s.trim()) }));
}

// --- conformance and security ---

test('docs_conformance_answers_every_clause_once', () => {
	const want = read('test/docs/clauses.txt').trim().split('\n');
	const rows = tables(read('docs/conformance.md')).filter((t) => t.head[0] === 'id');
	const ids = rows.flatMap((t) => column(t, 'id'));
	assert.ok(want.length > 100, `${want.length} clauses`);
	assert.deepEqual(ids, want);
	for (const t of rows)
		for (const row of t.rows) {
			assert.equal(row.length, t.head.length, row.join(' | '));
			const state = row[t.head.indexOf('state')];
			assert.match(state, /^(done|part|not done|not applicable)\b/, row[0]);
			if (/^(part|not applicable)/.test(state)) assert.match(state, /: \S|: as |as [\w.-]+/, `${row[0]} says what is missing`);
			if (/^done/.test(state)) assert.ok(quoted(row[t.head.indexOf('test')]).length > 0, `${row[0]} is done without a test`);
		}
});

test('docs_named_tests_exist', () => {
	let n = 0;
	for (const page of ['docs/conformance.md', 'docs/security.md', 'docs/operations.md'])
		for (const t of tables(read(page)).filter((x) => x.head.includes('test')))
			for (const name of column(t, 'test').flatMap(quoted)) {
				n++;
				if (name.startsWith('golden/')) assert.ok(exists(`test/${name}/about.txt`), `${page}: ${name}`);
				else if (name.startsWith('fuzz/')) assert.ok(exists(`test/${name}_fuzz.c`), `${page}: ${name}`);
				else assert.ok(isTest(name), `${page}: no test ${name}`);
			}
	assert.ok(n > 200, `${n} names`);
	for (const name of ['docs_no_such_test', 'token_bad_no_such_key', 'attacks_refuses', 'origin_no_such_origin'])
		assert.ok(!isTest(name), `${name} is taken for a test`);
});

test('docs_security_has_a_test_for_each_attack_over_sip', () => {
	const want = read('test/docs/attacks.txt').trim().split('\n');
	const table = tables(read('docs/security.md')).find((t) => t.heading === 'SIP and WebSocket');
	assert.ok(want.length >= 25, `${want.length} attacks`);
	assert.deepEqual(table.rows.slice(0, want.length).map((r) => r[0]), want);
	for (const [attack, state, named] of table.rows) {
		assert.match(state, /^(covered|part: \S)/, attack);
		assert.ok(quoted(named).filter((name) => !name.startsWith('fuzz/')).length > 0, `${attack}: no test`);
	}
	// Who reaches us, and what stands against each of them.
	for (const t of tables(read('docs/security.md')).filter((x) => x.heading === 'What is defended where'))
		for (const row of t.rows) assert.ok(quoted(row[t.head.indexOf('test')]).length > 0 && quoted(row[t.head.indexOf('code')]).length > 0, row[0]);
	// Every fuzz target is named somewhere.
	const text = read('docs/security.md') + read('docs/conformance.md');
	for (const file of find('test/fuzz', (n) => n.endsWith('_fuzz.c'))) {
		const name = `fuzz/${path.basename(file, '_fuzz.c')}`;
		assert.ok(text.includes(`\`${name}\``), `${name} is not named`);
	}
});

test('docs_registration_cells_have_tests', () => {
	assert.deepEqual(Object.keys(P1).map((step) => step.split(' ')[0]), ['0', '1', '2', '3', '4', '5.1', '5.2', '6.1', '6.2', '7', '8', 'refresh']);
	const none = [];
	for (const [step, cells] of Object.entries(P1)) {
		assert.deepEqual(Object.keys(cells), ['digest', 'web', 'pool'], step);
		for (const [scenario, names] of Object.entries(cells)) {
			if (names === null) { none.push(`${step} ${scenario}`); continue; }
			assert.ok(names.length > 0, `${step} ${scenario}`);
			for (const name of names) assert.ok(isTest(name), `${step} ${scenario}: no test ${name}`);
		}
	}
	assert.deepEqual(none, ['0 token digest', '5.2 authorization-entity digest', '6.2 list digest']);
});

test('docs_named_sources_exist', () => {
	for (const page of pages)
		for (const [, file] of read(page).matchAll(/`((?:lib|modules|cfg-examples|mk|test)\/[\w./-]+\.\w+)`/g))
			assert.ok(exists(file), `${page}: ${file}`);
	for (const page of ['docs/conformance.md', 'docs/security.md'])
		for (const t of tables(read(page)).filter((x) => x.head.includes('code')))
			for (const file of column(t, 'code').flatMap(quoted)) assert.ok(exists(file), `${page}: ${file}`);
});

// --- w2 ---

const W2 = read('docs/w2.md');

test('docs_w2_token_causes_are_the_table_of_lib_token', () => {
	const words = Object.fromEntries([...read('lib/token/cause.c').matchAll(/^#define (\w+) "(\w+)"$/gm)].map(([, k, v]) => [k, v]));
	const codes = Object.fromEntries([...read('lib/token/cause.h').matchAll(/(EP_CLOSE_\w+) = (\d+)/g)].map(([, k, v]) => [k, v]));
	const want = causes('lib/token/cause.c').filter((c) => c.name !== 'ok')
		.map((c) => [c.name, String(c.status), words[c.rest[0]] ?? '–', codes[c.rest[1]] === '0' ? '–' : codes[c.rest[1]]]);
	const enumerators = read('lib/token/cause.h').match(/^\tEP_TOKEN_\w+(?= = 0,|,)/gm).length;
	assert.equal(want.length + 1, enumerators);
	const table = tables(W2).find((t) => t.heading === 'Refused tokens');
	assert.deepEqual(table.rows.map((r) => [quoted(r[0])[0], ...r.slice(1, 4)]), want);
});

test('docs_w2_other_causes_are_those_of_lib', () => {
	// What a page sees, and what the core's nodes do, are two tables of one file.
	for (const [heading, file] of [['Refused registrations and requests', 'lib/tna/cause.c'], ['Refused media', 'lib/mediate/cause.c']]) {
		const want = causes(file).filter((c) => c.name !== 'ok').map((c) => [c.name, String(c.status)]);
		const rows = tables(W2).filter((t) => t.heading === heading).flatMap((t) => t.rows);
		assert.ok(want.length > 10, file);
		same(rows.map((r) => [quoted(r[0])[0], r[1]].join(' ')), want.map((w) => w.join(' ')), file);
	}
	const tna = read('lib/tna/cause.c');
	assert.equal(causes('lib/tna/cause.c').length, [...tna.matchAll(/^\t\t\[EP_TNA_/gm)].length, 'all rows are read');
	// Which carry a sentence for people.
	const warned = [...tna.matchAll(/\{"(\w+)",[^}]*?-\d+,\s*true\}/g)].map((m) => m[1]);
	assert.ok(warned.length > 5);
	same(quoted(W2.match(/\n\n(`destination`, [^]*?)carry/)[1]), warned, 'Warning');
	// The body of 380 as it is written.
	assert.ok(W2.includes('<ims-3gpp version="1"><alternative-service><type>emergency</type><reason>'));
	assert.ok(read('lib/tna/emergency.c').includes('<ims-3gpp version=\\"1\\"><alternative-service>'));
});

test('docs_w2_close_codes_are_those_of_the_code', () => {
	const token = [...read('lib/token/cause.h').matchAll(/EP_CLOSE_\w+ = (4\d+)/g)].map((m) => m[1]);
	const ends = new Set([...read('modules/tna_register/ends.c').matchAll(/,\s+(4\d{3})\}/g)].map((m) => m[1]));
	const table = tables(W2).find((t) => t.heading === 'Close codes');
	const by = (module) => table.rows.filter((r) => r[1].split(', ').includes(module)).map((r) => r[0]);
	same(by('webrtc_auth'), token);
	same(by('tna_register'), ends);
	// What the example page does at each.
	const page = Object.fromEntries([...read('cfg-examples/wwsf/public/epcscf.js').matchAll(/(4\d{3}): \{ then: '(\w+)'/g)].map(([, k, v]) => [k, v]));
	for (const [code, , , does] of table.rows)
		assert.match(does, { renew: /^another token, once/, wait: /^wait/, stop: /^stop/ }[page[code] ?? 'stop'], code);
	const manual = tables(read('cfg-examples/wwsf/README.md')).find((t) => t.head[0] === 'close code');
	same(manual.rows.map((r) => r[0]).filter((code) => /^4\d{3}$/.test(code)), Object.keys(page), 'cfg-examples/wwsf/README.md');
	for (const [code, , does] of manual.rows.filter((r) => page[r[0]]))
		assert.match(does, { renew: /^once with another token/, wait: /^again after/, stop: /^stop/ }[page[code]], code);
});

test('docs_w2_headers_are_those_of_lib_tna', () => {
	const part = W2.slice(W2.indexOf('## Headers that do not pass'), W2.indexOf('\nBesides:'));
	const source = [...read('lib/tna/trust.c').matchAll(/ROW\("([\w-]+)", ([A-Z_ |]+)\)/g)];
	assert.ok(source.length > 30);
	same(quoted(part), source.map((m) => m[1]));
	const [always, requests] = part.split('in requests also');
	same(quoted(always), source.filter((m) => /FROM_WIC|ANS/.test(m[2])).map((m) => m[1]));
	same(quoted(requests), source.filter((m) => /REG \| REQ/.test(m[2])).map((m) => m[1]));
});

// --- modules ---


test('docs_modules_name_every_parameter', () => {
	const operations = read('docs/operations.md');
	const listed = tables(operations).find((t) => t.heading === 'Parameters');
	for (const m of MODULES) {
		const source = read(`modules/${m}/${m}_params.c`);
		const table = source.slice(source.indexOf('param_export_t'), source.indexOf('};', source.indexOf('param_export_t')));
		const params = [...table.matchAll(/\{"(\w+)",/g)].map((x) => x[1]);
		assert.ok(params.length > 2, m);
		same(docbook(m) ? ids(m, 'p') : column(tables(moduleDoc[m]).find((t) => t.heading === 'Parameters'), 'name').flatMap(quoted), params, m);
		const row = listed.rows.find((r) => r[0].startsWith(`[${m}]`));
		same(quoted(row[1]), params, `docs/operations.md: ${m}`);
	}
});

test('docs_modules_name_every_key_of_the_file', () => {
	const keys = [...read('lib/token/config_keys.c').matchAll(/^\{(GLOBAL|ISSUER|WWSF|MAP)\((\w+)\)/gm)];
	assert.ok(keys.length > 30);
	for (const kind of ['GLOBAL', 'ISSUER', 'WWSF', 'MAP'])
		same(ids('webrtc_auth', `k.${kind.toLowerCase()}`), keys.filter((k) => k[1] === kind).map((k) => k[2]), kind);
});

test('docs_modules_name_every_function_variable_and_rpc', () => {
	const operations = read('docs/operations.md');
	const rpcs = [];
	for (const m of MODULES) {
		const api = read(`modules/${m}/${m}_api.c`);
		const cmds = api.slice(api.indexOf('cmd_export_t'), api.indexOf('{0, 0, 0, 0, 0, 0}'));
		const functions = [...new Set([...cmds.matchAll(/\{"(\w+)",/g)].map((x) => x[1]))].filter((f) => !f.startsWith('bind_'));
		assert.ok(functions.length > 0, m);
		same(docbook(m) ? ids(m, 'f') : new Set([...moduleDoc[m].matchAll(/\*\*`(\w+)\(/g)].map((x) => x[1])), functions, `${m}: functions`);
		for (const [, f] of api.matchAll(/str_init\("(\w+)"\), SR_KEMIP_INT/g)) assert.ok(moduleDoc[m].includes(f), `${m}: KEMI ${f}`);
		const source = exists(`modules/${m}/${m}_rpc.c`) ? read(`modules/${m}/${m}_rpc.c`) : '';
		const mine = [...source.matchAll(/^\s*\{"(\w+\.\w+)",/gm)].map((x) => x[1]);
		rpcs.push(...mine);
		if (docbook(m)) same(ids(m, 'r').map((name) => `${m === 'tna_register' ? 'tna' : m}.${name}`), mine, `${m}: RPC`);
		else for (const name of mine) assert.ok(moduleDoc[m].includes(`\`${name}`), `${m}: ${name}`);
		const pv = read(`modules/${m}/${m}_pv.c`);
		const list = pv.slice(pv.search(/names\[[A-Z_]+\] = \{/));
		const fields = [...list.slice(0, list.indexOf('};')).matchAll(/"(\w+)"/g)].map((x) => x[1]);
		const named = docbook(m) ? ids(m, 'v') : [...moduleDoc[m].matchAll(/\$(?:wauth|tna|sdpm)\(([a-z_|]+)\)/g)].flatMap((x) => x[1].split('|'));
		same(new Set(named), fields, `${m}: variables`);
	}
	assert.ok(rpcs.length >= 10);
	for (const page of pages)
		for (const [, name] of read(page).matchAll(/`((?:webrtc_auth|tna|sdp_mediate)\.[a-z_]+)(?=[` ])/g))
			if (!/\.(cfg|so|md)$/.test(name)) assert.ok(rpcs.includes(name), `${page}: RPC ${name}`);
	for (const name of rpcs) assert.ok(operations.includes(`\`${name}`), `docs/operations.md: ${name}`);
});

test('docs_rpc_says_which_role_it_is_for', () => {
	const source = ['tna_register_rpc', 'barred_rpc', 'scscf', 'regevent', 'credentials'].map((f) => read(`modules/tna_register/${f}.c`)).join('\n');
	const rows = tables(read('docs/operations.md')).find((t) => t.head[0] === 'command').rows;
	const table = [...read('modules/tna_register/tna_register_rpc.c').matchAll(/\{"(tna\.\w+)", (\w+),/g)];
	assert.ok(table.length >= 13, `${table.length} commands`);
	for (const [, name, fn] of table) {
		const body = source.slice(source.search(new RegExp(`void ${fn}\\(rpc_t`))).split('\n}\n')[0];
		assert.ok(body.length > 20, fn);
		const role = /^tna_rpc_(bar|unbar|barred)$/.test(fn) ? 'both' : /!tna_set\.scscf/.test(body) ? 'scscf' : 'epcscf';
		if (role === 'epcscf') assert.match(body, /has_bindings\(|store == NULL|reg_event/, `${fn} takes any role`);
		const doc = moduleDoc.tna_register.match(new RegExp(`"tna_register\\.r\\.${name.slice(4)}">[^]*?<para>\\s*([^]*?)\\. `))[1];
		assert.equal(doc, { scscf: 'Role "scscf"', both: 'Both roles', epcscf: 'Role "epcscf"' }[role], name);
		const row = rows.find((r) => quoted(r[0]).some((c) => c.split(' ')[0] === name));
		assert.ok(row[1].startsWith({ scscf: 'S-CSCF:', both: 'both:', epcscf: 'eP-CSCF' }[role]), `docs/operations.md: ${name}`);
	}
});

test('docs_counters_are_those_that_are_registered', () => {
	const table = tables(read('docs/operations.md')).find((t) => t.head[0] === 'group');
	const registered = {
		webrtc_auth: [...read('modules/webrtc_auth/counters.c').matchAll(/\{&ep_counters\.\w+, "(\w+)"/g)].map((m) => m[1])
			.concat('check_<cause>', 'check_ok'),
		tna_register: [...read('modules/tna_register/tna_register_mod.c').matchAll(/\{&counters\[\w+\], "(\w+)"/g)].map((m) => m[1]),
		sdp_mediate: [...read('modules/sdp_mediate/counters.c').matchAll(/\{&ep_counters\.\w+, "(\w+)"/g)].map((m) => m[1])
			.concat('result_<cause>', 'result_ok', 'warning_<name>', 'node_<name>_<what>'),
	};
	for (const [group, names] of Object.entries(registered)) {
		assert.ok(names.length > 4, group);
		same(quoted(table.rows.find((r) => r[0] === `\`${group}\``)[1]), names, group);
	}
	for (const m of MODULES.filter(docbook))
		same(ids(m, 'c'), registered[m].map((name) => name.replace(/[<>]/g, '')), m);
	const node = [...read('modules/sdp_mediate/node.c').matchAll(/\[EP_NODE_\w+\] = "(\w+)"/g)].map((m) => m[1]);
	assert.ok(node.length > 4);
	same(litsOf('sdp_mediate.c.node_name_what').slice(1), node, 'what is counted of a gateway');
	const singles = [...read('docs/operations.md').matchAll(/`(check|result)_([a-z0-9_]+)`/g)];
	for (const [, kind, cause] of singles)
		assert.ok(causes(kind === 'check' ? 'lib/token/cause.c' : 'lib/mediate/cause.c').some((c) => c.name === cause), `${kind}_${cause}`);
});

test('docs_examples_fit_their_parameters_and_routes', () => {
	let compared = 0;
	for (const m of MODULES.filter(docbook)) {
		const types = Object.fromEntries([...read(`modules/${m}/${m}_params.c`).matchAll(/\{"(\w+)", PARAM_(\w+)/g)].map(([, k, v]) => [k, v]));
		for (const name of ids(m, 'p')) {
			const section = moduleDoc[m].match(new RegExp(`"${m}\\.p\\.${name}"[^]*?</section>`))[0];
			const [, typed] = section.match(/<varname>\w+<\/varname> \((\w+)\)/), [, named, value] = section.match(/modparam\("\w+", "(\w+)", (.*)\)/);
			assert.equal(named, name);
			assert.equal(/^"/.test(value), types[name] !== 'INT', `${m}: ${name} is ${types[name]}`);
			assert.equal(typed === 'int', types[name] === 'INT', `${m}: ${name} is ${types[name]}`);
		}
		const api = read(`modules/${m}/${m}_api.c`);
		for (const name of ids(m, 'f')) {
			const [, routes] = api.match(new RegExp(`\\{"${name}",[^}]*?((?:[A-Z]+_ROUTE|REQUEST_ROUTE)(?:\\s*\\|\\s*[A-Z]+_ROUTE)*)\\}`));
			const section = moduleDoc[m].match(new RegExp(`"${m}\\.f\\.${name}"[^]*?</section>`))[0].replace(/\s+/g, ' ');
			const [, said] = section.match(/(?:May be used in|In) ([A-Za-z_, ]+?)\./) ?? [];
			if (said === undefined) continue;
			compared++;
			if (routes === 'ANY_ROUTE') assert.match(said, /every route|ANY_ROUTE|any route/, `${m}: ${name}`);
			else same(said.match(/[A-Z]+_ROUTE/g), routes.match(/[A-Z]+_ROUTE/g), `${m}: ${name}`);
		}
	}
	assert.ok(compared > 8, `${compared} functions`);
});

test('docs_architecture_names_processes_and_tables', () => {
	const page = read('docs/architecture.md');
	let n = 0;
	for (const file of find('modules', (name) => name.endsWith('.c')))
		for (const [, name] of read(file).matchAll(/fork_\w+\(\s*PROC_\w+,\s*"([^"]+)"/g)) {
			n++;
			assert.ok(page.includes(`\`${name}\``), `${file}: process ${name}`);
		}
	assert.ok(n >= 5, `${n} processes`);
	const rows = tables(page).find((t) => t.heading === 'Shared memory').rows;
	for (const file of find('modules/sdp_mediate', (name) => name.endsWith('.c')).filter((f) => /\block_init\(/.test(read(f))))
		assert.ok(rows.some((row) => quoted(row[1]).includes(file.slice('modules/'.length))), `shared memory: ${file} has a lock`);
	for (const row of rows)
		for (const file of quoted(row[1])) assert.ok(exists(`modules/${file.includes('/') ? file : `${quoted(row[1])[0].split('/')[0]}/${file}`}`), `shared memory: ${file}`);
});

test('docs_sdp_mediate_values_are_the_causes_negated', () => {
	const rows = [...moduleDoc.sdp_mediate.matchAll(/"sdp_mediate\.e\.(\w+)">\s*<term>(-\d+) <literal>(\w+)<\/literal><\/term>[^]*?: (\d+)\.\s*<\/para>/g)]
		.map(([, id, value, name, status]) => { assert.equal(id, name); return [Number(value), name, Number(status)]; });
	const status = Object.fromEntries(causes('lib/mediate/cause.c').map((c) => [c.name, c.status]));
	const enumerators = [...read('lib/mediate/cause.h').matchAll(/^\tEP_MEDIATE_E(\w+),/gm)].map((m) => m[1].toLowerCase());
	assert.deepEqual(rows, enumerators.map((name, i) => [-1 - i, name, status[name]]));
	const other = Object.fromEntries([...read('modules/sdp_mediate/script.h').matchAll(/(EP_RET_\w+) = (-\d+)/g)].map(([, k, v]) => [k, v]));
	assert.equal(Object.keys(other).length, 2);
	for (const value of Object.values(other)) assert.ok(moduleDoc.sdp_mediate.includes(`${value}:`), value);
	const taken = read('modules/sdp_mediate/trickle.h').match(/EP_TRICKLE_TAKEN (\d)/)[1];
	assert.match(moduleDoc.sdp_mediate, new RegExp(`Returns 1, ${taken} \\(an INFO`));
	// Sides, and the number, of warnings.
	same(ids('sdp_mediate', 'w'), [...read('lib/mediate/warning.c').matchAll(/\[EP_MEDIATE_W\w+\] = \{"(\w+)"/g)].map((m) => m[1]));
});

test('docs_sdp_mediate_names_every_key_of_a_profile_and_a_gateway', () => {
	const keys = (file, from) => [...read(file).slice(read(file).indexOf(from)).matchAll(/ep_view_eq\(key, EP_LIT\("(\w+)"\)\)/g)].map((m) => m[1]);
	const profile = keys('lib/mediate/profile.c', 'text_field(');
	assert.ok(profile.length > 10);
	same(ids('sdp_mediate', 'k'), profile);
	const gateway = keys('modules/sdp_mediate/node.c', 'field_set(');
	assert.ok(gateway.length > 4);
	for (const key of gateway) assert.ok(litsOf('sdp_mediate.p.agw').includes(key), `agw: ${key}`);
	const codecs = read('lib/mediate/profile.h').match(/EP_MEDIATE_CODECS\b[^"]*((?:"[^"]*"[\s\\]*)+)/)[1].replace(/["\s\\]/g, '');
	assert.ok(moduleDoc.sdp_mediate.replace(/\s+/g, '').includes(`Default${codecs}.`), codecs);
});

test('docs_sdp_mediate_defaults_are_those_of_the_source', () => {
	const source = read('modules/sdp_mediate/sdp_mediate_params.c') + read('modules/sdp_mediate/hold.c');
	const values = Object.fromEntries([...source.matchAll(/\.(\w+) = (\d+(?: \* \d+)*)[,}]/g)].map(([, k, v]) => [k, v.split(' * ').reduce((a, b) => a * b, 1)]));
	let n = 0;
	for (const [, name, member] of source.matchAll(/\{"(\w+)", PARAM_INT, &\w+\.(\w+)\}/g)) {
		const said = moduleDoc.sdp_mediate.match(new RegExp(`"sdp_mediate\\.p\\.${name}"[^]*?Default value is ([^]*?)\\.</emphasis>`))[1];
		assert.equal(said, String(values[member]), name);
		n++;
	}
	assert.ok(n >= 7, `${n} defaults`);
});

test('docs_iq_names_every_key_metric_command_and_event', () => {
	const operations = tables(read('docs/operations.md'));
	const keys = operations.find((t) => t.head[0] === 'key' && t.head[1] === 'default');
	const conf = [...read('rtpengine-plugin/conf.c').matchAll(/^\t\t\{"(\w+)", (\w+), [^,]+,\s*(\d+),/gm)].map(([, key, kind, otherwise]) => [key, kind === 'NUMBER' ? otherwise : '–']);
	assert.ok(conf.length > 20);
	same(keys.rows.map((r) => [quoted(r[0])[0], r[1]].join(' ')), conf.map((c) => c.join(' ')), 'keys and their defaults');
	const metrics = operations.find((t) => t.head[0] === 'metric').rows.flatMap((r) => quoted(r[0]));
	const counted = [...read('rtpengine-plugin/stats.h').matchAll(/^\tX\((\w+), "/gm)].map((m) => `${m[1]}_total`);
	const others = [...read('rtpengine-plugin/metrics.c').matchAll(/(?:gauge_put|head_put)\(out, "(\w+)",\s*"([^"]*)"/g)].map((m) => m[1] + (m[2] === '_total' ? m[2] : ''));
	assert.ok(counted.length > 25 && others.length >= 7);
	same(metrics, counted.concat(others.filter((m) => m !== 'name')), 'metrics');
	const protocol = tables(read('docs/iq-protocol.md'));
	const own = protocol.find((t) => t.heading === 'Commands of its own');
	same(own.rows.map((r) => quoted(r[0])[0]), [...read('rtpengine-plugin/local.c').matchAll(/^\t\t\{"([\w-]+)", \w+\}/gm)].map((m) => m[1]), 'commands');
	// Every key of an answer of its own and of an event, and every error.
	const keysOf = (file) => [...read(file).matchAll(/ep_ng_put_(?:pair|pair_int|key)\(\s*&?\w+,\s*"([\w-]+)"/g)].map((m) => m[1]);
	const page = read('docs/iq-protocol.md');
	const capabilities = own.rows.find((r) => quoted(r[0])[0] === 'capabilities')[2];
	same(new Set(quoted(capabilities).filter((k) => keysOf('rtpengine-plugin/capabilities.c').includes(k))), new Set(keysOf('rtpengine-plugin/capabilities.c').filter((k) => k !== 'result')), 'capabilities');
	for (const key of [...keysOf('rtpengine-plugin/events.c'), ...[...read('rtpengine-plugin/watch.c').matchAll(/(?:detail_add\(&e, |\.key = )"([\w-]+)"/g)].map((m) => m[1])])
		assert.ok(page.includes(`\`${key}\``), `iq-protocol: key ${key}`);
	const reasons = ['north', 'events'].flatMap((f) => [...read(`rtpengine-plugin/${f}.c`).matchAll(/(?:"error", |reason = |NULL, |return |refuse\(out, |load limit",\s+)"([^"]{8,})"/g)].map((m) => m[1]))
		.concat([...read('lib/ng/shim.c').matchAll(/refuse = "([^"]+)"/g)].map((m) => m[1]));
	assert.ok(reasons.length >= 9, `${reasons}`);
	for (const reason of reasons.filter((r) => r !== 'rtpengine-iq ends')) assert.ok(page.includes(`\`${reason}\``), `iq-protocol: ${reason}`);
	const events = [...read('rtpengine-plugin/events.c').matchAll(/\[EP_EVENT_\w+\] = "([\w-]+)"/g)].map((m) => m[1]);
	assert.ok(events.length >= 9);
	same(new Set(protocol.find((t) => t.heading === 'Events').rows.map((r) => quoted(r[0])[0])), events, 'events');
	same(new Set(operations.find((t) => t.head[0] === 'event').rows.flatMap((r) => quoted(r[0]))), events, 'docs/operations.md: events');
	for (const name of events) assert.ok(litsOf('sdp_mediate.event.media-event').includes(name), `sdp_mediate: ${name}`);
});

test('docs_defaults_are_those_of_the_source', () => {
	const sources = { webrtc_auth: /\.(\w+) = (\d+),/g, tna_register: /static int (\w+) = (\d+);/g };
	const renamed = { default_expires_s: 'expires_default_s', max_expires_s: 'expires_max_s', min_expires_s: 'token_min_s' };
	for (const [m, pattern] of Object.entries(sources)) {
		const values = Object.fromEntries([...read(`modules/${m}/${m}_params.c`).matchAll(pattern)].map(([, k, v]) => [k, v]));
		assert.ok(Object.keys(values).length > 4, m);
		const rows = docbook(m)
			? ids(m, 'p').map((name) => [`\`${name}\``, moduleDoc[m].match(new RegExp(`"${m}\\.p\\.${name}"[^]*?Default value is ([^]*?)\\.</emphasis>`))[1]])
			: tables(moduleDoc[m]).find((t) => t.heading === 'Parameters').rows;
		for (const row of rows)
			for (const name of quoted(row[0]))
				if (values[renamed[name] ?? name] !== undefined) assert.equal(row[1], values[renamed[name] ?? name], `${m}: ${name}`);
	}
	// Numbers that stand elsewhere, and words.
	const defaults = (name) => moduleDoc.tna_register.match(new RegExp(`"tna_register\\.p\\.${name}"[^]*?Default value is ([^]*?)\\.</emphasis>`))[1];
	const table = Object.fromEntries([...read('modules/tna_register/tna_register_params.c').matchAll(/\{"(\w+)", PARAM_\w+, &([\w.]+)\}/g)].map(([, k, v]) => [v, k]));
	let n = 0;
	for (const file of ['scscf_params', 'tna_register_params'])
		for (const [, variable, number, word] of read(`modules/tna_register/${file}.c`).matchAll(/^(?:static )?(?:int|str) (\w+) =\s+(?:(\d+)|str_init\("([^"]*)"\));/gm)) {
			assert.equal(defaults(table[variable]), number ?? word, table[variable]);
			n++;
		}
	for (const [, member, number] of read('modules/tna_register/barred.c').match(/tna_barred_params = \{([^}]*)\}/)[1].matchAll(/\.(\w+) = (\d+)/g)) {
		assert.equal(defaults(table[`tna_barred_params.${member}`]), number, member);
		n++;
	}
	assert.ok(n > 25, `${n} defaults`);
});

test('docs_module_readme_is_made_of_its_docbook', () => {
	for (const m of MODULES.filter(docbook)) {
		execFileSync('xmllint', ['--nonet', '--noout', '--valid', path.join(root, `modules/${m}/doc/${m}_admin.xml`)]);
		assert.equal(execFileSync(path.join(root, 'mk/readme.sh'), [m], { encoding: 'utf8' }), read(`modules/${m}/README`), `${m}: run make docs`);
	}
});

// --- links ---

const anchor = (heading) => heading.toLowerCase().replace(/[^\w\- ]/g, '').replace(/ /g, '-');

test('docs_links_resolve', () => {
	let n = 0;
	for (const page of pages)
		for (const [, target] of read(page).replace(/```[^]*?```/g, '').matchAll(/\]\(([^)\s]+)\)/g)) {
			if (/^[a-z]+:/.test(target)) continue;
			const [file, part] = target.split('#');
			const to = file ? path.join(path.dirname(page), file) : page;
			n++;
			assert.ok(exists(to), `${page}: ${target}`);
			if (part) assert.ok([...read(to).matchAll(/^#+ (.*)$/gm)].some((h) => anchor(h[1]) === part), `${page}: ${target}`);
		}
	assert.ok(n > 20, `${n} links`);
});
