// SPDX-License-Identifier: BSD-2-Clause
// A Kamailio as a test's own process: started with a script, waited for until it
// answers JSON-RPC, its log collected, and ended; with what is wrong when it does not.
import { execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import http from 'node:http';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
// Where our own modules are.
export const MODULES = process.env.EP_MODULES ?? join(ROOT, 'build/modules');
const END_ms = 8000;

export const sleep = (ms) => new Promise((r) => setTimeout(r, ms));

export async function until(what, check, ms = 5000) {
	for (const end = Date.now() + ms; ; await sleep(20)) {
		const value = await check();
		if (value) return value;
		if (Date.now() > end) throw new Error(`waited ${ms} ms for ${what}`);
	}
}

let stock;
/** Where the modules of the installed Kamailio are. */
export function moduleDir() {
	stock ??= dirname(execFileSync('dpkg', ['-L', 'kamailio'], { encoding: 'utf8' }).split('\n').find((l) => l.endsWith('/modules/tm.so')));
	return stock;
}

/** Without proxies: a WAF in a namespace is asked by nobody but Kamailio itself. */
function environment() {
	return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/_proxy$/i.test(name)));
}

const read = (file) => { try { return readFileSync(file, 'latin1').trim(); } catch { return '?'; } };

/** [{pid, parent, state}] of a process and of all that it started, as far as they live. */
function family(pid) {
	const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map((name) => {
		const stat = read(`/proc/${name}/stat`), fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
		return { pid: Number(name), state: fields[0], parent: Number(fields[1]) };
	});
	const found = all.filter((p) => p.pid === pid);
	for (const one of found) found.push(...all.filter((p) => p.parent === one.pid));
	return found;
}

/** Who is left of a Kamailio that should have ended, and where each one waits. */
function waiting(pid, roles) {
	return family(pid).map((p) => {
		const stack = read(`/proc/${p.pid}/stack`).split('\n').slice(0, 4).map((l) => l.replace(/^\[<0>\] /, '')).join(' < ');
		return `${p.pid} ${roles.get(p.pid) ?? '(role unknown)'}: state ${p.state}, in ${read(`/proc/${p.pid}/wchan`)}, system call ${read(`/proc/${p.pid}/syscall`).split(' ')[0]}, stack ${stack}`;
	}).join('\n');
}

export class Kamailio {
	log = '';
	process;
	gone = false;
	exited; // {code, signal}
	under = []; // what it is started with: taskset, for one
	rpcAt = { host: '127.0.0.1', port: 8080 };
	#roles = new Map(); // pid -> what it is

	/** Starts one in `dir` with its script there. shm, pkg: MiB. */
	spawn(dir, { cfg = join(dir, 'kamailio.cfg'), shm = 64, pkg = 8 } = {}) {
		const [command, ...args] = [...this.under, 'kamailio'];
		this.process = spawn(command, [...args, '-DD', '-E', '-m', String(shm), '-M', String(pkg), '-f', cfg, '-Y', dir, '-P', join(dir, 'pid'), '-w', dir],
			{ stdio: ['ignore', 'pipe', 'pipe'], env: environment() });
		this.gone = false;
		this.exited = new Promise((r) => { this.process.on('exit', (code, signal) => { this.gone = true; r({ code, signal }); }); });
		for (const out of [this.process.stdout, this.process.stderr]) out.on('data', (d) => { this.log += d; if (process.env.EP_LOG) process.stderr.write(d); });
	}

	/** The same, and waits until it answers. answers: false for one without JSON-RPC. */
	async begin(dir, { answers = true, ...options } = {}) {
		this.spawn(dir, options);
		if (!answers) return;
		await until('Kamailio to start', async () => {
			if (this.gone) throw new Error('Kamailio ended');
			return this.rpc('core.uptime').then(() => true, () => false);
		}, 10000).catch((e) => { throw new Error(`${e.message}\n${this.log}`); });
		this.#roles = new Map((await this.rpc('core.psx').catch(() => [])).map((p) => [p.PID, p.DSC]));
	}

	get running() { return Boolean(this.process) && this.process.exitCode === null && this.process.signalCode === null; }

	/**
	 * SIGTERM, and the exit code must be 0 within 8 s; throws otherwise. Leaves the
	 * log to clean().
	 */
	async end() {
		if (!this.process) return undefined;
		if (this.running) this.process.kill('SIGTERM');
		let timer;
		const end = await Promise.race([this.exited, new Promise((r) => { timer = setTimeout(r, END_ms); })]);
		clearTimeout(timer);
		if (!end) {
			const left = waiting(this.process.pid, this.#roles), all = family(this.process.pid);
			for (const { pid } of all) try { process.kill(pid, 'SIGKILL'); } catch { /* it went by itself */ }
			throw new Error(`Kamailio does not end; left after ${END_ms} ms:\n${left}\n${this.log.slice(-2000)}`);
		}
		if (end.code !== 0) throw new Error(`Kamailio ended with ${JSON.stringify(end)}\n${this.log.slice(-2000)}`);
		return end;
	}

	/** Throws when the log has a line that no run may leave. tolerate: one that may be;
	 * known: what the core itself says when it ends. */
	clean({ tolerate, forbidden = /CRITICAL|BUG:|core was generated/, known = /receive_fd|process_no/ } = {}) {
		const bad = this.log.split('\n').filter((l) => forbidden.test(l) && !known?.test(l) && !tolerate?.test(l));
		if (bad.length) throw new Error(`the log has:\n${bad.slice(0, 5).join('\n')}`);
	}

	rpc(method, ...params) {
		const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
		return new Promise((ok, bad) => {
			const req = http.request({ ...this.rpcAt, path: '/RPC', method: 'POST', agent: false,
				headers: { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) } }, (res) => {
				let text = '';
				res.on('data', (d) => { text += d; });
				res.on('error', bad);
				res.on('end', () => {
					try {
						const answer = JSON.parse(text);
						if (answer.error) bad(Object.assign(new Error(answer.error.message), { code: answer.error.code }));
						else ok(answer.result);
					} catch (e) { bad(new Error(`${method}: ${e.message}: ${text}`)); }
				});
			});
			req.on('error', bad);
			req.end(body);
		});
	}

	/** A counter as `module.name`. */
	async counter(name) {
		const all = await this.rpc('stats.fetch', name);
		return Number(all[name] ?? NaN);
	}

	/** What a module of ours itself holds in shared memory, in octets. */
	async shmOf(module) { return (await this.rpc('mod.stats', module, 'shm')).find((x) => typeof x === 'object').Total; }
	async shmUsed() { return Number((await this.rpc('core.shmmem')).used); }

	/**
	 * Shared memory in use when nothing is left of what was begun: no transaction
	 * (tm's wt_timer says how long one stays), and nothing more was freed for a while.
	 */
	async shmSettled() {
		await until('no transaction', async () => (await this.rpc('tm.stats')).current === 0, 20000);
		for (let low = Infinity; ;) {
			let now = Infinity;
			for (let i = 0; i < 15; i++) { now = Math.min(now, await this.shmUsed()); await sleep(100); }
			if (now >= low) return low;
			low = now;
		}
	}
}
