// SPDX-License-Identifier: BSD-2-Clause
// The users file: web identities and the IMS identities they stand for.
// An entry with a password can sign in; one without is only lent out to a WWSF
// that names its IMPI in a client-credentials request (TS 33.203 X.4).
import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';

const digest = (text) => createHash('sha256').update(String(text)).digest();

// `{n}` in an entry with "from" and "to" stands for each number between them.
function expand(entry) {
	if (entry.from === undefined) return [entry];
	const { from, to, ...rest } = entry;
	const text = JSON.stringify(rest);
	return Array.from({ length: to - from + 1 },
		(_, i) => JSON.parse(text.replaceAll('{n}', String(from + i))));
}

// One `*` stands for any run of characters; everything else is literal.
export function matchesPattern(pattern, text) {
	const parts = pattern.split('*').map((p) => p.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
	return new RegExp(`^${parts.join('.*')}$`).test(text);
}

export class Accounts {
	constructor(entries) {
		this.bySub = new Map();
		this.byImpi = new Map();
		for (const entry of entries.flatMap(expand)) {
			for (const key of ['sub', 'impi', 'impu']) {
				if (!entry[key]) throw new Error(`users: an entry has no "${key}"`);
			}
			if (this.bySub.has(entry.sub)) throw new Error(`users: "${entry.sub}" twice`);
			this.bySub.set(entry.sub, entry);
			this.byImpi.set(entry.impi, entry);
		}
	}

	static fromFile(path) {
		return new Accounts(JSON.parse(readFileSync(path, 'utf8')).users);
	}

	// Takes the same time for an unknown user as for a wrong password.
	signIn(sub, password) {
		const account = this.bySub.get(sub);
		const right = timingSafeEqual(digest(password), digest(account?.password ?? ''));
		return account?.password && right ? account : undefined;
	}
}
