// SPDX-License-Identifier: BSD-2-Clause
// The lab's core with the S-CSCF as shipped, a scripted eP-CSCF in front of
// the I-CSCF, and what the HSS saw.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { DEFAULT_DIR, start, startPart, stop, stopPart } from '../../../lab/lab.mjs';
import { ask } from '../../../lab/hss/control.mjs';
import { SipUe } from '../../../lab/phones/sipue.mjs';
import { random } from '../../../lab/phones/sipmessage.mjs';

const run = promisify(execFile);
export const FOREIGN = 'webrtc_authserver1@thirdparty.net';
export const OTHER = 'webrtc_authserver2@elsewhere.net';
export const HOME = 'waf@home1.net';
export const later = (ms) => new Promise((done) => { setTimeout(done, ms); });

/** Resolves as soon as `holds` does. */
export async function until(what, holds, limit_ms = 10000) {
	const end = Date.now() + limit_ms;
	while (!await holds()) {
		if (Date.now() > end)
			throw new Error(`${what}: not in ${limit_ms} ms`);
		await later(20);
	}
}

/** Digest parameters of the header that vouches for a user. */
export const digest = (impi, more = '') => `Digest username="${impi}", `
	+ 'realm="registrar.home1.net", nonce="", uri="sip:registrar.home1.net", response=""' + more;
export const tna = (impi, { waf, more = '' } = {}) => digest(impi,
	`, integrity-protected="auth-done"${waf ? `, authorization-entity="${waf}"` : ''}${more}`);
export const mw = [['P-Visited-Network-ID', 'home1.net'], ['Require', 'path'],
	['Path', '<sip:token@epcscf.home1.net:15060;lr>']];

export class Core {
	/** `edit(cfg)` changes the S-CSCF's policy file, `site` values of its site. */
	static async start({ parts = [], ...changes } = {}) {
		const core = new Core();
		mkdirSync(path.dirname(DEFAULT_DIR), { recursive: true });
		core.dir = mkdtempSync(path.join(path.dirname(DEFAULT_DIR), 'lab-scscf-'));
		core.lab = await start({ dir: core.dir, parts: ['hss', 'icscf', 'scscf', 'pcscf', ...parts] });
		core.users = 0;
		core.ues = [];
		core.epcscf = await core.ue(core.lab.nodes.epcscf.address, { port: parts.includes('epcscf') ? 5060 : core.lab.nodes.epcscf.sip });
		// The tests read counters, which the S-CSCF as shipped does not show.
		const edit = (cfg) => (changes.edit ?? ((text) => text))(cfg.replace('loadmodule "ctl.so"',
			'$&\nloadmodule "kex.so"\nloadmodule "counters.so"'));
		await core.restart('scscf', { ...changes, edit });
		return core;
	}

	async stop() {
		for (const ue of this.ues)
			ue.close();
		await stop({ dir: this.dir });
		if (!process.env.KEEP_LAB)
			rmSync(this.dir, { recursive: true, force: true });
	}

	node(name) {
		return { address: this.lab.nodes[name].address, port: this.lab.nodes[name].sip };
	}

	/** A sender of its own; its messages go to the I-CSCF unless told otherwise. */
	async ue(address, { port = 5060, to = 'icscf', user } = {}) {
		const ue = await SipUe.open({ address, port, user, lab: this.lab, proxy: this.node(to) });
		this.ues.push(ue);
		return ue;
	}

	/** Starts a node again with another policy or other site values. */
	async restart(name, { edit, site = {}, undefine = [] } = {}) {
		const etc = path.join(this.dir, 'etc', name);
		await stopPart(this.lab, name);
		const file = path.join(etc, `${name}.cfg`);
		const policy = readFileSync(file, 'utf8');
		if (edit) {
			rmSync(file);
			writeFileSync(file, edit(policy));
		}
		let text = readFileSync(path.join(etc, 'site.cfg'), 'utf8');
		for (const [key, value] of Object.entries(site)) {
			const line = new RegExp(`^#!substdef "!${key}!.*!g"$`, 'm');
			assert.match(text, line);
			text = text.replace(line, `#!substdef "!${key}!${value}!g"`);
		}
		for (const key of undefine)
			text = text.replace(new RegExp(`^#!define ${key}$`, 'm'), '');
		writeFileSync(path.join(etc, 'site.cfg'), text);
		await startPart(this.lab, name);
		await until('Diameter', async () => (await this.hss({ cmd: 'peers' }))
			.every((p) => p.state === 'open'));
		if (name === 'scscf')
			await this.ready();
	}

	hss(command) {
		const { address, control } = this.lab.nodes.hss;
		return ask({ host: address, port: control }, command);
	}

	/** The S-CSCF's async workers have answered. */
	ready() {
		return until('async workers', async () => /ready/.test(await this.rpc('tna.scscf')));
	}

	async rpc(...args) {
		const { stdout } = await run('kamcmd', ['-s', `unix:${this.lab.nodes.scscf.rpc}`, ...args]);
		return stdout;
	}

	async number(pattern, ...args) {
		const text = await this.rpc(...args);
		const [, value] = pattern.exec(text) ?? assert.fail(`${args}: ${text}`);
		return Number(value);
	}

	counter(name) {
		return this.number(/^(\d+)/, 'cnt.get', 'tna_register', name);
	}

	/** No question to the HSS is open, nothing waits to be undone. */
	quiet(limit_ms = 30000) {
		return until('no question is open',
			async () => await this.number(/questions: (\d+)/, 'tna.scscf') === 0, limit_ms);
	}

	/** A subscription that no other test has. allowed: null is no list at all. */
	async user(allowed, values = {}) {
		const name = `u${++this.users}`;
		const impi = `${name}_private@home1.net`;
		await this.hss({ cmd: 'set', impi, values: {
			impus: [`sip:${name}@home1.net`], password: 'secret', ...values,
			...(allowed ? { allowed } : {}) } });
		return { name, impi, impu: `sip:${name}@home1.net`, callId: random(8), cseq: 0,
			impus: [`sip:${name}@home1.net`], password: 'secret' };
	}

	/** One REGISTER of this user; `auth` are its credential headers. */
	register(user, { waf, more, auth, expires = 600, contact = user.name, from = this.epcscf,
		headers = mw, branch, cseq = ++user.cseq, callId = user.callId } = {}) {
		const node = this.lab.nodes.epcscf;
		return from.transact('REGISTER', 'sip:registrar.home1.net', [
			['From', `<${user.impu}>;tag=${random(4)}`], ['To', `<${user.impu}>`],
			['Call-ID', callId], ['Expires', String(expires)],
			['Contact', `<sip:${contact}@${node.address}:${node.sip}>`],
			...(auth ?? [['Authorization', tna(user.impi, { waf, more })]]), ...headers],
		{ branch, cseq });
	}

	async state(user) {
		return (await this.hss({ cmd: 'show', impi: user.impi })).state;
	}

	/** The contacts that the registrar has for a user, by their names. */
	async contacts(user) {
		const text = await this.rpc('ulscscf.showimpu', user.impu).catch(() => '');
		return [...new Set([...text.matchAll(/sip:([\w-]+)@127[\d.]+:\d+/g)].map(([, name]) => name))].sort();
	}

	log() {
		return readFileSync(this.lab.nodes.hss.messages, 'utf8').trim().split('\n')
			.map((line) => JSON.parse(line));
	}

	mark() { return this.log().length; }

	/** Server-Assignment-Types of the SARs about a user, in order. */
	sars(user, from = 0) {
		return this.log().slice(from).filter((m) => m.message === 'SAR' && m.direction === 'in'
			&& m['User-Name'] === user.impi).map((m) => m['Server-Assignment-Type']);
	}

	/** Refused, and the HSS has nobody registered (any more). */
	async refused(user, options, status = 403) {
		assert.equal((await this.register(user, options)).status, status);
		await until('nobody is registered', async () => await this.state(user) === 'not registered');
		await this.quiet();
		assert.equal(await this.state(user), 'not registered');
	}

	/** Refused or challenged, and the HSS never heard of an assignment. */
	async nobodyIn(user, from, response, statuses) {
		assert.ok(statuses.includes(response.status), `${response.status} ${response.reason}`);
		await this.quiet();
		assert.deepEqual(this.sars(user, from), []);
		assert.equal(await this.state(user), 'not registered');
	}

	/** A call to this user reaches the contact. */
	async reaches(user, contact = user.name) {
		const caller = await this.ue('127.0.0.20', { port: 5070 + this.ues.length, to: 'icscf' });
		caller.aor = 'sip:carol@home1.net';
		const ringing = this.epcscf.answer();
		const from = await this.ue(this.lab.nodes.scscf.address, { port: 5070 + this.ues.length });
		from.user = { impi: 'carol@home1.net' };
		from.aor = 'sip:carol@home1.net';
		const [invite, call] = await Promise.all([ringing, from.call(user.impu)]);
		assert.equal(call.status, 200);
		assert.match(invite.uri, new RegExp(`^sip:${contact}@`));
	}
}
