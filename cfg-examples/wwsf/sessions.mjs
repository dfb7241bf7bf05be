// SPDX-License-Identifier: BSD-2-Clause
// Browser sessions in memory, named by a cookie scripts cannot read.
import { createHash, randomBytes } from 'node:crypto';

const IDLE_MS = 8 * 3600_000;
const SESSIONS_MAX = 10_000;
const SWEEP_MS = 10_000;

export class Sessions {
	// Cookies do not tell ports apart, so the name carries the origin.
	constructor(origin) {
		const tag = createHash('sha256').update(origin).digest('hex').slice(0, 8);
		Object.assign(this, { name: `__Host-wwsf-${tag}`, byId: new Map() });
		this.timer = setInterval(() => this.sweep(), SWEEP_MS);
		this.timer.unref();
	}

	close() {
		clearInterval(this.timer);
	}

	sweep(now = Date.now()) {
		for (const session of this.byId.values()) {
			if (session.used_ms + (session.idle_ms ?? IDLE_MS) < now) this.end(session);
		}
	}

	// The cookie's value, whether there is such a session or not.
	idOf(req) {
		const pairs = (req.headers.cookie ?? '').split(/;\s*/).map((pair) => pair.split('='));
		return pairs.find(([name]) => name === this.name)?.[1];
	}

	find(req) {
		const session = this.byId.get(this.idOf(req));
		if (session) session.used_ms = Date.now();
		return session;
	}

	// Always a new id: one that was there before signing in must not live on.
	begin(res, fields) {
		if (this.byId.size >= SESSIONS_MAX) this.end(this.byId.values().next().value);
		const session = { id: randomBytes(32).toString('base64url'), used_ms: Date.now(), ...fields };
		this.byId.set(session.id, session);
		// Lax, not Strict: the browser comes back from the WAF by a redirect.
		res.setHeader('Set-Cookie',
			`${this.name}=${session.id}; Path=/; Secure; HttpOnly; SameSite=Lax`);
		return session;
	}

	end(session) {
		if (session) this.byId.delete(session.id);
	}
}
