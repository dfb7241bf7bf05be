// SPDX-License-Identifier: BSD-2-Clause
// The lab as a library and as a command (see README.md).
//
//   import { start, stop, load } from './lab.mjs';
//   const lab = await start({ dir, host, parts: ['icscf', …], without: [] });
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync,
	writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { DOMAIN, ROOT, missing, nodes, parts as plan,
	rtpengineProgram, urls, users } from './lib/plan.mjs';
import { alive, begin, end, endAll, endStrays, pidFiles } from './lib/process.mjs';
import { certificates } from './lib/tls.mjs';
import { writeSites } from './lib/sites.mjs';

export const DEFAULT_DIR = path.join(ROOT, 'build/lab');

/** Kamailio's own modules and ours. */
function findTools() {
	const files = execFileSync('dpkg', ['-L', 'kamailio'], { encoding: 'utf8' });
	const tm = files.split('\n').find((file) => file.endsWith('/modules/tm.so'));
	if (!tm)
		throw new Error('Kamailio is not installed');
	return { modules: path.dirname(tm), ourModules: path.join(ROOT, 'build/modules') };
}

function context({ dir, host, ims, rtpengine, agw }) {
	const node = nodes(dir, host, ims);
	return { dir, host, node, rtpengine, agw, urls: urls(host, node), users: users(dir),
		tools: findTools() };
}

const pidFile = (dir, name) => path.join(dir, 'run', `${name}.pid`);
const logFile = (dir, name) => path.join(dir, 'log', `${name}.log`);
const labFile = (dir) => path.join(dir, 'lab.json');

/** Which parts to start: all that can be, or those that were named. */
function choose(all, { parts, without = [] }) {
	const names = new Set(all.map((p) => p.name));
	for (const name of [...(parts ?? []), ...without])
		if (!names.has(name))
			throw new Error(`no part ${name}; there are ${[...names].join(', ')}`);
	const wanted = all.filter((p) => (!parts || parts.includes(p.name))
		&& !without.includes(p.name));
	const absent = wanted.filter((p) => missing(p));
	if (parts && absent.length)
		throw new Error(`${absent[0].name} needs ${missing(absent[0])}`);
	return { chosen: wanted.filter((p) => !missing(p)), absent };
}

/** How many parts in a row must be ready before this one. */
const waveOf = (part, all) => Math.max(-1, ...all
	.filter((other) => part.after?.includes(other.name))
	.map((other) => waveOf(other, all))) + 1;

/**
 * Starts the chosen parts, each as soon as those it comes after are ready. The
 * first failure ends the whole start.
 */
async function startAll(chosen, { dir, say }) {
	const running = new Map();
	let failed = false;
	const startOne = async (part) => {
		await Promise.all((part.after ?? []).map((name) => running.get(name)));
		if (failed)
			throw new Error(`${part.name}: not started`);
		const since = Date.now();
		const log = logFile(dir, part.name);
		const process = await begin(part, { log, pidFile: pidFile(dir, part.name),
			wave: waveOf(part, chosen) });
		const ms = Date.now() - since;
		say(`${part.name.padEnd(12)} ready in ${String(ms).padStart(5)} ms`);
		return [part.name, { ...process, log, ms }];
	};
	for (const part of chosen)
		running.set(part.name, startOne(part).catch((error) => { failed = true; throw error; }));
	return Object.fromEntries(await Promise.all(running.values()));
}

/** Every part binds it, and media cannot go to a name. */
function checkHost(host) {
	// An address of one link has no name in a URL (fe80::1%eth0).
	const own = Object.values(networkInterfaces()).flat()
		.filter((a) => !a.internal && !a.scopeid).map((a) => a.address);
	if (!/^127(\.\d{1,3}){3}$/.test(host) && host !== '::1' && !own.includes(host))
		throw new Error(`${host} is no address of this machine; it has ${
			[...own, '127.0.0.1', '::1'].join(', ')}`);
}

/** How to end the lab in this directory, for people. */
const stopCommand = (dir) => (dir === DEFAULT_DIR ? 'make lab-stop'
	: `test/lab/lab stop --dir ${dir}`);

/**
 * Starts a lab; resolves with what lab.json holds. `rtpengine`: a Debian suite
 * that mk/rtpengine.sh knows, for its rtpengine instead of the installed one.
 * `agw`: 'rtpengine-iq' when the eP-CSCF is to command that instead of
 * rtpengine itself. What is left of one of which a part has died ends first.
 */
export async function start({ dir = DEFAULT_DIR, host = '127.0.0.1', parts, without,
	netns = null, say = () => {}, defines = [], site, ims, rtpengine, agw } = {}) {
	const running = load(dir);
	const files = pidFiles(dir);
	if (running && files.length > 0 && files.every(alive))
		throw new Error(`a lab runs already, its page is ${running.urls.page}: stop it first (${
			stopCommand(dir)})`);
	checkHost(host);
	await stop({ dir });
	const ctx = context({ dir, host, ims, rtpengine, agw });
	if (rtpengine && !existsSync(rtpengineProgram(rtpengine)))
		throw new Error(`no rtpengine of ${rtpengine}: mk/rtpengine.sh ${rtpengine}`);
	const { chosen, absent } = choose(plan(ctx), { parts, without });
	// Logs, registrations and recordings are this run's.
	for (const name of ['log', 'run', 'wav', 'etc'])
		rmSync(path.join(dir, name), { recursive: true, force: true });
	mkdirSync(dir, { recursive: true });
	ctx.tls = certificates(dir, host);
	writeSites({ ...ctx, defines, site, has: (name) => chosen.some((p) => p.name === name) });
	for (const part of absent)
		say(`${part.name.padEnd(12)} absent: ${path.relative(ROOT, missing(part))}`);
	try {
		const started = await startAll(chosen, { dir, say });
		const lab = { version: 1, dir, netns, host, rtpengine, domain: DOMAIN, parts: started,
			absent: absent.map((p) => p.name), nodes: ctx.node, urls: ctx.urls,
			tls: ctx.tls, users: ctx.users };
		writeFileSync(`${labFile(dir)}.new`, `${JSON.stringify(lab, null, '\t')}\n`,
			{ mode: 0o600 });
		renameSync(`${labFile(dir)}.new`, labFile(dir));
		return load(dir);
	} catch (error) {
		await stop({ dir });
		throw error;
	}
}

/** Ends everything that a lab in this directory started, also after a crash. */
export async function stop({ dir = DEFAULT_DIR } = {}) {
	const ended = await endAll(pidFiles(dir));
	await endStrays(dir);
	rmSync(labFile(dir), { force: true });
	return ended.map((file) => path.basename(file, '.pid'));
}

/** Ends one part of a running lab, as a failure would find it: gone. */
export async function stopPart(lab, name) {
	await end(pidFile(lab.dir, name));
}

/** Starts one part of a running lab again, with the same configuration. */
export async function startPart(lab, name) {
	const part = plan(context({ ...lab, ims: lab.nodes.rtpengine.ims })).find((p) => p.name === name);
	await begin(part, { log: logFile(lab.dir, name), pidFile: pidFile(lab.dir, name) });
}

/** What lab.json holds, or null. */
export function load(dir = DEFAULT_DIR) {
	return existsSync(labFile(dir)) ? JSON.parse(readFileSync(labFile(dir), 'utf8')) : null;
}

// ---- the command ----

const NETNS_FILE = 'netns';

function netnsOf(dir) {
	const file = path.join(dir, NETNS_FILE);
	return existsSync(file) ? readFileSync(file, 'utf8').trim() : null;
}

const inside = (netns) => ['ip', 'netns', 'exec', netns];

/** Makes the namespace and goes on inside it. */
function startInNetns(dir, netns, argv) {
	mkdirSync(dir, { recursive: true });
	const known = execFileSync('ip', ['netns', 'list'], { encoding: 'utf8' });
	if (known.split('\n').some((line) => line.split(' ')[0] === netns))
		throw new Error(`the network namespace ${netns} exists`);
	execFileSync('ip', ['netns', 'add', netns]);
	writeFileSync(path.join(dir, NETNS_FILE), `${netns}\n`);
	execFileSync('ip', ['-n', netns, 'link', 'set', 'lo', 'up']);
	const [program, ...args] = [...inside(netns), process.execPath,
		fileURLToPath(import.meta.url), ...argv, '--inside'];
	const { status } = spawnSync(program, args, { stdio: 'inherit' });
	if (status !== 0)
		removeNetns(dir);
	return status ?? 1;
}

function removeNetns(dir) {
	const netns = netnsOf(dir);
	if (!netns)
		return;
	spawnSync('ip', ['netns', 'del', netns], { stdio: 'inherit' });
	rmSync(path.join(dir, NETNS_FILE), { force: true });
}

function summary(lab) {
	const { users: u, urls: at } = lab;
	const web = Object.entries(u).filter(([, x]) => x.kind === 'web');
	const phones = Object.keys(u).filter((name) => lab.parts[name]);
	const services = Object.entries(u).filter(([, x]) => x.kind === 'service');
	const runs = (name) => name in lab.parts;
	return [
		'',
		runs('wwsf-home') && `page          ${at.page}`,
		runs('wwsf-partner') && `partner page  ${at.pagePartner} (lends accounts, no sign-in)`,
		runs('epcscf') && `signalling    ${at.wss}`,
		runs('waf-home')
			&& `sign in as    ${web.map(([name, x]) => `${name} / ${x.password}`).join(', ')}`,
		phones.length && `phones        ${phones.map((name) => u[name].impus[0]).join(', ')}`,
		runs('numbers') && `numbers       ${services.map(([name]) => name).join(', ')}`,
		`certificate   ${lab.tls.ca} (import it, or accept the warning)`,
		`logs          ${path.join(lab.dir, 'log')}`,
	].filter(Boolean).join('\n');
}

const list = (text) => text?.split(',').filter(Boolean);

const COMMAND = {
	async start(dir, values, argv) {
		if (values.netns && !values.inside)
			return startInNetns(dir, values.netns, argv);
		const lab = await start({ dir, host: values.host, parts: list(values.parts),
			without: list(values.without), netns: values.netns, say: console.log,
			defines: values.define, rtpengine: values.rtpengine });
		console.log(summary(lab));
		return 0;
	},
	async stop(dir) {
		const stopped = await stop({ dir });
		removeNetns(dir);
		console.log(stopped.length ? `stopped ${stopped.join(', ')}` : 'nothing was running');
		return 0;
	},
	async status(dir) {
		const lab = load(dir);
		for (const file of pidFiles(dir).reverse())
			console.log(`${path.basename(file, '.pid').padEnd(12)} ${alive(file) ? 'runs' : 'dead'}`);
		console.log(lab ? summary(lab) : 'no lab');
		return lab && pidFiles(dir).every(alive) ? 0 : 1;
	},
	async exec(dir, values, argv, command) {
		const netns = netnsOf(dir);
		const [program, ...args] = [...(netns ? inside(netns) : []), ...command];
		return spawnSync(program, args, { stdio: 'inherit' }).status ?? 1;
	},
};

async function main(argv) {
	const { values, positionals } = parseArgs({ args: argv, allowPositionals: true, options: {
		dir: { type: 'string', default: DEFAULT_DIR }, host: { type: 'string', default: '127.0.0.1' },
		parts: { type: 'string' }, without: { type: 'string' }, netns: { type: 'string' },
		inside: { type: 'boolean' }, define: { type: 'string', multiple: true },
		rtpengine: { type: 'string' } } });
	const [name, ...command] = positionals;
	if (!Object.hasOwn(COMMAND, name ?? '')) {
		console.error('lab start|stop|status|exec [--dir DIR] [--host ADDR] [--netns NAME]'
			+ ' [--parts a,b] [--without a,b] [--define WITH_X] [--rtpengine SUITE] [-- COMMAND...]');
		return 2;
	}
	return COMMAND[name](path.resolve(values.dir), values, argv, command);
}

if (process.argv[1] && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
	process.exitCode = await main(process.argv.slice(2)).catch((error) => {
		console.error(error.message);
		return 1;
	});
}
