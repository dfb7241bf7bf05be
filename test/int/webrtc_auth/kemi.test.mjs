// SPDX-License-Identifier: BSD-2-Clause
// The KEMI twins do what the script functions do.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Site } from './support/site.mjs';
import { Client } from './support/client.mjs';
import { refused } from './support/refused.mjs';
import { tokenOf } from './support/waf.mjs';

const script = (s) => `
function ksr_request_route() {
	if (KSR.pv.get("$proto") != "wss") return 1;
	if (KSR.webrtc_auth.check() < 0) { KSR.webrtc_auth.challenge(); return 1; }
	if (KSR.is_method("INFO")) {
		KSR.sl.send_reply(403, "Go");
		KSR.webrtc_auth.close(4100, "by script");
		return 1;
	}
	if (KSR.is_method("NOTIFY")) {
		KSR.sl.send_reply(403, "Go");
		KSR.webrtc_auth.close_conid(KSR.pv.get("$conid"), 4101, "by id");
		return 1;
	}
	KSR.hdr.append("X-Wauth: " + KSR.pv.get("$wauth(status)") + "|" + KSR.pv.get("$wauth(impi)") + "\\r\\n");
	KSR.sl.send_reply(200, "OK");
	return 1;
}
function ksr_xhttp_event(name) {
	if (KSR.pv.get("$Rp") == ${s.ports.rpc}) { KSR.jsonrpcs.dispatch(); return 1; }
	if (KSR.webrtc_auth.origin() < 0) { KSR.xhttp.xhttp_reply(403, "Forbidden", "", ""); return 1; }
	KSR.websocket.handle_handshake();
	return 1;
}
`;

let site;
test.before(async () => { site = await Site.start({ kemi: script }); });
test.after(() => site?.stop());

test('kemi_origin_and_check_and_challenge', async () => {
	assert.equal((await Client.open(site, { origin: 'https://evil.example' })).status, 403);
	const c = await Client.open(site);
	assert.equal(c.status, 101);
	assert.equal((await c.register(tokenOf(site.keys.es))).status, 200);
	await refused(site, c, undefined, { status: 401 });
	await refused(site, c, `${tokenOf(site.keys.es).slice(0, -8)}AAAAAAAA`, { status: 401, code: 4001, error: 'invalid_token', cause: 'signature_wrong' });
});

for (const [method, code, reason] of [['INFO', 4100, 'by script'], ['NOTIFY', 4101, 'by id']]) {
	test(`kemi_close_by_${method}`, async () => {
		const c = await Client.open(site);
		const token = tokenOf(site.keys.es);
		assert.equal((await c.register(token)).status, 200);
		assert.equal((await c.ask(method, { headers: [`Authorization: Bearer ${token}`] })).status, 403);
		const closed = await c.closed;
		assert.equal(closed.code, code);
		assert.equal(closed.reason, reason);
		await c.ended;
	});
}
