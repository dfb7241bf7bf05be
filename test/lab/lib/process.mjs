// SPDX-License-Identifier: BSD-2-Clause
// Starts programs that outlive us and ends exactly those. A pid file holds
// {pid, start}: a pid whose start time differs is somebody else's process.
// Each program leads a process group of its own and carries the environment
// variable EPCSCF_LAB=<pid file>, by which children of a dead leader are known.
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, readdirSync, rmSync, statSync,
	writeFileSync } from 'node:fs';
import path from 'node:path';
import { isReady } from './probe.mjs';

const later = (ms) => new Promise((done) => setTimeout(done, ms));
const POLL_ms = 20;
const TERM_ms = 4000;

/** {start, group, state} of a process, or null. */
function stat(pid) {
	try {
		const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
		const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
		return { state: fields[0], group: Number(fields[2]), start: fields[19] };
	} catch {
		return null;
	}
}

const MARK = 'EPCSCF_LAB';

/** The pid file that this process was started with, or undefined. */
const markOf = (pid) => {
	try {
		return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0')
			.find((entry) => entry.startsWith(`${MARK}=`))?.slice(MARK.length + 1);
	} catch {
		return undefined;
	}
};

/** Living processes for which `matches(pid, stat)`. */
const living = (matches) => readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name))
	.map(Number).filter((pid) => {
		const now = stat(pid);
		return now && now.state !== 'Z' && matches(pid, now);
	});

const readPid = (file) => {
	try {
		return JSON.parse(readFileSync(file, 'utf8'));
	} catch {
		return null;
	}
};

/** Is the process of this pid file the one we started, and alive? */
export function alive(file) {
	const known = readPid(file);
	const now = known && stat(known.pid);
	return Boolean(now && now.start === known.start && now.state !== 'Z');
}

/** What a group's dead leader left behind. */
function survivors(file) {
	const known = readPid(file);
	if (!known)
		return [];
	return living((pid, now) => now.group === known.pid && markOf(pid) === file);
}

const signal = (pid, name) => {
	try {
		process.kill(pid, name);
	} catch (error) {
		if (error.code !== 'ESRCH')
			throw error;
	}
};

async function until(condition, limit_ms) {
	const end = Date.now() + limit_ms;
	while (!condition()) {
		if (Date.now() > end)
			return false;
		await later(POLL_ms);
	}
	return true;
}

/** Ends the program of this pid file and all its children; true when it ran. */
export async function end(file) {
	const known = readPid(file);
	if (!known)
		return false;
	const ran = alive(file) || survivors(file).length > 0;
	if (alive(file)) {
		signal(known.pid, 'SIGTERM');
		await until(() => !alive(file), TERM_ms);
	}
	if (alive(file))
		signal(known.pid, 'SIGKILL');
	for (const pid of survivors(file))
		signal(pid, 'SIGKILL');
	await until(() => !alive(file) && survivors(file).length === 0, TERM_ms);
	rmSync(file, { force: true });
	return ran;
}

/** Starts a part; resolves when it is ready, rejects when it ends before. */
export async function begin(part, { log, pidFile, wave = 0, limit_ms = 15000 }) {
	const from = statSync(log, { throwIfNoEntry: false })?.size ?? 0;
	const out = openSync(log, 'a');
	const [program, ...args] = part.command;
	const child = spawn(program, args, {
		cwd: part.cwd, detached: true, stdio: ['ignore', out, out],
		env: { ...process.env, ...part.env, [MARK]: pidFile },
	});
	closeSync(out);
	let gone = null;
	child.on('error', (error) => { gone = error.message; });
	child.on('exit', (code, name) => { gone = name ?? `exit code ${code}`; });
	child.unref();
	if (child.pid)
		writeFileSync(pidFile, JSON.stringify({ pid: child.pid, start: stat(child.pid)?.start, wave }));
	const deadline = Date.now() + limit_ms;
	for (;;) {
		await later(POLL_ms);
		if (gone !== null)
			throw new Error(`${part.name}: ${gone}\n${tail(log, from)}`);
		if (await isReady(part.ready, { log, from }))
			return { pid: child.pid, start: stat(child.pid).start };
		if (Date.now() > deadline)
			throw new Error(`${part.name}: not ready after ${limit_ms} ms\n${tail(log, from)}`);
	}
}

function tail(log, from) {
	const text = readFileSync(log).subarray(from).toString('utf8').trimEnd();
	return text.split('\n').slice(-8).map((line) => `    ${line}`).join('\n');
}

/** All pid files of a lab. */
export function pidFiles(dir) {
	const run = path.join(dir, 'run');
	try {
		return readdirSync(run).filter((name) => name.endsWith('.pid'))
			.map((name) => path.join(run, name));
	} catch {
		return [];
	}
}

/**
 * Ends what a start that was killed left behind without a pid file: whatever
 * carries the mark of this lab.
 */
export async function endStrays(dir) {
	const run = `${path.join(dir, 'run')}/`;
	const strays = () => living((pid) => markOf(pid)?.startsWith(run));
	for (const name of ['SIGTERM', 'SIGKILL']) {
		for (const pid of strays())
			signal(pid, name);
		if (await until(() => strays().length === 0, TERM_ms))
			return;
	}
}

/** Ends all of them: first what came last, so that a phone can still sign off. */
export async function endAll(files) {
	const ended = [];
	const waves = files.map((file) => readPid(file)?.wave ?? 0);
	for (const wave of [...new Set(waves)].sort((a, b) => b - a)) {
		const these = files.filter((_, i) => waves[i] === wave);
		const ran = await Promise.all(these.map(end));
		ended.push(...these.filter((_, i) => ran[i]));
	}
	return ended;
}
