// SPDX-License-Identifier: BSD-2-Clause
// lib/mediate with a real rtpengine behind it, without SIP: one call's offers
// and answers, each from its sender's SDP to what is sent on.
import { execFileSync, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { words } from './words.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const program = 'build/rel/unit/mediate/golden_test';
const WARNINGS = ['keyframe', 'unbundle', 'unclear', 'fingerprint'];

export class Mediator {
	#have = Buffer.alloc(0);
	#calls = 0;

	// gateway: of nodes.mjs.
	static start(gateway) {
		const m = Object.assign(new Mediator(), { gateway });
		execFileSync('make', ['-s', program], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
		m.child = spawn(root + program, ['pipe'], { cwd: root, stdio: ['pipe', 'pipe', 'inherit'] });
		m.chunks = m.child.stdout[Symbol.asyncIterator]();
		return m;
	}

	stop() { this.child.stdin.end(); }
	call(profile) { return new Call(this, profile, `call${++this.#calls}`); }

	async #more() {
		const { value, done } = await this.chunks.next();
		if (done) throw new Error('the program ended');
		this.#have = Buffer.concat([this.#have, value]);
	}

	async take(n) {
		while (this.#have.length < n) await this.#more();
		const out = this.#have.subarray(0, n).toString();
		this.#have = this.#have.subarray(n);
		return out;
	}

	async line() {
		while (!this.#have.includes(10)) await this.#more();
		return (await this.take(this.#have.indexOf(10) + 1)).trimEnd().split(/ +/);
	}

	put(...parts) { this.child.stdin.write(Buffer.concat(parts.map((p) => Buffer.from(p)))); }
}

// {cause} or {sdp, toGateway, fromGateway, flags, warnings}; warnings are names.
class Call {
	constructor(mediator, profile, id) { Object.assign(this, { mediator, profile, id }); }

	offer(from, sdp) { return this.#step('offer', from, sdp, ''); }
	answer(from, sdp, offer) { return this.#step('answer', from, sdp, offer); }

	async #step(op, from, sdp, offer) {
		const m = this.mediator, parts = [this.profile, sdp, offer].map((p) => Buffer.from(p));
		m.put(`${op} ${from} ${parts.map((p) => p.length).join(' ')}\n`, ...parts);
		const [what, idle, bits, flagsLen, sdpLen] = await m.line();
		if (what === 'refused') return { cause: idle };
		const out = { warnings: WARNINGS.filter((_, i) => Number(bits) & (1 << i)) };
		out.toGateway = await m.take(Number(sdpLen));
		out.flags = await m.take(Number(flagsLen));
		if (idle === '0') await this.#ask(out, op, from);
		const [verdict, n] = await m.line();
		return verdict === 'out' ? { ...out, sdp: await m.take(Number(n)) } : { ...out, cause: n };
	}

	async #ask(out, op, from) {
		const sides = (op === 'offer') === (from === 'wic') ? ['wic', 'core'] : ['core', 'wic'];
		const reply = await this.mediator.gateway.ask({ ...words(out.flags), command: op, 'call-id': this.id, 'from-tag': sides[0], 'to-tag': sides[1],
			'received-from': ['IP4', '127.0.0.1'], sdp: out.toGateway });
		out.fromGateway = reply?.sdp ?? '';
		out.error = reply?.['error-reason'];
		this.mediator.put(`${Buffer.byteLength(out.fromGateway)}\n${out.fromGateway}`);
	}

	end() { return this.mediator.gateway.ask({ command: 'delete', 'call-id': this.id, 'from-tag': 'wic' }); }
}
