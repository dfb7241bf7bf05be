// SPDX-License-Identifier: BSD-2-Clause
// The example page and its library in a real browser, against a stand-in core.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { tone } from '../lab/numbers/dsp.mjs';
import { makeCa } from './ca.mjs';
import { Edge } from './edge.mjs';
import { freePort, startWaf, startWwsf } from './site.mjs';

const LIFETIME_S = 8;
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const skip = existsSync(CHROMIUM) ? false : `no browser at ${CHROMIUM}`;

let dir;
let ca;
let waf;
let edge;
let home;
let guests;
let browser;

// What the browser "speaks": 1000 Hz, mono, 48 kHz.
function writeWav(path) {
	const pcm = tone(1000 / 6, 12000)(48000 * 2);
	const head = Buffer.alloc(44);
	head.write('RIFF');
	head.writeUInt32LE(36 + pcm.byteLength, 4);
	head.write('WAVEfmt ', 8);
	head.writeUInt32LE(16, 16);
	head.writeUInt16LE(1, 20);
	head.writeUInt16LE(1, 22);
	head.writeUInt32LE(48000, 24);
	head.writeUInt32LE(96000, 28);
	head.writeUInt16LE(2, 32);
	head.writeUInt16LE(16, 34);
	head.write('data', 36);
	head.writeUInt32LE(pcm.byteLength, 40);
	writeFileSync(path, Buffer.concat([head, Buffer.from(pcm.buffer)]));
}

// Only this one key is excused from a known CA; other certificates stay wrong.
function spkiHash(certificate) {
	const key = execFileSync('openssl', ['x509', '-in', certificate, '-pubkey', '-noout']);
	const der = execFileSync('openssl', ['pkey', '-pubin', '-outform', 'der'], { input: key });
	return execFileSync('openssl', ['dgst', '-sha256', '-binary'], { input: der }).toString('base64');
}

before(async () => {
	if (skip) return;
	dir = mkdtempSync(join(tmpdir(), 'epcscf-browser-'));
	ca = makeCa();
	const [a, b] = [await freePort(), await freePort()];
	waf = await startWaf(ca, { callback: `https://127.0.0.1:${a}/callback`, lifetime_s: LIFETIME_S });
	edge = await Edge.start({ tls: ca });
	home = await startWwsf(ca, waf, edge, { port: a });
	guests = await startWwsf(ca, waf, edge, { port: b, pool: 24 });
	edge.policy.origin = [home.site.origin, guests.site.origin];
	writeWav(join(dir, 'speak.wav'));
	browser = await chromium.launch({ executablePath: CHROMIUM, ignoreDefaultArgs: ['--mute-audio'], args: [
		'--no-sandbox', `--ignore-certificate-errors-spki-list=${spkiHash(ca.cert)}`,
		'--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream',
		`--use-file-for-fake-audio-capture=${join(dir, 'speak.wav')}`,
		'--autoplay-policy=no-user-gesture-required', '--allow-loopback-in-peer-connection'] });
});

after(async () => {
	await browser?.close();
	for (const part of [home, guests, waf, edge]) await part?.stop();
	ca?.remove();
	if (dir) rmSync(dir, { recursive: true });
});

const registered = (page) => page.waitForFunction(() => globalThis.line?.registered, null, { timeout: 8000 });
const state = (page, wanted) => page.waitForFunction((w) => globalThis.line?.currentCall?.state === w, wanted, { timeout: 8000 });
const status = (page, words) => page.waitForFunction((w) => document.querySelector('#status').textContent
	.toLowerCase().includes(w), words, { timeout: 12000 });

async function person(fn, { origin = guests.site.origin, path = '/' } = {}) {
	const context = await browser.newContext({ permissions: ['microphone'] });
	try {
		const page = await context.newPage();
		page.on('pageerror', (error) => { throw error; });
		await page.goto(origin + path);
		return await fn(page, context);
	} finally {
		await context.close();
		edge.policy.register = edge.policy.request = undefined;
	}
}

async function signIn(page, user = 'alice', password = 'wonder') {
	await page.click('#sign-in');
	await page.fill('#user', user);
	await page.fill('#password', password);
	await page.click('button[type=submit]');
	await registered(page);
}

// Where a renewal in between would only be in the way.
function longTokens(t) {
	const [resource] = waf.config.resources;
	resource.lifetime_s = 60;
	t.after(() => { resource.lifetime_s = LIFETIME_S; });
}

const bearers = (message) => message.all('Authorization');
const registersOf = (user) => edge.requests('REGISTER').filter((r) => r.get('To').includes(`sip:${user}@`));

test('page_signs_in_registers_and_keeps_its_instance_over_a_reload', { skip }, async () => {
	await person(async (page) => {
		await page.waitForSelector('#sign-in', { state: 'visible' });
		await signIn(page);
		await status(page, 'registered as sip:alice@home1.net');
		assert.equal(await page.textContent('#name'), 'Alice');
		const first = registersOf('alice').at(-1);
		assert.equal(bearers(first).length, 1);
		const token = bearers(first)[0].replace(/^Bearer /, '');
		assert.equal((await waf.keys.verify(token, waf.config.issuer)).sub, 'alice');
		const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie,
			location.href, document.querySelector('#log').textContent]));
		assert.ok(!kept.includes(token.slice(0, 20)));
		assert.ok(!kept.includes('code='));
		await page.reload();
		await registered(page);
		const second = registersOf('alice').at(-1);
		assert.notEqual(second.get('Call-ID'), first.get('Call-ID'));
		const instance = /\+sip\.instance="<urn:uuid:[^>]+>"/;
		assert.equal(second.get('Contact').match(instance)[0], first.get('Contact').match(instance)[0]);
		await page.click('#sign-out');
		await page.waitForSelector('#sign-in', { state: 'visible' });
	}, { origin: home.site.origin });
});

test('page_two_tabs_are_two_instances', { skip }, async () => {
	await person(async (page, context) => {
		await registered(page);
		const other = await context.newPage();
		await other.goto(guests.site.origin);
		await registered(other);
		const [a, b] = edge.requests('REGISTER').slice(-2).map((r) => /urn:uuid:[^>]+/.exec(r.get('Contact'))[0]);
		assert.notEqual(a, b);
	});
});

test('page_calls_are_heard_and_every_request_has_the_bearer', { skip }, async (t) => {
	longTokens(t);
	await person((alice) => person(async (guest) => {
		await signIn(alice);
		await registered(guest);
		await Promise.all([alice, guest].map((page) => page.check('#raw')));
		edge.seen.length = 0;
		await guest.fill('#number', 'alice');
		await guest.click('#call');
		await alice.waitForSelector('#incoming', { state: 'visible' });
		await alice.click('#answer');
		await Promise.all([state(alice, 'connected'), state(guest, 'connected')]);
		await alice.waitForTimeout(1500);
		for (const page of [alice, guest]) {
			const heard = await page.evaluate(async () => ({ ...await line.currentCall.stats(),
				peak: line.currentCall.spectrum().peak_hz }));
			assert.ok(heard.received_n > 30 && heard.sent_n > 30, JSON.stringify(heard));
			assert.ok(heard.energy > 0.01, JSON.stringify(heard));
			assert.ok(Math.abs(heard.peak - 1000) < 20, JSON.stringify(heard));
			assert.equal(heard.connection, 'connected');
		}
		// A slow click may come when the browser is through with the key before it.
		await guest.evaluate(() => {
			globalThis.tones = '';
			line.currentCall.peerConnection.getSenders()[0].dtmf.ontonechange = ({ tone: key }) => { globalThis.tones += key; };
		});
		for (const key of ['4', '#', '7']) await guest.click(`#pad button:text-is("${key}")`);
		await guest.waitForFunction(() => globalThis.tones.length >= 3);
		assert.equal(await guest.evaluate(() => globalThis.tones), '4#7');
		await guest.click('#hangup');
		await alice.waitForFunction(() => !line.currentCall);
		assert.match(await alice.textContent('#call-text'), /Call ended/);
		const sent = edge.seen.filter(({ message, peer }) => message.method && peer.kind === 'ws');
		assert.deepEqual([...new Set(sent.map(({ message }) => message.method))].sort(), ['ACK', 'BYE', 'INVITE']);
		for (const { message } of sent) {
			assert.equal(bearers(message).length, 1, message.method);
			assert.match(bearers(message)[0], /^Bearer [\w-]+\.[\w-]+\.[\w-]+$/);
		}
		for (const { message } of edge.seen.filter(({ message: m }) => m.status)) assert.equal(bearers(message).length, 0);
	}), { origin: home.site.origin });
});

test('page_declines_cancels_and_tells_why_in_words', { skip }, async () => {
	await person((alice) => person(async (guest) => {
		await signIn(alice);
		await registered(guest);
		await guest.evaluate(() => { line.call('alice'); });
		await alice.waitForSelector('#incoming', { state: 'visible' });
		await alice.click('#decline');
		await guest.waitForFunction(() => /Declined/.test(document.querySelector('#call-text').textContent));
		edge.seen.length = 0;
		await guest.evaluate(() => { line.call('alice'); });
		await alice.waitForSelector('#incoming', { state: 'visible' });
		await guest.click('#hangup');
		await alice.waitForSelector('#incoming', { state: 'hidden' });
		assert.equal(bearers(edge.requests('CANCEL')[0]).length, 1);
		await guest.evaluate(() => { line.call('nobody'); });
		await guest.waitForFunction(() => /No such number/.test(document.querySelector('#call-text').textContent));
	}), { origin: home.site.origin });
});

// A STUN server that is silent: the browser gathers for seconds more.
test('page_sends_the_invite_at_the_first_candidate', { skip }, async (t) => {
	const silent = createSocket('udp4');
	t.after(() => silent.close());
	await new Promise((done) => { silent.bind(0, '127.0.0.1', done); });
	await person(async (guest) => {
		await registered(guest);
		await guest.evaluate((port) => {
			const [Real, { send }] = [RTCPeerConnection, WebSocket.prototype];
			globalThis.RTCPeerConnection = class extends Real {
				constructor(config) {
					super({ ...config, iceServers: [{ urls: `stun:127.0.0.1:${port}` }] });
					globalThis.pc = this;
				}
			};
			WebSocket.prototype.send = function sent(text) {
				if (/^INVITE /.test(text)) globalThis.gathering = globalThis.pc.iceGatheringState;
				return send.call(this, text);
			};
			line.call('nobody');
		}, silent.address().port);
		assert.equal(await (await guest.waitForFunction(() => globalThis.gathering)).jsonValue(), 'gathering');
	});
});

test('page_renews_the_token_on_the_same_socket_in_mid_call', { skip }, async () => {
	await person((alice) => person(async (guest) => {
		await signIn(alice);
		await registered(guest);
		await guest.evaluate(() => { line.call('alice'); });
		await alice.waitForSelector('#incoming', { state: 'visible' });
		await alice.click('#answer');
		await state(guest, 'connected');
		const peers = [...edge.peers];
		const before_ = bearers(registersOf('alice').at(-1))[0];
		const renewed = (page) => page.evaluate(() => new Promise((done) => { line.on('renewed', done); }));
		await Promise.all([renewed(alice), renewed(guest)]);
		const after_ = bearers(registersOf('alice').at(-1))[0];
		assert.notEqual(after_, before_);
		assert.deepEqual([...edge.peers], peers);
		const heard = await alice.evaluate(async () => {
			const first = await line.currentCall.stats();
			await new Promise((done) => { setTimeout(done, 500); });
			return (await line.currentCall.stats()).received_n - first.received_n;
		});
		assert.ok(heard > 10, `${heard} packets in 500 ms`);
		await alice.evaluate(() => line.hangup());
		await guest.waitForFunction(() => !line.currentCall);
		assert.equal(bearers(edge.requests('BYE').at(-1))[0], bearers(registersOf('alice').at(-1))[0]);
	}), { origin: home.site.origin });
});

test('line_renews_once_at_401_and_then_stops', { skip }, async () => {
	await person(async (page) => {
		await registered(page);
		const tokens = [];
		let refuse = 1;
		edge.policy.register = (request) => {
			tokens.push(bearers(request)[0]);
			return refuse-- > 0 ? [401, 'Unauthorized', [['WWW-Authenticate', 'Bearer realm="home1.net"']]] : undefined;
		};
		await page.reload();
		await registered(page);
		assert.equal(tokens.length, 2);
		assert.notEqual(tokens[0], tokens[1]);
		refuse = 100;
		tokens.length = 0;
		await page.reload();
		await status(page, 'registration refused (401)');
		await page.waitForFunction(() => line.state === 'stopped');
		await page.waitForTimeout(500);
		assert.equal(tokens.length, 2);
	});
});

test('line_retries_an_invite_once_with_another_token', { skip }, async () => {
	await person(async (page) => {
		await registered(page);
		const tokens = [];
		edge.policy.request = (request) => {
			if (request.method !== 'INVITE') return undefined;
			tokens.push(bearers(request)[0]);
			return tokens.length === 1 ? [401, 'Unauthorized', [['WWW-Authenticate', 'Bearer realm="x"']]] : [486, 'Busy'];
		};
		await page.evaluate(() => { line.call('alice'); });
		await page.waitForFunction(() => /Busy/.test(document.querySelector('#call-text').textContent));
		assert.equal(tokens.length, 2);
		assert.notEqual(tokens[0], tokens[1]);
		assert.equal(await page.evaluate(() => line.currentCall), undefined);
	});
});

test('line_obeys_retry_after', { skip }, async () => {
	await person(async (page) => {
		await registered(page);
		const times = [];
		edge.policy.register = () => {
			times.push(Date.now());
			return times.length === 1 ? [503, 'Service Unavailable', [['Retry-After', '2']]] : undefined;
		};
		await page.reload();
		await status(page, 'next try in 2 s');
		await registered(page);
		assert.ok(times[1] - times[0] >= 1950 && times[1] - times[0] < 4000, `${times[1] - times[0]} ms`);
	});
});

test('line_stops_or_comes_back_as_the_close_code_says', { skip }, async () => {
	await person(async (page) => {
		await registered(page);
		const count = () => edge.requests('REGISTER').length;
		const close = (code) => { for (const { ws } of edge.peers) ws.close(code, 'test'); };
		close(1001);
		await status(page, 'connecting again');
		await registered(page);
		const token = bearers(edge.requests('REGISTER').at(-1))[0];
		close(4001);
		await status(page, 'asking for another token');
		await registered(page);
		assert.notEqual(bearers(edge.requests('REGISTER').at(-1))[0], token);
		for (const [code, words] of [[4002, 'identity'], [4003, 'revoked'], [4004, 'web page'], [4005, 'ims access'], [4999, '4999']]) {
			close(code);
			await status(page, words);
			assert.equal(await page.evaluate(() => line.state), 'stopped');
			const before_ = count();
			await page.waitForTimeout(1500);
			assert.equal(count(), before_, `came back after ${code}`);
			await page.reload();
			await registered(page);
		}
		close(4006);
		await status(page, 'next try in 60 s');
		const last = count();
		await page.waitForTimeout(2500);
		assert.equal(count(), last);
	});
});

test('line_takes_a_401_and_its_close_code_as_one', { skip }, async () => {
	await person(async (page) => {
		await registered(page);
		const tokens = [];
		edge.policy.register = (request) => {
			tokens.push(bearers(request)[0]);
			return tokens.length === 1 ? [401, 'Unauthorized', [], 4001] : undefined;
		};
		await page.reload();
		await registered(page);
		await page.waitForTimeout(500);
		assert.equal(await page.evaluate(() => line.state), 'registered');
		assert.equal(tokens.length, 2);
		assert.notEqual(tokens[0], tokens[1]);
	});
});

test('line_waits_where_a_403_comes_with_4006', { skip }, async () => {
	await person(async (page) => {
		await registered(page);
		edge.policy.register = () => [403, 'Forbidden', [], 4006];
		await page.reload();
		await status(page, 'too many failed tries, next try in 60 s');
		await page.waitForTimeout(600);
		assert.equal(await page.evaluate(() => line.state), 'waiting');
	});
});

test('line_says_whose_fault_an_end_is', { skip }, async () => {
	await person(async (page) => {
		const whyAt = async (verdict) => {
			await registered(page);
			edge.policy.register = () => verdict;
			await page.evaluate(() => new Promise((done) => {
				line.on('status', (s) => { if (s.state === 'stopped') done(globalThis.end = s); });
				line.renew();
			}));
			edge.policy.register = undefined;
			const { why, text } = await page.evaluate(() => globalThis.end);
			const again = await page.isVisible('#again');
			await page.reload();
			return [why, again, text];
		};
		assert.deepEqual(await whyAt([403, 'Forbidden', [], 4003]), ['banned', false, 'access was revoked']);
		assert.deepEqual(await whyAt([401, 'Unauthorized', [], 4001]), ['token', true, 'the token was not accepted']);
		assert.deepEqual(await whyAt([401, 'Unauthorized']), ['token', true, 'registration refused (401)']);
	});
});

test('line_stays_registered_while_a_refresh_has_to_wait', { skip }, async () => {
	await person(async (page) => {
		await registered(page);
		await page.evaluate(() => {
			globalThis.seen = [];
			for (const name of ['status', 'unregistered', 'renewed']) line.on(name, (d) => globalThis.seen.push([name, d.state]));
		});
		let refuse = 1;
		edge.policy.register = () => (refuse-- > 0 ? [503, 'Service Unavailable', [['Retry-After', '1']]] : undefined);
		assert.equal(await page.evaluate(() => line.renewed()), true);
		assert.deepEqual(await page.evaluate(() => globalThis.seen.map(([name]) => name)), ['renewed']);
	});
});

test('line_brings_a_new_token_in_register_first', { skip }, async (t) => {
	longTokens(t);
	await person(async (page) => {
		await registered(page);
		const old = bearers(edge.requests('REGISTER').at(-1))[0];
		edge.policy.request = (request) => (request.method === 'INVITE' ? [486, 'Busy'] : undefined);
		const call = async (how) => {
			await page.evaluate(how);
			await page.waitForFunction(() => line.currentCall === undefined);
			return bearers(edge.requests('INVITE').at(-1))[0];
		};
		// The answer to REGISTER is late: the INVITE goes with the token that counts.
		let late;
		edge.policy.register = (request, peer) => { late ??= () => { edge.policy.register = undefined; edge.register(request, peer); }; return [100, 'Trying']; };
		await page.evaluate(() => line.renew());
		const fresh = bearers(edge.requests('REGISTER').at(-1))[0];
		assert.notEqual(fresh, old);
		assert.equal(await call(() => { line.call('alice'); }), old);
		await page.evaluate(() => { globalThis.renewed = new Promise((done) => { line.on('renewed', done); }); });
		late();
		await page.evaluate(() => globalThis.renewed);
		assert.equal(await call(() => { line.call('alice'); }), fresh);
	});
});

test('line_repeats_an_invite_where_the_network_asks_for_a_moment', { skip }, async () => {
	await person(async (page) => {
		await registered(page);
		const tries = [];
		edge.policy.request = (request) => {
			if (request.method !== 'INVITE') return undefined;
			tries.push(Date.now());
			return tries.length === 1 ? [503, 'Service Unavailable', [['Retry-After', '1']]] : [486, 'Busy'];
		};
		await page.evaluate(() => { line.call('alice'); });
		await page.waitForFunction(() => /Busy/.test(document.querySelector('#call-text').textContent));
		assert.equal(tries.length, 2);
		assert.ok(tries[1] - tries[0] >= 950);
		edge.policy.request = (request) => (request.method === 'INVITE' ? [503, 'Service Unavailable', [['Retry-After', '60']]] : undefined);
		await page.evaluate(() => { line.call('alice'); });
		await page.waitForFunction(() => /overloaded/.test(document.querySelector('#call-text').textContent));
	});
});

test('line_says_so_where_no_candidate_is_gathered', { skip }, async () => {
	await person(async (page) => {
		await registered(page);
		// Relays only, and no relay: what a browser without a network for UDP does.
		await page.evaluate(async () => {
			line.stop();
			const { connect } = await import('/epcscf.js');
			globalThis.line = await connect({ pcConfig: { iceTransportPolicy: 'relay' } });
		});
		await registered(page);
		const n = edge.requests('INVITE').length;
		const [text, code] = await page.evaluate(() => new Promise((done) => {
			const call = line.call('alice');
			call.on('state', () => { if (call.state === 'ended') done([call.text, call.code]); });
		}));
		assert.match(text, /no ICE candidate/);
		assert.equal(code, 'no_candidate');
		await page.waitForTimeout(300);
		assert.equal(edge.requests('INVITE').length, n, 'an INVITE went out');
		assert.equal(await page.evaluate(() => line.currentCall), undefined);
		await page.evaluate(() => line.stop());
	});
});

test('line_tells_why_there_is_no_connection', { skip }, async () => {
	await person(async (page) => {
		await registered(page);
		const { wssPort } = edge;
		// "online" lets the page try again at once instead of after its back-off.
		const told = async (words) => {
			const kick = setInterval(() => page.evaluate(() => { dispatchEvent(new Event('online')); }).catch(() => {}), 700);
			await status(page, words).finally(() => clearInterval(kick));
		};
		const drop = () => { for (const { ws } of edge.peers) ws.terminate(); };
		edge.policy.origin = ['https://other.example'];
		guests.lastProbe = undefined;
		drop();
		await told("refuses this page's websocket (status 403)");
		edge.policy.origin = [home.site.origin, guests.site.origin];
		await told('registered as');
		await edge.closeWss();
		await told('is down or cut off');
		const wrong = makeCa();
		await edge.openWss(wrong, wssPort);
		await told('does not accept the certificate');
		await edge.closeWss();
		await edge.openWss(ca, wssPort);
		await told('registered as');
		wrong.remove();
	});
});

test('minimal_page_registers_and_calls', { skip }, async () => {
	await person(async (page) => {
		await status(page, 'registered as');
		await page.fill('#number', 'nobody');
		await page.click('text=Call');
		await status(page, 'no such number');
	}, { path: '/minimal.html' });
});
