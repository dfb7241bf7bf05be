// SPDX-License-Identifier: BSD-2-Clause
// What looks for tokens finds them: else "none found" would say nothing.
import test from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bearersOf, filesBelow, leaks } from '../demo/leaks.mjs';

const JWT = `${'h'.repeat(40)}.${'p'.repeat(60)}.${'s'.repeat(86)}`;
const OPAQUE = `ory_at_${'a'.repeat(43)}.${'b'.repeat(43)}`;

test('leaks_finds_a_token_and_each_part_of_it', (t) => {
	const dir = mkdtempSync(join(tmpdir(), 'epcscf-leaks-'));
	t.after(() => rmSync(dir, { recursive: true }));
	mkdirSync(join(dir, 'log'));
	const put = (name, bytes) => writeFileSync(join(dir, name), bytes);
	put('clean', 'Authorization: Bearer ••••••••, token 0a1b2c3d');
	put('log/whole', Buffer.concat([Buffer.from([0, 255, 10]), Buffer.from(JWT), Buffer.from([0])]));
	put('log/payload', `x${'p'.repeat(60)}x`);
	put('log/signature', `x${'s'.repeat(86)}`);
	put('log/opaque', `x${'b'.repeat(43)}`);
	const files = filesBelow(dir);
	assert.equal(files.length, 5);
	const found = leaks([JWT, OPAQUE], files);
	assert.deepEqual(found.map(({ file }) => file.slice(dir.length + 1)).sort(), ['log/opaque', 'log/payload', 'log/signature', 'log/whole']);
	assert.ok(found.every(({ part }) => part.length < 12));
});

test('leaks_takes_the_tokens_from_the_frames', () => {
	const frames = [{ sent: true, text: `REGISTER x\r\nAuthorization: Bearer ${JWT}\r\n` }, { sent: true, text: `ACK x\r\nauthorization: bearer ${JWT}\r\n` },
		{ sent: true, text: `INVITE x\r\nProxy-Authorization: Bearer ${OPAQUE}\r\n` }, { sent: false, text: 'SIP/2.0 401\r\nWWW-Authenticate: Bearer realm="x"\r\n' }];
	assert.deepEqual(bearersOf(frames), [JWT, OPAQUE]);
});
