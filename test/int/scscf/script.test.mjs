// SPDX-License-Identifier: BSD-2-Clause
// What scripts see of the check: return values, $tna(...), the twin for KEMI.
import test from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Core, FOREIGN, HOME, OTHER, digest, until } from './support/core.mjs';

const LISTED = { waf: [FOREIGN], wwsf: ['wwsf.thirdparty.net'] };
let core, direct;
const log = () => readFileSync(core.lab.parts.scscf.log, 'utf8');
const said = (user) => [...log().matchAll(new RegExp(`check: (\\S+ \\S+) impi=${user.impi} (.*)`, 'g'))]
	.map(([, verdict, more]) => `${verdict} ${more}`);
/** Not a log line alone: it may come a moment after the answer. */
const says = (user, n) => until('the log line', () => said(user).length >= n);

test.before(async () => {
	core = await Core.start({ edit: (cfg) => cfg
		.replace('modparam("tna_register", "role", "scscf")',
			'$&\nmodparam("tna_register", "wwsf_param", "wwsf-id")')
		.replace('	switch($rc) {', '	$var(rc) = $rc;\n'
			+ '	xlog("L_ERR", "check: $var(rc) $tna(cause) impi=$tna(impi) waf=$tna(waf) wwsf=$tna(wwsf) code=$tna(code) $tna(reason)\\n");\n'
			+ '	switch($var(rc)) {') });
	direct = await core.ue(core.lab.nodes.icscf.address, { port: 5066, to: 'scscf' });
});
test.after(() => core.stop());

test('script_sees_who_comes_through_whom', async () => {
	const user = await core.user(LISTED);
	const more = ', wwsf-id="wwsf.thirdparty.net"';
	await core.register(user, { waf: FOREIGN, more, from: direct });
	await core.register(user, { waf: OTHER, more, from: direct });
	await core.register(user, { from: direct });
	await core.register(user, { waf: HOME, from: direct, expires: 0 });
	await says(user, 4);
	// The first is seen once: the script ended where the HSS was asked.
	assert.deepEqual(said(user), [
		`1 ok waf=${FOREIGN} wwsf=wwsf.thirdparty.net code=200 OK`,
		`-31 not_allowed waf=${OTHER} wwsf=wwsf.thirdparty.net code=403 Forbidden`,
		'1 ok waf=<null> wwsf=<null> code=200 OK',
		`1 ok waf=${HOME} wwsf=<null> code=200 OK`]);
});

test('script_sees_each_cause', async (t) => {
	const user = await core.user(null);
	await core.register(user, { waf: FOREIGN, from: direct });
	await core.register(user, { auth: [['Authorization', digest(user.impi)]], from: direct });
	await core.hss({ cmd: 'fault', request: 'SAR', drop: true, times: 1 });
	t.after(() => core.hss({ cmd: 'fault', request: 'SAR', times: 0 }));
	await core.register(user, { waf: FOREIGN, from: direct });
	const pcscf = await core.ue(core.lab.nodes.pcscf.address, { port: 5063, to: 'scscf' });
	await core.register(user, { from: pcscf });
	await says(user, 4);
	assert.deepEqual(said(user).map((line) => line.split(' ').slice(0, 2).join(' ')),
		['-32 no_list', '2 ok', '-33 hss', '-29 untrusted']);
	await core.register(user, { from: direct, more: ', algorithm=MD5' });
	await until('the log line', () => /check: -30 ambiguous impi=<null>/.test(log()));
});

test('rpc_of_bindings_is_refused_at_the_scscf', async () => {
	for (const command of ['tna.list', 'tna.stats', 'tna.usage'])
		assert.match(await core.rpc(command).catch((error) => error.stderr + error.stdout), /no bindings/);
});

const LUA = `
function ksr_request_route()
	if KSR.is_method("REGISTER") then ksr_register()
	else KSR.sl.send_reply(200, "OK") end
	return 1
end
function ksr_register()
	local rc = KSR.tna_register.tna_scscf_check("ksr_register")
	if rc == 0 then return 1 end
	if rc == 1 then KSR.sl.send_reply(299, "Let in")
	elseif rc == 2 then KSR.sl.send_reply(401, "Who?")
	else KSR.sl.send_reply(KSR.pv.get("$tna(code)"), KSR.pv.get("$tna(reason)")) end
	return 1
end
`;

test('kemi_twin_does_the_same', async () => {
	const lua = path.join(core.dir, 'etc/scscf/scscf.lua');
	writeFileSync(lua, LUA);
	await core.restart('scscf', { edit: (cfg) => cfg
		.replace('loadmodule "tna_register.so"', `$&\nloadmodule "app_lua.so"\nmodparam("app_lua", "load", "${lua}")`)
		.replace('request_route {', 'cfgengine "lua"\nroute[NATIVE] {') });
	const user = await core.user(LISTED);
	assert.equal((await core.register(user, { from: direct })).status, 299);
	assert.equal((await core.register(user, { waf: FOREIGN, from: direct })).status, 299);
	assert.deepEqual(core.sars(user), [0, 1]);
	assert.equal((await core.register(user, { waf: OTHER, from: direct })).status, 403);
	assert.equal((await core.register(user, { auth: [['Authorization', digest(user.impi)]], from: direct })).status, 401);
	const other = await core.user({ waf: [], wwsf: [] });
	assert.equal((await core.register(other, { waf: FOREIGN, from: direct })).status, 403);
	await core.quiet();
	assert.equal(await core.state(other), 'not registered');
});
