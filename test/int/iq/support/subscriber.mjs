// SPDX-License-Identifier: BSD-2-Clause
// A subscriber of rtpengine-iq's events: acknowledges (or not), keeps every
// datagram that came, and every event once.
import { Ng } from './ng.mjs';
import { NORTH, until } from './daemon.mjs';

export class Subscriber {
	static async open({ name = 'proxy', fromPort = 0, north = NORTH } = {}) {
		const s = new Subscriber();
		// came: every datagram {at, dict}; events: by number, once
		Object.assign(s, { name, acks: true, came: [], events: [] });
		s.ng = await Ng.open({ ...north, fromPort, onRequest: (dict) => s.event(dict) });
		return s;
	}

	event(dict) {
		this.came.push({ at: Date.now(), dict });
		const acks = typeof this.acks === 'function' ? this.acks(dict) : this.acks;
		if (acks && !this.events.some((e) => e.seq === dict.seq && e.epoch === dict.epoch)) this.events.push(dict);
		return acks ? { result: 'ok' } : undefined;
	}

	async subscribe(keys = {}) {
		this.answer = await this.ng.ask({ command: 'subscribe-events', subscriber: this.name, ...keys });
		return this.answer;
	}

	unsubscribe() { return this.ng.ask({ command: 'unsubscribe-events', subscriber: this.name }); }

	/** The first event with this name, and these members. */
	got(name, more = {}, limit_ms = 15000) {
		return until(`${name} ${JSON.stringify(more)} among ${this.names()}`, () => this.find(name, more), limit_ms);
	}

	all(name, more = {}) {
		return this.events.filter((e) => e.event === name && Object.entries(more).every(([k, v]) => e[k] === v));
	}

	find(name, more) { return this.all(name, more)[0]; }

	names() { return this.events.map((e) => `${e.event}${e.tag ? `/${e.tag}` : ''}`).join(' '); }

	close() { this.ng.close(); }
}
