// SPDX-License-Identifier: BSD-2-Clause
// websocket of 5.6.3 notes a close frame as sent behind sending it. Here
// Kamailio rests behind every record that it writes, so that the client's
// answer is there before whatever is done after sending.
import test from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Site } from './support/site.mjs';
import { Client } from './support/client.mjs';
import { tokenOf } from './support/waf.mjs';

// 23: application data of TLS.
const RESTING = `#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/socket.h>
#include <unistd.h>
ssize_t send(int fd, const void *p, size_t len, int flags)
{
	static ssize_t (*real)(int, const void *, size_t, int);
	ssize_t sent;
	if(real == NULL) real = dlsym(RTLD_NEXT, "send");
	sent = real(fd, p, len, flags);
	if(len > 5 && *(const unsigned char *)p == 23) usleep(50 * 1000);
	return sent;
}
`;

test('close_frame_is_the_only_one_however_soon_its_answer_is', async (t) => {
	const dir = mkdtempSync(join(tmpdir(), 'epcscf-resting-'));
	t.after(() => rmSync(dir, { recursive: true }));
	writeFileSync(join(dir, 'resting.c'), RESTING);
	execFileSync('cc', ['-shared', '-fPIC', '-o', join(dir, 'resting.so'), join(dir, 'resting.c')]);
	process.env.LD_PRELOAD = join(dir, 'resting.so');
	let site;
	try {
		site = await Site.start();
	} finally {
		delete process.env.LD_PRELOAD;
	}
	t.after(() => site.stop());
	for (let i = 0; i < 5; i++) {
		const c = await Client.open(site);
		assert.equal((await c.register(`${tokenOf(site.keys.es).slice(0, -8)}AAAAAAAA`)).status, 401);
		await c.ended;
		assert.deepEqual(c.closes, [4001]);
	}
});
