// SPDX-License-Identifier: BSD-2-Clause
// Which IMS identity a web user gets from this server: one of its own by a table
// or a template (TS 33.203 X.3), or one that is lent from the pool (X.4).
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

const GRACE_S = 90;
const TOKEN_MAX_S = 3600;
// What a claim may bring into an identity: nothing that has a meaning there.
const PLAIN = /^[A-Za-z0-9][A-Za-z0-9._~-]*$/;

// `{n}` in an entry with "from" and "to" stands for each number between them.
export function expand(entry) {
	if (entry.from === undefined) return [entry];
	const { from, to, ...rest } = entry;
	return Array.from({ length: to - from + 1 }, (_, i) => (
		JSON.parse(JSON.stringify(rest).replaceAll('{n}', String(from + i)))));
}

// `{claim}` stands for that member of the ID token; undefined: it cannot.
function fill(template, claims) {
	let good = true;
	const filled = JSON.parse(JSON.stringify(template), (_, value) => (typeof value !== 'string' ? value
		: value.replace(/\{(\w+)\}/g, (__, name) => {
			good &&= Object.hasOwn(claims, name) && typeof claims[name] === 'string' && PLAIN.test(claims[name]);
			return claims[name];
		})));
	return good ? filled : undefined;
}

/** The server's own account -> {impi, impu} of "identities" in the site file. */
export class IdentityMap {
	constructor({ users = {}, template } = {}) {
		Object.assign(this, { users, template });
		const all = Object.values(users);
		for (const { impi, impu } of [...all, template].filter(Boolean)) {
			if (typeof impi !== 'string' || !Array.isArray(impu) || !impu.length) {
				throw new Error('identities: an entry needs "impi" and a list "impu"');
			}
		}
		if (new Set(all.map(({ impi }) => impi)).size < all.length) throw new Error('identities: one IMPI for two users');
	}

	/** undefined: this server has none for them, the WAF may. */
	of(claims) {
		if (Object.hasOwn(this.users, claims.sub)) return this.users[claims.sub];
		return this.template && fill(this.template, claims);
	}
}

function writeWhole(file, text) {
	const aside = `${file}.new`;
	const fd = openSync(aside, 'w', 0o600);
	try {
		writeSync(fd, text);
		fsyncSync(fd);
	} finally {
		closeSync(fd);
	}
	renameSync(aside, file);
	const dir = openSync(dirname(file), 'r');
	fsyncSync(dir);
	closeSync(dir);
}

/**
 * The pool: who has which account, and until when. An account is nobody else's
 * before the last token for it has ended, and `grace_s` more for calls that
 * outlive it; signing out does not shorten that, for the token is still good.
 * The file is written before a token is asked for and when it has come, so
 * neither a restart nor a crash lends an account twice.
 */
export class Leases {
	constructor({ pool = [], file, grace_s = GRACE_S, token_max_s = TOKEN_MAX_S, now = Date.now }) {
		Object.assign(this, { file, now, grace_ms: grace_s * 1000, pending_ms: token_max_s * 1000,
			accounts: new Map(), leases: new Map() });
		for (const account of pool.flatMap(expand)) {
			if (!account.impi || !account.impu?.length) throw new Error('pool: an entry needs "impi" and "impu"');
			if (this.accounts.has(account.impi)) throw new Error(`pool: ${account.impi} twice`);
			this.accounts.set(account.impi, account);
		}
		if (file && existsSync(file)) this.read();
	}

	read() {
		let known;
		try {
			known = JSON.parse(readFileSync(this.file, 'utf8')).leases.map((l) => [l.impi, { ...l, asking_n: 0 }]);
		} catch (error) {
			throw new Error(`${this.file}: not readable (${error.message}); remove it when every token has ended`);
		}
		this.leases = new Map(known);
	}

	write() {
		if (!this.file) return;
		const leases = [...this.leases.values()].map(({ impi, holder, until_ms, asked_ms }) => ({ impi, holder, until_ms, asked_ms }));
		writeWhole(this.file, `${JSON.stringify({ version: 1, leases }, null, '\t')}\n`);
	}

	// A token that was asked for and never seen may live as long as tokens do.
	endOf({ until_ms, asked_ms }) {
		return Math.max(until_ms, asked_ms ? asked_ms + this.pending_ms + this.grace_ms : 0);
	}

	isLive(lease) {
		return this.endOf(lease) > this.now();
	}

	of(holder) {
		return [...this.leases.values()].find((lease) => lease.holder === holder && this.accounts.has(lease.impi));
	}

	// Their own, also when it has ended and nobody has it; else the one that has
	// rested longest.
	choose(holder) {
		const own = this.of(holder);
		if (own) return own;
		const [first] = [...this.accounts.keys()].map((impi) => this.leases.get(impi) ?? { impi, until_ms: 0 })
			.filter((lease) => !this.isLive(lease)).sort((a, b) => a.until_ms - b.until_ms);
		return first && { impi: first.impi, holder, until_ms: 0, asked_ms: 0, asking_n: 0 };
	}

	/** Before a token is asked for: the account, or undefined. granted() or failed() must follow. */
	take(holder) {
		const lease = this.choose(holder);
		if (!lease) return undefined;
		const before = this.leases.get(lease.impi);
		const asked = { ...lease, asked_ms: this.now(), asking_n: lease.asking_n + 1 };
		this.leases.set(lease.impi, asked);
		try {
			this.write();
		} catch (error) {
			// What is not on the disk is not lent.
			if (before) this.leases.set(lease.impi, before);
			else this.leases.delete(lease.impi);
			throw error;
		}
		return this.accounts.get(lease.impi);
	}

	granted(impi, ends_ms) {
		const lease = this.leases.get(impi);
		lease.until_ms = Math.max(lease.until_ms, ends_ms + this.grace_ms);
		this.answered(lease);
	}

	// No token: who came first-time gets another account at the next try.
	failed(impi) {
		const lease = this.leases.get(impi);
		if (lease.until_ms <= this.now()) Object.assign(lease, { until_ms: this.now(), holder: undefined });
		this.answered(lease);
	}

	answered(lease) {
		lease.asking_n--;
		if (lease.asking_n === 0) lease.asked_ms = 0;
		this.write();
	}

	/** The same browser under another session id. */
	rename(from, to) {
		const lease = this.of(from);
		if (!lease) return;
		lease.holder = to;
		this.write();
	}

	/** Seconds until an account may be free. */
	wait_s() {
		const ends = [...this.accounts.keys()].map((impi) => this.endOf(this.leases.get(impi) ?? { until_ms: 0 }));
		return Math.max(1, Math.ceil((Math.min(...ends) - this.now()) / 1000));
	}

	get free_n() {
		return [...this.accounts.keys()].filter((impi) => !this.leases.has(impi) || !this.isLive(this.leases.get(impi))).length;
	}
}
