// SPDX-License-Identifier: BSD-2-Clause
// What the parts of epcscf.js share: words, events, errors, and the page's name
// at the network.

export const CALL_ENDS = {
	401: 'the token was not accepted', 403: 'this call is not allowed', 404: 'no such number',
	408: 'no answer from the network', 410: 'no such number', 480: 'not reachable just now',
	484: 'the number is incomplete', 486: 'busy', 487: 'cancelled', 488: 'no common media format',
	500: 'trouble in the network', 503: 'the network is overloaded', 504: 'no answer from the network',
	600: 'busy', 603: 'declined',
};
export const CAUSE_ENDS = {
	'Terminated': 'call ended', 'Canceled': 'cancelled', 'No Answer': 'nobody answered',
	'User Denied Media Access': 'the microphone may not be used', 'Connection Error': 'connection lost',
	'Bad Media Description': 'no common media format', 'Request Timeout': 'no answer from the network',
};

export const retryAfter_s = (response) => {
	const s = Number.parseInt(response?.getHeader('Retry-After'), 10);
	return s > 0 ? s : undefined;
};

export const sleep = (s) => new Promise((done) => { setTimeout(done, s * 1000); });

export class LineError extends Error {
	constructor(code, text, more = {}) {
		super(text);
		Object.assign(this, { code }, more);
	}
}

export class Emitter {
	#listeners = new Map();

	/** Calls fn(detail) at each event; returns a function that ends that. */
	on(name, fn) {
		if (!this.#listeners.has(name)) this.#listeners.set(name, new Set());
		this.#listeners.get(name).add(fn);
		return () => this.#listeners.get(name).delete(fn);
	}

	emit(name, detail) {
		for (const fn of [...this.#listeners.get(name) ?? []]) fn(detail);
	}

	/** Does anybody listen? */
	heeds(name) { return Boolean(this.#listeners.get(name)?.size); }
}

// A reloaded page comes before the browser has let go of the old one's lock.
const LOCK_WAIT_MS = 1000;
const SLOTS = 16;
const SLOT_KEY = 'epcscf-slot';
let pageInstance;

/**
 * An instance id that outlives reloads, so that a reloaded page replaces its
 * own registration. Each open tab holds another one, by a lock of the browser.
 */
export const instanceId = () => { pageInstance ??= takeInstance(); return pageInstance; };

// True when this page has the lock, which it holds until it goes.
function lockSlot(n, options) {
	return new Promise((tell) => {
		navigator.locks.request(`epcscf-instance-${n}`, options, (lock) => {
			tell(Boolean(lock));
			return lock && new Promise(() => {});
		}).catch(() => tell(false));
	});
}

function instanceOf(n) {
	const key = `epcscf-instance-${n}`;
	const id = localStorage.getItem(key) ?? crypto.randomUUID();
	localStorage.setItem(key, id);
	sessionStorage.setItem(SLOT_KEY, n);
	return id;
}

async function takeInstance() {
	if (!navigator.locks) return crypto.randomUUID();
	// This tab's own, from before the reload. A copied tab waits in vain.
	const own = sessionStorage.getItem(SLOT_KEY);
	if (own !== null && await lockSlot(own, { signal: AbortSignal.timeout(LOCK_WAIT_MS) })) return instanceOf(own);
	for (let n = 0; n < SLOTS; n++) if (await lockSlot(n, { ifAvailable: true })) return instanceOf(n);
	return crypto.randomUUID();
}
