// SPDX-License-Identifier: BSD-2-Clause
// Kamailio ends: while a page is in a call, while it starts, while it has much
// to do, because a process of it was killed. The modules are destroyed one by
// one then, in what processes that ended in the middle have left, and that
// waits for nobody.
import test from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { answer } from './support/sip.mjs';
import { Page } from './support/page.mjs';
import { Site, sleep, until, uriOf } from './support/site.mjs';

const END_MS = 3000;

test('shutdown_in_the_middle_of_a_call', async () => {
	const site = await Site.start({ wwsf: 'max_calls = 5\n' });
	let end;
	try {
		const page = await Page.open(site, { user: 'user1' });
		assert.equal((await page.register()).status, 200);
		await site.callOut(page);
		await until('the call to be counted', async () => (await site.usage())?.calls === 1);
	} finally {
		end = await site.stop();
	}
	assert.deepEqual(end, { code: 0, signal: null });
});

const children = (p) => {
	try { return readFileSync(`/proc/${p.pid}/task/${p.pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number); } catch { return []; }
};

// What becomes of it within END_MS. What hangs is killed.
async function ended(site) {
	let timer;
	const end = await Promise.race([site.exited, new Promise((r) => { timer = setTimeout(r, END_MS, 'hangs'); })]);
	clearTimeout(timer);
	if (end === 'hangs') {
		for (const pid of [...children(site.process), site.process.pid]) {
			try { process.kill(pid, 'SIGKILL'); } catch { /* gone by now */ }
		}
		await site.exited;
	}
	return end;
}
const bad = (site) => site.log.split('\n').filter((l) => /BUG:|core was generated/.test(l));

// Of its children some have not run yet when the signal comes: all share one
// processor, and go on when their parent lets them.
test('shutdown_while_it_starts', async () => {
	const one = /^Cpus_allowed_list:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))[1];
	const site = await Site.start(), ends = [];
	site.under = ['taskset', '-c', one, 'chrt', '-b', '0'];
	try {
		site.process.kill('SIGTERM');
		ends.push(await ended(site));
		for (let n = 0; n < 16; n++) {
			site.launch();
			await until('children', () => site.gone || children(site.process).length >= 3 + n % 8, 10000);
			site.process.kill('SIGTERM');
			ends.push(await ended(site));
		}
	} finally {
		await site.stop();
	}
	assert.deepEqual(ends.filter((e) => e.code !== 0), []);
	assert.deepEqual(bad(site), []);
});

// Calls that come and go, refreshes; as fast as the pages send.
async function busy(site) {
	const pages = await Promise.all(['a', 'b', 'c'].map((user) => Page.open(site, { user })));
	for (const p of pages) assert.equal((await p.register()).status, 200);
	site.inbox.put = (m) => {
		if (m.status || m.method === 'ACK') return;
		if (m.method === 'INVITE') site.reply(m, 180);
		site.reply(m, 200);
	};
	for (const p of pages) p.inbox.put = (m) => {
		if (p.ws.readyState !== 1) return;
		if (!m.status && m.method !== 'ACK') p.send(answer(m, 200, { tag: 'x' }));
		if (m.status !== 200 || m.method !== 'INVITE') return;
		p.send(p.ackText(undefined, m));
		if (m.callId < '8') p.send(p.request('BYE', { uri: uriOf(m.get('Contact')), to: uriOf(m.get('To')), toTag: m.toTag, fromTag: m.fromTag, callId: m.callId, routes: m.list('Record-Route').reverse() }));
	};
	const step = () => {
		for (const p of pages) {
			if (p.ws.readyState !== 1) continue;
			p.send(p.request('INVITE', { uri: 'sip:peer@home1.net', body: 'v=0\r\n' }));
			p.send(p.registerText());
		}
	};
	for (let n = 0; n < 40; n++) { step(); await sleep(1); }
	const pump = setInterval(step, 2);
	return () => {
		clearInterval(pump);
		for (const p of pages) p.drop();
		delete site.inbox.put;
		site.registers.length = 0;
		site.answered.clear();
	};
}

async function rounds(n, end) {
	const site = await Site.start({ wwsf: 'max_calls = 500\n' }), ends = [];
	try {
		for (let i = 0; i < n; i++) {
			if (i > 0) await site.kamailio();
			const quiet = await busy(site);
			end(site, i);
			ends.push(await ended(site));
			quiet();
		}
	} finally {
		if (site.gone) await site.stop().catch(() => {});
		else await site.stop();
	}
	return { site, ends };
}

test('shutdown_while_it_has_much_to_do', async () => {
	const { site, ends } = await rounds(6, (s) => s.process.kill('SIGTERM'));
	assert.deepEqual(ends.filter((e) => e.code !== 0), []);
	assert.deepEqual(bad(site), []);
});

// Kamailio ends with any of its processes, so that what supervises it can
// start another: that must not wait for what the dead one held.
test('shutdown_because_a_process_was_killed', async () => {
	const { ends } = await rounds(4, (s, i) => {
		const pids = children(s.process);
		process.kill(pids[Math.floor(pids.length * i / 4)], 'SIGKILL');
	});
	assert.deepEqual(ends.filter((e) => e === 'hangs'), []);
});
