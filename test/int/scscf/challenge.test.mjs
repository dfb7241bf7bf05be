// SPDX-License-Identifier: BSD-2-Clause
// ims_auth of 5.6.3 may send a challenge before it stores the vector. Here the
// S-CSCF rests behind each 401 that it sends, so that every answer comes sooner
// than whatever it does after sending.
import test from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { authorize } from '../../lab/phones/sipmessage.mjs';
import { Core, digest } from './support/core.mjs';

const REST_MS = 150;
const RESTING = `#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
ssize_t sendto(int fd, const void *p, size_t len, int flags, const struct sockaddr *to, socklen_t to_len)
{
	static ssize_t (*real)(int, const void *, size_t, int, const struct sockaddr *, socklen_t);
	ssize_t sent;
	if(real == NULL) real = dlsym(RTLD_NEXT, "sendto");
	sent = real(fd, p, len, flags, to, to_len);
	if(len > 11 && memcmp(p, "SIP/2.0 401", 11) == 0) usleep(${REST_MS} * 1000);
	return sent;
}
`;
let core, dir;
test.before(async () => {
	dir = mkdtempSync(path.join(tmpdir(), 'resting-'));
	writeFileSync(path.join(dir, 'resting.c'), RESTING);
	execFileSync('cc', ['-shared', '-fPIC', '-o', path.join(dir, 'resting.so'), path.join(dir, 'resting.c')]);
	core = await Core.start();
	process.env.LD_PRELOAD = path.join(dir, 'resting.so');
	try {
		await core.restart('scscf');
	} finally {
		delete process.env.LD_PRELOAD;
	}
});
test.after(async () => {
	await core.stop();
	rmSync(dir, { recursive: true, force: true });
});

/** The response to the answer to a challenge. `first`: credentials of the first REGISTER. */
async function asked(user, first) {
	const from = await core.ue('127.0.0.5', { port: 6000 + core.ues.length, to: 'scscf' });
	const send = (cseq, value) => core.register(user, { contact: user.name, from, callId: `c${user.name}`,
		headers: [], cseq, auth: value ? [['Authorization', value]] : [] });
	const challenge = await send(1, first);
	assert.equal(challenge.status, 401);
	return send(2, authorize(challenge.header('WWW-Authenticate'),
		{ username: user.impi, password: user.password }, { method: 'REGISTER', uri: 'sip:home1.net' }));
}

const empty = (user) => digest(user.impi).replace('realm="registrar.', 'realm="');

test('challenge_is_stored_before_it_is_sent', async () => {
	for (let i = 0; i < 5; i++) {
		const user = await core.user();
		assert.equal((await asked(user, empty(user))).status, 200, `answer ${i}`);
	}
});

test('challenge_of_who_names_no_private_identity', async () => {
	const impi = 'bare@home1.net';
	await core.hss({ cmd: 'set', impi, values: { impus: [`sip:${impi}`], password: 'secret' } });
	assert.equal((await asked({ name: 'bare', impi, impu: `sip:${impi}`, password: 'secret' })).status, 200);
	assert.doesNotMatch(readFileSync(core.lab.parts.scscf.log, 'utf8'), /ERROR: ims_auth/);
});

test('challenge_answered_wrongly_is_refused', async () => {
	const user = await core.user();
	assert.equal((await asked({ ...user, password: 'guess' }, empty(user))).status, 403);
});

test('challenge_when_the_hss_does_not_answer', { timeout: 30000 }, async (t) => {
	const user = await core.user();
	t.after(() => core.hss({ cmd: 'fault', request: 'MAR', times: 0 }));
	await core.hss({ cmd: 'fault', request: 'MAR', drop: true });
	const from = await core.ue('127.0.0.5', { port: 6000 + core.ues.length, to: 'scscf' });
	const mars = () => core.log().filter((m) => m.message === 'MAR' && m['User-Name'] === user.impi).length;
	assert.equal((await core.register(user, { from, headers: [], auth: [['Authorization', empty(user)]] })).status, 500);
	assert.equal(mars(), 1, 'and is asked once');
});
