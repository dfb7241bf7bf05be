// SPDX-License-Identifier: BSD-2-Clause
import assert from 'node:assert/strict';
import { sleep, until } from './site.mjs';

// Asks with this token (undefined: none) and wants the documented answer: the
// status, and for a bad token the close frame with its code and the end of
// TCP within a second. Nothing reaches the core, the log has the cause and no
// token.
export async function refused(site, client, token, { status, code, cause, error, ask, server = 'https://waf.home1.net', ...options }) {
	const logged = site.log.length;
	const forwarded = site.sentOn(client).length;
	const answer = await (ask ? ask(client) : client.register(token, options));
	assert.equal(answer.status, status, answer.text);
	const challenge = answer.header('WWW-Authenticate') ?? '';
	if (status === 401) assert.ok(challenge.startsWith(`Bearer realm="home1.net", scope="webrtc-ims-client-access-to-ims", authz_server="${server}"`), challenge);
	assert.equal(/error="([^"]*)"/.exec(challenge)?.[1], error);
	if (status === 503) assert.equal(answer.header('Retry-After'), '1');
	if (code) {
		const closed = await Promise.race([client.closed, client.ended.then(() => ({ code: 'no close frame' }))]);
		assert.equal(closed.code, code);
		const end = await client.ended;
		assert.ok(end - answer.at < 1000, `TCP ended ${end - answer.at} ms after the answer`);
	}
	assert.equal(site.sentOn(client).length, forwarded, 'it was forwarded');
	if (cause) await until(`the log to say ${cause}`, () => site.log.slice(logged).includes(`refused: ${cause}, connection `), 1000);
	return answer;
}

// For `ask`: a token whose key is not there is refused only when somebody has
// looked for the key since; until then it is to come again.
export const lookedFor = (token) => async (client) => {
	for (;;) {
		const answer = await client.register(token);
		if (answer.status !== 503) return answer;
		await sleep(100);
	}
};

// No token, and no part of one that could be used, is in the log.
export function assertNoToken(site, tokens) {
	for (const t of tokens) {
		for (const part of [t, ...t.split('.')].filter((p) => p.length >= 16))
			assert.ok(!site.log.includes(part), `the log has ${part.slice(0, 12)}...`);
	}
}
