// SPDX-License-Identifier: BSD-2-Clause
// A second machine: another network namespace, one wire between it and this
// one. Only for a test that already runs inside test/lab/in-netns; everything
// goes with its process.
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const ip = (...args) => execFileSync('ip', args, { stdio: 'pipe' });
const later = (ms) => new Promise((done) => { setTimeout(done, ms); });

// An IPv6 address would wait a second for a duplicate of itself.
const addressed = (address) => (address.includes(':') ? [`${address}/64`, 'nodad'] : [`${address}/24`]);

/** A wire, both ends here and up; the near one has the address. */
export function addWire(name, address) {
	ip('link', 'add', name, 'type', 'veth', 'peer', 'name', `${name}-far`);
	const [first, ...more] = addressed(address);
	ip('addr', 'add', first, 'dev', name, ...more);
	// An IPv6 address of its own, seconds later, would be a change of network to
	// a browser that is loading a page.
	for (const end of [name, `${name}-far`]) ip('link', 'set', end, 'addrgenmode', 'none', 'up');
}

export const removeWire = (name) => ip('link', 'del', name);

/**
 * {wire, near, far}: the wire's name, this side's and the other side's address
 * -> {run: [program and arguments to put before a command], script(dir, program), end()}
 */
export async function otherMachine({ wire, near, far }) {
	const holder = spawn('unshare', ['-n', 'sleep', 'infinity'], { stdio: 'ignore' });
	const ended = new Promise((done) => { holder.on('exit', done); });
	const namespace = (pid) => fs.readlinkSync(`/proc/${pid}/ns/net`);
	for (let tries = 0; namespace(holder.pid) === namespace('self'); tries++) {
		if (tries > 200) throw new Error('no network namespace of its own');
		await later(10);
	}
	const inside = ['nsenter', '-t', String(holder.pid), '-n'];
	const there = (...args) => execFileSync(inside[0], [...inside.slice(1), 'ip', ...args], { stdio: 'pipe' });
	addWire(wire, near);
	ip('link', 'set', `${wire}-far`, 'netns', String(holder.pid));
	there('link', 'set', 'lo', 'up');
	const [first, ...more] = addressed(far);
	there('addr', 'add', first, 'dev', `${wire}-far`, ...more);
	there('link', 'set', `${wire}-far`, 'addrgenmode', 'none', 'up');
	return {
		run: inside,
		/** A program file that runs `program` over there. */
		script(dir, program) {
			const file = path.join(dir, `there-${path.basename(program)}`);
			fs.writeFileSync(file, `#!/bin/sh\nexec ${inside.join(' ')} ${program} "$@"\n`, { mode: 0o755 });
			return file;
		},
		async end() {
			holder.kill('SIGKILL');
			await ended;
			try { removeWire(wire); } catch { /* went with the other end */ }
		},
	};
}
