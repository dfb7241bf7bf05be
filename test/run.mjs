#!/usr/bin/env node
// SPDX-License-Identifier: BSD-2-Clause
// test/run.mjs [unit|whole|fuzz|node|browser|patient|node+browser|step:<command>...]: runs the suites
// one after the other, those with a plus beside each other, and
// counts what they report. One line per job, failures in full, and at the end
// the line `N passed, N failed, N skipped`. Every job is a process group of its
// own that ends with its time limit; its output is build/test/<job>.log. Behind
// the name of a job: how long it took, and the CPU of it and of all that it waited for.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { stop } from './lab/lab.mjs';

const root = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '..');
const out = path.join(root, 'build/test');
process.chdir(root);
fs.mkdirSync(out, { recursive: true });

function find(dir, match, found = []) {
	if (!fs.existsSync(dir)) return found;
	for (const e of fs.readdirSync(dir, { withFileTypes: true })) {
		const p = path.join(dir, e.name);
		if (e.isDirectory() && e.name !== 'node_modules') find(p, match, found);
		else if (e.isFile() && match(e.name)) found.push(p);
	}
	return found.sort();
}

// Most of a node test is waiting, for timers of SIP and of caches. Those that need the
// whole machine come one after the other; the one that needs a CPU for itself as long
// as it runs goes with the unit tests, which wait for nothing. Sound is measured in one lane of browsers
// alone; browsers that wait, for tokens to end and for pages to come back, have a lane
// beside it. A lane that has nothing left of its own takes files of node.
const LANES = { unit: 2, whole: 1, fuzz: 2, node: 2, browser: 1, patient: 1 };
const WHOLE = ['test/int/tna_register/die.test.mjs'];
const HEAVY = ['tna_register/many', 'tna_register/regevent_many', 'sdp_mediate/hold_burst', 'attack/flood', 'attack/malformed',
	'webrtc_auth/async', 'webrtc_auth/memory', 'webrtc_auth/flood', 'webrtc_auth/flood_budget'].map((name) => `test/int/${name}.test.mjs`);
const PATIENT = ['renew', 'bar', 'closecodes', 'faults', 'revoke', 'rtr', 'reload', 'opaque', 'token', 'p1_web', 'p1_entity', 'p1_list', 'p1_pool', 'p1_digest']
	.map((name) => `test/browser/${name}.test.mjs`);
// What takes longest begins first, so that no lane ends long behind the others: in
// this order, all that is not named behind it.
const LONG = ['token/differential', 'node/epcscf', 'tna_register/subscribe_time', 'idp/rotation', 'webrtc_auth/async',
	'scscf/hss', 'attack/malformed', 'webrtc_auth/memory', 'tna_register/regevent', 'tna_register/many', 'webrtc_auth/dmq', 'tna_register/limits_wwsf',
	'media/safety', 'sdp_mediate/hold_burst', 'webrtc_auth/keys_discovery', 'iq/events', 'iq/events_sid', 'webrtc_auth/revoke', 'webrtc_auth/cache', 'tna_register/bar',
	'scscf/bar', 'tna_register/regevent_many', 'attack/torture', 'iq/watch', 'attack/flood', 'tna_register/calls', 'webrtc_auth/keys', 'webrtc_auth/logout',
	'iq/flood', 'scscf/leave', 'lab/nodes', 'tna_register/register', 'media/leftovers', 'tna_register/races', 'attack/edge', 'sdp_mediate/policy_cfg', 'sdp_mediate/policy_lua',
	'browser/renew', 'browser/bar', 'browser/closecodes', 'browser/faults', 'browser/media_audio', 'browser/media_video', 'browser/host', 'browser/media_bundle'];
const longestFirst = (jobs) => {
	const rank = ({ name }) => { const at = LONG.findIndex((long) => name.endsWith(long)); return at < 0 ? LONG.length : at; };
	return jobs.map((job) => [rank(job), job]).sort((a, b) => a[0] - b[0]).map(([, job]) => job);
};
const browsers = () => find('test/browser', (n) => n.endsWith('.test.mjs'));

// A job: {name, argv, env, seconds, count(output) -> [passed, failed, skipped]}.
const jobs = {
	unit: () => ['rel', 'san'].flatMap((variant) =>
		find('test/unit', (n) => n.endsWith('_test.c')).map((src) => {
			const program = src.replace(/^test\//, `build/${variant}/`).replace(/\.c$/, '');
			const tap = path.join(out, `${variant}-${path.basename(program)}.tap`);
			fs.rmSync(tap, { force: true });
			return {
				name: `${variant} ${src.replace(/^test\/unit\//, '').replace(/_test\.c$/, '')}`,
				argv: [program], env: { EP_TAP: tap, CK_DEFAULT_TIMEOUT: '60' }, seconds: 180,
				count: () => countTap(fs.existsSync(tap) ? fs.readFileSync(tap, 'utf8') : ''),
			};
		})),
	fuzz: () => find('test/fuzz', (n) => n.endsWith('_fuzz.c')).map((src) => {
		const name = path.basename(src, '_fuzz.c');
		return { name: `fuzz ${name}`, argv: ['test/fuzz/run', '3', name], seconds: 60 };
	}),
	node: () => ['test', 'cfg-examples'].flatMap((d) => find(d, (n) => n.endsWith('.test.mjs')))
		.filter((f) => !f.startsWith('test/browser/') && !WHOLE.includes(f)).map(nodeTest),
	whole: () => WHOLE.map(nodeTest),
	browser: () => browsers().filter((f) => !PATIENT.includes(f)).map(nodeTest),
	patient: () => PATIENT.map(nodeTest),
};

function nodeTest(file) {
	return {
		name: file.replace(/\.test\.mjs$/, ''), seconds: 300, count: countNode, heavy: HEAVY.includes(file),
		argv: ['test/lab/in-netns', process.execPath, '--test', '--test-reporter=tap', file],
	};
}

function countTap(text) {
	let passed = 0, failed = 0, skipped = 0;
	for (const line of text.split('\n')) {
		if (/^ok\b.*# *skip/i.test(line)) skipped++;
		else if (/^ok\b/.test(line)) passed++;
		else if (/^not ok\b/.test(line)) failed++;
	}
	return [passed, failed, skipped];
}

function countNode(text) {
	const n = (word) => Number(text.match(new RegExp(`^# ${word} (\\d+)`, 'm'))?.[1] ?? 0);
	return [n('pass'), n('fail') + n('cancelled'), n('skipped') + n('todo')];
}

// POSIX's times: its second line is user and system time of what the shell waited for.
const TIMED = '"$@"; s=$?; times > "$0"; exit $s';

function cpuOf(file) {
	const line = fs.existsSync(file) ? fs.readFileSync(file, 'latin1').split('\n')[1] : '';
	fs.rmSync(file, { force: true });
	return [...line.matchAll(/(\d+)m([\d.]+)s/g)].reduce((sum, [, m, s]) => sum + 60 * m + Number(s), 0);
}

function run(job) {
	const started = Date.now();
	const log = path.join(out, `${job.name.replace(/[^\w.-]+/g, '_')}.log`);
	const fd = fs.openSync(log, 'w');
	return new Promise((resolve) => {
		const used = path.join(out, `${path.basename(log, '.log')}.cpu`);
		fs.rmSync(used, { force: true });
		const child = spawn('/bin/sh', ['-c', TIMED, used, ...job.argv], {
			stdio: ['ignore', fd, fd], detached: true, env: { ...process.env, ...job.env },
		});
		let late = false;
		const limit = setTimeout(() => { late = true; process.kill(-child.pid, 'SIGKILL'); }, job.seconds * 1000);
		child.on('error', () => finish(127));
		child.on('exit', (code) => finish(code ?? 1));
		let done = false;
		function finish(code) {
			if (done) return;
			done = true;
			clearTimeout(limit);
			fs.closeSync(fd);
			const text = fs.readFileSync(log, 'utf8');
			let [passed, failed, skipped] = job.count ? job.count(text) : [code === 0 ? 1 : 0, code === 0 ? 0 : 1, 0];
			// A job that died, or that reported nothing, is a failure of its own.
			if (failed === 0 && (code !== 0 || late || passed + skipped === 0)) failed = 1;
			const seconds = ((Date.now() - started) / 1000).toFixed(1);
			const cpu = cpuOf(used);
			allCpu += cpu;
			console.log(`${failed ? 'FAIL' : 'ok  '} ${job.name}: ${passed} passed${failed ? `, ${failed} failed` : ''}${skipped ? `, ${skipped} skipped` : ''} (${seconds} s, CPU ${cpu.toFixed(1)} s)${late ? ' TIME LIMIT' : ''}`);
			if (failed) {
				const lines = text.split('\n').filter((l) => /not ok|error:|Error|expected|:[FE]:|FAIL|failed/i.test(l)).slice(0, 40);
				console.log([`---- ${path.relative(root, log)}`, ...(lines.length ? lines : text.split('\n').slice(-40)), '----'].join('\n'));
			}
			resolve([passed, failed, skipped]);
		}
	});
}

/** Runs suites beside each other, each in its lanes: [{jobs, lanes}], the first one's jobs for all. */
async function runAll(suites, total) {
	const [shared] = suites;
	let heavy = false;
	const next = (jobs) => {
		const at = jobs.findIndex((job) => !(job.heavy && heavy));
		return at < 0 ? undefined : jobs.splice(at, 1)[0];
	};
	await Promise.all(suites.flatMap(({ jobs, lanes }) => Array.from({ length: lanes }, async () => {
		for (let job; (job = next(jobs) ?? next(shared.jobs));) {
			if (job.heavy) heavy = true;
			const counts = await run(job);
			if (job.heavy) heavy = false;
			add(total, counts, 1);
			if (counts[1]) failed.push({ job, counts });
		}
	})));
}

const add = (total, counts, sign) => counts.forEach((n, i) => { total[i] += sign * n; });

// What failed beside others runs once more with the machine to itself: then it is
// its own fault, or it is named as one that does not stand company.
async function alone(total) {
	const again = failed.filter(({ job }) => job.count === countNode).slice(0, 8);
	for (const { job, counts } of again) {
		const now = await run({ ...job, name: `${job.name} (alone)` });
		add(total, counts, -1);
		add(total, now, 1);
		if (now[1]) continue;
		company.push(job.name);
		console.log(`NOTE ${job.name} failed beside others and passes alone`);
	}
}

const total = [0, 0, 0], failed = [], company = [], began = Date.now();
let allCpu = 0;
for (const what of process.argv.slice(2)) {
	if (what.startsWith('step:')) {
		const command = what.slice(5);
		await runAll([{ jobs: [{ name: command, argv: ['/bin/sh', '-c', command], seconds: 300 }], lanes: 1 }], total);
	} else if (what.split('+').every((suite) => jobs[suite])) {
		await runAll(what.split('+').map((suite) => ({ jobs: longestFirst(jobs[suite]()), lanes: LANES[suite] })), total);
	} else {
		console.error(`run: unknown suite ${what}`);
		process.exit(2);
	}
}
await alone(total);
// What a test left running that met its time limit.
for (const dir of fs.readdirSync(out).filter((name) => name.startsWith('lab-'))) await stop({ dir: path.join(out, dir) });
if (company.length) console.log(`NOTE ${company.length} of the files do not stand company: ${company.join(', ')}`);
console.log(`took ${((Date.now() - began) / 1000).toFixed(0)} s, CPU ${allCpu.toFixed(0)} s on ${os.cpus().length} CPUs`);
console.log(`${total[0]} passed, ${total[1]} failed, ${total[2]} skipped`);
process.exit(total[1] ? 1 : 0);
