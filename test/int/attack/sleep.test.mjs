// SPDX-License-Identifier: BSD-2-Clause
// Sleeping laptops: another machine full of registered pages is gone from one
// moment to the next, without a FIN. Nobody else notices, what is for them is
// answered, their registrations end, and when they wake they come back.
import test from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import readline from 'node:readline';
import { fileURLToPath } from 'node:url';
import { otherMachine } from '../../browser/netns.mjs';
import { rand } from '../tna_register/support/sip.mjs';
import { Page } from '../tna_register/support/page.mjs';
import { Site, until } from '../tna_register/support/site.mjs';

const N = 40, NEAR = '10.99.7.1', FAR = '10.99.7.2', WIRE = 'slp0';
const PROGRAM = fileURLToPath(new URL('laptops.mjs', import.meta.url));
let site, machine, laptops, live;
const heard = [];

// A page whose socket is over there.
function sleeper(i) {
	const p = Object.assign(Object.create(Page.prototype), { site, user: `sleeper${i}`, instance: `urn:uuid:${rand(16)}`, host: `${rand()}.invalid`, cseq: 0 });
	return Object.assign(p, { aor: `sip:${p.user}@home1.net`, contact: `sip:${rand(4)}@${p.host};transport=ws` });
}
const order = (what) => laptops.stdin.write(`${JSON.stringify(what)}\n`);
const answers = (from) => heard.filter((m) => m.got >= from && /^SIP\/2\.0 200 [^]*REGISTER/.test(m.text)).length;
const inFarNamespace = (...args) => execFileSync(machine.run[0], [...machine.run.slice(1), 'ip', ...args], { stdio: 'pipe' });
const sleeping = async () => (await site.bindings()).filter((b) => b.impi.startsWith('sleeper'));

test.before(async () => {
	machine = await otherMachine({ wire: WIRE, near: NEAR, far: FAR });
	site = await Site.start({ params: `listen=tls:${NEAR}:8443\nmodparam("websocket", "keepalive_timeout", 2)\nmodparam("tna_register", "deregister_lost", 1)\n` });
	live = await Page.open(site, { user: 'awake' });
	assert.equal((await live.register()).status, 200);
	laptops = spawn(machine.run[0], [...machine.run.slice(1), process.execPath, PROGRAM], { stdio: ['pipe', 'pipe', 'inherit'] });
	readline.createInterface({ input: laptops.stdout }).on('line', (line) => heard.push(JSON.parse(line)));
});
test.after(async () => { live?.drop(); laptops?.kill('SIGKILL'); await site?.stop(); await machine?.end(); });

async function comeIn(pages, from) {
	order({ open: pages.length, url: `wss://${NEAR}:8443`, origin: 'https://shop.example' });
	await until('them to be connected', () => heard.filter((m) => m.opened).length === (from ? 2 : 1), 10000);
	pages.forEach((p, i) => order({ send: from + i, text: p.registerText() }));
	await until('them to be registered', () => answers(from) === pages.length, 10000);
}

test('sleep_laptops_vanish_without_a_word', { timeout: 60000 }, async () => {
	const pages = Array.from({ length: N }, (_, i) => sleeper(i));
	await comeIn(pages, 0);
	assert.equal((await sleeping()).length, N);
	const path = site.registers.find((r) => r.get('To').includes('sip:sleeper0@')).get('Path');
	const before = site.registers.length;

	inFarNamespace('link', 'set', `${WIRE}-far`, 'down');
	// What is for one of them meanwhile is answered, by a timer if by nobody else.
	const callId = rand();
	site.send(site.request('MESSAGE', { uri: pages[0].contact, to: pages[0].aor, routes: [path], callId, body: 'x' }));
	const told = site.inbox.reply('MESSAGE', (s) => s >= 300, (m) => m.callId === callId, 8000);
	let slowest = 0, asked = 0;
	for (const end = Date.now() + 20000; (await sleeping()).length > 0; asked++) {
		const began = Date.now();
		live.send(live.request('MESSAGE', { uri: 'sip:peer@home1.net' }));
		site.reply(await site.inbox.request('MESSAGE', (m) => m.get('From').includes('awake')), 200);
		assert.equal((await live.inbox.final('MESSAGE')).status, 200);
		slowest = Math.max(slowest, Date.now() - began);
		assert.ok(Date.now() < end, `${(await sleeping()).length} are still registered`);
		await new Promise((done) => { setTimeout(done, 50); });
	}
	assert.ok([408, 430, 477, 480, 500, 503].includes((await told).status), (await told).first);
	assert.ok(asked > 10 && slowest < 1000, `${asked} asked, the slowest answer took ${slowest} ms`);
	// The core was told of every one of them.
	await until('the core to be told', () => new Set(site.registers.slice(before).filter((r) => r.get('Expires') === '0' || /expires=0/.test(r.get('Contact')))
		.map((r) => /sip:(sleeper\d+)@/.exec(r.get('To'))?.[1]).filter(Boolean)).size === N, 8000);
	assert.equal((await site.rpc('tna.stats')).bindings, 1);
});

test('sleep_laptops_wake_and_come_back', { timeout: 30000 }, async () => {
	inFarNamespace('link', 'set', `${WIRE}-far`, 'up');
	inFarNamespace('addr', 'replace', `${FAR}/24`, 'dev', `${WIRE}-far`);
	await comeIn(Array.from({ length: N }, (_, i) => sleeper(i)), N);
	assert.equal((await sleeping()).length, N);
});
