// SPDX-License-Identifier: BSD-2-Clause
// The configuration: what it refuses to start with, in words and with an exit
// code; who may command; what the service manager is told.
import test from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { encode } from './support/ng.mjs';
import { CONF, Gateway, HTTP, IQ, NORTH, ROOT, Raw, confText, counters, runIq, startIq, until } from './support/daemon.mjs';

const SAMPLE = path.join(ROOT, 'cfg-examples/rtpengine/rtpengine-iq.conf');

async function refused(conf, why, code = 78) {
	const iq = runIq(conf, { args: ['--check'] });
	assert.equal(await iq.gone, code, iq.text);
	assert.match(iq.text.replaceAll(iq.file, 'FILE'), why);
	const started = runIq(conf);
	assert.equal(await started.gone, code, started.text);
}

test('config_the_sample_is_taken_and_describes_every_key', () => {
	const { status, stdout } = spawnSync(IQ, ['--config', SAMPLE, '--check'], { encoding: 'utf8' });
	assert.equal(status, 0);
	assert.equal(stdout, `${SAMPLE}: ok\n`);
	const source = readFileSync(path.join(ROOT, 'rtpengine-plugin/conf.c'), 'utf8');
	const sample = readFileSync(SAMPLE, 'utf8');
	const keys = [...source.matchAll(/^\t+\{"(\w+)", (\w+),[^}]*?(?:(\d+),\s+\d+,\s+\d+)?\}/gm)];
	assert.ok(keys.length > 20);
	for (const [, key, kind, otherwise] of keys) {
		const [, value] = new RegExp(`^#?${key} = (\\S+)$`, 'm').exec(sample) ?? assert.fail(`${key} is not in the sample`);
		if (kind === 'NUMBER') assert.equal(value, otherwise, key);
	}
	// Every line in a comment is one that could stand there.
	const all = sample.replace(/^#(\w+ = )/gm, '$1');
	assert.notEqual(all, sample);
});

test('config_every_key_of_the_sample_can_stand', async () => {
	const iq = runIq(readFileSync(SAMPLE, 'utf8').replace(/^#(\w+ = )/gm, '$1'), { args: ['--check'] });
	assert.equal(await iq.gone, 0, iq.text);
});

test('config_refuses_with_the_line', async () => {
	const base = confText(CONF);
	await refused(`${base}\n# a comment\nnonsense = 1\n`, /FILE:5: there is no key "nonsense"/);
	await refused(`${base}rtpengine = 127.0.0.1:1\n`, /FILE:3: rtpengine stands twice/);
	await refused(`${base}calls_max\n`, /FILE:3: not `key = value`/);
	await refused(`${base}calls_max =\n`, /FILE:3: calls_max has no value/);
	for (const value of ['0', '-1', 'x', '1.5', '1000001', '99999999999999999999'])
		await refused(`${base}calls_max = ${value}\n`, /FILE:3: calls_max is a number from 1 to 1000000/);
	for (const value of ['localhost:1', '127.0.0.1', '127.0.0.1:0', '127.0.0.1:65536', '::1:22', '[127.0.0.1]:1', '[::1]', ':1'])
		await refused(`${base}listen = ${value}\n`, /FILE:3: listen is an address and a port/);
	for (const value of ['0.0.0.0/0', '::/0', '192.0.2.1/24', '192.0.2.0/33', 'x', '192.0.2'])
		await refused(`${base}allow = ${value}\n`, /FILE:3: allow is an address or a network/);
	await refused(confText({ listen: CONF.listen }), /FILE: no `rtpengine`/);
	await refused(confText({ rtpengine: CONF.rtpengine }), /FILE: no `listen`/);
	await refused('', /FILE: no `listen`/);
	await refused(confText({ listen: CONF.rtpengine, rtpengine: CONF.rtpengine }), /the same address/);
	await refused(`${base}${'listen = 127.0.0.1:1\n'.repeat(8)}`, /FILE:10: listen stands more than 8 times/);
});

test('config_refuses_an_open_address_without_an_allow_list', async () => {
	const why = /is no loopback address: say with `allow` who may/;
	for (const listen of ['0.0.0.0:2223', '192.0.2.1:2223', '[::]:2223', '[2001:db8::1]:2223', '[::ffff:127.0.0.1]:2223', '[::ffff:192.0.2.1]:2223', '[fe80::1]:2223'])
		await refused(confText({ ...CONF, listen: ['127.0.0.1:2222', listen] }), why);
	for (const key of ['http_listen', 'timeout_listen', 'dtmf_listen'])
		await refused(confText({ ...CONF, [key]: '0.0.0.0:8080' }), why);
	for (const more of [{}, { listen: ['[::]:2222', '[::1]:2223', '0.0.0.0:2222'] }]) {
		const iq = runIq(confText({ ...CONF, listen: '0.0.0.0:2222', allow: '192.0.2.0/24', ...more }), { args: ['--check'] });
		assert.equal(await iq.gone, 0);
	}
	// It would command itself until rtpengine is there.
	for (const [listen, rtpengine] of [['0.0.0.0:2223', '127.0.0.7:2223'], ['[::]:2223', '[::1]:2223']])
		await refused(confText({ listen, rtpengine, allow: '192.0.2.0/24' }), /`listen` and `rtpengine` are the same address/);
});

test('config_usage_and_what_the_system_refuses', async () => {
	const run = (...args) => spawnSync(IQ, args, { encoding: 'utf8' });
	assert.match(run('--version').stdout, /^rtpengine-iq \d/);
	assert.match(run('--help').stdout, /^usage: /);
	assert.equal(run('--nonsense').status, 64);
	assert.equal(run('left over').status, 64);
	assert.equal(run('--config', '/nowhere').status, 78);
	const other = await Gateway.open(undefined, NORTH);
	const iq = runIq({ ...CONF });
	assert.equal(await iq.gone, 71);
	assert.match(iq.text, /listen = 127.0.0.8:2223: Address already in use/);
	other.close();
});

test('config_ends_by_signal_and_takes_no_harm_from_hup', async () => {
	for (const signal of ['SIGTERM', 'SIGINT']) {
		const iq = await startIq();
		iq.signal('SIGHUP');
		await iq.wrote(/nothing is read anew/);
		assert.equal(await iq.end(signal), 0);
	}
});

test('config_strangers_are_dropped', async (t) => {
	execFileSync('ip', ['addr', 'add', '192.0.2.1/32', 'dev', 'lo']);
	for (const ip of ['192.0.2.2', '198.51.100.2']) execFileSync('ip', ['addr', 'add', `${ip}/32`, 'dev', 'lo']);
	const gateway = await Gateway.open();
	const iq = await startIq({ listen: ['192.0.2.1:2223', '127.0.0.8:2223', '[::1]:2223'], allow: '192.0.2.2', ...HTTP });
	const to = { host: '192.0.2.1', port: 2223 };
	const [friend, stranger, loop] = await Promise.all([Raw.open({ from: '192.0.2.2', to }),
		Raw.open({ from: '198.51.100.2', to }), Raw.open()]);
	t.after(async () => { for (const x of [friend, stranger, loop, gateway]) x.close(); await iq.end(); });
	const command = encode({ command: 'query', 'call-id': 'x' });
	for (let i = 0; i < 5; i++) await stranger.send(`s${i} ${command}`);
	await stranger.send(`p ${encode({ command: 'ping' })}`);
	await friend.send(`f ${command}`);
	assert.equal(await friend.next(), 'f d6:result2:oke');
	await loop.send(`l ${command}`);
	assert.equal(await loop.next(), 'l d6:result2:oke');
	assert.deepEqual(stranger.got, []);
	assert.equal(gateway.requests.length, 2);
	assert.equal((await counters()).refused_source, 6);
	// One line for all of them.
	assert.equal(iq.text.match(/198\.51\.100\.2:\d+ may not command/g).length, 1);
});

test('config_tells_the_service_manager', async (t) => {
	const dir = mkdtempSync(path.join(tmpdir(), 'iq-notify-'));
	const file = path.join(dir, 'notify');
	// Node has no datagram sockets of the Unix kind.
	const { Program } = await import('./support/daemon.mjs');
	const manager = new Program('python3', ['-uc', `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(sys.argv[1])
while True: print(s.recv(512).decode())`, file]);
	t.after(() => { manager.end(); rmSync(dir, { recursive: true, force: true }); });
	await until('the socket', () => existsSync(file));
	const iq = await startIq({}, { env: { NOTIFY_SOCKET: file, WATCHDOG_USEC: '100000' } });
	await manager.wrote(/READY=1\n(WATCHDOG=1\n){2}/);
	await iq.end();
	await manager.wrote(/STOPPING=1/);
});

test('config_the_unit_is_sandboxed', () => {
	const unit = readFileSync(path.join(ROOT, 'rtpengine-plugin/rtpengine-iq.service'), 'utf8');
	for (const line of ['Type=notify', 'DynamicUser=yes', 'ProtectSystem=strict', 'MemoryDenyWriteExecute=yes',
		'NoNewPrivileges=yes', 'CapabilityBoundingSet=', 'SystemCallFilter=@system-service'])
		assert.ok(unit.split('\n').includes(line), line);
	const analyze = '/usr/bin/systemd-analyze';
	if (!existsSync(analyze)) return;
	const dir = mkdtempSync(path.join(tmpdir(), 'iq-unit-'));
	try {
		const file = path.join(dir, 'rtpengine-iq.service');
		writeFileSync(file, unit.replace('/usr/sbin/rtpengine-iq', IQ));
		const verify = spawnSync(analyze, ['verify', file], { encoding: 'utf8' });
		assert.deepEqual([verify.status, verify.stderr], [0, '']);
		const { status, stdout } = spawnSync(analyze, ['security', '--offline=yes', '--threshold=15', file], { encoding: 'utf8' });
		assert.equal(status, 0, stdout);
	} finally {
		rmSync(dir, { recursive: true, force: true });
	}
});
