// SPDX-License-Identifier: BSD-2-Clause
// The lab's own behaviour: what it starts, and that it ends exactly that.
// Run it in a namespace of its own: test/lab/in-netns node --test test/lab
import { afterEach, beforeEach, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import dgram from 'node:dgram';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync,
	writeFileSync } from 'node:fs';
import path from 'node:path';
import { DEFAULT_DIR, load, start, stop } from './lab.mjs';
import { EXAMPLES, LAB, ROOT } from './lib/plan.mjs';
import { fillSite } from './lib/sites.mjs';

const CORE = ['hss', 'icscf', 'scscf'];
let dir;

beforeEach(() => {
	mkdirSync(path.dirname(DEFAULT_DIR), { recursive: true });
	dir = mkdtempSync(path.join(path.dirname(DEFAULT_DIR), 'lab-self-'));
});

afterEach(async () => {
	await stop({ dir });
	rmSync(dir, { recursive: true, force: true });
});

/** Processes that carry the mark of a part of this lab. */
const ours = () => readdirSync('/proc').filter((pid) => /^[0-9]+$/.test(pid)).filter((pid) => {
	try {
		return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`EPCSCF_LAB=${dir}/`)
			&& !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
	} catch {
		return false;
	}
});

test('start_writes_lab_json_and_stop_removes_everything', async () => {
	const lab = await start({ dir, parts: CORE });
	assert.deepEqual(load(dir), lab);
	assert.deepEqual(Object.keys(lab.parts).sort(), [...CORE].sort());
	assert.equal(statSync(path.join(dir, 'lab.json')).mode & 0o077, 0);
	assert.ok(ours().length >= CORE.length);
	assert.deepEqual((await stop({ dir })).sort(), [...CORE].sort());
	assert.deepEqual(ours(), []);
	assert.equal(load(dir), null);
});

test('start_refuses_a_second_lab_in_the_same_directory', async () => {
	await start({ dir, parts: CORE });
	await assert.rejects(start({ dir, parts: CORE }),
		/^Error: a lab runs already, its page is https:.*: stop it first \(test\/lab\/lab stop --dir /);
	assert.ok(load(dir));
});

test('start_after_a_part_died_ends_the_rest_first', async () => {
	const before = await start({ dir, parts: CORE });
	process.kill(before.parts.hss.pid, 'SIGKILL');
	while (existsSync(`/proc/${before.parts.hss.pid}`))
		await new Promise((done) => { setTimeout(done, 20); });
	const lab = await start({ dir, parts: CORE });
	assert.notEqual(lab.parts.icscf.pid, before.parts.icscf.pid);
	assert.equal(existsSync(`/proc/${before.parts.icscf.pid}`), false);
});

test('start_after_the_command_was_killed_in_the_middle', async () => {
	const command = spawn(process.execPath, [path.join(LAB, 'lab.mjs'), 'start', '--dir', dir,
		'--parts', CORE.join()], { stdio: 'ignore' });
	const killed = new Promise((done) => { command.on('exit', done); });
	while (ours().length === 0)
		await new Promise((done) => { setTimeout(done, 20); });
	command.kill('SIGKILL');
	await killed;
	assert.equal(load(dir), null);
	const lab = await start({ dir, parts: CORE });
	await stop({ dir });
	assert.ok(lab.parts.hss);
	assert.deepEqual(ours(), []);
});

test('host_that_is_not_of_this_machine_is_refused_in_words', async () => {
	for (const host of ['192.0.2.1', 'lab.example', '0.0.0.0'])
		await assert.rejects(start({ dir, host, parts: CORE }),
			(error) => error.message.startsWith(`${host} is no address of this machine; it has `));
	assert.deepEqual(ours(), []);
});

test('start_reports_a_busy_port_and_leaves_nothing', async (t) => {
	const busy = dgram.createSocket('udp4');
	t.after(() => busy.close());
	await new Promise((done) => busy.bind(15060, '127.0.0.3', done));
	await assert.rejects(start({ dir, parts: CORE }), /^Error: icscf: exit code/);
	assert.deepEqual(ours(), []);
	assert.equal(load(dir), null);
});

test('start_refuses_unknown_parts', async () => {
	await assert.rejects(start({ dir, parts: ['x'] }), /no part x/);
});

test('stop_ends_the_children_of_a_killed_leader', async () => {
	const lab = await start({ dir, parts: CORE });
	process.kill(lab.parts.icscf.pid, 'SIGKILL');
	await stop({ dir });
	assert.deepEqual(ours(), []);
	await start({ dir, parts: CORE });
});

test('stop_spares_a_process_that_took_over_a_pid', async (t) => {
	const foreign = spawn('sleep', ['60'], { detached: true });
	t.after(() => foreign.kill('SIGKILL'));
	mkdirSync(path.join(dir, 'run'));
	const file = path.join(dir, 'run/icscf.pid');
	writeFileSync(file, JSON.stringify({ pid: foreign.pid, start: '1', wave: 0 }));
	assert.deepEqual(await stop({ dir }), []);
	assert.equal(existsSync(file), false);
	assert.equal(process.kill(foreign.pid, 0), true);
	assert.equal(foreign.exitCode ?? foreign.signalCode, null);
});

test('certificate_is_for_the_host_and_of_the_ca', async () => {
	const lab = await start({ dir, host: '127.0.0.99', parts: ['hss', 'icscf', 'scscf'] });
	const verify = spawnSync('openssl', ['verify', '-CAfile', lab.tls.ca,
		'-verify_ip', '127.0.0.99', lab.tls.cert], { encoding: 'utf8' });
	assert.equal(verify.status, 0, verify.stderr);
	assert.equal(lab.urls.wss, 'wss://127.0.0.99:8445');
});

test('site_file_without_a_value_is_an_error', () => {
	assert.throws(() => fillSite('#!substdef "!NOT_KNOWN!x!g"\n', {}), /NOT_KNOWN/);
	assert.equal(fillSite('#!substdef "!A!x!g"\n##!define STATIC_NAMES\n', { A: '1' }),
		'#!substdef "!A!1!g"\n#!define STATIC_NAMES\n');
});

test('example_configurations_are_accepted_with_their_own_site', () => {
	const files = execFileSync('dpkg', ['-L', 'kamailio'], { encoding: 'utf8' });
	const modules = path.dirname(files.split('\n').find((f) => f.endsWith('/modules/tm.so')));
	for (const [base, name] of [[EXAMPLES, 'icscf'], [EXAMPLES, 'scscf'], [LAB, 'pcscf']]) {
		const check = spawnSync('kamailio', ['-c', '-f', path.join(base, name, `${name}.cfg`),
			'-L', `${modules}:${path.join(ROOT, 'build/modules')}`, '-Y', dir], { encoding: 'utf8' });
		assert.equal(check.status, 0, check.stderr);
	}
});

test('command_runs_in_a_namespace_of_its_own', { skip: process.getuid() !== 0 }, async (t) => {
	const netns = `epcscf-test-${process.pid}`;
	const lab = (...args) => spawnSync(path.join(LAB, 'lab'), [...args],
		{ encoding: 'utf8' });
	t.after(() => lab('stop', '--dir', dir));
	const started = lab('start', '--dir', dir, '--netns', netns, '--parts', CORE.join());
	assert.equal(started.status, 0, started.stderr);
	assert.match(started.stdout, /^hss +ready in +\d+ ms$/m);
	const inside = lab('exec', '--dir', dir, '--', 'ss', '-Hlun', 'src', '127.0.0.3');
	assert.match(inside.stdout, /127\.0\.0\.3:15060/);
	const outside = spawnSync('ss', ['-Hlun', 'src', '127.0.0.3'], { encoding: 'utf8' });
	assert.doesNotMatch(outside.stdout, /127\.0\.0\.3:15060/);
	assert.equal(lab('status', '--dir', dir).status, 0);
	assert.equal(lab('stop', '--dir', dir).status, 0);
	const names = execFileSync('ip', ['netns', 'list'], { encoding: 'utf8' });
	assert.ok(!names.includes(netns));
	assert.deepEqual(ours(), []);
});
